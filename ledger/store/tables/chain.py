"""The followed chain: blocks, events of our contracts, marks that hide records, and where the follower stands."""

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
    true,
)

from ledger.store.tables.metadata import METADATA

blocks = Table(
    "blocks",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    Column("parent_hash", LargeBinary, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("transactions", ARRAY(LargeBinary), nullable=False),
)

events = Table(
    "events",
    METADATA,
    Column("block", BigInteger, nullable=False),
    Column("log_index", Integer, nullable=False),
    Column("tx_hash", LargeBinary, nullable=False),
    Column("contract", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("args", JSON, nullable=False),
    PrimaryKeyConstraint("block", "log_index", name="events_place"),
)

# Only marks under which a record is not served any more; every mark stands in `events`.
hiding_marks = Table(
    "hiding_marks",
    METADATA,
    Column("record_id", LargeBinary, nullable=False),
    Column("block", BigInteger, nullable=False),
    Column("log_index", Integer, nullable=False),
    Column("agency", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("mark", SmallInteger, nullable=False),
    PrimaryKeyConstraint("record_id", "block", "log_index", name="hiding_marks_place"),
)

# One row. The cursor itself is the newest row of `blocks`.
following = Table(
    "following",
    METADATA,
    Column("one_row", Boolean, primary_key=True, server_default=true()),
    Column("generation", BigInteger, nullable=False, server_default=text("0")),
    Column("checked_at", BigInteger, nullable=False, server_default=text("0")),
    CheckConstraint("one_row", name="following_one_row"),
)
