"""Grants that anybody may bring on chain: unfit terms, and more than was asked, are found and blame the holder."""

from pathlib import Path
from typing import Any

import pytest

from ledger.core.audit.grants import NOT_JUDGED
from ledger.core.codes import Term
from ledger.core.hexadecimal import to_hex
from tests.simulated_authorities import DAY, NARROW, AuthorityLedger
from tests.simulated_consortium import PUBLISHER, START, number32
from tests.unit.audit.authorities import audited

pytestmark = pytest.mark.unit
HOLDER = f"agency {PUBLISHER}"
ASSESSMENT: dict[str, Any] = {"assessment": to_hex(number32("assessment"))}


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        ({"terms": Term.ENTRUSTED.bit}, "AssessmentMissing"),
        ({"terms": Term.STATISTICS_ONLY.bit}, "StatisticsOnlyUnfit"),
        ({"destroyBy": 1}, "DestroyByPast"),
    ],
)
def test_terms_that_do_not_fit_blame_the_holder(terms: dict[str, Any], found: str, tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    ledger.grant(**terms)
    report = audited(ledger, tmp_path)
    report.require("grant.terms", HOLDER, found)
    assert report.failed == {"grant.terms"}


def test_terms_that_fit_are_counted(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    ledger.grant("entrusted", terms=Term.ENTRUSTED.bit, destroyBy=ledger.now + DAY, **ASSESSMENT)
    ledger.grant("of no person", terms=Term.STATISTICS_ONLY.bit, profile=to_hex(NARROW.hash))
    ledger.ask("undecided")
    report = audited(ledger, tmp_path)
    assert (report.report.failures, report.passed("grant.terms")) == ((), 2)


def test_what_an_export_lacks_is_said_and_not_judged(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    ledger.grant("unknown profile", terms=Term.STATISTICS_ONLY.bit, profile=to_hex(number32("nowhere")))
    ledger.grant("unknown version", terms=Term.STATISTICS_ONLY.bit, itemVersion=9)
    ledger.grant("unknown item", {"item": 99}, terms=Term.STATISTICS_ONLY.bit)
    report = audited(ledger, tmp_path)
    assert report.passed("grant.terms") == 3
    assert report.report.notices.count(f"{NOT_JUDGED} (3)") == 1, report.report.notices


@pytest.mark.parametrize(
    ("asked", "given", "found"),
    [
        ({"until": START + 3 * DAY}, {"expiresAt": START + 300 * DAY}, f"asked until {START + 3 * DAY}"),
        ({"profile": to_hex(NARROW.hash)}, {}, "which does not open /occurredAt (o), /name (o)"),
    ],
)
def test_a_grant_beyond_its_request_blames_the_holder(
    asked: dict[str, Any], given: dict[str, Any], found: str, tmp_path: Path
) -> None:
    ledger = AuthorityLedger()
    ledger.grant("request", asked, **given)
    report = audited(ledger, tmp_path)
    report.require("grant.request", HOLDER, found)
    assert report.failed == {"grant.request"}


def test_a_narrower_and_shorter_grant_holds(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    ledger.grant("narrower", profile=to_hex(NARROW.hash), expiresAt=ledger.now + DAY)
    report = audited(ledger, tmp_path)
    assert (report.report.failures, report.passed("grant.request")) == ((), 1)
