"""Verify a whole ledger offline: the export in parts by worker processes, then what only shows across parts.

Memory does not grow with the number of records: files are streamed by byte ranges that begin at batches, and rows of
fixed size go to buckets on disk.
"""

import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ledger.core.audit.checks import Tally
from ledger.core.audit.duties import DutyRows, JudgedDuties, judge_duties
from ledger.core.audit.governance_acts import check_governance
from ledger.core.audit.grants import check_grants
from ledger.core.audit.ground import Ground
from ledger.core.audit.persons import ComparedPersons, RecordKey, count_compared
from ledger.core.audit.promises import check_joint
from ledger.core.audit.questions import tell_most_asked
from ledger.core.audit.receipts import NamedReceipt, check_receipts, wanted_entry
from ledger.core.audit.stream import Part
from ledger.core.audit.whole import (
    check_code,
    check_counts,
    check_documents,
    check_fold,
    check_missing,
    check_succession,
    judged_anchors,
)
from ledger.core.chainfile import ChainFile, Trust, why_unverifiable
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
from ledger.core.verdict import Report, Verdict
from ledger.domain import RIGHTS_TABLE, load_document
from ledger.errors import FormatError, HistoryError, UnsupportedFormat, UsageError
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
from ledger.services.audit_persons import judged_persons
from ledger.services.audit_report import AuditedStream, report_of
from ledger.services.audit_state import AuditState
from ledger.services.profile_files import mask_table

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

    `chain_source` is said in the headline, and `notices` tell how the chain was read; `sample` is a number of batches;
    `advance` is told of bytes done and bytes in all. Duties are judged as of `as_of` (Unix seconds), the export's time
    if None.
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
    notices: Sequence[str] = ()
    persons: ComparedPersons | None = None
    """What a key-holder of this gateway found of a sample of looks on consents."""
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
    duties: list[DutyRows] = field(default_factory=list)
    subject_digests: Mapping[RecordKey, bytes | None] = field(default_factory=dict)
    """Of the records of the persons' sample, as the export has them."""

    @property
    def may_go_on(self) -> bool:
        return not (self.request.fail_fast and self.tally.failures)


def audit_ledger(request: AuditRequest) -> tuple[Report, AuditState | None]:
    """Verify one gateway's export against a chain; returns the report, and the state to pin if all of it was verified.

    Raises UnsupportedFormat for an export of another format; PersonsSampleDiffers or PersonsAnswerRefused for what was
    compared of persons; everything else is in the report.
    """
    report, states = audit_ledgers([request])
    return report, states[0]


def audit_ledgers(requests: Sequence[AuditRequest]) -> tuple[Report, Sequence[AuditState | None]]:
    """Verify exports of several gateways of one chain, judged together; at least one request.

    Returns one report, and the state to pin of each export, None where not all was verified. What members owe one
    another is judged over all streams: a step may stand at one gateway and the request's look at another. Raises
    UsageError for two exports of one gateway, UnsupportedFormat for an export of another format.
    """
    started = time.monotonic()
    audits: list[_Audit] = []
    for request in requests:
        found = _audit(request, is_first=not audits)
        if isinstance(found, Report):
            return found, [None] * len(requests)
        if any(found.ground.gateway == other.ground.gateway for other in audits):
            raise UsageError(f"two of the exports are of gateway {found.ground.gateway}")
        audits.append(found)
    if all(audit.may_go_on for audit in audits):
        check_grants([audit.ground for audit in audits], audits[0].tally, mask_table(load_document))
    streams = [AuditedStream(audit.manifest.gateway, audit.anchors, audit.tally) for audit in audits]
    first, seconds = audits[0], time.monotonic() - started
    source = first.request.chain_source
    report = report_of(streams, first.ground.history, first.request.trust, source, _duties(audits), seconds)
    is_verified = report.verdict is Verdict.VERIFIED
    return report, [_state(audit) if is_verified and not audit.ground.is_partial else None for audit in audits]


def gateway_of(folder: Path) -> int | None:
    """Return whose export a folder holds, None if its manifest cannot be read; raises UnsupportedFormat."""
    try:
        return parse_manifest((folder / MANIFEST_FILE).read_bytes())[0].gateway
    except UnsupportedFormat:
        raise
    except (OSError, FormatError):
        return None


def _audit(request: AuditRequest, *, is_first: bool) -> _Audit | Report:
    """Check one export by itself; what is true of the chain as a whole is checked with the first one."""
    audit = _prepare(request)
    if isinstance(audit, Report):
        return audit
    if request.persons is not None:
        audit.subject_digests = judged_persons(audit.ground, request.folder, request.persons)
    if is_first:
        check_code(audit.tally, request.trust, request.chain)
        audit.tally.notices.update(request.notices)
        check_governance(audit.tally, request.trust, request.chain, audit.ground.history)
    check_fold(audit.tally, audit.ground.history, audit.manifest.gateway)
    check_succession(audit.ground, audit.tally, request.trust.line.contracts(audit.ground.history))
    audit.anchors = judged_anchors(audit.ground, audit.tally, audit.manifest)
    if audit.anchors:
        # What it holds, it was made after.
        audit.ground.exported_at = max(audit.ground.exported_at, audit.anchors[-1].point.time)
    if audit.may_go_on:
        with tempfile.TemporaryDirectory(prefix="gongzhi-audit-") as folder:
            _read(audit, Path(folder))
    return audit


def _duties(audits: Sequence[_Audit]) -> JudgedDuties:
    """Judge who owed what over all streams, as of the time that was asked for or the latest export's."""
    asked = audits[0].request.as_of
    at = max(audit.manifest.exported_at for audit in audits) if asked is None else asked
    rows = [part for audit in audits for part in audit.duties]
    if not all(audit.may_go_on for audit in audits):
        return JudgedDuties(at)
    rights = parse_rights(load_document(RIGHTS_TABLE))
    return judge_duties([audit.ground for audit in audits], rows, rights, at)


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
    domain, *later = request.trust.line.domains(history).items()
    try:
        manifest, counts = parse_manifest(file.read_bytes())
    except UnsupportedFormat:
        raise
    except FormatError as error:
        return _cannot(request, Verdict.UNVERIFIABLE, error.detail)
    if StatementDomain(manifest.chain_id, manifest.contract) not in (domain[1], *dict(later).values()):
        return _cannot(request, Verdict.UNVERIFIABLE, "the export is of another chain or contract")
    tally = Tally()
    ground = Ground(
        history,
        domain[1],
        manifest.gateway,
        _documents(request.folder, manifest.gateway, tally),
        judged_until=_judged_until(request, manifest, history, tally),
        is_partial=request.sample is not None,
        contracts={name: pin.address for name, pin in request.trust.contracts.items()},
        later_domains=dict(later),
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
    ground.received, ground.recorded = received_by_object(ground, actions, entries)
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
    audit.ground.begins_after = audit.anchors[since.batch - 1].point.block
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
    audit.duties = [part.duties for part in parts]
    tell_most_asked(tally, (part.questions for part in parts))
    if audit.request.persons is not None:
        count_compared(ground, tally, audit.request.persons, audit.subject_digests)
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
