"""Steps that records state, and the first look under each grant: what duties are computed from."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE transitions (
        entry_id bigint NOT NULL,
        position integer NOT NULL,
        publisher integer NOT NULL,
        at bigint NOT NULL,
        subject_id bytea NOT NULL,
        record_id bytea NOT NULL,
        process text NOT NULL,
        from_step text NOT NULL,
        to_step text NOT NULL,
        CONSTRAINT transitions_place PRIMARY KEY (entry_id, position)
    )
    """,
    "CREATE INDEX transitions_subject ON transitions (subject_id)",
    "CREATE INDEX transitions_filed ON transitions (publisher) WHERE to_step = 'filed'",
    """
    CREATE INDEX entries_grant_looks ON entries ((message ->> 'authorityId'), entry_id)
        WHERE entry_type = 2 AND message ->> 'authority' = '2' AND message ->> 'recordCount' <> '0'
    """,
)


def upgrade() -> None:
    """Keep steps where they are found by their subject."""
    for statement in STATEMENTS:
        op.execute(statement)
