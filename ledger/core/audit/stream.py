"""A part of a gateway's stream, batch by batch: every numbered entry recomputed up to the root on chain."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from ledger.core.audit.actions import check_action
from ledger.core.audit.checks import Tally
from ledger.core.audit.duties import DutyRows
from ledger.core.audit.ground import Ground
from ledger.core.audit.lines import LineReader
from ledger.core.audit.looks import (
    LOOK_TYPES,
    check_facts,
    check_openings,
    check_request,
    check_target,
    opening_rows_of,
    request_row,
    use_row,
)
from ledger.core.audit.promises import TimeOrder, check_promise, check_times
from ledger.core.audit.questions import Questions, check_query, count_question
from ledger.core.audit.requests import KeptRequest
from ledger.core.audit.rows import OnceRow, OpeningRow, RecordRow
from ledger.core.audit.submissions import check_records, check_submission, submission_id_row
from ledger.core.codes import EntryType, Role
from ledger.core.entry import entry_digest
from ledger.core.export import (
    ExportedAction,
    ExportedEntry,
    ExportedLook,
    ExportedRecord,
    ExportedTombstone,
    parse_action,
    parse_entry,
    parse_look,
    parse_members,
    parse_record_line,
)
from ledger.core.hexadecimal import to_hex
from ledger.core.history import AnchorFacts, AsOf
from ledger.core.merkle import MerkleTree, entry_leaf
from ledger.core.signature import recover
from ledger.core.statements import OWN_TIME, statement_digest
from ledger.errors import SignatureError

Row = RecordRow | OpeningRow | OnceRow


@dataclass(slots=True)
class Part:
    """What a part of the stream gave besides its rows: the tally, and what must be judged with the other parts."""

    tally: Tally = field(default_factory=Tally)
    order: TimeOrder = field(default_factory=TimeOrder)
    missing: list[tuple[int, int, int]] = field(default_factory=list)
    """Runs of missing numbers: batch, first sequence, last sequence."""
    voided: list[tuple[int, int]] = field(default_factory=list)
    """Runs of numbers that VOID entries declare: first and last sequence."""
    found: dict[bytes, int] = field(default_factory=dict)
    """Of the wanted entry digests, the block time where each is anchored."""
    items: set[tuple[int, int]] = field(default_factory=set)
    """Item versions that submissions and disclosures name."""
    duties: DutyRows = field(default_factory=DutyRows)
    questions: Questions = field(default_factory=Questions)
    lines: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Lines read: entries, records, looks, actions."""


