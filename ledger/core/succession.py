"""The line of RecordAnchors contracts of a deployment: which one is in force, and which code may succeed (ADR 12).

A trust file pins the first one. The Council names a successor in the directory; it is accepted where its code is the
published one, with the immutables that a successor in this deployment has. Its code hash follows from them alone, so
nobody is asked for the code itself.

PERMANENT: names of successors stand in chain files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ledger.core.eip712 import address_word, word
from ledger.core.governance_facts import ContractFacts
from ledger.core.hexadecimal import to_hex
from ledger.core.history import AnchorFacts, History, Point
from ledger.core.keccak import keccak256
from ledger.core.points import ANCHORS, anchors_name
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
        """Return the contracts of the line, the one in force last; the line ends before one that may not succeed."""
        return self.walk(history.governance.contracts)[0]

    def refusal(self, history: History) -> str | None:
        """Return why what the directory names is not in the line, or None if all of it is."""
        strange = self.walk(history.governance.contracts)[1]
        if strange is None:
            return None
        return (
            f"the directory names {strange.address} for {ANCHORS} from block {strange.point.block} on, which the trust "
            "file does not pin and which is no published code that succeeds what was there"
        )

    def walk(self, named: Sequence[ContractFacts]) -> tuple[Sequence[AnchorsContract], ContractFacts | None]:
        """Return the line, and what the directory names next and may not be in it, None if there is no such thing.

        `named` is what the directory names, in the order of the chain; other contracts are passed over.
        """
        line = [AnchorsContract(ANCHORS, self.first, None)]
        for place, entry in enumerate(entry for entry in tuple(named) if entry.name == ANCHORS):
            if place == 0:
                if entry.address != self.first:
                    return line, entry
                continue
            if self.successor_hash(entry.address, line[-1].address) != entry.code_hash:
                return line, entry
            line.append(AnchorsContract(anchors_name(len(line) + 1), entry.address, entry.point))
        return line, None

    def domains(self, history: History) -> Mapping[str, StatementDomain]:
        """Return the domain of each contract of the line by its name, the one in force last."""
        return {one.name: StatementDomain(self.chain_id, one.address) for one in self.contracts(history)}

    def domain_of(self, history: History, anchor: AnchorFacts) -> StatementDomain:
        """Return the domain in which the statements of a batch were signed: that of the contract where it stands."""
        return self.domains(history)[anchor.contract]

    def newest(self, history: History) -> StatementDomain:
        """Return the domain in which statements are signed now."""
        return StatementDomain(self.chain_id, self.contracts(history)[-1].address)


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
