"""Which records are about whom (by internal token), tags of consents, and how often an agency asked."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE subjects (
        item integer NOT NULL,
        publisher integer NOT NULL,
        record_id bytea NOT NULL,
        token bytea NOT NULL,
        CONSTRAINT subjects_identity PRIMARY KEY (record_id)
    )
    """,
    "CREATE INDEX subjects_token ON subjects (token, item)",
    """
    CREATE TABLE subject_tags (
        created_at bigint NOT NULL,
        recipient bigint NOT NULL,
        period bigint NOT NULL,
        purpose integer NOT NULL,
        subject_tag bytea NOT NULL,
        token bytea NOT NULL,
        CONSTRAINT subject_tags_identity PRIMARY KEY (subject_tag)
    )
    """,
    "CREATE UNIQUE INDEX subject_tags_period ON subject_tags (token, recipient, purpose, period)",
    """
    CREATE TABLE query_counts (
        agency integer NOT NULL,
        day integer NOT NULL,
        asked integer NOT NULL,
        CONSTRAINT query_counts_identity PRIMARY KEY (agency, day)
    )
    """,
)


def upgrade() -> None:
    """Make the tables of subjects."""
    for statement in STATEMENTS:
        op.execute(statement)
