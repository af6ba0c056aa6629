"""What looks under grants and emergencies need: received actions in full, and how often a grant was used."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    ALTER TABLE actions
        ADD COLUMN name text NOT NULL DEFAULT 'Mark',
        ADD COLUMN message json NOT NULL DEFAULT '{}',
        ADD COLUMN signatures bytea[] NOT NULL DEFAULT '{}',
        ADD COLUMN about bytea NOT NULL DEFAULT ''
    """,
    """
    ALTER TABLE actions
        ALTER COLUMN name DROP DEFAULT,
        ALTER COLUMN message DROP DEFAULT,
        ALTER COLUMN signatures DROP DEFAULT,
        ALTER COLUMN about DROP DEFAULT
    """,
    "CREATE INDEX actions_about ON actions (about)",
    "CREATE INDEX actions_entry ON actions (entry_id)",
    "CREATE INDEX actions_intent ON actions (intent)",
    "CREATE UNIQUE INDEX actions_nonce ON actions (contract, (message ->> 'key'), (message ->> 'nonce'))",
    """
    CREATE TABLE grant_uses (
        grant_id bytea NOT NULL,
        used integer NOT NULL,
        PRIMARY KEY (grant_id)
    )
    """,
)


def upgrade() -> None:
    """Widen the actions and count uses."""
    for statement in STATEMENTS:
        op.execute(statement)
