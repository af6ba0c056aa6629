"""Submissions of an export: records recomputed under the signed root, what was sealed, and who was entitled."""

from collections.abc import Iterable, Iterator, Sequence

from ledger.core.audit.checks import Tally
from ledger.core.audit.erasures import check_erasure
from ledger.core.audit.ground import Ground
from ledger.core.audit.rows import SUBMISSION_ID, OnceRow, RecordRow, with_keys
from ledger.core.audit.slots import SlotPlan
from ledger.core.eip712 import word
from ledger.core.entitlement import why_not_anchorable, why_not_publishable
from ledger.core.entry import sealed_hash
from ledger.core.export import ExportedEntry, ExportedRecord, ExportedTombstone
from ledger.core.hexadecimal import to_hex
from ledger.core.history import Point
from ledger.core.merkle import MerkleTree, record_leaf
from ledger.errors import FormatError


def check_submission(ground: Ground, tally: Tally, entry: ExportedEntry, anchored: Point) -> None:
    """Check `submission.entitled`: the signer at `signedAt`, and still where the submission is anchored."""
    message, signer = entry.message, entry.signer
    refusal = why_not_publishable(ground.history, message, signer)
    blames = f"agency {message['publisher']} and {ground.blamed}"
    if refusal is None:
        refusal = why_not_anchorable(ground.history, message, signer, anchored)
    tally.judge(
        "submission.entitled", refusal is None, _subject(entry), "a signer who was entitled", refusal or "", blames
    )


def submission_id_row(entry: ExportedEntry) -> OnceRow:
    """Return what `submission.once` is checked from."""
    publisher: int = entry.message["publisher"]
    return OnceRow(SUBMISSION_ID, word(publisher)[-4:] + entry.message["submissionId"], entry.sequence)


RecordLine = ExportedRecord | ExportedTombstone


def check_records(
    ground: Ground, tally: Tally, entry: ExportedEntry, records: Iterable[RecordLine], anchored: Point
) -> Iterator[RecordRow]:
    """Check the records of a submission against what was signed and anchored; yields a row for each.

    An erased one gives its root from its tombstone, and the tree over all of them must be the one that was signed.
    Streams in, but holds the rows of one submission (at most 5,000).
    """
    message = entry.message
    tally.expected += message["recordCount"]
    plan = ground.plan(message["schemaHash"])
    roots: list[tuple[RecordLine, bytes]] = []
    ciphertexts: list[bytes] = []
    in_order = is_whole = True
    for place, record in enumerate(records):
        in_order = in_order and record.position == place
        ciphertexts.append(record.ciphertext_digest)
        if isinstance(record, ExportedTombstone) or record.record_id in ground.history.marks:
            check_erasure(ground, tally, entry, record, anchored)
        root = _root(tally, entry, plan, record)
        is_whole = is_whole and root is not None
        roots.append((record, root or bytes(32)))
    is_whole = _has_all(ground, tally, entry, len(roots), in_order) and is_whole
    if plan is None:
        tally.skipped["record.root"] += len(roots)
    sound = is_whole and _check_root(ground, tally, entry, roots)
    actual = sealed_hash(ciphertexts)
    expected = to_hex(entry.annex)
    tally.judge("record.sealed", actual == entry.annex, _subject(entry), expected, to_hex(actual), ground.blamed)
    tally.checked += len(roots) if sound else 0
    publisher, item, item_version = message["publisher"], message["item"], message["itemVersion"]
    for record, root in roots:
        identity = record.record_id, record.version, root, record.previous
        row = RecordRow(*identity, publisher, entry.sequence, item, item_version, sound)
        if plan is not None and isinstance(record, ExportedRecord) and any(root) and ground.reads_keys:
            row = with_keys(row, plan.keys(record))
        yield row


def _root(tally: Tally, entry: ExportedEntry, plan: SlotPlan | None, record: RecordLine) -> bytes | None:
    if plan is None:
        return None
    if isinstance(record, ExportedTombstone):
        return record.record_root
    gateway = f"gateway {entry.message['gateway']}"
    if not plan.has_shape(record):
        shape = f"{plan.open_count} values and {plan.closed_count} digests"
        found = f"{len(record.values)} and {len(record.digests) // 32}"
        tally.fail("record.slots", _record_subject(entry, record), shape, found, gateway)
        return None
    tally.passed["record.slots"] += 1
    try:
        root = plan.recompute(record)
    except FormatError as error:
        expected = "canonical values of their slots' types"
        tally.fail("record.values", _record_subject(entry, record), expected, error.detail, gateway)
        return None
    tally.passed["record.values"] += 1
    return root


def _has_all(ground: Ground, tally: Tally, entry: ExportedEntry, found: int, in_order: bool) -> bool:
    count = entry.message["recordCount"]
    if found == count and not in_order:
        tally.fail("record.present", _subject(entry), "positions 0, 1, 2 …", "another order", ground.blamed)
        return False
    expected = f"{count} records"
    return tally.judge("record.present", found == count, _subject(entry), expected, f"{found} records", ground.blamed)


def _check_root(ground: Ground, tally: Tally, entry: ExportedEntry, roots: Sequence[tuple[RecordLine, bytes]]) -> bool:
    expected = entry.message["recordsRoot"]
    try:
        actual = MerkleTree([record_leaf(record.record_id, record.version, root) for record, root in roots]).root
    except FormatError as error:
        tally.fail("record.root", _subject(entry), to_hex(expected), error.detail, ground.blamed)
        return False
    holds: bool = actual == expected
    return tally.judge("record.root", holds, _subject(entry), to_hex(expected), to_hex(actual), ground.blamed)


def _subject(entry: ExportedEntry) -> str:
    return f"entry {entry.sequence}, submission {to_hex(entry.message['submissionId'])}"


def _record_subject(entry: ExportedEntry, record: ExportedRecord) -> str:
    return f"entry {entry.sequence}, record {to_hex(record.record_id)} version {record.version}"
