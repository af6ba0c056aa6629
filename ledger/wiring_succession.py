"""Where what succeeds RecordAnchors is deployed, held against what everybody accepts, and named."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from ledger import wiring
from ledger.chain.artifacts import deploy_data
from ledger.chain.client import Web3Chain
from ledger.chain.contracts.system_directory import SystemDirectory
from ledger.core.chainfile import Trust
from ledger.core.council_action import CouncilAction
from ledger.core.governance_rules import SET_CONTRACT, selector_of
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.points import ANCHORS
from ledger.council_errors import DirectoryDiffers
from ledger.ports import Signer
from ledger.services.administration import Administration
from ledger.services.council_acts import CouncilActs
from ledger.wiring_council import call_encoder

_DIRECTORY: Final = "SystemDirectory"
_NAMING: Final = from_hex(selector_of(SET_CONTRACT), 4) + ANCHORS.encode("ascii").ljust(32, b"\0")
_ADDRESS: Final = slice(4 + 32 + 12, 4 + 32 + 32)
_CODE_HASH: Final = slice(4 + 64, 4 + 96)
"""Where the arguments of a naming stand in its call data."""


@dataclass(frozen=True)
class Successor:
    """A RecordAnchors that is deployed and not named: address, code hash, whom it succeeds, what made it."""

    address: str
    code_hash: str
    succeeds: str
    transaction: str | None


def deploy_successor(administration: Administration, trust: Trust, rpc: str) -> Successor:
    """Deploy a RecordAnchors that succeeds the one in force, unless it was deployed from this database before.

    Raises DirectoryDiffers where its code is not the one that verifiers accept, TransactionFailed, another ChainError.
    """
    with closing(wiring.open_trusted_chain(rpc, trust)) as chain:
        line = chain.anchors_line()
        before = line[-1].address
        data = _creation_data(trust, before)
        row = administration.send(f"deploy/{ANCHORS}/{len(line) + 1}", None, data)
        if row.data != data or row.contract_address is None:
            raise DirectoryDiffers(f"another {ANCHORS} was deployed from this database before, and nobody has named it")
        code_hash = to_hex(chain.code_hash(row.contract_address))
    if code_hash != trust.line.successor_hash(row.contract_address, before):
        raise DirectoryDiffers(f"the code that was deployed is not the published one of {ANCHORS}")
    return Successor(row.contract_address, code_hash, before, row.tx_hash)


def name_successor(acts: CouncilActs, successor: Successor, approvers: Mapping[int, Signer]) -> None:
    """Let member keys of this machine name a successor in the directory; safe to repeat, raises as `enact`."""
    encode = call_encoder(acts.administration.contracts)
    place = ANCHORS, successor.address, from_hex(successor.code_hash, 32)
    acts.enact(f"successor/{successor.address}", lambda: [encode(_DIRECTORY, "set_contract", *place)], approvers)


def why_not_in_force(
    trust: Trust, rpc: str, address: str, code_hash: bytes, transaction: str | None = None
) -> str | None:
    """Return why a contract may not follow the RecordAnchors in force, None if it may; raises ChainError.

    Its code must be the published one, made to succeed the one in force, and nothing may stand in its storage: code
    that whoever deployed it ran at its creation could have put heads and numbers there, which no code hash shows.
    Where something was anchored in it already, `transaction` (0x hex) is the one that created it, whose data must then
    be the published creation code. The last that was accepted may be named once more, after one that nobody accepts.
    """
    with closing(wiring.open_trusted_chain(rpc, trust)) as chain:
        line = [one.address for one in chain.anchors_line()]
        named = SystemDirectory(chain.web3, trust.contracts[_DIRECTORY].address).contract_of(ANCHORS, block="latest")
        if address == line[-1] and (named is None or named.address != address):
            return None
        if address in line:
            return "it was named before"
        if trust.line.successor_hash(address, line[-1]) != to_hex(code_hash):
            return f"it is not the published code of {ANCHORS}, made to succeed {line[-1]}: nobody would accept it"
        return _why_not_pristine(chain, address, _creation_data(trust, line[-1]), transaction)


def why_not_named(trust: Trust, rpc: str, action: CouncilAction, transaction: str | None = None) -> str | None:
    """Return why an action names a RecordAnchors that may not follow the one in force now, None if it names none such.

    `transaction` as in `why_not_in_force`. Raises ChainError.
    """
    directory = trust.contracts.get(_DIRECTORY)
    namings = [
        call.data
        for call in action.calls
        if directory is not None and call.target == directory.address and call.data.startswith(_NAMING)
    ]
    if len(namings) > 1:
        return f"it names {ANCHORS} more than once"
    for data in namings:
        address = to_hex(data[_ADDRESS])
        why = why_not_in_force(trust, rpc, address, data[_CODE_HASH], transaction)
        if why is not None:
            return f"{address} may not succeed the {ANCHORS} in force: {why}"
    return None


def _creation_data(trust: Trust, before: str) -> bytes:
    return deploy_data(ANCHORS, trust.line.governor, trust.line.registry, before)


def _why_not_pristine(chain: Web3Chain, address: str, data: bytes, transaction: str | None) -> str | None:
    if transaction is not None:
        is_published = chain.creation(transaction) == (address, data)
        return None if is_published else f"transaction {transaction} did not create it by the published creation code"
    if chain.is_storage_empty(address):
        return None
    return (
        "something stands in its storage already: deploy another one, or show by --transaction that the published "
        "creation code has made it"
    )
