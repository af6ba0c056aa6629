"""Verify a whole ledger offline: the export in parts by worker processes, then what only shows across parts.

Memory does not grow with the number of records: files are streamed by byte ranges that begin at batches, and rows of
fixed size go to buckets on disk.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ledger.core.audit.checks import STEP_OF, Tally
from ledger.core.audit.consents import drawn_for_recheck
from ledger.core.audit.duties import judge_duties
from ledger.core.audit.ground import Ground
from ledger.core.audit.promises import check_joint
from ledger.core.audit.receipts import NamedReceipt, check_receipts, wanted_entry
from ledger.core.audit.stream import Part
from ledger.core.audit.whole import (
    check_code,
    check_counts,
    check_documents,
    check_fold,
    check_missing,
    judged_anchors,
)
from ledger.core.chainfile import ChainFile, Trust, why_unverifiable
from ledger.core.clocks import Duty
from ledger.core.export import (
    ACTIONS_FILE,
    DOCUMENTS_FOLDER,
    ENTRIES_FILE,
    LOOKS_FILE,
    MANIFEST_FILE,
    RECORDS_FILE,
    ExportCounts,
    ExportManifest,
    parse_manifest,
)
from ledger.core.hexadecimal import to_hex
from ledger.core.history import AnchorFacts, History
from ledger.core.keccak import keccak256
from ledger.core.statements import StatementDomain
from ledger.core.steps import parse_rights
from ledger.core.verdict import CheckResult, Report, Verdict
from ledger.domain import RIGHTS_TABLE, load_document
from ledger.errors import FormatError, HistoryError, UnsupportedFormat
from ledger.services.audit_actions import received_by_object
from ledger.services.audit_files import LineFile, SpilledPart
from ledger.services.audit_parts import (
    BucketTask,
    Crew,
    PartTask,
    Workshop,
    all_parts,
    check_part,
    check_spilled,
    sampled_parts,
)
from ledger.services.audit_state import AuditState

PART_BYTES = 24 << 20
"""Bytes of one file that a part holds at most, about: what a worker's rows are kept in memory for."""
LEAST_PART_BYTES = 1 << 20
PARTS_PER_WORKER = 4
"""So that no worker is idle for long at the end."""
INLINE_BYTES = 4 << 20
"""An export up to this size is read in this process: starting others would take longer."""
ROWS_PER_BUCKET = 40_000
MOST_BUCKETS = 512


@dataclass(frozen=True)
class AuditRequest:
    """What to verify, judged by which chain.

    `chain_source` is said in the headline; `sample` is a number of batches; `advance` is told of bytes done and bytes
    in all. Duties are judged as of `as_of` (Unix seconds), the export's time if None.
    """

    folder: Path
    trust: Trust
    chain: ChainFile
    chain_source: str
    receipts: Sequence[NamedReceipt] = ()
    since: AuditState | None = None
    sample: int | None = None
    workers: int | None = None
    fail_fast: bool = False
    as_of: int | None = None
    advance: Callable[[int, int], None] = lambda _done, _total: None


@dataclass
class _Audit:
    """A verification under way."""

    request: AuditRequest
    ground: Ground
    manifest: ExportManifest
    counts: ExportCounts
    tally: Tally
    anchors: Sequence[AnchorFacts] = ()
    overdue: Sequence[Duty] = ()
    duty_notices: Sequence[str] = ()

    @property
    def as_of(self) -> int:
        """As of when duties are judged (Unix seconds)."""
        return self.manifest.exported_at if self.request.as_of is None else self.request.as_of

    @property
    def may_go_on(self) -> bool:
        return not (self.request.fail_fast and self.tally.failures)


def audit_ledger(request: AuditRequest) -> tuple[Report, AuditState | None]:
    """Verify an export against a chain; returns the report, and the state to pin if all of it was verified.

    Raises UnsupportedFormat for an export of another format; everything else is in the report.
    """
    started = time.monotonic()
    found = _prepare(request)
    if isinstance(found, Report):
        return found, None
    audit = found
    check_code(audit.tally, request.trust, request.chain)
    check_fold(audit.tally, audit.ground.history, audit.manifest.gateway)
    audit.anchors = judged_anchors(audit.ground, audit.tally, audit.manifest)
    if audit.anchors:
        # What it holds, it was made after.
        audit.ground.exported_at = max(audit.ground.exported_at, audit.anchors[-1].point.time)
    if audit.may_go_on:
        with tempfile.TemporaryDirectory(prefix="gongzhi-audit-") as folder:
            _read(audit, Path(folder))
    report = _report(audit, time.monotonic() - started)
    is_complete = report.verdict is Verdict.VERIFIED and not audit.ground.is_partial
    return report, _state(audit) if is_complete else None


