"""Which records about somebody each look opened, found by the record."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE subjects ADD COLUMN since_version integer DEFAULT 1 NOT NULL",
    """
    CREATE TABLE opened_records (
        entry_id bigint NOT NULL,
        version integer NOT NULL,
        record_id bytea NOT NULL,
        opened bytea NOT NULL,
        CONSTRAINT opened_records_look PRIMARY KEY (record_id, entry_id)
    )
    """,
    # Looks from before: 100 bytes each of recordId(32) version(4) record root(32) bitmap(32).
    """
    INSERT INTO opened_records (record_id, version, opened, entry_id)
    SELECT record_id, get_byte(openings, at + 32) * 16777216 + get_byte(openings, at + 33) * 65536
            + get_byte(openings, at + 34) * 256 + get_byte(openings, at + 35),
        substring(openings FROM at + 69 FOR 32), entry_id
    FROM evidence CROSS JOIN LATERAL generate_series(0, octet_length(openings) - 100, 100) AS at
        JOIN subjects ON record_id = substring(openings FROM at + 1 FOR 32)
    """,
)


def upgrade() -> None:
    """Keep looks where they are found by the record, and fill in those that were."""
    for statement in STATEMENTS:
        op.execute(statement)
