"""Which records are about whom, tags of consents, and how often an agency asked. No identifier of a person."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table

from ledger.store.tables.metadata import METADATA

subjects = Table(
    "subjects",
    METADATA,
    Column("item", Integer, nullable=False),
    Column("publisher", Integer, nullable=False),
    Column("record_id", LargeBinary, nullable=False),
    Column("token", LargeBinary, nullable=False),
    PrimaryKeyConstraint("record_id", name="subjects_identity"),
    Index("subjects_token", "token", "item"),
)

subject_tags = Table(
    "subject_tags",
    METADATA,
    Column("created_at", BigInteger, nullable=False),
    Column("recipient", BigInteger, nullable=False),
    Column("period", BigInteger, nullable=False),
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
    PrimaryKeyConstraint("agency", "day", name="query_counts_identity"),
)
