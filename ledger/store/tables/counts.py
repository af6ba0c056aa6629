"""What was counted: tables of counts as they were made once, and duplicates that were refused. Nobody is in them."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, PrimaryKeyConstraint, Table, Text

from ledger.store.tables.metadata import METADATA

kept_counts = Table(
    "kept_counts",
    METADATA,
    Column("item", Integer, nullable=False),
    Column("region", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("rule_version", BigInteger, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("tables", Text, nullable=False),
    PrimaryKeyConstraint("item", "region", "period", name="kept_counts_identity"),
)

refused_duplicates = Table(
    "refused_duplicates",
    METADATA,
    Column("refused_at", BigInteger, nullable=False),
    Column("publisher", Integer, nullable=False),
    Column("item", Integer, nullable=False),
    Column("duplicates", Integer, nullable=False),
    Column("submission_id", LargeBinary, nullable=False),
    PrimaryKeyConstraint("publisher", "submission_id", name="refused_duplicates_identity"),
)
