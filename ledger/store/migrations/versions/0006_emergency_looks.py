"""What was opened in an emergency, found by the emergency: its reader owes destruction of what is erased later."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index looks under emergencies as those under grants are."""
    op.execute(
        """
        CREATE INDEX entries_emergency_looks ON entries ((message ->> 'authorityId'), entry_id)
            WHERE entry_type = 2 AND message ->> 'authority' IN ('3', '4') AND message ->> 'recordCount' <> '0'
        """
    )
