"""Queries in an export: decided again, from the request that was signed."""

from pathlib import Path

import pytest

from ledger.core.codes import QueryType
from ledger.core.keccak import keccak256
from ledger.core.verdict import Verdict
from tests.simulated_consortium import ITEM, ROLES, address
from tests.simulated_ledger import SimulatedLedger, honest_ledger
from tests.unit.audit.auditing import audit

pytestmark = pytest.mark.unit
BLAMED = "gateway 1"


def ask(
    ledger: SimulatedLedger, path: str, query_type: QueryType, key: str = "reader", purpose: int = 2, **more: str
) -> None:
    """Answer a query about a person."""
    headers = {"gongzhi-item": str(ITEM), "gongzhi-purpose": str(purpose), "gongzhi-basis": "3"}
    kept = ledger.request(key, path, headers | {f"gongzhi-{name}": text for name, text in more.items()})
    said = {"request": keccak256(kept["base"].encode("ascii")), "reader": ROLES[key][0], "readerKey": address(key)}
    entry = ledger.query(key, **said, queryType=int(query_type), item=ITEM, purpose=purpose, resultCount=1)
    entry.base, entry.request_signature = kept["base"], kept["request_signature"]


def submitted(ledger: SimulatedLedger, key: str, purpose: int = 0) -> None:
    """Tell a submission, which states nothing, that it collects again."""
    kept = ledger.request(key, "/v1/submissions", {})
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


def test_honest_queries_about_persons_check(tmp_path: Path) -> None:
    ledger = honest_ledger()
    ask(ledger, "/v1/coverage", QueryType.COVERAGE)
    ask(ledger, "/v1/subject-tokens", QueryType.MATCH)
    ask(ledger, "/v1/subjects", QueryType.MATCH, key="publisher")
    ask(ledger, "/v1/looks", QueryType.MATCH, purpose=12, authority="self", subject="0x" + "11" * 32)
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


@pytest.mark.parametrize(
    ("purpose", "more", "found"),
    [(2, {"authority": "self"}, "purpose_not_allowed"), (12, {}, "without authority self")],
)
def test_who_looked_told_to_another_than_the_resident_is_found(
    purpose: int, more: dict[str, str], found: str, tmp_path: Path
) -> None:
    ledger = honest_ledger()
    ask(ledger, "/v1/looks", QueryType.MATCH, purpose=purpose, **more)
    ledger.anchor()
    audit(ledger, tmp_path).require("look.decision", BLAMED, found)


def test_statistics_for_a_purpose_that_the_item_does_not_list_are_found(tmp_path: Path) -> None:
    ledger = honest_ledger()
    ask(ledger, "/v1/statistics", QueryType.STATISTICS, purpose=13)
    ledger.anchor()
    audit(ledger, tmp_path).require("look.decision", BLAMED, "purpose_not_allowed")
