"""When the keys that a gateway lives by expire: a binding is immutable, so a new key is bound before."""

from collections.abc import Iterable

from ledger.core.codes import Role
from ledger.core.history import History
from ledger.core.points import END_OF_BLOCK, AsOf, Block, Point

WARN_SECONDS = 30 * 86_400
"""Expiry warns so long ahead (operations page, keys): a second ADMIN and a new key may take days to arrange."""
WATCHED_ROLES = (Role.ADMIN, Role.ANCHOR, Role.API_SIGN)
"""Without these an agency's gateway stands still."""


def now_as_of(newest: Block, now: int) -> AsOf:
    """Return the moment for questions about now: all that stands up to the newest block, validity by the clock."""
    return AsOf(now, Point(newest.number, END_OF_BLOCK, newest.time))


def usable_until(history: History, keys: Iterable[str], role: Role, agency: int, as_of: AsOf) -> int:
    """Return until when (Unix seconds) one of these keys may act in `role` for `agency`, 0 if none may at `as_of`."""
    usable = (key for key in keys if history.why_not_entitled(key, role, agency, as_of) is None)
    return max((history.keys[key].valid_until for key in usable), default=0)


def keys_of(history: History, agency: int) -> tuple[str, ...]:
    """Return every key that was ever bound to an agency."""
    return tuple(key for key, facts in tuple(history.keys.items()) if facts.agency == agency)


def days_left(until: int, now: int) -> int:
    """Return the whole days from `now` to `until` (Unix seconds), 0 when it has passed."""
    return max(0, until - now) // 86_400
