"""Looks that begin no transaction before they write: what they rest on is checked by the statement of their entry."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# VOLATILE: the question has a snapshot of its own, taken once the locks are held. So it sees what was committed by
# whoever held them before; a plain statement would have looked first and waited then.
UNDISTURBED = """
CREATE FUNCTION undisturbed(
    one bytea, one_first int4, one_second int4, other bytea, other_first int4, other_second int4, names text[]
) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(one_first, one_second);
    PERFORM pg_advisory_xact_lock_shared(other_first, other_second);
    RETURN NOT EXISTS (SELECT FROM actions WHERE about IN (one, other) AND name = ANY(names));
END
$$"""


def upgrade() -> None:
    """Add the function that takes shared locks on two ids and says whether nobody has acted on them."""
    op.execute(UNDISTURBED)
