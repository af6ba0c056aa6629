"""Tables by noun; SQLAlchemy keeps their shape and Alembic moves it, statements stand with the repositories.

Times are Unix seconds (BIGINT), digests and identifiers plain bytes. Columns of random bytes are never compressed.
"""

from ledger.store.tables import (
    attachments,
    chain,
    counts,
    documents,
    entries,
    outbox,
    records,
    requests,
    steps,
    subjects,
)
from ledger.store.tables.metadata import METADATA

__all__ = [
    "METADATA",
    "attachments",
    "chain",
    "counts",
    "documents",
    "entries",
    "outbox",
    "records",
    "requests",
    "steps",
    "subjects",
]
