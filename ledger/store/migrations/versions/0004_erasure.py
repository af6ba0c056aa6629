"""Erased records: content gone, tombstone kept."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    ALTER TABLE records
        ADD COLUMN withheld boolean DEFAULT false NOT NULL,
        ADD COLUMN erase_marked_at bigint,
        ADD COLUMN erased_at bigint
    """,
    "CREATE INDEX records_erasable ON records (erase_marked_at) WHERE erase_marked_at IS NOT NULL",
)


def upgrade() -> None:
    """Note which records are withheld, are to be erased, and were."""
    for statement in STATEMENTS:
        op.execute(statement)
