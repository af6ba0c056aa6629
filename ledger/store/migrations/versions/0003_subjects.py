"""Which records are about whom (by internal token), tags of consents, and how often an agency asked."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE subjects (
        record_id bytea NOT NULL,
        token bytea NOT NULL,
        item integer NOT NULL,
        publisher integer NOT NULL,
        PRIMARY KEY (record_id)
    )
    """,
    "CREATE INDEX subjects_token ON subjects (token, item)",
    """
    CREATE TABLE subject_tags (
        subject_tag bytea NOT NULL,
        token bytea NOT NULL,
        recipient integer NOT NULL,
        purpose smallint NOT NULL,
        period integer NOT NULL,
        created_at bigint NOT NULL,
        PRIMARY KEY (subject_tag)
    )
    """,
    "CREATE INDEX subject_tags_token ON subject_tags (token, recipient, purpose, period)",
    """
    CREATE TABLE query_counts (
        agency integer NOT NULL,
        day integer NOT NULL,
        asked integer NOT NULL,
        PRIMARY KEY (agency, day)
    )
    """,
)


def upgrade() -> None:
    """Make the tables of subjects."""
    for statement in STATEMENTS:
        op.execute(statement)
