"""The line of RecordAnchors contracts of a deployment: which one is in force, and which code may succeed (ADR 12).

A trust file pins the first one. The Council names a successor in the directory; it is accepted where its code is the
published one, with the immutables that a successor in this deployment has. Its code hash follows from them alone, so
nobody is asked for the code itself.

PERMANENT: names of successors stand in chain files.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ledger.core.eip712 import address_word, word
from ledger.core.governance_facts import ContractFacts
from ledger.core.hexadecimal import to_hex
from ledger.core.history import AnchorFacts, ChainEvent, History, Point
from ledger.core.keccak import keccak256
from ledger.core.points import ANCHORS, anchors_name, anchors_number
from ledger.core.statements import DOMAIN_NAME, DOMAIN_VERSION, StatementDomain

NOBODY: Final = "0x" + "00" * 20


@dataclass(frozen=True)
class AnchorsCode:
    """The published runtime code of RecordAnchors: zeros where immutables stand; (start, length, variable) of each."""

    template: bytes
    places: tuple[tuple[int, int, str], ...]


@dataclass(frozen=True, slots=True)
class AnchorsContract:
    """One RecordAnchors: what its events are called by, where it is, and where the directory named it.

    `since` is None for the first one, which counts from the beginning.
    """

    name: str
    address: str
    since: Point | None


@dataclass(frozen=True)
class AnchorsLine:
    """What decides who may succeed: chain, first contract, the governor and the registry, and the published code.

    Without `code` nobody succeeds.
    """

    chain_id: int
    first: str
    governor: str = NOBODY
    registry: str = NOBODY
    code: AnchorsCode | None = None

    def successor_hash(self, address: str, predecessor: str) -> str | None:
        """Return the code hash (0x hex) that a successor at this address has, None where no code is known."""
        if self.code is None:
            return None
        return _code_hash(self.code, self.chain_id, self.governor, self.registry, address, predecessor)

    def contracts(self, history: History) -> Sequence[AnchorsContract]:
        """Return the contracts of the line, the one in force last; what may not succeed is passed over."""
        return self.walk(history.governance.contracts)[0]

    def refusal(self, history: History) -> str | None:
        """Return why what the directory names now is not in the line, or None if it is."""
        named = _anchors(history.governance.contracts)
        strange = self.walk(named)[1]
        if not strange or strange[-1] is not named[-1]:
            return None
        newest = strange[-1]
        return (
            f"the directory names {newest.address} for {ANCHORS} from block {newest.point.block} on, which the trust "
            "file does not pin and which is no published code that succeeds what was there"
        )

    def walk(self, named: Sequence[ContractFacts]) -> tuple[Sequence[AnchorsContract], Sequence[ContractFacts]]:
        """Return the line, and what the directory named and may not be in it, in the order of the chain.

        `named` is what the directory names, in that order; other contracts are passed over. After one that may not
        succeed, the line goes on where the directory names the last that may once more, or one that succeeds that.
        Where the first one named is not the pinned one, all of them are strange.
        """
        entries, line = _anchors(named), [AnchorsContract(ANCHORS, self.first, None)]
        if not entries or entries[0].address != self.first:
            return line, entries
        good, strange = entries[0], []
        for entry in entries[1:]:
            if self.successor_hash(entry.address, good.address) == entry.code_hash:
                good = entry
                line.append(AnchorsContract(anchors_name(len(line) + 1), entry.address, entry.point))
            elif (entry.address, entry.code_hash) != (good.address, good.code_hash):
                strange.append(entry)
        return line, strange

    def unnamed(self, history: History, events: Iterable[ChainEvent]) -> ChainEvent | None:
        """Return the first event of a RecordAnchors that stands before the line names that contract, None if none does.

        No reader of a node takes such an event in; a file may hold it.
        """
        line = self.contracts(history)
        for event in events:
            number = anchors_number(event.contract) or 1
            since = line[number - 1].since if number <= len(line) else None
            if number > 1 and (since is None or (event.block, event.log_index) < (since.block, since.log_index)):
                return event
        return None

    def domains(self, history: History) -> Mapping[str, StatementDomain]:
        """Return the domain of each contract of the line by its name, the one in force last."""
        return {one.name: _domain(self.chain_id, one.address) for one in self.contracts(history)}

    def domain_of(self, history: History, anchor: AnchorFacts) -> StatementDomain:
        """Return the domain in which the statements of a batch were signed: that of the contract where it stands."""
        return self.domains(history)[anchor.contract]

    def newest(self, history: History) -> StatementDomain:
        """Return the domain in which statements are signed now."""
        return StatementDomain(self.chain_id, self.contracts(history)[-1].address)


def _anchors(named: Sequence[ContractFacts]) -> Sequence[ContractFacts]:
    return [entry for entry in named if entry.name == ANCHORS]


@lru_cache(maxsize=64)
def _domain(chain_id: int, address: str) -> StatementDomain:
    """Return the domain; kept, since it is asked for by each look and computes its separator once."""
    return StatementDomain(chain_id, address)


@lru_cache(maxsize=64)
def _code_hash(code: AnchorsCode, chain_id: int, governor: str, registry: str, address: str, predecessor: str) -> str:
    values = {
        "_governor": address_word(governor),
        "_registry": address_word(registry),
        "_predecessor": address_word(predecessor),
        "_cachedThis": address_word(address),
        "_cachedChainId": word(chain_id),
        "_cachedDomainSeparator": StatementDomain(chain_id, address).separator,
        "_hashedName": keccak256(DOMAIN_NAME.encode("ascii")),
        "_hashedVersion": keccak256(DOMAIN_VERSION.encode("ascii")),
        "_name": _short_string(DOMAIN_NAME),
        "_version": _short_string(DOMAIN_VERSION),
    }
    filled = bytearray(code.template)
    for start, length, variable in code.places:
        filled[start : start + length] = values[variable]
    return to_hex(keccak256(bytes(filled)))


def _short_string(text: str) -> bytes:
    data = text.encode("ascii")
    return data.ljust(31, b"\0") + bytes([len(data)])
