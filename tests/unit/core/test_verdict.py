"""Verdicts and reports: exit codes, the worst of several, members of the report."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.canonical import decode, encode
from ledger.core.clocks import Duty, DutyKind
from ledger.core.verdict import EXIT_CODES, TOOL, WHEN, WORST_FIRST, CheckedStream, CheckResult, Report, Verdict, worst

pytestmark = pytest.mark.unit


def test_exit_codes_are_those_of_the_verification_page() -> None:
    codes = {verdict.value: verdict.exit_code for verdict in Verdict}
    assert codes == {
        "verified": 0,
        "consistent": 0,
        "faulty": 1,
        "usage": 2,
        "incomplete": 3,
        "unverifiable": 4,
        "unsupported": 5,
    }


def test_every_verdict_has_a_code_a_meaning_and_a_rank() -> None:
    assert set(EXIT_CODES) == set(WHEN) == set(WORST_FIRST) == set(Verdict)
    assert len(WORST_FIRST) == len(Verdict)


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([], Verdict.INCOMPLETE),
        ([Verdict.VERIFIED], Verdict.VERIFIED),
        ([Verdict.VERIFIED, Verdict.CONSISTENT], Verdict.CONSISTENT),
        ([Verdict.INCOMPLETE, Verdict.VERIFIED], Verdict.INCOMPLETE),
        ([Verdict.UNSUPPORTED, Verdict.UNVERIFIABLE], Verdict.UNVERIFIABLE),
        ([Verdict.INCOMPLETE, Verdict.UNSUPPORTED], Verdict.UNSUPPORTED),
        ([Verdict.UNVERIFIABLE, Verdict.FAULTY, Verdict.VERIFIED], Verdict.FAULTY),
        ([Verdict.FAULTY, Verdict.USAGE], Verdict.USAGE),
    ],
)
def test_the_worst_verdict_counts(verdicts: list[Verdict], expected: Verdict) -> None:
    assert worst(verdicts) is expected


@given(st.lists(st.sampled_from(Verdict), min_size=1), st.lists(st.sampled_from(Verdict), min_size=1))
def test_the_worst_of_parts_is_the_worst_of_all(some: list[Verdict], others: list[Verdict]) -> None:
    assert worst([worst(some), worst(others)]) is worst([*others, *some])
    assert worst(some) in some


OWED = Duty(DutyKind.ANSWER, "0xcc", 7, 1_790_000_000, None, 0, 1)
PASSED = CheckResult(1, "shapes", "pass", count=12)
FAILED = CheckResult(9, "entry-proof", "fail", "entry 4", "0x01", "0x02", "gateway 1")
SKIPPED = CheckResult(11, "marks", "skipped")


def test_a_failure_stands_with_its_subject_and_a_pass_with_its_count() -> None:
    assert FAILED.members() == {
        "step": 9,
        "id": "entry-proof",
        "result": "fail",
        "subject": "entry 4",
        "expected": "0x01",
        "actual": "0x02",
        "blames": "gateway 1",
    }
    nothing = {"subject": "", "expected": "", "actual": "", "blames": ""}
    assert PASSED.members() == {"step": 1, "id": "shapes", "result": "pass", **nothing, "count": 12}
    assert SKIPPED.members()["count"] == 1


def test_a_report_singles_out_its_failures() -> None:
    assert Report(Verdict.FAULTY, "faulty", (PASSED, FAILED, SKIPPED)).failures == (FAILED,)
    assert Report(Verdict.VERIFIED, "verified").failures == ()


def test_a_report_has_the_members_of_the_verification_page() -> None:
    report = Report(
        Verdict.INCOMPLETE,
        "a sample only",
        checks=(PASSED,),
        notices=("a notice",),
        checked=3,
        expected=5,
        pending=2,
        head="0xaa",
        block=7,
        trust_hash="0xbb",
        seconds=1.5,
        overdue=(OWED,),
        as_of=1_790_000_001,
        streams=(CheckedStream(1, 2, "0xaa", 3, 5, 0, 2),),
    )
    members = {
        "verdict": "incomplete",
        "exitCode": 3,
        "checks": [PASSED.members()],
        "notices": ["a notice"],
        "overdue": [OWED.members()],
        "asOf": 1_790_000_001,
        "recheck": [],
        "counts": {"checked": 3, "expected": 5, "erased": 0, "pending": 2},
        "gateways": [
            {"gateway": 1, "batches": 2, "head": "0xaa", "checked": 3, "expected": 5, "erased": 0, "pending": 2}
        ],
        "head": "0xaa",
        "block": 7,
        "trustHash": "0xbb",
        "tool": TOOL,
        "seconds": 1.5,
    }
    assert report.members() == members


def test_seconds_are_told_to_the_millisecond() -> None:
    assert Report(Verdict.VERIFIED, "", seconds=0.123456).members()["seconds"] == 0.123


def test_checks_and_counts_have_a_canonical_form() -> None:
    members = Report(Verdict.FAULTY, "", (PASSED, FAILED)).members()
    del members["seconds"]
    assert decode(encode(members)) == members
