"""Queries in an export: decided again, from the request that was signed."""

from pathlib import Path
from typing import Any

import pytest

from ledger.core.audit.questions import MOST_ASKED
from ledger.core.codes import QueryType
from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from ledger.core.verdict import Verdict
from tests.simulated_authorities import SHARED, AuthorityLedger
from tests.simulated_consortium import AUDITOR, ITEM, READER, ROLES, address
from tests.simulated_ledger import SimulatedLedger, honest_ledger
from tests.unit.audit.auditing import audit
from tests.unit.audit.authorities import audited, withdrawal

pytestmark = pytest.mark.unit
BLAMED = "gateway 1"


def ask(
    ledger: SimulatedLedger,
    path: str,
    query_type: QueryType,
    key: str = "reader",
    purpose: int = 2,
    changes: dict[str, Any] | None = None,
    **more: str,
) -> None:
    """Answer a query about a person; `more` headers, those that are empty left out, and changed members."""
    stated = {"item": str(ITEM), "purpose": str(purpose), "basis": "3", "basis-ref": "0x" + "11" * 32, **more}
    headers = {f"gongzhi-{name}": text for name, text in stated.items() if text}
    kept = ledger.request(key, path, headers)
    said = {"request": keccak256(kept["base"].encode("ascii")), "reader": ROLES[key][0], "readerKey": address(key)}
    said |= {"queryType": int(query_type), "item": ITEM, "purpose": purpose, "resultCount": 1}
    entry = ledger.query(key, **said | {"basis": int(stated["basis"]), **(changes or {})})
    entry.base, entry.request_signature = kept["base"], kept["request_signature"]


def submitted(ledger: SimulatedLedger, key: str, purpose: int = 0, **stated: str) -> None:
    """Tell a submission, which states nothing unless headers are given, that it collects again."""
    kept = ledger.request(key, "/v1/submissions", {f"gongzhi-{name}": text for name, text in stated.items()})
    said = {"request": keccak256(kept["base"].encode("ascii")), "reader": ROLES[key][0], "readerKey": address(key)}
    entry = ledger.query(key, **said, queryType=1, item=ITEM, basis=0, purpose=purpose, resultCount=2)
    entry.base, entry.request_signature = kept["base"], kept["request_signature"]


@pytest.mark.parametrize(
    ("key", "purpose", "found"), [("reader", 0, "key_not_entitled"), ("publisher", 2, "purpose_not_allowed")]
)
def test_a_submission_that_was_told_what_it_should_not_is_found(
    key: str, purpose: int, found: str, tmp_path: Path
) -> None:
    ledger = honest_ledger()
    submitted(ledger, key, purpose)
    ledger.anchor()
    audit(ledger, tmp_path).require("look.decision", BLAMED, found)


def test_what_a_publisher_adds_to_a_submission_is_no_fault_of_the_gateway(tmp_path: Path) -> None:
    ledger = honest_ledger()
    submitted(ledger, "publisher", case="x")
    ledger.anchor()
    assert audit(ledger, tmp_path).report.verdict is Verdict.VERIFIED


def test_a_question_that_was_answered_with_a_malformed_case_is_found(tmp_path: Path) -> None:
    ledger = honest_ledger()
    ask(ledger, "/v1/coverage", QueryType.COVERAGE, case="x")
    audited(ledger, tmp_path).require("look.decision", BLAMED, "gongzhi-case")


def test_honest_queries_about_persons_check(tmp_path: Path) -> None:
    ledger = honest_ledger()
    ask(ledger, "/v1/coverage", QueryType.COVERAGE)
    ask(ledger, "/v1/subject-tokens", QueryType.MATCH)
    ask(ledger, "/v1/subjects", QueryType.MATCH, key="publisher")
    ask(ledger, "/v1/looks", QueryType.MATCH, purpose=12, authority="self", subject="0x" + "11" * 32)
    own = {"authority": "self", "subject": "0x" + "11" * 32, "item": ""}
    ask(ledger, "/v1/subject-consents", QueryType.MATCH, purpose=12, changes={"item": 0}, **own)
    ask(ledger, "/v1/statistics", QueryType.STATISTICS)
    submitted(ledger, "publisher")
    ledger.anchor()
    assert audit(ledger, tmp_path).report.verdict is Verdict.VERIFIED


