"""What makes requests count once: consumed nonces and first answers."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, SmallInteger, Table, Text

from ledger.store.tables.metadata import METADATA

nonces = Table(
    "nonces",
    METADATA,
    Column("key", Text, nullable=False),
    Column("request_nonce", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("key", "request_nonce", name="nonces_identity"),
    Index("nonces_expiry", "expires_at"),
)

answers = Table(
    "answers",
    METADATA,
    Column("agency", Integer, nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("request_digest", LargeBinary, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("agency", "idempotency_key", name="answers_identity"),
)
