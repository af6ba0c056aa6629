"""Tags of children, whose guardian consents: whether, not since when, so that no birth date is kept."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep with each tag whether it was made for a child."""
    op.execute("ALTER TABLE subject_tags ADD COLUMN of_child boolean DEFAULT false NOT NULL")
