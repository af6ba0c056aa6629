"""Submissions, record versions as they are served, and their sealed content, which stands apart."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from ledger.store.tables.metadata import METADATA

SERVED = text("NOT superseded AND NOT hidden")
OCCURRED = text("COALESCE(occurred_at, 0) DESC")

submissions = Table(
    "submissions",
    METADATA,
    Column("entry_id", BigInteger, primary_key=True, autoincrement=False),
    Column("submission_id", LargeBinary, nullable=False),
    Column("publisher", Integer, nullable=False),
    Column("item", Integer, nullable=False),
    Column("item_version", Integer, nullable=False),
    Column("schema_hash", LargeBinary, nullable=False),
    Column("record_count", Integer, nullable=False),
    Column("statement_digest", LargeBinary, nullable=False),
    Column("accepted_at", BigInteger, nullable=False),
    Column("acceptance_signature", LargeBinary, nullable=False),
    Column("acceptance_signer", Text, nullable=False),
    # Records that name a person, of items that are collected once, and the places of those that were duplicates.
    Column("about_persons", Integer, nullable=False, server_default=text("0")),
    Column("duplicates", ARRAY(Integer), nullable=False, server_default=text("'{}'")),
    UniqueConstraint("publisher", "submission_id", name="submissions_identity"),
    Index("submissions_about_persons", "accepted_at", postgresql_where=text("about_persons > 0")),
)

records = Table(
    "records",
    METADATA,
    Column("entry_id", BigInteger, nullable=False),
    Column("occurred_at", BigInteger),
    Column("recorded_at", BigInteger),
    Column("position", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("publisher", Integer, nullable=False),
    Column("item", Integer, nullable=False),
    Column("item_version", Integer, nullable=False),
    Column("level", SmallInteger),
    Column("superseded", Boolean, nullable=False, server_default=false()),
    Column("hidden", Boolean, nullable=False, server_default=false()),
    Column("record_id", LargeBinary, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("record_root", LargeBinary, nullable=False),
    Column("schema_hash", LargeBinary, nullable=False),
    Column("ciphertext_digest", LargeBinary, nullable=False),
    # Collation C, so that a prefix is a range of the index.
    Column("region", Text(collation="C")),
    Column("record_class", Text(collation="C")),
    Column("open_values", LargeBinary, nullable=False),
    Column("open_salts", LargeBinary, nullable=False),
    Column("closed_digests", LargeBinary, nullable=False),
    # By a mark that was received here and may not be on chain yet; for good.
    Column("withheld", Boolean, nullable=False, server_default=false()),
    # Time of the followed block that asks for its erasure, until that is carried out.
    Column("erase_marked_at", BigInteger),
    Column("erased_at", BigInteger),
    PrimaryKeyConstraint("entry_id", "position", name="records_place"),
    UniqueConstraint("record_id", "version", name="records_identity"),
    Index("records_by_time", "item", OCCURRED, text("record_id DESC"), postgresql_where=SERVED),
    Index("records_by_region", "item", "region", OCCURRED, postgresql_where=SERVED),
    Index("records_by_class", "item", "record_class", OCCURRED, postgresql_where=SERVED),
    Index("records_erasable", "erase_marked_at", postgresql_where=text("erase_marked_at IS NOT NULL")),
)

sealed = Table(
    "sealed",
    METADATA,
    Column("entry_id", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("daily_key_id", Text, nullable=False),
    PrimaryKeyConstraint("entry_id", "position", name="sealed_place"),
)

daily_keys = Table(
    "daily_keys",
    METADATA,
    Column("key_id", Text, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("key_id", name="daily_keys_identity"),
)
