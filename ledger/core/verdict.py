"""Verdicts, exit codes and the report of a verification (verification page, "Verdicts and exit codes").

PERMANENT: numbers, names and members stand in reports and scripts of outsiders.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ledger.core.clocks import Duty

TOOL = "gongzhi 0.1.0"


class Verdict(StrEnum):
    """What a verification found; `WORST_FIRST` is their order."""

    VERIFIED = "verified"
    CONSISTENT = "consistent"
    FAULTY = "faulty"
    USAGE = "usage"
    INCOMPLETE = "incomplete"
    UNVERIFIABLE = "unverifiable"
    UNSUPPORTED = "unsupported"

    @property
    def exit_code(self) -> int:
        """The exit code of a command with this verdict."""
        return EXIT_CODES[self]


EXIT_CODES = {
    Verdict.VERIFIED: 0,
    Verdict.CONSISTENT: 0,
    Verdict.FAULTY: 1,
    Verdict.USAGE: 2,
    Verdict.INCOMPLETE: 3,
    Verdict.UNVERIFIABLE: 4,
    Verdict.UNSUPPORTED: 5,
}
WHEN = {
    Verdict.VERIFIED: "everything asked for was checked and holds, judged by a chain",
    Verdict.CONSISTENT: "a bundle holds together by itself; signer and anchor not checked against a chain",
    Verdict.FAULTY: "proof of a fault: altered, forged, missing, a promise not kept, a look not allowed",
    Verdict.USAGE: "bad arguments, or a file that cannot be read",
    Verdict.INCOMPLETE: "nothing to check, a sample only, not due yet, or numbers declared VOID",
    Verdict.UNVERIFIABLE: "no chain, or a trust file that is missing, malformed or of another chain",
    Verdict.UNSUPPORTED: "a format or suite that this version does not know",
}
WORST_FIRST = (
    Verdict.USAGE,
    Verdict.FAULTY,
    Verdict.UNVERIFIABLE,
    Verdict.UNSUPPORTED,
    Verdict.INCOMPLETE,
    Verdict.CONSISTENT,
    Verdict.VERIFIED,
)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of verdicts; of none, that there was nothing to check."""
    given = set(verdicts)
    return next((verdict for verdict in WORST_FIRST if verdict in given), Verdict.INCOMPLETE)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A line of a report: a failure with its subject, or how often a check passed or was skipped."""

    step: int
    id: str
    result: str
    """pass, fail or skipped."""
    subject: str = ""
    expected: str = ""
    actual: str = ""
    blames: str = ""
    count: int = 1

    def members(self) -> dict[str, Any]:
        """Return the JSON members; `count` stands where checks were counted."""
        members: dict[str, Any] = {
            "step": self.step,
            "id": self.id,
            "result": self.result,
            "subject": self.subject,
            "expected": self.expected,
            "actual": self.actual,
            "blames": self.blames,
        }
        return members if self.result == "fail" else {**members, "count": self.count}


@dataclass(frozen=True, slots=True)
class CheckedStream:
    """What was checked of one gateway: its batches on chain, their head (0x hex), its records and pending entries."""

    gateway: int
    batches: int
    head: str
    checked: int
    expected: int
    erased: int
    pending: int

    def members(self) -> dict[str, Any]:
        """Return the JSON members."""
        return {
            "gateway": self.gateway,
            "batches": self.batches,
            "head": self.head,
            "checked": self.checked,
            "expected": self.expected,
            "erased": self.erased,
            "pending": self.pending,
        }


@dataclass(frozen=True)
class Report:
    """The result of a verification; `headline` is its first printed line and stands in no JSON.

    `overdue` are duties that were due before `as_of` (Unix seconds) and not done; they never change a verdict.
    """

    verdict: Verdict
    headline: str
    checks: Sequence[CheckResult] = ()
    notices: Sequence[str] = ()
    checked: int = 0
    expected: int = 0
    pending: int = 0
    head: str | None = None
    block: int | None = None
    trust_hash: str | None = None
    seconds: float = 0.0
    overdue: Sequence["Duty"] = ()
    as_of: int | None = None
    erased: int = 0
    """Of `checked`, the records of which only a tombstone is left."""
    recheck: Sequence[str] = ()
    """Ids (0x hex) of witnessed consents that were drawn for a recheck at the agency that holds the paper."""
    streams: Sequence[CheckedStream] = ()
    """What was checked of each gateway; `head` is the head of the only one, None where there are several."""
    failures: Sequence[CheckResult] = field(init=False)

    def __post_init__(self) -> None:
        """Single out the failures."""
        failures = tuple(check for check in self.checks if check.result == "fail")
        object.__setattr__(self, "failures", failures)

    def members(self) -> dict[str, Any]:
        """Return the report as one JSON object."""
        return {
            "verdict": self.verdict.value,
            "exitCode": self.verdict.exit_code,
            "checks": [check.members() for check in self.checks],
            "notices": list(self.notices),
            "overdue": [duty.members() for duty in self.overdue],
            "asOf": self.as_of,
            "recheck": list(self.recheck),
            "counts": {
                "checked": self.checked,
                "expected": self.expected,
                "erased": self.erased,
                "pending": self.pending,
            },
            "gateways": [stream.members() for stream in self.streams],
            "head": self.head,
            "block": self.block,
            "trustHash": self.trust_hash,
            "tool": TOOL,
            "seconds": round(self.seconds, 3),
        }
