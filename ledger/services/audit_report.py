"""The report of a verification: one verdict, what was checked of each gateway, and what is said beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ledger.core.audit.checks import STEP_OF, Tally
from ledger.core.audit.consents import drawn_for_recheck
from ledger.core.audit.duties import JudgedDuties
from ledger.core.chainfile import Trust
from ledger.core.hexadecimal import to_hex
from ledger.core.history import AnchorFacts, History
from ledger.core.verdict import CheckedStream, CheckResult, Report, Verdict


@dataclass(frozen=True)
class AuditedStream:
    """What was found at one gateway: its batches on chain that were judged, and the tally of all checks."""

    gateway: int
    anchors: Sequence[AnchorFacts]
    tally: Tally


def report_of(
    streams: Sequence[AuditedStream], history: History, trust: Trust, source: str, duties: JudgedDuties, seconds: float
) -> Report:
    """Return the report of audited streams (at least one) of one chain, whose events `source` gave."""
    tally = _together(streams)
    verdict = Verdict.VERIFIED
    if tally.failures:
        verdict = Verdict.FAULTY
    elif tally.incomplete or not tally.checked:
        verdict = Verdict.INCOMPLETE
    newest = history.newest_block
    return Report(
        verdict,
        _headline(verdict, tally, streams, newest.number if newest else 0, source),
        tuple(_results(tally)),
        [*_notices(tally, streams, history), *duties.notices],
        tally.checked,
        tally.expected,
        tally.pending,
        _head(streams[0]) if len(streams) == 1 else None,
        newest.number if newest else None,
        to_hex(trust.hash),
        seconds,
        list(duties.overdue),
        duties.at,
        erased=tally.erased,
        recheck=[to_hex(consent) for consent in drawn_for_recheck(history)],
        streams=[_checked(stream) for stream in streams],
    )


def _together(streams: Sequence[AuditedStream]) -> Tally:
    tally = Tally()
    for stream in streams:
        tally.add(stream.tally)
    return tally


def _checked(stream: AuditedStream) -> CheckedStream:
    tally = stream.tally
    return CheckedStream(
        stream.gateway, len(stream.anchors), _head(stream), tally.checked, tally.expected, tally.erased, tally.pending
    )


def _head(stream: AuditedStream) -> str:
    return to_hex(stream.anchors[-1].head) if stream.anchors else to_hex(bytes(32))


def _headline(verdict: Verdict, tally: Tally, streams: Sequence[AuditedStream], block: int, source: str) -> str:
    faults = f"{len(tally.failures):,} failures; " if tally.failures else ""
    records = f"{tally.checked:,} of {tally.expected:,} records, {_erased(tally)}"
    if len(streams) == 1:
        stream = streams[0]
        scope = f"{_batches(stream)}, head {_head(stream)}, block {block}"
        latest = f"latest versions as of batch {len(stream.anchors)}"
    else:
        parts = (f"gateway {stream.gateway} {_batches(stream)}, head {_head(stream)}" for stream in streams)
        scope = f"{len(streams)} gateways: {'; '.join(parts)}; block {block}"
        latest = "latest versions as of these batches"
    return f"{verdict}: {faults}{records}{scope}; {latest}; events as given by {source}"


def _batches(stream: AuditedStream) -> str:
    return f"batches 1-{len(stream.anchors)}" if stream.anchors else "no batch"


def _erased(tally: Tally) -> str:
    if not tally.erased:
        return ""
    first, last = tally.erased_blocks
    where = f"at block {first}" if first == last else f"at blocks {first} to {last}"
    return f"{tally.erased:,} erased {where}, "


def _notices(tally: Tally, streams: Sequence[AuditedStream], history: History) -> list[str]:
    notices = [*tally.incomplete, *(f"{text} ({n})" if n > 1 else text for text, n in sorted(tally.notices.items()))]
    read = {stream.gateway for stream in streams}
    notices += [
        f"gateway {number} has {len(anchors)} batches on chain, and none of them was read"
        for number, anchors in sorted(history.anchors.items())
        if number not in read and anchors
    ]
    if not tally.checked:
        notices.append("no record was checked")
    return notices


def _results(tally: Tally) -> Iterator[CheckResult]:
    for failure in sorted(tally.failures, key=lambda failure: STEP_OF[failure.check]):
        yield CheckResult(
            STEP_OF[failure.check],
            failure.check,
            "fail",
            failure.subject,
            failure.expected,
            failure.actual,
            failure.blames,
        )
    for result, counted in (("pass", tally.passed), ("skipped", tally.skipped)):
        for check, count in sorted(counted.items(), key=lambda pair: (STEP_OF[pair[0]], pair[0])):
            if count:
                yield CheckResult(STEP_OF[check], check, result, count=count)
