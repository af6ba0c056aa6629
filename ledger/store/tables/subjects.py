"""Which records are about whom and were opened, tags of consents, how often an agency asked. No id of a person."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table, text

from ledger.store.tables.metadata import METADATA

subjects = Table(
    "subjects",
    METADATA,
    Column("item", Integer, nullable=False),
    Column("publisher", Integer, nullable=False),
    Column("record_id", LargeBinary, nullable=False),
    Column("token", LargeBinary, nullable=False),
    # First version of those that name this person.
    Column("since_version", Integer, nullable=False, server_default=text("1")),
    PrimaryKeyConstraint("record_id", name="subjects_identity"),
    Index("subjects_token", "token", "item"),
)

# Looks at records about somebody, found by the record. Stays when the record is erased: it says nothing about whom.
opened_records = Table(
    "opened_records",
    METADATA,
    Column("entry_id", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("record_id", LargeBinary, nullable=False),
    Column("opened", LargeBinary, nullable=False),
    PrimaryKeyConstraint("record_id", "entry_id", name="opened_records_look"),
)

subject_tags = Table(
    "subject_tags",
    METADATA,
    Column("created_at", BigInteger, nullable=False),
    Column("recipient", BigInteger, nullable=False),
    Column("period", BigInteger, nullable=False),
    # When the tag was made. No birth date is kept.
    Column("of_child", Boolean, nullable=False, server_default=text("false")),
    Column("purpose", Integer, nullable=False),
    Column("subject_tag", LargeBinary, nullable=False),
    Column("token", LargeBinary, nullable=False),
    PrimaryKeyConstraint("subject_tag", name="subject_tags_identity"),
    Index("subject_tags_period", "token", "recipient", "purpose", "period", unique=True),
)

query_counts = Table(
    "query_counts",
    METADATA,
    Column("agency", Integer, nullable=False),
    Column("day", Integer, nullable=False),
    Column("asked", Integer, nullable=False),
    Column("listed", Integer, nullable=False, server_default="0"),
    PrimaryKeyConstraint("agency", "day", name="query_counts_identity"),
)
