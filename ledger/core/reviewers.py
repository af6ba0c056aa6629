"""Who reviews an emergency, as EmergencyAccess assigns and replaces its reviewer (contracts page)."""

from typing import Final

from ledger.core.access_facts import EmergencyFacts
from ledger.core.history import AsOf, History

JUSTIFIED: Final = 1
"""The verdict that only a first review may give; later ones are adverse."""
LAST_VERDICT: Final = 3
NO_AGENCY: Final = 0


def assigned_reviewer(history: History, opener: int, as_of: AsOf) -> int:
    """Return the agency that the parameters assign at that moment, 0 if none is active and not the opener."""
    for name in ("reviewAgency", "reviewAgencySubstitute"):
        number = history.parameter(name, as_of)
        if number != opener and _is_active(history, number, as_of):
            return number
    return NO_AGENCY


def may_review(history: History, emergency: EmergencyFacts, agency: int, as_of: AsOf) -> bool:
    """Say whether an agency is the reviewer at that moment, or takes over from one that is not active."""
    reviewer = emergency.reviewer(as_of)
    if agency == reviewer:
        return True
    is_assigned = agency == assigned_reviewer(history, emergency.agency, as_of)
    return is_assigned and not _is_active(history, reviewer, as_of)


def _is_active(history: History, number: int, as_of: AsOf) -> bool:
    agency = history.agencies.get(number)
    return agency is not None and agency.is_active(as_of)