class PartChecker:
    """Checks one part. `lines` are the entries, records, looks and actions of its batches; `emit` takes the rows."""

    def __init__(
        self,
        ground: Ground,
        lines: tuple[Iterator[bytes], Iterator[bytes], Iterator[bytes], Iterator[bytes]],
        emit: Callable[[Row], None],
    ) -> None:
        self.part = Part()
        self._ground, self._emit, self._tally = ground, emit, self.part.tally
        blames = ground.blamed
        entries, records, looks, actions = lines
        self._entries: LineReader[ExportedEntry] = LineReader(
            entries, lambda line: parse_entry(parse_members(line)), self._tally, "entry", blames
        )
        self._records: LineReader[ExportedRecord | ExportedTombstone] = LineReader(
            records, lambda line: parse_record_line(parse_members(line)), self._tally, "record", blames
        )
        self._looks: LineReader[ExportedLook] = LineReader(
            looks, lambda line: parse_look(parse_members(line)), self._tally, "look", blames
        )
        self._actions: LineReader[ExportedAction] = LineReader(
            actions, lambda line: parse_action(parse_members(line)), self._tally, "action", blames
        )

    def check(self, anchors: Sequence[AnchorFacts], last_anchored: int) -> Part:
        """Check the batches of this part, then what stands behind them: beyond `last_anchored` it is pending."""
        for anchor in anchors:
            self._check_batch(anchor)
        for entry in self._entries.rest():
            if entry.sequence > last_anchored:
                self._tally.pending += 1
            else:
                self._entries.misplaced(entry.sequence)
        for reader in (self._records, self._looks, self._actions):
            for line in reader.rest():
                if line.sequence <= last_anchored:
                    reader.misplaced(line.sequence)
        readers = self._entries, self._records, self._looks, self._actions
        self.part.lines = (readers[0].count, readers[1].count, readers[2].count, readers[3].count)
        return self.part

    def _check_batch(self, anchor: AnchorFacts) -> None:
        leaves: list[bytes] = []
        last = anchor.first_sequence + anchor.leaf_count - 1
        run: tuple[int, int] | None = None
        for sequence in range(anchor.first_sequence, last + 1):
            entry = self._entry(sequence)
            if entry is None:
                run = (run[0], sequence) if run else (sequence, sequence)
                continue
            if run:
                self.part.missing.append((anchor.batch, *run))
                run = None
            self._tally.passed["entry.present"] += 1
            leaves.append(self._check_entry(entry, anchor))
        if run:
            self.part.missing.append((anchor.batch, *run))
        if len(leaves) == anchor.leaf_count:
            self._check_root(anchor, leaves)
        else:
            self._tally.skipped["entry.root"] += 1

    def _entry(self, sequence: int) -> ExportedEntry | None:
        taken = list(self._entries.take(sequence))
        for _ in taken[1:]:
            self._entries.misplaced(sequence)
        return taken[0] if taken else None

    def _check_root(self, anchor: AnchorFacts, leaves: Sequence[bytes]) -> None:
        actual = MerkleTree(leaves).root
        subject = f"batch {anchor.batch}"
        expected = to_hex(anchor.root)
        blames = self._ground.blamed
        self._tally.judge("entry.root", actual == anchor.root, subject, expected, to_hex(actual), blames)

    def _check_entry(self, entry: ExportedEntry, anchor: AnchorFacts) -> bytes:
        """Check one entry with all that belongs to it; returns its leaf."""
        statement = statement_digest(self._ground.domain_at(anchor), entry.statement, entry.message)
        digest = entry_digest(statement, entry.signer, entry.signature, entry.annex)
        if digest in self._ground.wanted:
            self.part.found[digest] = anchor.point.time
        if "itemVersion" in entry.message:
            self.part.items.add((entry.message["item"], entry.message["itemVersion"]))
        is_judged = entry.sequence <= self._ground.judged_until
        is_submission = entry.entry_type is EntryType.SUBMISSION
        if not is_judged:
            self._check_signature(entry, statement)
            check_promise(self._ground, self._tally, entry, anchor.point)
        if is_submission:
            if not is_judged:
                check_submission(self._ground, self._tally, entry, anchor.point)
            self._emit(submission_id_row(entry))
            records = self.part.duties.watch(self._ground, entry, self._records.take(entry.sequence))
            for row in check_records(self._ground, self._tally, entry, records, anchor.point):
                self._emit(row)
        else:
            self._check_gateways(entry, anchor, is_judged)
        return entry_leaf(entry.entry_type, entry.sequence, digest)

    def _check_signature(self, entry: ExportedEntry, statement: bytes) -> None:
        named, ground = entry.message["gateway"], self._ground
        subject = f"entry {entry.sequence}"
        self._tally.judge(
            "entry.gateway", named == ground.gateway, subject, ground.blamed, f"gateway {named}", ground.blamed
        )
        try:
            signer: str = recover(statement, entry.signature)
        except SignatureError as error:
            signer = error.detail
        holds = signer == entry.signer
        self._tally.judge("entry.signature", holds, subject, entry.signer, signer, ground.blamed)

    def _check_gateways(self, entry: ExportedEntry, anchor: AnchorFacts, is_judged: bool) -> None:
        ground, tally = self._ground, self._tally
        if not is_judged:
            own_time = AsOf(entry.message[OWN_TIME[entry.statement]])
            refusal = ground.history.why_not_entitled(entry.signer, Role.API_SIGN, ground.gateway, own_time)
            expected = f"a key of {ground.blamed} with API_SIGN"
            holds = refusal is None
            tally.judge("entry.signer", holds, f"entry {entry.sequence}", expected, refusal or "", ground.blamed)
        check_times(ground, tally, entry, anchor.point, self.part.order)
        if entry.entry_type in LOOK_TYPES:
            self._check_look(entry, anchor, is_judged)
        elif entry.entry_type is EntryType.RECEIVED:
            check_action(ground, tally, entry, list(self._actions.take(entry.sequence)), is_judged=is_judged)
        elif entry.entry_type is EntryType.VOID:
            first = entry.message["firstSequence"]
            self.part.voided.append((first, first + entry.message["count"] - 1))

    def _check_look(self, entry: ExportedEntry, anchor: AnchorFacts, is_judged: bool) -> None:
        ground, tally = self._ground, self._tally
        kept = list(self._looks.take(entry.sequence))
        found = f"{len(kept)} lines"
        holds = len(kept) == 1
        if not tally.judge("look.present", holds, f"entry {entry.sequence}", "one look line", found, ground.blamed):
            return
        look = kept[0]
        self.part.duties.note_look(ground, entry, look)
        count_question(self.part.questions, entry)
        self._emit(request_row(entry))
        use = use_row(entry)
        if use is not None:
            self._emit(use)
        check_openings(ground, tally, entry, look)
        if not is_judged:
            has_facts = check_facts(ground, tally, entry, anchor.point)
            request = check_request(ground, tally, entry, look)
            if request is not None and has_facts:
                self._check_decision(entry, look, request, anchor)

    def _check_decision(
        self, entry: ExportedEntry, look: ExportedLook, request: KeptRequest, anchor: AnchorFacts
    ) -> None:
        ground, tally = self._ground, self._tally
        if entry.entry_type is EntryType.QUERY:
            check_query(ground, tally, entry, request)
        elif entry.entry_type is EntryType.DISCLOSURE:
            check_target(ground, tally, entry, look, request)
            for row in opening_rows_of(ground, tally, entry, look, request, anchor.point):
                self._emit(row)
