"""Rows of looks as the person is told of them whom they concern; they cross the ports as those of `ledger.rows` do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.tag_rows import TagUse


@dataclass(frozen=True, slots=True)
class ShownRecord:
    """A record about somebody that a look opened: which version, and which slots (bitmap, bit i = slot i)."""

    record_id: bytes
    version: int
    opened: int


@dataclass(frozen=True, slots=True)
class LookAtPerson:
    """A disclosure of one record that is about a person, with the schema and publisher of the version opened."""

    entry_id: int
    record: ShownRecord
    publisher: int
    schema_hash: bytes
    message: Mapping[str, Any]
    """JSON form of the Disclosure's message."""
    digest: bytes
    """Entry digest."""
    anchored_at: int | None
    """Time of the anchoring block, None until the follower has seen it confirmed."""
    place: int
    """Place among the looks that are told: 1 is the oldest."""


MOST_ABOUTS = 2
MOST_DOCUMENTS = 4
"""What a look may rest on to be answered together with others: grant and consent; two scopes, text, evidence."""


@dataclass(frozen=True, slots=True)
class LookRest:
    """What a look at one record rests on: the tag of a consent, ids that nobody may act on meanwhile, documents."""

    tag: TagUse | None = None
    abouts: tuple[bytes, ...] = ()
    """As `Transaction.share_about` takes them."""
    documents: tuple[bytes, ...] = ()
    """Their hashes."""

    def covers(self, other: "LookRest") -> bool:
        """Say whether who read this rest has read the other one too."""
        return (
            self.tag == other.tag
            and set(self.abouts) >= set(other.abouts)
            and set(self.documents) >= set(other.documents)
        )


@dataclass(frozen=True, slots=True)
class ForeseenLook:
    """What a look at one record will read, as far as a process knows before it asks, and the nonce of its request.

    `rest` holds MOST_ABOUTS ids and MOST_DOCUMENTS documents at most. The nonce: the signer's address, the nonce
    itself, and until when it is kept (Unix seconds).
    """

    record_id: bytes
    version: int | None
    """None: the newest."""
    rest: LookRest
    nonce: tuple[str, str, int]


class NotTogether(Exception):
    """A look cannot be answered together with others: it needs more than was foreseen, or a transaction of its own."""
