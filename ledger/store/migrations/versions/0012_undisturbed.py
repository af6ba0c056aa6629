"""Looks that begin no transaction before they write: what they rest on is checked by the statement of their entry."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# VOLATILE: the question is asked with a snapshot of its own, taken once the locks are held. So it sees what whoever held
# them before has committed; a plain statement would have looked first and waited then.
UNDISTURBED = """
CREATE FUNCTION undisturbed(firsts int4[], seconds int4[], abouts bytea[], names text[]) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(first, second) FROM unnest(firsts, seconds) AS wanted (first, second);
    RETURN NOT EXISTS (SELECT FROM actions WHERE about = ANY(abouts) AND name = ANY(names));
END
$$"""


def upgrade() -> None:
    """Add the function that takes shared locks on ids and says whether nobody has acted on them."""
    op.execute(UNDISTURBED)
