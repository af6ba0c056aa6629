"""What a query states as its basis: complete as for a look, but for whom it opens nothing."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.core.codes import Basis
from ledger.core.eip712 import ZERO32
from ledger.core.history import AsOf
from ledger.core.look import Look
from ledger.core.queries import COLLECTING, COVERAGE, KINDS, STATISTICS, SUBJECT, TAG, QueryKind, lacks_basis
from tests.simulated_authorities import AuthorityLedger
from tests.simulated_consortium import RIVAL, number32
from tests.unit.core.looks import class1, ground_of, received

pytestmark = pytest.mark.unit
REFERENCE = number32("duty")


def stated(ledger: AuthorityLedger, basis: int, reference: bytes = ZERO32, case: bytes = ZERO32) -> Look:
    return replace(class1(ledger), basis=basis, basis_ref=reference, case_ref=case)


def lacks(ledger: AuthorityLedger, kind: QueryKind, look: Look, actions: Any = ()) -> bool:
    return lacks_basis(ground_of(ledger.history(), actions), kind, look, AsOf(ledger.now))


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.path)
def test_each_basis_needs_its_own_reference_but_a_submission_states_none(kind: QueryKind) -> None:
    ledger = AuthorityLedger()
    for basis in (0, *Basis, 8):
        if basis == Basis.CONSENT:
            continue
        bare = stated(ledger, basis)
        referring, of_case = replace(bare, basis_ref=REFERENCE), replace(bare, case_ref=REFERENCE)
        by_reference = basis in tuple(Basis) and basis != Basis.EMERGENCY
        expected = [True, not by_reference, basis != Basis.EMERGENCY]
        found = [lacks(ledger, kind, look) for look in (bare, referring, of_case)]
        assert found == ([False] * 3 if kind is COLLECTING else expected)


@pytest.mark.parametrize("kind", [SUBJECT, TAG])
def test_who_publishes_or_takes_a_consent_needs_none_before(kind: QueryKind) -> None:
    ledger = AuthorityLedger()
    assert not lacks(ledger, kind, stated(ledger, Basis.CONSENT))


@pytest.mark.parametrize("kind", [COVERAGE, STATISTICS])
@pytest.mark.parametrize(
    ("recorded", "complete"), [({}, True), ({"recipient": RIVAL}, False), ({"purpose": 7}, False)], ids=str
)
def test_who_asks_by_consent_names_a_live_one_to_him_for_this_purpose(
    kind: QueryKind, recorded: dict[str, int], complete: bool
) -> None:
    ledger = AuthorityLedger()
    consent = ledger.consent(**recorded)
    look = stated(ledger, Basis.CONSENT, consent)
    assert lacks(ledger, kind, look) is not complete
    assert lacks(ledger, kind, replace(look, basis_ref=number32("no consent")))
    withdrawn = received("WithdrawConsent", consent, ledger.now, reason=1)
    assert lacks(ledger, kind, look, [withdrawn])
    ledger.withdraw_consent(consent)
    assert lacks(ledger, kind, look)


@pytest.mark.parametrize("kind", [COVERAGE, STATISTICS])
def test_no_question_rests_on_a_consent_that_is_not_sound(kind: QueryKind) -> None:
    ledger = AuthorityLedger()
    consent = ledger.consent()
    look = stated(ledger, Basis.CONSENT, consent)
    for unsound, expected in (((), False), ((consent,), True)):
        ground = ground_of(ledger.history(), (), unsound)
        assert lacks_basis(ground, kind, look, AsOf(ledger.now)) is expected