def _prepare(request: AuditRequest) -> _Audit | Report:
    """Read what is small; returns a report where nothing can be judged."""
    try:
        history = request.chain.history()
    except HistoryError as error:
        return _cannot(request, Verdict.UNVERIFIABLE, error.detail)
    refusal = why_unverifiable(request.trust, request.chain, history)
    if refusal is not None:
        return _cannot(request, Verdict.UNVERIFIABLE, refusal)
    file = request.folder / MANIFEST_FILE
    if not file.is_file():
        return _cannot(request, Verdict.INCOMPLETE, f"there is no export in {request.folder}")
    domain = StatementDomain(request.trust.chain_id, request.trust.contracts["RecordAnchors"].address)
    try:
        manifest, counts = parse_manifest(file.read_bytes())
    except UnsupportedFormat:
        raise
    except FormatError as error:
        return _cannot(request, Verdict.UNVERIFIABLE, error.detail)
    if (manifest.chain_id, manifest.contract) != (domain.chain_id, domain.record_anchors):
        return _cannot(request, Verdict.UNVERIFIABLE, "the export is of another chain or contract")
    tally = Tally()
    ground = Ground(
        history,
        domain,
        manifest.gateway,
        _documents(request.folder, manifest.gateway, tally),
        judged_until=_judged_until(request, manifest, history, tally),
        is_partial=request.sample is not None,
        contracts={name: pin.address for name, pin in request.trust.contracts.items()},
        wanted=frozenset(wanted_entry(receipt) for _, receipt in request.receipts),
        exported_at=manifest.exported_at,
        reads_keys=bool(history.accesses or history.consents or history.emergencies or counts.actions),
    )
    return _Audit(request, ground, manifest, counts, tally)


def _documents(folder: Path, gateway: int, tally: Tally) -> dict[bytes, str]:
    """Return the documents of an export by hash; checks `document.hash`."""
    documents = {}
    for path in sorted((folder / DOCUMENTS_FOLDER).glob("*.json")):
        content = path.read_bytes()
        actual = keccak256(content)
        expected, found = path.stem, to_hex(actual)
        if tally.judge("document.hash", expected == found, path.name, expected, found, f"gateway {gateway}"):
            documents[bytes(actual)] = content.decode("utf-8", "replace")
    return documents


def _judged_until(request: AuditRequest, manifest: ExportManifest, history: History, tally: Tally) -> int:
    since = request.since
    if since is None:
        return 0
    if since.holds(manifest.chain_id, manifest.gateway, history):
        tally.notices[f"signatures, times and looks up to batch {since.batch} were judged before"] += 1
        return since.sequence
    tally.notices["the pinned state is not of this chain: everything was checked anew"] += 1
    return 0


