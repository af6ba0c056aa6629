"""How a verification is printed: a headline, failures with whom they blame, notices; or one JSON object."""

from collections.abc import Callable, Sequence

import typer

from ledger.cli.moments import moment_text
from ledger.cli.output import print_json
from ledger.core.clocks import SUPERVISION_LEVEL, Duty
from ledger.core.verdict import CheckResult, Report, Verdict
from ledger.errors import ChainError, GongzhiError, UnsupportedFormat, UsageError

MOST_PRINTED = 50
"""Failures printed for people; the JSON object holds all of them."""


def conclude(verify: Callable[[], Report], *, as_json: bool) -> None:
    """Run a verification, print its report and end the command with its exit code.

    What stops a verification becomes a report too: bad arguments, an unknown format, a chain that does not answer.
    """
    try:
        report = verify()
    except GongzhiError as error:
        verdict = _verdict_of(error)
        report = Report(verdict, f"{verdict}: {error.detail}", notices=(error.detail,))
    if as_json:
        print_json(report.members())
    else:
        print_report(report)
    raise typer.Exit(report.verdict.exit_code)


def _verdict_of(error: GongzhiError) -> Verdict:
    if isinstance(error, UsageError):
        return Verdict.USAGE
    if isinstance(error, UnsupportedFormat):
        return Verdict.UNSUPPORTED
    if isinstance(error, ChainError):
        return Verdict.UNVERIFIABLE
    return Verdict.INCOMPLETE


def print_report(report: Report) -> None:
    """Print a report for people."""
    print(report.headline)
    for failure in report.failures[:MOST_PRINTED]:
        _print_failure(failure)
    if len(report.failures) > MOST_PRINTED:
        print(f"  … {len(report.failures) - MOST_PRINTED:,} more failures: see --json")
    if report.pending:
        print(f"  pending  {report.pending:,} entries are not due yet")
    if report.overdue:
        _print_overdue(report.overdue, report.as_of)
    if report.recheck:
        print(f"  recheck  {len(report.recheck):,} witnessed consents, drawn by the newest block: see --json")
    for notice in report.notices:
        print(f"  notice   {notice}")
    passed = sum(check.count for check in report.checks if check.result == "pass")
    print(f"  checks   {passed:,} passed, {len(report.failures):,} failed, in {report.seconds:.1f} s")


def _print_overdue(duties: Sequence[Duty], as_of: int | None) -> None:
    print(f"  Overdue duties as of {moment_text(as_of or 0)}:")
    for duty in duties[:MOST_PRINTED]:
        days = duty.overdue_working_days
        level = ", before supervision" if duty.escalation >= SUPERVISION_LEVEL else ""
        late = f"{days} working day{'' if days == 1 else 's'} overdue"
        print(f"    agency {duty.agency}: {duty.missing}, due {moment_text(duty.due_at)}, {late}{level}")
    if len(duties) > MOST_PRINTED:
        print(f"    … {len(duties) - MOST_PRINTED:,} more: see --json")


def _print_failure(failure: CheckResult) -> None:
    print(f"  FAIL     step {failure.step}, {failure.id}: {failure.subject}")
    if failure.expected:
        print(f"           expected {failure.expected}")
    if failure.actual:
        print(f"           found    {failure.actual}")
    if failure.blames:
        print(f"           blames   {failure.blames}")
