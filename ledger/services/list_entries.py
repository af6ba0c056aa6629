"""List anchored entries, and find one."""

from collections.abc import Sequence

from ledger.errors import NotFound
from ledger.rows import StoredEntry
from ledger.services.authenticate import Call

MOST_ENTRIES = 1_000
"""Entries of one page."""


def list_entries(call: Call, after: int, limit: int) -> Sequence[StoredEntry]:
    """Return at most `limit` anchored entries with a greater sequence, for any member; raises NotEntitled."""
    call.require_member()
    return call.transaction.entries_after(after, min(limit, MOST_ENTRIES))


def find_entry(call: Call, digest: bytes) -> StoredEntry:
    """Return an entry by its digest, anchored or not, for any member; raises NotEntitled or NotFound."""
    call.require_member()
    stored = call.transaction.entry(digest)
    if stored is None:
        raise NotFound("no entry with this digest is here")
    return stored
