"""Grants that anybody may bring on chain: terms that do not fit what is opened are found, and blame the holder."""

from pathlib import Path
from typing import Any

import pytest

from ledger.core.audit.grants import NOT_JUDGED
from ledger.core.codes import Term
from ledger.core.hexadecimal import to_hex
from tests.simulated_authorities import DAY, NARROW, AuthorityLedger
from tests.simulated_consortium import PUBLISHER, number32
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
