"""Grants that anybody may bring on chain: unfit terms, more than was asked, another tier than the reader's, and what is
not listed are found and blame the holder.
"""

from pathlib import Path
from typing import Any

import pytest

from ledger.core.audit.grants import NOT_JUDGED
from ledger.core.codes import Term, Tier
from ledger.core.documents import MaskProfile
from ledger.core.hexadecimal import to_hex
from tests.simulated_authorities import (
    DAY,
    FOR_EVERY_PURPOSE,
    IN_EMERGENCY,
    NAME,
    NARROW,
    OF_COMMUNITIES,
    SEEN_BY_RESIDENT,
    SHARED,
    AuthorityLedger,
    profile,
)
from tests.simulated_consortium import AUDITOR, ITEM, PUBLISHER, START, number32
from tests.unit.audit.auditing import Audited, audit
from tests.unit.audit.authorities import audited

pytestmark = pytest.mark.unit
HOLDER = f"agency {PUBLISHER}"
UNLISTED = profile(Tier.T5, 4, NAME)
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


def lacking(ledger: AuthorityLedger, folder: Path, sort: str) -> Audited:
    """Audit an export from which all documents of a format were left out."""
    export = ledger.export()
    export.documents = {name: text for name, text in export.documents.items() if f'"{sort}"' not in text}
    return audit(ledger, folder, export)


@pytest.mark.parametrize(
    ("lacks", "judged", "not_judged"),
    [
        (
            "gongzhi-profile/1",
            {"grant.profile": 2, "grant.request": 1},
            {"grant.terms": 2, "grant.request": 1, "grant.tier": 2},
        ),
        ("gongzhi-mask-policy/1", {"grant.terms": 2, "grant.request": 2, "grant.tier": 2}, {"grant.profile": 2}),
        ("gongzhi-schema/1", {"grant.profile": 2, "grant.request": 2, "grant.tier": 2}, {"grant.terms": 2}),
    ],
)
def test_what_an_export_lacks_is_said_and_is_no_pass(
    lacks: str, judged: dict[str, int], not_judged: dict[str, int], tmp_path: Path
) -> None:
    ledger = AuthorityLedger()
    ledger.grant("what was asked")
    ledger.grant("another profile", profile=to_hex(NARROW.hash))
    report = lacking(ledger, tmp_path, lacks)
    assert {check: report.passed(check) for check in NOT_JUDGED if report.passed(check)} == judged
    assert {check: report.skipped(check) for check in NOT_JUDGED if report.skipped(check)} == not_judged
    for check, count in not_judged.items():
        said = NOT_JUDGED[check] if count == 1 else f"{NOT_JUDGED[check]} ({count})"
        assert said in report.report.notices, report.report.notices
    assert not any(failure.id.startswith("grant.") for failure in report.report.failures)


def test_a_grant_of_what_the_catalogue_does_not_know_is_not_judged(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    ledger.grant("unknown version", terms=Term.STATISTICS_ONLY.bit, itemVersion=9)
    ledger.grant("unknown item", {"item": 99}, terms=Term.STATISTICS_ONLY.bit)
    report = audited(ledger, tmp_path)
    assert (report.report.failures, report.skipped("grant.terms"), report.skipped("grant.profile")) == ((), 2, 2)


def test_what_is_known_of_a_grant_is_a_fault_where_the_rest_is_not_in_the_export(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    ledger.grant("request", {"until": START + DAY}, terms=Term.ENTRUSTED.bit, profile=to_hex(number32("nowhere")))
    report = audited(ledger, tmp_path)
    report.require("grant.terms", HOLDER, "AssessmentMissing")
    report.require("grant.request", HOLDER, "asked until")
    report.require("grant.profile", HOLDER, f"profile {to_hex(number32('nowhere'))} was granted")
    assert report.failed == {"grant.terms", "grant.request", "grant.profile"}


@pytest.mark.parametrize(
    ("asked", "given", "found"),
    [
        ({"until": START + 3 * DAY}, {"expiresAt": START + 300 * DAY}, f"asked until {START + 3 * DAY}"),
        ({"profile": to_hex(FOR_EVERY_PURPOSE.hash)}, {}, "which does not open /name (o)"),
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
    assert (report.passed("grant.profile"), report.passed("grant.tier")) == (1, 1)


@pytest.mark.parametrize("asked", [OF_COMMUNITIES, NARROW])
def test_a_grant_of_another_tier_than_its_readers_blames_the_holder_and_no_gateway_that_served_it(
    asked: MaskProfile, tmp_path: Path
) -> None:
    ledger = AuthorityLedger()
    named = {"profile": to_hex(asked.hash)}
    grant = ledger.grant("request", named, **named)
    ledger.granted_look(grant, 2, shown=asked)
    report = audited(ledger, tmp_path)
    report.require("grant.tier", HOLDER, f"agency 8 of kind 8 looks under T5, the profile is of tier {asked.tier.name}")
    assert (report.failed, report.passed("look.decision")) == ({"grant.tier"}, 1)
    assert [failure.subject for failure in report.report.failures] == [f"grant {to_hex(grant)}"]


def test_an_auditor_is_not_granted_what_a_department_sees(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    ledger.grant("request", {"reader": AUDITOR})
    audited(ledger, tmp_path).require("grant.tier", HOLDER, "agency 40 of kind 40 looks under T6")


@pytest.mark.parametrize("reserved", [IN_EMERGENCY, SEEN_BY_RESIDENT])
def test_what_only_an_emergency_or_the_resident_opens_is_never_granted(reserved: MaskProfile, tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    ledger.grant(profile=to_hex(reserved.hash))
    found = f"profile {to_hex(reserved.hash)} was granted, which version 1 of item {SHARED} does not list"
    audited(ledger, tmp_path).require("grant.profile", HOLDER, found)


def test_a_request_for_a_profile_that_nobody_listed_bounds_no_grant(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    ledger.keep(UNLISTED.document)
    ledger.grant("wide as its name", {"profile": to_hex(UNLISTED.hash)})
    report = audited(ledger, tmp_path)
    report.require("grant.profile", HOLDER, f"profile {to_hex(UNLISTED.hash)} was asked for")
    assert report.failed == {"grant.profile"}


def test_of_an_item_without_a_mask_policy_nothing_is_granted(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    ledger.grant("request", {"item": ITEM})
    report = audited(ledger, tmp_path)
    report.require("grant.profile", HOLDER, f"which version 1 of item {ITEM} does not list")
