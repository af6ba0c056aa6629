"""What a person is told of his own consents: which are live, which ended and how, and which a later one replaces.

Which consents are of one person no chain tells: a gateway knows it, by whom it made their tags for (formats page,
section 9), and tells nobody else.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from ledger.core.access_facts import ConsentFacts
from ledger.core.scope import Scope


class ConsentState(StrEnum):
    """State of a consent as its person is told; the first that holds, from below.

    A superseded consent is still live by itself: who wants an end to what it allows withdraws both.
    """

    LIVE = "live"
    NOT_BEGUN = "not_begun"
    SUPERSEDED = "superseded"
    """A later live consent allows as much, as long."""
    RECEIVED = "received"
    """Taken by the gateway, in no followed block yet: nothing rests on it."""
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class OwnConsent:
    """A consent of a person: what is said of it, and what the gateway holds of it.

    `is_sound`: whether a look may rest on it, as its text and evidence say. `withdrawn_at` (Unix seconds) and
    `withdraw_reason` of a withdrawal that was received or is on chain. `scope` is None where the document is not here.
    """

    facts: ConsentFacts
    is_on_chain: bool
    is_sound: bool
    scope: Scope | None
    withdrawn_at: int | None = None
    withdraw_reason: int | None = None

    def is_live(self, at: int) -> bool:
        """Say whether looks may rest on it at a time (Unix seconds)."""
        is_in_time = self.facts.valid_from <= at < self.facts.valid_until
        return self.is_on_chain and self.is_sound and self.withdrawn_at is None and is_in_time

    def state(self, successor: "OwnConsent | None", at: int) -> ConsentState:
        """Return its state at a time (Unix seconds); `successor` as `successor_of` says."""
        if self.withdrawn_at is not None:
            return ConsentState.WITHDRAWN
        if at >= self.facts.valid_until:
            return ConsentState.EXPIRED
        if not self.is_on_chain:
            return ConsentState.RECEIVED
        if successor is not None:
            return ConsentState.SUPERSEDED
        return ConsentState.NOT_BEGUN if at < self.facts.valid_from else ConsentState.LIVE


def successor_of(consent: OwnConsent, consents: Iterable[OwnConsent], at: int) -> OwnConsent | None:
    """Return the newest of a person's consents that replaces one at a time (Unix seconds), None if none does.

    It was recorded later, is live, and allows at least as much for as long: the same recipient, holder, purpose and
    scope but for its salt, and all its categories.
    """
    found = [other for other in consents if other.is_live(at) and _replaces(other, consent)]
    return max(found, key=lambda other: other.facts.recorded, default=None)


def _replaces(newer: OwnConsent, older: OwnConsent) -> bool:
    new, old = newer.facts, older.facts
    return (
        new.recorded > old.recorded
        and (new.recipient, new.holder, new.purpose) == (old.recipient, old.holder, old.purpose)
        and not old.categories & ~new.categories
        and new.valid_until >= old.valid_until
        and _is_same(newer.scope, older.scope)
    )


def _is_same(scope: Scope | None, other: Scope | None) -> bool:
    return scope is not None and other is not None and replace(scope, salt=other.salt) == other
