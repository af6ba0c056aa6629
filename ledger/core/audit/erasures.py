"""Erased records of an export: content is gone where a mark on chain says so, and nowhere else (`record.erased`)."""

from ledger.core.audit.checks import Tally
from ledger.core.audit.ground import Ground
from ledger.core.erasure import Erasure, erasure_of
from ledger.core.export import ExportedEntry, ExportedRecord, ExportedTombstone
from ledger.core.hexadecimal import to_hex
from ledger.core.history import AsOf, Point

HELD = "records marked erased whose content stays, since a legal hold came first"
OLDER_CHAIN = (
    "erased records whose mark, or the release of whose hold, this chain does not show; "
    "it ends before the export was made: give a newer one"
)


def check_erasure(
    ground: Ground, tally: Tally, entry: ExportedEntry, record: ExportedRecord | ExportedTombstone, anchored: Point
) -> None:
    """Check `record.erased` of one line: a tombstone needs its mark, content must not outlive one.

    The gateway has `anchorDelay` from the mark's block (or from its submission's, if that is later) to erase. A
    tombstone without a mark, or under a hold, is judged by a chain that reaches beyond the export; an older one cannot
    judge it.
    """
    as_of = AsOf(_end_of_chain(ground))
    erasure = erasure_of(ground.history, record.record_id, entry.message["publisher"], record.version, as_of)
    subject = f"entry {entry.sequence}, record {to_hex(record.record_id)} version {record.version}"
    if isinstance(record, ExportedTombstone):
        _check_tombstone(ground, tally, subject, erasure)
    elif erasure is not None and erasure.is_held:
        tally.notices[HELD] += 1
    elif erasure is not None:
        _check_content(ground, tally, subject, erasure, anchored)


def _check_tombstone(ground: Ground, tally: Tally, subject: str, erasure: Erasure | None) -> None:
    if erasure is None or erasure.hold is not None:
        if _end_of_chain(ground) <= ground.exported_at:
            if OLDER_CHAIN not in tally.incomplete:
                tally.incomplete.append(OLDER_CHAIN)
        elif erasure is None or erasure.hold is None:
            expected = "its content, or its publisher's mark `erased`"
            tally.fail("record.erased", subject, expected, "a tombstone without a mark", ground.blamed)
        else:
            expected = f"its content, held since block {erasure.hold.point.block}"
            tally.fail("record.erased", subject, expected, "a tombstone", ground.blamed)
    else:
        tally.passed["record.erased"] += 1
        tally.count_erased(erasure.since.block)


def _end_of_chain(ground: Ground) -> int:
    newest = ground.history.newest_block
    return newest.time if newest else 0


def _check_content(ground: Ground, tally: Tally, subject: str, erasure: Erasure, anchored: Point) -> None:
    delay = ground.history.parameter("anchorDelay", AsOf(erasure.since.time, erasure.since))
    if max(erasure.since.time, anchored.time) + delay < ground.exported_at:
        expected = f"a tombstone: marked erased at block {erasure.marked.block}"
        tally.fail("record.erased", subject, expected, "its content", ground.blamed)
    else:
        tally.pending += 1
