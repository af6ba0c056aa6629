"""Persons whose tokens a publisher lists are counted apart from the questions that it asks about persons."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Count the listed persons of each agency and day."""
    op.execute("ALTER TABLE query_counts ADD COLUMN listed integer DEFAULT 0 NOT NULL")
