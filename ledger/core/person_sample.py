"""Looks on consents that a key-holder compares persons for: `gongzhi-persons-sample/1` (formats page, section 9).

PERMANENT. An auditor draws them from an export by a seed that he names when the stream is anchored: so nobody at the
gateway could choose which looks are compared, and whoever has seed and export draws the same ones again.

    rank of a look      SHA-256("persons-sample/v1" 00 seed 00 sequence recordId version)
    drawn               the looks of the lowest ranks, as many as were asked for, in the order of the stream

`sequence` is 8 bytes and `version` 4, big-endian. `lastSequence` says how far the export reached. No member says who
anybody is: record ids are random, and a consent's id stands on chain.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any, Final

from ledger.core.canonical import decode, encode
from ledger.core.hexadecimal import from_hex, to_address, to_hex
from ledger.core.keccak import keccak256
from ledger.core.shapes import array, format_members, from_one, members_of, text, unsigned
from ledger.core.statements import StatementDomain
from ledger.errors import FormatError

SAMPLE_FORMAT: Final = "gongzhi-persons-sample/1"
MOST_DRAWN: Final = 10_000
"""Looks of one sample: some minutes for whoever opens their records."""
LEAST_SEED, MOST_SEED = 8, 200
"""Characters of a seed: what is shorter somebody might try beforehand."""
_MEMBERS = ("format", "chainId", "contract", "gateway", "lastSequence", "seed", "drawnFrom", "looks")
_LOOK = ("sequence", "recordId", "version", "recordRoot", "consent")


@dataclass(frozen=True, slots=True, order=True)
class ConsentedLook:
    """A record version that the entry `sequence` opened on a consent (its id), with the root that was disclosed."""

    sequence: int
    record_id: bytes
    version: int
    record_root: bytes
    consent: bytes

    @property
    def members(self) -> dict[str, Any]:
        """The JSON members."""
        return {
            "sequence": self.sequence,
            "recordId": to_hex(self.record_id),
            "version": self.version,
            "recordRoot": to_hex(self.record_root),
            "consent": to_hex(self.consent),
        }


@dataclass(frozen=True, slots=True)
class PersonsSample:
    """What an auditor drew from the stream of a gateway up to `last_sequence`, from `drawn_from` looks on consents."""

    domain: StatementDomain
    gateway: int
    last_sequence: int
    seed: str
    drawn_from: int
    looks: tuple[ConsentedLook, ...]

    @property
    def document(self) -> dict[str, Any]:
        """The document as JSON members."""
        return {
            "format": SAMPLE_FORMAT,
            "chainId": self.domain.chain_id,
            "contract": self.domain.record_anchors,
            "gateway": self.gateway,
            "lastSequence": self.last_sequence,
            "seed": self.seed,
            "drawnFrom": self.drawn_from,
            "looks": [look.members for look in self.looks],
        }

    @property
    def hash(self) -> bytes:
        """Keccak-256 (32 bytes) of the canonical document: what an answer names."""
        return keccak256(encode(self.document))


def draw(looks: Iterable[ConsentedLook], seed: str, number: int) -> tuple[int, tuple[ConsentedLook, ...]]:
    """Return how many looks there are and `number` of them, drawn by the seed; all of them where there are no more.

    A record version that one entry opened twice is one look.
    """
    given = sorted(set(looks))
    before = b"persons-sample/v1\x00" + seed.encode("utf-8") + b"\x00"

    def rank(look: ConsentedLook) -> bytes:
        place = look.sequence.to_bytes(8, "big") + look.record_id + look.version.to_bytes(4, "big")
        return hashlib.sha256(before + place).digest()

    return len(given), tuple(sorted(nsmallest(number, given, key=rank)))


def require_seed(seed: str) -> str:
    """Return a seed of 8 to 200 characters of text; raises FormatError."""
    if not LEAST_SEED <= len(seed) <= MOST_SEED:
        raise FormatError(f"seed: expected {LEAST_SEED} to {MOST_SEED} characters")
    if any("\ud800" <= character <= "\udfff" for character in seed):
        raise FormatError("seed: holds a lone surrogate, which is no text: give it as UTF-8")
    return seed


def parse_persons_sample(data: bytes) -> PersonsSample:
    """Return the sample of a `gongzhi-persons-sample/1` file; raises FormatError or UnsupportedFormat."""
    members = format_members(decode(data), SAMPLE_FORMAT, _MEMBERS, what="sample")
    chain_id = unsigned(members["chainId"], 53, what="sample chainId")
    looks = tuple(map(_look, array(members["looks"], what="sample looks", most=MOST_DRAWN)))
    if list(looks) != sorted(set(looks)):
        raise FormatError("sample looks: expected the order of the stream, each once")
    return PersonsSample(
        StatementDomain(chain_id, to_address(members["contract"], what="sample contract")),
        unsigned(members["gateway"], 32, what="sample gateway"),
        unsigned(members["lastSequence"], 53, what="sample lastSequence"),
        require_seed(text(members["seed"], what="sample seed")),
        unsigned(members["drawnFrom"], 53, what="sample drawnFrom"),
        looks,
    )


def _look(value: object) -> ConsentedLook:
    members: Mapping[str, Any] = members_of(value, _LOOK, what="look of a sample")
    return ConsentedLook(
        from_one(members["sequence"], 53, what="look sequence"),
        from_hex(members["recordId"], 32, what="look recordId"),
        from_one(members["version"], 32, what="look version"),
        from_hex(members["recordRoot"], 32, what="look recordRoot"),
        from_hex(members["consent"], 32, what="look consent"),
    )