@pytest.mark.parametrize(
    ("path", "query_type", "key", "found"),
    [
        ("/v1/coverage", QueryType.MATCH, "reader", "another type"),
        ("/v1/records", QueryType.COVERAGE, "reader", "another type"),
        ("/v1/coverage", QueryType.COVERAGE, "publisher", "key_not_entitled"),
        ("/v1/statistics", QueryType.STATISTICS, "publisher", "key_not_entitled"),
        ("/v1/statistics", QueryType.COVERAGE, "reader", "another type"),
        ("/v1/records", QueryType.STATISTICS, "reader", "another type"),
    ],
)
def test_a_query_that_should_not_have_been_answered_is_found(
    path: str, query_type: QueryType, key: str, found: str, tmp_path: Path
) -> None:
    ledger = honest_ledger()
    ask(ledger, path, query_type, key=key)
    ledger.anchor()
    audit(ledger, tmp_path).require("look.decision", BLAMED, found)


@pytest.mark.parametrize("path", ["/v1/looks", "/v1/subject-consents"])
@pytest.mark.parametrize(
    ("purpose", "more", "found"),
    [(2, {"authority": "self"}, "purpose_not_allowed"), (12, {}, "without authority self")],
)
def test_who_looked_and_consents_told_to_another_than_the_resident_are_found(
    path: str, purpose: int, more: dict[str, str], found: str, tmp_path: Path
) -> None:
    ledger = honest_ledger()
    ask(ledger, path, QueryType.MATCH, purpose=purpose, changes={"item": 0}, item="", **more)
    ledger.anchor()
    audit(ledger, tmp_path).require("look.decision", BLAMED, found)


def test_consents_told_as_if_they_were_of_an_item_are_found(tmp_path: Path) -> None:
    ledger = honest_ledger()
    ask(ledger, "/v1/subject-consents", QueryType.MATCH, purpose=12, authority="self")
    ledger.anchor()
    audit(ledger, tmp_path).require("look.decision", BLAMED, "item_unknown")


def test_consents_told_by_another_type_of_query_are_found(tmp_path: Path) -> None:
    ledger = honest_ledger()
    ask(ledger, "/v1/subject-consents", QueryType.COVERAGE, purpose=12, changes={"item": 0}, item="", authority="self")
    ledger.anchor()
    audit(ledger, tmp_path).require("look.decision", BLAMED, "another type")


def test_statistics_for_a_purpose_that_the_item_does_not_list_are_found(tmp_path: Path) -> None:
    ledger = honest_ledger()
    ask(ledger, "/v1/statistics", QueryType.STATISTICS, purpose=13)
    ledger.anchor()
    audit(ledger, tmp_path).require("look.decision", BLAMED, "purpose_not_allowed")


def test_a_question_that_is_answered_on_stale_facts_is_found(tmp_path: Path) -> None:
    ledger = honest_ledger()
    before = len(ledger.blocks) - 1
    ledger.mine([("AgencyRegistry", "KeyRevoked", {"key": address("reader"), "reason": 1, "suspectFrom": 0})])
    ledger.mine([], seconds=86_400)
    ask(ledger, "/v1/coverage", QueryType.COVERAGE, changes={"factsBlock": before})
    report = audited(ledger, tmp_path)
    report.require("look.facts", BLAMED, "was stale")
    assert report.failed == {"look.facts"}


def test_an_export_on_stale_facts_is_found_and_a_refusal_on_them_is_none(tmp_path: Path) -> None:
    ledger = honest_ledger()
    before = len(ledger.blocks) - 1
    ledger.mine([])
    ledger.mine([], seconds=86_400)
    ledger.refuse("reader", reason=14, factsBlock=before)
    assert audited(ledger, tmp_path / "refused").failed == set()
    ledger.query(factsBlock=before)
    audited(ledger, tmp_path / "answered").require("look.facts", BLAMED, "was stale")


