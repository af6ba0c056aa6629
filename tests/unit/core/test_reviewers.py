"""Who reviews an emergency: as the parameters assign, never the opener's, and another where the first is suspended."""

import pytest

from ledger.core.history import AsOf
from ledger.core.reviewers import assigned_reviewer, may_review
from tests.simulated_authorities import AuthorityLedger
from tests.simulated_consortium import AUDITOR, OTHER_GATEWAY, READER, RIVAL

pytestmark = pytest.mark.unit


def assigning(first: int, substitute: int) -> AuthorityLedger:
    ledger = AuthorityLedger()
    values = {"reviewAgency": first, "reviewAgencySubstitute": substitute}
    ledger.mine([("Parameters", "ParameterSet", {"name": name, "value": value}) for name, value in values.items()])
    return ledger


def reviewer_of(ledger: AuthorityLedger, opener: int = READER) -> int:
    return assigned_reviewer(ledger.history(), opener, AsOf(ledger.now))


def test_the_parameters_assign_who_is_active_and_not_the_opener() -> None:
    assert reviewer_of(AuthorityLedger()) == 0
    ledger = assigning(RIVAL, OTHER_GATEWAY)
    assert reviewer_of(ledger) == RIVAL
    assert reviewer_of(ledger, opener=RIVAL) == OTHER_GATEWAY
    ledger.mine([("AgencyRegistry", "AgencyStatusSet", {"agency": RIVAL, "status": 2})])
    assert reviewer_of(ledger) == OTHER_GATEWAY
    assert reviewer_of(ledger, opener=OTHER_GATEWAY) == 0


def test_another_agency_takes_over_only_from_one_that_is_not_active() -> None:
    ledger = assigning(RIVAL, OTHER_GATEWAY)
    emergency = ledger.emergency(reviewer=RIVAL)

    def reviewing() -> list[int]:
        history, as_of = ledger.history(), AsOf(ledger.now)
        opened = history.emergencies[emergency]
        return [one for one in (RIVAL, OTHER_GATEWAY, AUDITOR) if may_review(history, opened, one, as_of)]

    assert reviewing() == [RIVAL]
    ledger.mine([("AgencyRegistry", "AgencyStatusSet", {"agency": RIVAL, "status": 2})])
    assert reviewing() == [RIVAL, OTHER_GATEWAY]
