"""Steps that published records state, so that duties are found without reading records."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table, Text, text

from ledger.store.tables.metadata import METADATA

transitions = Table(
    "transitions",
    METADATA,
    Column("entry_id", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    Column("publisher", Integer, nullable=False),
    # When the submission was signed.
    Column("at", BigInteger, nullable=False),
    Column("subject_id", LargeBinary, nullable=False),
    Column("record_id", LargeBinary, nullable=False),
    Column("process", Text, nullable=False),
    Column("from_step", Text, nullable=False),
    Column("to_step", Text, nullable=False),
    PrimaryKeyConstraint("entry_id", "position", name="transitions_place"),
    Index("transitions_subject", "subject_id"),
    Index("transitions_filed", "publisher", postgresql_where=text("to_step = 'filed'")),
)
