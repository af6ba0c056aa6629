"""Erased records: content gone, tombstone kept."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATEMENTS = ("ALTER TABLE records ADD COLUMN erased_at bigint",)


def upgrade() -> None:
    """Note when a record's content was erased."""
    for statement in STATEMENTS:
        op.execute(statement)
