"""Attachments, sealed: uploaded first (no record yet), then bound to the slot of a record version for good."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, SmallInteger, Table, Text
from sqlalchemy import text as sql

from ledger.store.tables.metadata import METADATA

attachments = Table(
    "attachments",
    METADATA,
    Column("publisher", Integer, nullable=False),
    # Salted by the slot's salt: Keccak-256(salt ‖ content).
    Column("digest", LargeBinary, nullable=False),
    Column("media", Text, nullable=False),
    Column("length", Integer, nullable=False),
    Column("staged_at", BigInteger, nullable=False),
    # All three or none.
    Column("record_id", LargeBinary),
    Column("version", Integer),
    Column("slot", SmallInteger),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("daily_key_id", Text, nullable=False),
    PrimaryKeyConstraint("publisher", "digest", name="attachments_identity"),
    Index("attachments_slot", "record_id", "version", "slot", unique=True),
    Index("attachments_staged", "publisher", "staged_at", postgresql_where=sql("record_id IS NULL")),
)