def test_no_stated_emergency_makes_the_facts_of_a_question_last_longer(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    emergency, before = ledger.emergency(), len(ledger.blocks) - 1
    ledger.mine([])
    ledger.mine([], seconds=600)
    urgent = {"authority": "emergency", "emergency": to_hex(emergency), "case": "0x" + "11" * 32}
    ask(ledger, "/v1/coverage", QueryType.COVERAGE, changes={"factsBlock": before}, **urgent)
    audited(ledger, tmp_path).require("look.facts", BLAMED, "was stale")


@pytest.mark.parametrize(
    "stated",
    [
        {"basis-ref": ""},
        {"basis": "4"},
        {"basis": "9"},
        {"basis": "1"},
        {"basis": "1", "basis-ref": ""},
    ],
    ids=str,
)
def test_a_question_without_what_its_basis_needs_is_found(stated: dict[str, str], tmp_path: Path) -> None:
    ledger = honest_ledger()
    ask(ledger, "/v1/coverage", QueryType.COVERAGE, **stated)
    audited(ledger, tmp_path).require("look.decision", BLAMED, "basis_incomplete")


def test_an_export_without_its_reference_is_found(tmp_path: Path) -> None:
    ledger = honest_ledger()
    said = {"resultCount": 3, "item": 0, "reader": AUDITOR}
    stated = {"item": "0", "basis-ref": "", "authority": "audit"}
    ask(ledger, "/v1/export", QueryType.EXPORT, "auditor", 12, said, **stated)
    audited(ledger, tmp_path).require("look.decision", BLAMED, "basis_incomplete")


def by_consent(ledger: AuthorityLedger, consent: bytes) -> None:
    stated = {"item": str(SHARED), "basis": "1", "basis-ref": to_hex(consent)}
    ask(ledger, "/v1/coverage", QueryType.COVERAGE, changes={"item": SHARED}, **stated)


def test_a_question_by_consent_rests_on_a_live_one_to_the_asker(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    consent = ledger.consent()
    by_consent(ledger, consent)
    assert audited(ledger, tmp_path / "live").failed == set()
    ledger.receive(*withdrawal(consent))
    ledger.withdraw_consent(consent)
    by_consent(ledger, consent)
    audited(ledger, tmp_path / "withdrawn").require("look.decision", BLAMED, "basis_incomplete")


def test_a_question_by_a_consent_that_is_not_sound_is_found(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    by_consent(ledger, ledger.consent(capturedBy=READER))
    audited(ledger, tmp_path).require("look.decision", BLAMED, "basis_incomplete")


def test_a_question_after_a_received_withdrawal_is_found(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    consent = ledger.consent()
    ledger.receive(*withdrawal(consent))
    by_consent(ledger, consent)
    ledger.withdraw_consent(consent)
    audited(ledger, tmp_path).require("look.decision", BLAMED, "basis_incomplete")


def test_the_most_questions_of_one_agency_on_one_day_are_told(tmp_path: Path) -> None:
    ledger = honest_ledger()
    for _ in range(3):
        ask(ledger, "/v1/coverage", QueryType.COVERAGE)
    ask(ledger, "/v1/subjects", QueryType.MATCH, key="publisher")
    ledger.anchor()
    ledger.mine([], seconds=86_400)
    for _ in range(2):
        ask(ledger, "/v1/coverage", QueryType.COVERAGE)
    report = audited(ledger, tmp_path).report
    assert report.verdict is Verdict.VERIFIED
    assert f"{MOST_ASKED.format(agency=READER, day='2027-01-15')} (3)" in report.notices


def test_where_nobody_asked_nothing_is_told(tmp_path: Path) -> None:
    told = audited(honest_ledger(), tmp_path).report.notices
    assert not [notice for notice in told if "questions" in notice]
