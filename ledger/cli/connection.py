"""With which key, to which gateway, judged by which chain: the options that every networking command has.

`--as NAME` takes all of it from the demo's file (`.gongzhi/demo.json`); each option or environment variable given
besides wins over the file.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli.option_groups import takes
from ledger.core.chainfile import Trust
from ledger.core.statements import StatementDomain
from ledger.errors import UsageError

if TYPE_CHECKING:
    from ledger.client.facts import GatewayFacts
    from ledger.client.gongzhi import GongzhiClient
    from ledger.ports import Signer

DEFAULT_PROFILE = Path(".gongzhi/demo.json")


@dataclass(frozen=True)
class Connection:
    """The connection options as they were given."""

    as_agency: Annotated[
        str | None, typer.Option("--as", envvar="GONGZHI_AS", help="agency of the profile, by name or number")
    ] = None
    profile: Annotated[
        Path,
        typer.Option(envvar="GONGZHI_PROFILE", help="file with gateway, chain and agencies, as the demo writes it"),
    ] = DEFAULT_PROFILE
    api: Annotated[str | None, typer.Option(envvar="GONGZHI_API", help="URL of the gateway")] = None
    agency: Annotated[int | None, typer.Option(envvar="GONGZHI_AGENCY", help="number of the agency of the key")] = None
    keystore: Annotated[Path | None, typer.Option(envvar="GONGZHI_KEYSTORE", help="keystore file of the key")] = None
    password_file: Annotated[
        Path | None, typer.Option(envvar="GONGZHI_PASSWORD_FILE", help="file with the keystore's password")
    ] = None
    trust: Annotated[
        Path | None, typer.Option(envvar="GONGZHI_TRUST_FILE", help="trust file: which chain, which contracts")
    ] = None
    rpc: Annotated[
        str | None, typer.Option(envvar="GONGZHI_RPC_URL", help="JSON-RPC URL of a node that promises are judged by")
    ] = None
    gateway: Annotated[
        int | None, typer.Option(envvar="GONGZHI_GATEWAY", help="number of the agency that runs the gateway")
    ] = None
    gateway_key: Annotated[
        list[str] | None,
        typer.Option(help="address of a key that signs for the gateway, instead of a node; may be given several times"),
    ] = None
    folder: Annotated[
        Path | None, typer.Option(envvar="GONGZHI_FOLDER", help="where receipts and the outbox are kept")
    ] = None


def connected(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the connection options; it takes them as its parameter `connection`."""
    return takes("connection", Connection)(command)


@dataclass(frozen=True)
class Profile:
    """A profile's members, empty where there is no such file."""

    members: dict[str, Any]
    folder: Path

    def agency(self, name: str) -> dict[str, Any]:
        """Return an agency by name or number; raises UsageError naming those that are there."""
        agencies: list[dict[str, Any]] = self.members.get("agencies", [])
        for agency in agencies:
            if name in (str(agency.get("id")), agency.get("name")):
                return agency
        known = ", ".join(str(agency.get("name")) for agency in agencies) or "none; `gongzhi demo` writes a profile"
        raise UsageError(f"no agency {name!r} in the profile; there are: {known}")


def load_profile(connection: Connection) -> Profile:
    """Return the profile; an absent default one is empty. Raises UsageError for any other that cannot be read."""
    path = connection.profile
    if path == DEFAULT_PROFILE and not path.exists():
        return Profile({}, path.parent)
    try:
        members = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UsageError(f"{path} is no profile") from None
    return Profile(members if isinstance(members, dict) else {}, path.parent)


def open_client(connection: Connection) -> "GongzhiClient":
    """Return a client with everything that its promises are checked by; raises UsageError for what is missing."""
    from ledger.client.gongzhi import GongzhiClient

    profile = load_profile(connection)
    signer, agency, name = _identity(connection, profile)
    trust = open_trust(connection, profile)
    api = connection.api or profile.members.get("api")
    if not api:
        raise UsageError("no gateway: give --api, or a profile that names one")
    newer = _facts(connection, profile, trust, api, signer)
    facts = newer()
    if agency is None:
        agency = _agency_on_chain(facts, signer.address)
    folder = connection.folder or profile.folder / "clients" / name
    return GongzhiClient(api, signer, agency, facts, folder, newer_facts=newer if facts.chain else None)


def open_trust(connection: Connection, profile: Profile) -> Trust:
    """Return the trust file of the options or the profile; raises UsageError."""
    from ledger.cli.chain_reading import load_trust_file

    path = connection.trust or profile.members.get("trust")
    if path is None:
        raise UsageError("no trust file: give --trust, or a profile that names one")
    return load_trust_file(Path(path))


def rpc_of(connection: Connection, profile: Profile) -> str | None:
    """Return the node's URL of the options or the profile."""
    return connection.rpc or profile.members.get("rpc")


def _identity(connection: Connection, profile: Profile) -> tuple["Signer", int | None, str]:
    from ledger.keys.uris import open_signer

    chosen = profile.agency(connection.as_agency) if connection.as_agency else {}
    keystore = connection.keystore or chosen.get("keystore")
    password_file = connection.password_file or chosen.get("passwordFile")
    if keystore is None or password_file is None:
        raise UsageError("no key: give --as AGENCY, or --keystore and --password-file")
    signer = open_signer(f"keystore:{keystore}", Path(password_file))
    agency = connection.agency or (chosen.get("id") if connection.keystore is None else None)
    return signer, agency, str(chosen.get("name") or signer.address)


def _facts(
    connection: Connection, profile: Profile, trust: Trust, api: str, signer: "Signer"
) -> Callable[[], "GatewayFacts"]:
    from ledger.cli.chain_reading import read_facts
    from ledger.client.facts import GatewayFacts
    from ledger.client.transport import Transport

    domain = StatementDomain(trust.chain_id, trust.contracts["RecordAnchors"].address)
    contracts = {name: pin.address for name, pin in trust.contracts.items()}
    gateway = connection.gateway or profile.members.get("gateway")
    if gateway is None:
        # Which agency runs the gateway is its own word; that its statements are signed for that agency is checked.
        gateway = Transport(api, signer, trust.chain_id).get_public("/v1/chain").members("gateway")["gateway"]
    rpc = rpc_of(connection, profile)
    if connection.gateway_key:
        pinned = frozenset(key.lower() for key in connection.gateway_key)
        return lambda: GatewayFacts(gateway, domain, pinned_keys=pinned, contracts=contracts)
    if rpc is None:
        raise UsageError("nothing to judge the gateway's promises by: give --rpc of a node, or --gateway-key")

    def read() -> GatewayFacts:
        chain = read_facts(rpc, trust)
        return GatewayFacts(
            gateway, trust.line.newest(chain.history), chain=chain, contracts=contracts, line=trust.line
        )

    return read


def _agency_on_chain(facts: "GatewayFacts", address: str) -> int:
    key = facts.chain.history.keys.get(address) if facts.chain else None
    if key is None:
        raise UsageError("the key is bound to no agency on chain; give --agency where there is no node")
    return key.agency
