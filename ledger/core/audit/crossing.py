"""Checks across records: versions of one record, and openings against the records that they opened.

One bucket of rows at a time, so that memory does not grow with the ledger.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ledger.core.audit.checks import Tally
from ledger.core.audit.ground import Ground
from ledger.core.audit.replay import KnownFacts, judge_look, judge_page, look_facts_of
from ledger.core.audit.rows import GRANT_USE, REQUEST, OnceRow, OpeningRow, RecordRow
from ledger.core.entitlement import CLOCK_SKEW_SECONDS
from ledger.core.hexadecimal import to_hex
from ledger.core.history import AsOf

Versions = Mapping[int, RecordRow]


def check_once(ground: Ground, tally: Tally, rows: Iterable[OnceRow]) -> None:
    """Check `submission.once`, `look.request-once` and `look.uses`."""
    seen: dict[tuple[int, bytes], int] = {}
    used: Counter[bytes] = Counter()
    for row in sorted(rows, key=lambda row: row.sequence):
        if row.sort == GRANT_USE:
            used[row.id[4:]] += 1
            _check_use(ground, tally, row, used[row.id[4:]])
            continue
        check, blames = "submission.once", f"agency {int.from_bytes(row.id[:4])} and {ground.blamed}"
        if row.sort == REQUEST:
            check, blames = "look.request-once", ground.blamed
        first = seen.setdefault((row.sort, row.id), row.sequence)
        expected = f"an id that entry {first} does not have"
        tally.judge(check, first == row.sequence, f"entry {row.sequence}", expected, to_hex(row.id[4:]), blames)


def _check_use(ground: Ground, tally: Tally, row: OnceRow, number: int) -> None:
    access = ground.history.accesses.get(row.id[4:])
    most = access.grant.uses if access is not None and access.grant is not None else 0
    expected = f"at most {most} looks under grant {to_hex(row.id[4:])}"
    tally.judge(
        "look.uses", not most or number <= most, f"entry {row.sequence}", expected, f"look {number}", ground.blamed
    )


def check_versions(ground: Ground, tally: Tally, rows: Iterable[RecordRow]) -> Mapping[bytes, Versions]:
    """Check `record.once`, `record.previous` and `record.publisher`; returns the versions of each record by number."""
    records: dict[bytes, dict[int, RecordRow]] = defaultdict(dict)
    # What a failure says is written only where there is one: here is one row for each record of the ledger.
    for row in sorted(rows, key=lambda row: (row.version, row.sequence)):
        versions = records[row.record_id]
        first = versions.setdefault(row.version, row)
        if first is row:
            tally.passed["record.once"] += 1
            _check_previous(ground, tally, row, versions.get(row.version - 1))
        else:
            expected = f"a version that entry {first.sequence} does not have"
            tally.fail("record.once", _subject(row), expected, f"version {row.version}", _blamed(ground, row))
    return records


def _check_previous(ground: Ground, tally: Tally, row: RecordRow, before: RecordRow | None) -> None:
    expected = bytes(32) if row.version == 1 else None
    if before is not None:
        expected = before.record_root if before.is_sound else None
        publisher, blames = f"agency {before.publisher}", _blamed(ground, row)
        holds = before.publisher == row.publisher
        tally.judge("record.publisher", holds, _subject(row), publisher, f"agency {row.publisher}", blames)
    if expected is None and any(row.previous):
        tally.skipped["record.previous"] += 1
    elif expected is not None and row.previous == expected:
        tally.passed["record.previous"] += 1
    else:
        wanted, found = ("the root of the version before", "zero")
        if expected is not None:
            wanted, found = to_hex(expected), to_hex(row.previous)
        tally.fail("record.previous", _subject(row), wanted, found, _blamed(ground, row))


def check_openings_against(
    ground: Ground, tally: Tally, records: Mapping[bytes, Versions], rows: Iterable[OpeningRow]
) -> None:
    """Check of each opening that its record stands in the stream, was newest, and that the decision permits it."""
    facts_of: dict[tuple[int, bytes], KnownFacts] = {}
    for row in rows:
        if not row.version:
            judge_page(ground, tally, row)
            continue
        record = records.get(row.record_id, {}).get(row.version)
        if record is None:
            _judge_missing(ground, tally, row)
            continue
        holds = row.record_root == record.record_root
        if record.is_sound:
            expected, found = to_hex(record.record_root), to_hex(row.record_root)
            tally.judge("record.served", holds, _opened(row), expected, found, ground.blamed)
        else:
            tally.skipped["record.served"] += 1
        _check_item(ground, tally, row, record)
        _check_newest(ground, tally, row, records[row.record_id].values())
        key = row.sequence, row.opened
        if key not in facts_of:
            facts_of = {key: look_facts_of(ground, row)}
        judge_look(ground, tally, row, record, facts_of[key])


def _judge_missing(ground: Ground, tally: Tally, row: OpeningRow) -> None:
    newest = ground.history.anchors[ground.gateway][-1].point.time
    delay = ground.history.parameter("anchorDelay", AsOf(row.disclosed_at))
    if ground.is_partial:
        tally.skipped["record.served"] += 1
    elif newest <= row.disclosed_at + delay + CLOCK_SKEW_SECONDS:
        tally.pending += 1
    else:
        expected = "a record in the stream, at or before its look"
        tally.fail("record.served", _opened(row), expected, "no such record version", ground.blamed)


def _check_item(ground: Ground, tally: Tally, row: OpeningRow, record: RecordRow) -> None:
    said, is_of = (row.item, row.item_version), (record.item, record.item_version)
    expected = f"item {is_of[0]} version {is_of[1]}"
    found = f"item {said[0]} version {said[1]}"
    tally.judge("look.item", said == is_of, _opened(row), expected, found, ground.blamed)


def _check_newest(ground: Ground, tally: Tally, row: OpeningRow, versions: Iterable[RecordRow]) -> None:
    if row.asked_version == row.version:
        return
    anchor = ground.history.anchor(ground.gateway, row.as_of_batch)
    last = anchor.first_sequence + anchor.leaf_count - 1 if anchor else 0
    newest = max((other.version for other in versions if other.sequence <= last), default=0)
    expected = f"version {newest}, anchored by batch {row.as_of_batch}"
    tally.judge("look.version", row.version >= newest, _opened(row), expected, f"version {row.version}", ground.blamed)


def check_bucket(
    ground: Ground,
    tally: Tally,
    records: Sequence[RecordRow],
    openings: Sequence[OpeningRow],
    ids: Sequence[OnceRow],
) -> None:
    """Check one bucket: every row of the ledger whose id falls into it."""
    check_once(ground, tally, ids)
    check_openings_against(ground, tally, check_versions(ground, tally, records), openings)


def _blamed(ground: Ground, row: RecordRow) -> str:
    return f"agency {row.publisher} and {ground.blamed}"


def _subject(row: RecordRow) -> str:
    return f"entry {row.sequence}, record {to_hex(row.record_id)} version {row.version}"


def _opened(row: OpeningRow) -> str:
    return f"entry {row.sequence}, opened record {to_hex(row.record_id)} version {row.version}"
