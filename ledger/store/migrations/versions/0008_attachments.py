"""Attachments: files that records name, sealed."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE attachments (
        publisher integer NOT NULL,
        digest bytea NOT NULL,
        media text NOT NULL,
        length integer NOT NULL,
        staged_at bigint NOT NULL,
        record_id bytea,
        version integer,
        slot smallint,
        ciphertext bytea NOT NULL,
        wrapped_key bytea NOT NULL,
        daily_key_id text NOT NULL,
        CONSTRAINT attachments_identity PRIMARY KEY (publisher, digest)
    )
    """,
    "ALTER TABLE attachments ALTER ciphertext SET STORAGE EXTERNAL",
    "CREATE UNIQUE INDEX attachments_slot ON attachments (record_id, version, slot)",
    "CREATE INDEX attachments_staged ON attachments (publisher, staged_at) WHERE record_id IS NULL",
)


def upgrade() -> None:
    """Keep sealed files beside sealed records."""
    for statement in STATEMENTS:
        op.execute(statement)
