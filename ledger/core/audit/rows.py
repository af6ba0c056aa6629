"""Rows of fixed size: what the checks across records need of each record, opening and once-only id.

They are spilled to buckets by record id (or by the id itself), so that memory does not grow with the ledger. Never kept
after a run, so their shape may change.
"""

import zlib
from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

RECORD = Struct(">32sI32s32sIQII?")
OPENING = Struct(">32sI32s32sQIQ20sIIHBB32s32sQQII32sBB")
ONCE = Struct(">B36sQ")
SUBMISSION_ID, REQUEST = 1, 2
"""Sorts of once-only ids."""


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


class OpeningRow(NamedTuple):
    """One opened record of a disclosure, with what its decision is replayed from.

    `opened` and `profile_open` are bitmaps of 32 bytes; the latter is what the class-1 profile opens. `asked_version`
    is the version that the request named, 0 if none. The two references are 0 or 1.
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
    profile_open: bytes
    basis_reference: int
    case_reference: int


class OnceRow(NamedTuple):
    """An id that may stand once in the ledger, and where it stands."""

    sort: int
    id: bytes
    sequence: int


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
