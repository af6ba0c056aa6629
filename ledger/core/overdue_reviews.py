"""How many reviews an agency's emergencies owe, counted as EmergencyAccess counts them (ADR 6)."""

from collections.abc import Iterable

from ledger.core.access_facts import EmergencyFacts

MOST_LISTED = 64
"""An agency has so many places with due times; an emergency that finds none counts as overdue from the start."""


def overdue_reviews(emergencies: Iterable[EmergencyFacts], agency: int, now: int, opening: int = 0) -> int:
    """Return how many of an agency's emergencies have no review and should have one by `now` (Unix seconds).

    `opening` emergencies more are on their way to the chain. Places are taken by openings and freed by first reviews,
    in chain order.
    """
    steps = []
    for emergency in tuple(emergencies):
        if emergency.agency == agency:
            steps.append((emergency.opened, emergency))
            steps += [(review.point, emergency) for review in emergency.reviews[:1]]
    listed: set[bytes] = set()
    unlisted: set[bytes] = set()
    for point, emergency in sorted(steps, key=lambda step: step[0]):
        if point == emergency.opened:
            (listed if len(listed) < MOST_LISTED else unlisted).add(emergency.id)
        else:
            listed.discard(emergency.id)
            unlisted.discard(emergency.id)
    due = {emergency.id: emergency.review_due_at for _, emergency in steps}
    crowded = max(0, len(listed) + opening - MOST_LISTED)
    return len(unlisted) + crowded + sum(due[one] <= now for one in listed)
