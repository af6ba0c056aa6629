"""A review that a gateway took and held back: convicted, unless the contract would not have taken it."""

from pathlib import Path

import pytest

from ledger.core.hexadecimal import to_hex
from tests.simulated_authorities import AuthorityLedger
from tests.simulated_consortium import AUDITOR, OTHER_GATEWAY, RIVAL, address, number32
from tests.unit.audit.auditing import Audited
from tests.unit.audit.authorities import GATEWAY_1, audited

pytestmark = pytest.mark.unit
JUSTIFIED, WITH_FAULTS, NOT_JUSTIFIED = 1, 2, 3


def over() -> tuple[AuthorityLedger, bytes]:
    ledger = AuthorityLedger()
    emergency = ledger.emergency()
    ledger.end_emergency(emergency)
    return ledger, emergency


def review(ledger: AuthorityLedger, emergency: bytes, verdict: int = JUSTIFIED) -> None:
    said = {"reviewer": OTHER_GATEWAY, "key": address("reviewer"), "verdict": verdict}
    said |= {"emergency": to_hex(emergency), "documentHash": to_hex(number32("first review"))}
    ledger.mine([("EmergencyAccess", "EmergencyReviewed", said)])


def receive(ledger: AuthorityLedger, emergency: bytes, verdict: int, key: str = "reviewer") -> None:
    said = {"emergency": emergency, "verdict": verdict, "documentHash": number32("held back")}
    ledger.receive("ReviewEmergency", said, key)
    ledger.anchor()


def held_back(ledger: AuthorityLedger, folder: Path) -> Audited:
    """Let the promised time pass, and audit."""
    ledger.mine([], seconds=290)
    ledger.mine([], seconds=20)
    return audited(ledger, folder)


def require_excused(report: Audited, why: str) -> None:
    assert report.failed == set()
    assert any(why in notice for notice in report.report.notices)


@pytest.mark.parametrize("verdict", [JUSTIFIED, WITH_FAULTS, NOT_JUSTIFIED])
def test_a_first_review_that_is_held_back_convicts_the_gateway(tmp_path: Path, verdict: int) -> None:
    ledger, emergency = over()
    receive(ledger, emergency, verdict)
    report = held_back(ledger, tmp_path)
    report.require("action.included", GATEWAY_1, "held back")
    assert report.failed == {"action.included"}


@pytest.mark.parametrize("verdict", [WITH_FAULTS, NOT_JUSTIFIED])
@pytest.mark.parametrize("first", [JUSTIFIED, NOT_JUSTIFIED])
def test_a_later_adverse_review_that_is_held_back_convicts_the_gateway(
    tmp_path: Path, verdict: int, first: int
) -> None:
    ledger, emergency = over()
    review(ledger, emergency, first)
    receive(ledger, emergency, verdict)
    report = held_back(ledger, tmp_path)
    report.require("action.included", GATEWAY_1, "held back")
    assert report.failed == {"action.included"}


def test_a_favourable_review_after_another_review_is_excused(tmp_path: Path) -> None:
    ledger, emergency = over()
    receive(ledger, emergency, JUSTIFIED)
    review(ledger, emergency, NOT_JUSTIFIED)
    require_excused(held_back(ledger, tmp_path), "it had been reviewed otherwise")


def assign(ledger: AuthorityLedger, name: str, agency: int) -> None:
    ledger.mine([("Parameters", "ParameterSet", {"name": name, "value": agency})])


def set_status(ledger: AuthorityLedger, agency: int, status: int) -> None:
    ledger.mine([("AgencyRegistry", "AgencyStatusSet", {"agency": agency, "status": status})])


def test_a_review_by_whom_another_agency_replaced_is_excused(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    assign(ledger, "reviewAgency", RIVAL)
    assign(ledger, "reviewAgencySubstitute", OTHER_GATEWAY)
    emergency = ledger.emergency(reviewer=RIVAL)
    ledger.end_emergency(emergency)
    set_status(ledger, RIVAL, 2)
    receive(ledger, emergency, NOT_JUSTIFIED)
    set_status(ledger, RIVAL, 1)
    require_excused(held_back(ledger, tmp_path), "another agency was to review it")


def test_a_review_by_an_agency_that_takes_over_and_is_held_back_convicts_the_gateway(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    assign(ledger, "reviewAgency", RIVAL)
    assign(ledger, "reviewAgencySubstitute", OTHER_GATEWAY)
    emergency = ledger.emergency(reviewer=RIVAL)
    ledger.end_emergency(emergency)
    set_status(ledger, RIVAL, 2)
    receive(ledger, emergency, NOT_JUSTIFIED)
    held_back(ledger, tmp_path).require("action.included", GATEWAY_1, "held back")


def test_a_review_that_never_was_the_agency_s_to_give_is_no_excuse(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    emergency = ledger.emergency(reviewer=AUDITOR)
    ledger.end_emergency(emergency)
    receive(ledger, emergency, NOT_JUSTIFIED)
    held_back(ledger, tmp_path).require("action.included", GATEWAY_1, "held back")
