"""Duplicates of what is collected once, and tables of counts as they were made."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    ALTER TABLE submissions
        ADD COLUMN about_persons integer DEFAULT 0 NOT NULL,
        ADD COLUMN duplicates integer[] DEFAULT '{}' NOT NULL
    """,
    "CREATE INDEX submissions_about_persons ON submissions (accepted_at) WHERE about_persons > 0",
    """
    CREATE INDEX entries_found_coverage ON entries (created_at)
        WHERE entry_type = 4 AND message ->> 'queryType' = '1' AND message ->> 'resultCount' <> '0'
    """,
    """
    CREATE TABLE refused_duplicates (
        refused_at bigint NOT NULL,
        publisher integer NOT NULL,
        item integer NOT NULL,
        duplicates integer NOT NULL,
        submission_id bytea NOT NULL,
        CONSTRAINT refused_duplicates_identity PRIMARY KEY (publisher, submission_id)
    )
    """,
    """
    CREATE TABLE kept_counts (
        item integer NOT NULL,
        region text NOT NULL,
        period text NOT NULL,
        rule_version bigint NOT NULL,
        made_at bigint NOT NULL,
        tables text NOT NULL,
        CONSTRAINT kept_counts_identity PRIMARY KEY (item, region, period)
    )
    """,
)


def upgrade() -> None:
    """Note duplicates with their submission, and keep counts."""
    for statement in STATEMENTS:
        op.execute(statement)
