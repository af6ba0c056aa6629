"""Rows of fixed size: what the checks across records need of each record, opening and once-only id.

They are spilled to buckets by record id (or by the id itself), so that memory does not grow with the ledger. Never kept
after a run, so their shape may change.
"""

import zlib
from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from ledger.core.scope import LONGEST_CLASS_BYTES, NO_CHARACTER
from ledger.core.stored import SearchKeys

RECORD = Struct(">32sI32s32sIQII?15s?q64s??")
OPENING = Struct(">32sI32s32sQIQ20sIIHBB32s32sQQII32s32s32sB")
ONCE = Struct(">B36sQ")
SUBMISSION_ID, REQUEST, GRANT_USE = 1, 2, 3
"""Sorts of ids that may stand once, or (uses of a grant) as often as something permits."""


class RecordRow(NamedTuple):
    """A record version with its recomputed root. `is_sound`: its submission's root was what the publisher signed."""

    record_id: bytes
    version: int
    record_root: bytes
    previous: bytes
    publisher: int
    sequence: int
    item: int
    item_version: int
    is_sound: bool
    region: bytes = b""
    """Reserved slots of the record, padded with zeros; empty where it has none."""
    has_time: bool = False
    occurred_at: int = 0
    record_class: bytes = b""
    is_class_cut: bool = False
    """Whether the class is longer than any that a scope lists; then `record_class` is its beginning."""
    is_known: bool = False
    """Whether the reserved slots were read at all: they are not where nothing depends on them, or were erased."""

    @property
    def keys(self) -> SearchKeys:
        """The reserved slots that scopes and emergencies use."""
        region, record_class = (text.rstrip(b"\0").decode("utf-8") for text in (self.region, self.record_class))
        if self.is_class_cut:
            record_class += NO_CHARACTER
        return SearchKeys(region or None, self.occurred_at if self.has_time else None, None, record_class or None, None)


class OpeningRow(NamedTuple):
    """One opened record of a disclosure, with what its decision is replayed from.

    `opened` and `permitted_open` are bitmaps of 32 bytes; the latter is what the stated profile and the one that bounds
    the look both open. `asked_version` is the version that the request named, 0 if none; `version` is 0 in the row of
    a disclosure that opened nothing. `categories` is the bitmap of data categories of what was opened.
    """

    record_id: bytes
    version: int
    record_root: bytes
    opened: bytes
    sequence: int
    reader: int
    anchored_time: int
    reader_key: bytes
    item: int
    item_version: int
    purpose: int
    basis: int
    authority: int
    authority_id: bytes
    profile: bytes
    facts_block: int
    disclosed_at: int
    as_of_batch: int
    asked_version: int
    permitted_open: bytes
    basis_ref: bytes
    case_ref: bytes
    categories: int


class OnceRow(NamedTuple):
    """An id that may stand once in the ledger, and where it stands."""

    sort: int
    id: bytes
    sequence: int


def with_keys(row: RecordRow, keys: SearchKeys) -> RecordRow:
    """Return the row with the record's reserved slots."""
    record_class = (keys.record_class or "").encode()
    kept = record_class[:LONGEST_CLASS_BYTES].decode("utf-8", "ignore").encode()
    return row._replace(
        region=(keys.region or "").encode(),
        has_time=keys.occurred_at is not None,
        occurred_at=keys.occurred_at or 0,
        record_class=kept,
        is_class_cut=len(kept) < len(record_class),
        is_known=True,
    )


def record_row(row: RecordRow) -> bytes:
    """Return the bytes of a record's row."""
    return RECORD.pack(*row)


def record_rows(data: bytes) -> Iterator[RecordRow]:
    """Yield the rows in `data`."""
    return map(RecordRow._make, RECORD.iter_unpack(data))


def opening_row(row: OpeningRow) -> bytes:
    """Return the bytes of an opening's row."""
    return OPENING.pack(*row)


def opening_rows(data: bytes) -> Iterator[OpeningRow]:
    """Yield the rows in `data`."""
    return map(OpeningRow._make, OPENING.iter_unpack(data))


def once_row(row: OnceRow) -> bytes:
    """Return the bytes of a once-only id's row."""
    return ONCE.pack(*row)


def once_rows(data: bytes) -> Iterator[OnceRow]:
    """Yield the rows in `data`."""
    return map(OnceRow._make, ONCE.iter_unpack(data))


def bucket_of(key: bytes, buckets: int) -> int:
    """Return the bucket of a record id or once-only id: the same for equal ids, spread over all of them."""
    return zlib.crc32(key) % buckets
