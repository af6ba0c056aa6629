"""The stream: entries, what proves looks, and batches, each fixed once."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)

from ledger.store.tables.metadata import METADATA

# No foreign keys on busy tables: one transaction writes both sides, and a check per row would cost a tenth of the work.
entries = Table(
    "entries",
    METADATA,
    Column("entry_id", BigInteger, Identity(always=True), primary_key=True),
    Column("entry_type", SmallInteger, nullable=False),
    # JSON, not JSONB: the text comes back as it was written.
    Column("message", JSON, nullable=False),
    Column("signer", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("annex", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("agency", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("anchor_by", BigInteger, nullable=False),
    Column("sequence", BigInteger),
    Column("batch", BigInteger),
    # For measurements finer than a second; nothing is decided by it.
    Column("stored_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    UniqueConstraint("digest", name="entries_digest"),
    Index("entries_sequence", "sequence", unique=True, postgresql_where=text("sequence IS NOT NULL")),
    Index("entries_unnumbered", "entry_id", postgresql_where=text("sequence IS NULL")),
    # The first look under a grant, which is its delivery.
    Index(
        "entries_grant_looks",
        text("(message ->> 'authorityId')"),
        "entry_id",
        postgresql_where=text("entry_type = 2 AND message ->> 'authority' = '2' AND message ->> 'recordCount' <> '0'"),
    ),
    # What was opened in an emergency.
    Index(
        "entries_emergency_looks",
        text("(message ->> 'authorityId')"),
        "entry_id",
        postgresql_where=text(
            "entry_type = 2 AND message ->> 'authority' IN ('3', '4') AND message ->> 'recordCount' <> '0'"
        ),
    ),
    # Questions of coverage that found something: nobody need ask the resident again.
    Index(
        "entries_found_coverage",
        "created_at",
        postgresql_where=text("entry_type = 4 AND message ->> 'queryType' = '1' AND message ->> 'resultCount' <> '0'"),
    ),
)

evidence = Table(
    "evidence",
    METADATA,
    Column("entry_id", BigInteger, primary_key=True, autoincrement=False),
    Column("request_base", LargeBinary, nullable=False),
    Column("request_signature", LargeBinary, nullable=False),
    # Packed: recordId(32) version(4) record root(32) bitmap(32) for each opening.
    Column("openings", LargeBinary, nullable=False),
)

batches = Table(
    "batches",
    METADATA,
    Column("batch", BigInteger, primary_key=True, autoincrement=False),
    Column("gateway", Integer, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("leaf_count", Integer, nullable=False),
    Column("first_sequence", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    # The outbox row that carries it; another one when the first could never succeed.
    Column("intent", Text, nullable=False),
    Column("anchored_block", BigInteger),
    Column("anchored_at", BigInteger),
    Column("anchored_transaction", LargeBinary),
    Column("followed_at", DateTime(timezone=True)),
    UniqueConstraint("first_sequence", name="batches_first_sequence"),
    Index("batches_unanchored", "batch", postgresql_where=text("anchored_block IS NULL")),
    Index("batches_anchored_block", "anchored_block", postgresql_where=text("anchored_block IS NOT NULL")),
)
