"""Looks that are answered together: their locks are taken if they are free, and none is waited for."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# Who holds a lock, or acted, disturbs the looks that rest on this id, and no other one of those beside them.
# VOLATILE: the question has a snapshot of its own, taken once the locks are held, so it sees what was committed by
# whoever held them before.
DISTURBED = """
CREATE FUNCTION disturbed(abouts bytea[], firsts int4[], seconds int4[], names text[]) RETURNS bytea[]
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    held bytea[] := '{}';
BEGIN
    FOR place IN 1 .. cardinality(abouts) LOOP
        IF NOT pg_try_advisory_xact_lock_shared(firsts[place], seconds[place]) THEN
            held := held || abouts[place];
        END IF;
    END LOOP;
    RETURN held || ARRAY(SELECT about FROM actions WHERE about = ANY(abouts) AND name = ANY(names));
END
$$"""


def upgrade() -> None:
    """Put a function that takes shared locks on many ids, and names those on which somebody acts or acted, in place of
    the one that waited for two of them.
    """
    op.execute("DROP FUNCTION undisturbed(bytea, int4, int4, bytea, int4, int4, text[])")
    op.execute(DISTURBED)
