"""Hashed documents, and settings that belong to the deployment."""

from sqlalchemy import JSON, BigInteger, Column, LargeBinary, Table, Text

from ledger.store.tables.metadata import METADATA

documents = Table(
    "documents",
    METADATA,
    Column("document_hash", LargeBinary, primary_key=True),
    Column("media_type", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

settings = Table(
    "settings",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", JSON, nullable=False),
)
