"""An auditor's export from a gateway, for a verification that begins with it."""

from contextlib import closing
from pathlib import Path

from ledger.client.facts import GatewayFacts
from ledger.client.gongzhi import GongzhiClient
from ledger.client.grounds import Grounds
from ledger.client.transport import Transport
from ledger.core.chainfile import ChainFile, Trust
from ledger.core.codes import Authority, Basis, Purpose
from ledger.core.verify import ChainFacts
from ledger.errors import UsageError
from ledger.keys.uris import open_signer

CLIENT_FOLDER = Path(".gongzhi/clients")
"""Where the openings of the request's commitments are kept, below the key's address."""


def export_for_audit(
    api: str, keystore: Path, password_file: Path, basis_reference: str, trust: Trust, chain: ChainFile, folder: Path
) -> None:
    """Write an export of the gateway at `api` to `folder`, in the name of the agency that the key is bound to.

    Raises UsageError for a key that is bound to none, LookRefused, PromiseBroken, GatewayUnreachable.
    """
    signer = open_signer(f"keystore:{keystore}", password_file)
    facts = ChainFacts(trust, chain, chain.history())
    key = facts.history.keys.get(signer.address)
    if key is None:
        raise UsageError("the key is bound to no agency on this chain")
    with closing(Transport(api, signer, trust.chain_id)) as transport:
        gateway = transport.get_public("/v1/chain").members("gateway")["gateway"]
    grounds = Grounds(
        item=0,
        purpose=Purpose.RIGHTS_AND_AUDIT,
        basis=Basis.STATUTORY_DUTY,
        basis_reference=basis_reference,
        authority=Authority.AUDIT,
    )
    believed = GatewayFacts(gateway, trust.line.newest(facts.history), chain=facts, line=trust.line)
    with GongzhiClient(api, signer, key.agency, believed, CLIENT_FOLDER / signer.address) as client:
        client.export(folder, grounds)