def _read(audit: _Audit, spill_folder: Path) -> None:
    """Check all parts, then all buckets, then what needs both."""
    request, ground, tally = audit.request, audit.ground, audit.tally
    names = ENTRIES_FILE, RECORDS_FILE, LOOKS_FILE, ACTIONS_FILE
    entries, records, looks, actions = (LineFile(request.folder / name) for name in names)
    files = entries, records, looks, actions
    ground.received = received_by_object(ground, actions, entries)
    anchors = _present_anchors(audit, entries)
    last = audit.anchors[-1] if audit.anchors else None
    rows = audit.counts.records + audit.counts.entries + looks.size // 200
    shop = Workshop(
        ground,
        files,
        anchors,
        spill_folder,
        min(MOST_BUCKETS, 1 + rows // ROWS_PER_BUCKET),
        last.first_sequence + last.leaf_count - 1 if last else 0,
    )
    total = sum(file.size for file in files)
    workers = 1 if total <= INLINE_BYTES else request.workers or os.cpu_count() or 1
    if request.sample is not None:
        tally.incomplete.append(f"a sample of {request.sample} of {len(audit.anchors)} batches")
        tasks = sampled_parts(files, anchors, request.sample)
    else:
        tasks = all_parts(files, anchors, min(PART_BYTES, max(LEAST_PART_BYTES, total // (PARTS_PER_WORKER * workers))))
    with Crew(shop, workers) as crew:
        parts, spilled = _check_parts(audit, crew, tasks)
        if not audit.may_go_on:
            return
        ground.is_partial = ground.is_partial or any(part.voided for part in parts)
        buckets = (BucketTask(number, spilled, ground.is_partial) for number in range(shop.buckets))
        for found in crew.run(check_spilled, buckets):
            tally.add(found)
    _judge_together(audit, parts)


def _present_anchors(audit: _Audit, entries: LineFile) -> Sequence[AnchorFacts]:
    """Return the batches that the export must hold: all, or those after the pinned state if it begins there."""
    since, judged_until = audit.request.since, audit.ground.judged_until
    first = entries.sequence_at(0)[1]
    if since is None or not judged_until or (first is not None and first <= judged_until):
        return audit.anchors
    audit.ground.is_partial = True
    return audit.anchors[since.batch :]


def _check_parts(audit: _Audit, crew: Crew, tasks: Sequence[PartTask]) -> tuple[list[Part], list[SpilledPart]]:
    parts, spilled = [], []
    done, total = 0, sum(task.size for task in tasks)
    latest = 0
    for task, outcome in zip(tasks, crew.run(check_part, tasks), strict=True):
        parts.append(outcome.part)
        spilled.append(outcome.spilled)
        audit.tally.add(outcome.part.tally)
        check_joint(audit.ground, audit.tally, latest, outcome.part.order)
        latest = max(latest, outcome.part.order.latest)
        done += task.size
        audit.request.advance(done, total)
        if not audit.may_go_on:
            break
    return parts, spilled


def _judge_together(audit: _Audit, parts: Sequence[Part]) -> None:
    ground, tally = audit.ground, audit.tally
    check_missing(ground, tally, parts)
    check_documents(ground, tally, (item for part in parts for item in part.items))
    if audit.request.sample is None:
        check_counts(ground, tally, audit.counts, parts)
    rights = parse_rights(load_document(RIGHTS_TABLE))
    audit.overdue, audit.duty_notices = judge_duties(ground, (part.duties for part in parts), rights, audit.as_of)
    elsewhere = tally.skipped["record.served"]
    if ground.is_partial and elsewhere and audit.request.sample is None:
        tally.incomplete.append(f"{elsewhere} opened records stand before this export, or were declared VOID")
    found = {digest: at for part in parts for digest, at in part.found.items()}
    check_receipts(
        ground,
        tally,
        audit.request.receipts,
        found,
        judged_until=audit.anchors[-1].point.time if audit.anchors else 0,
        is_whole=not ground.is_partial,
    )


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


def _report(audit: _Audit, seconds: float) -> Report:
    tally, ground = audit.tally, audit.ground
    verdict = Verdict.VERIFIED
    if tally.failures:
        verdict = Verdict.FAULTY
    elif tally.incomplete or not tally.checked:
        verdict = Verdict.INCOMPLETE
    notices = [*tally.incomplete, *(f"{text} ({n})" if n > 1 else text for text, n in sorted(tally.notices.items()))]
    notices += audit.duty_notices
    if not tally.checked:
        notices.append("no record was checked")
    head = to_hex(audit.anchors[-1].head) if audit.anchors else to_hex(bytes(32))
    newest = ground.history.newest_block
    scope = f"batches 1-{len(audit.anchors)}" if audit.anchors else "no batch"
    faults = f"{len(tally.failures):,} failures; " if tally.failures else ""
    headline = (
        f"{verdict}: {faults}{tally.checked:,} of {tally.expected:,} records, {_erased(tally)}{scope}, head {head}, "
        f"block {newest.number if newest else 0}; latest versions as of batch {len(audit.anchors)}; "
        f"events as given by {audit.request.chain_source}"
    )
    return Report(
        verdict,
        headline,
        tuple(_results(tally)),
        notices,
        tally.checked,
        tally.expected,
        tally.pending,
        head,
        newest.number if newest else None,
        to_hex(audit.request.trust.hash),
        seconds,
        audit.overdue,
        audit.as_of,
        erased=tally.erased,
        recheck=[to_hex(consent) for consent in drawn_for_recheck(ground.history)],
    )


def _erased(tally: Tally) -> str:
    if not tally.erased:
        return ""
    first, last = tally.erased_blocks
    where = f"at block {first}" if first == last else f"at blocks {first} to {last}"
    return f"{tally.erased:,} erased {where}, "


def _cannot(request: AuditRequest, verdict: Verdict, why: str) -> Report:
    return Report(verdict, f"{verdict}: {why}", notices=(why,), trust_hash=to_hex(request.trust.hash))


def _state(audit: _Audit) -> AuditState:
    """Return the state to pin; what was verified whole has a batch, in a block of the chain that was given."""
    newest, last = audit.request.chain.blocks[-1], audit.anchors[-1]
    return AuditState(
        chain_id=audit.manifest.chain_id,
        gateway=audit.manifest.gateway,
        block=newest.number,
        hash=newest.hash,
        head=to_hex(last.head),
        batch=last.batch,
        sequence=last.first_sequence + last.leaf_count - 1,
    )
