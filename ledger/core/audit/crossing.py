"""Checks across records: versions of one record, and openings against the records that they opened.

One bucket of rows at a time, so that memory does not grow with the ledger.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ledger.core.audit.checks import Tally
from ledger.core.audit.ground import Ground
from ledger.core.audit.rows import REQUEST, OnceRow, OpeningRow, RecordRow
from ledger.core.codes import Refusal
from ledger.core.decision import LookFacts, Permitted, decide
from ledger.core.entitlement import CLOCK_SKEW_SECONDS
from ledger.core.hexadecimal import to_hex
from ledger.core.history import AsOf
from ledger.core.look import Look, look_facts, moment, record_facts

Versions = Mapping[int, RecordRow]


def check_once(ground: Ground, tally: Tally, rows: Iterable[OnceRow]) -> None:
    """Check `submission.once` and `look.request-once`."""
    seen: dict[tuple[int, bytes], int] = {}
    for row in sorted(rows, key=lambda row: row.sequence):
        check, blames = "submission.once", f"agency {int.from_bytes(row.id[:4])} and {ground.blamed}"
        if row.sort == REQUEST:
            check, blames = "look.request-once", ground.blamed
        first = seen.setdefault((row.sort, row.id), row.sequence)
        expected = f"an id that entry {first} does not have"
        tally.judge(check, first == row.sequence, f"entry {row.sequence}", expected, to_hex(row.id[4:]), blames)


def check_versions(ground: Ground, tally: Tally, rows: Iterable[RecordRow]) -> Mapping[bytes, Versions]:
    """Check `record.once`, `record.previous` and `record.publisher`; returns the versions of each record by number."""
    records: dict[bytes, dict[int, RecordRow]] = defaultdict(dict)
    for row in sorted(rows, key=lambda row: (row.version, row.sequence)):
        versions = records[row.record_id]
        first = versions.setdefault(row.version, row)
        blames = f"agency {row.publisher} and {ground.blamed}"
        expected = f"a version that entry {first.sequence} does not have"
        if tally.judge("record.once", first is row, _subject(row), expected, f"version {row.version}", blames):
            _check_previous(tally, row, versions.get(row.version - 1), blames)
    return records


def _check_previous(tally: Tally, row: RecordRow, before: RecordRow | None, blames: str) -> None:
    expected = bytes(32) if row.version == 1 else None
    if before is not None:
        expected = before.record_root if before.is_sound else None
        publisher = f"agency {before.publisher}"
        holds = before.publisher == row.publisher
        tally.judge("record.publisher", holds, _subject(row), publisher, f"agency {row.publisher}", blames)
    if expected is not None:
        holds = row.previous == expected
        tally.judge("record.previous", holds, _subject(row), to_hex(expected), to_hex(row.previous), blames)
    elif not any(row.previous):
        tally.fail("record.previous", _subject(row), "the root of the version before", "zero", blames)
    else:
        tally.skipped["record.previous"] += 1


def check_openings_against(
    ground: Ground, tally: Tally, records: Mapping[bytes, Versions], rows: Iterable[OpeningRow]
) -> None:
    """Check of each opening that its record stands in the stream, was newest, and that the decision permits it."""
    facts_of: dict[tuple[int, bytes], LookFacts] = {}
    for row in rows:
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
            facts_of = {key: _look_facts(ground, row)}
        _check_decision(ground, tally, row, record, facts_of[key])


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


def _look(ground: Ground, row: OpeningRow) -> Look:
    return Look(
        gateway=ground.gateway,
        reader=row.reader,
        reader_key="0x" + row.reader_key.hex(),
        item=row.item,
        item_version=row.item_version,
        purpose=row.purpose,
        basis=row.basis,
        basis_reference=bool(row.basis_reference),
        case_reference=bool(row.case_reference),
        authority=row.authority,
        authority_id=row.authority_id,
        profile=row.profile,
    )


def _look_facts(ground: Ground, row: OpeningRow) -> LookFacts:
    as_of = moment(ground.history, row.facts_block, row.disclosed_at)
    return look_facts(
        ground.history,
        _look(ground, row),
        as_of,
        requested_open=int.from_bytes(row.opened),
        profile_open=int.from_bytes(row.profile_open),
        facts_stale=False,  # judged by `look.facts`; the other rows of the decision are judged as if they were fresh
    )


def _check_decision(ground: Ground, tally: Tally, row: OpeningRow, record: RecordRow, facts: LookFacts) -> None:
    about = record_facts(
        ground.history,
        _look(ground, row),
        moment(ground.history, row.facts_block, row.disclosed_at),
        record_id=row.record_id,
        version=row.version,
        publisher=record.publisher,
        gateway=ground.gateway,
    )
    decision = decide(facts, about)
    if isinstance(decision, Permitted):
        tally.passed["look.decision"] += 1
        tally.passed["look.profile"] += 1
    elif decision.reason is Refusal.PROFILE_TOO_WIDE:
        beyond = (facts.requested_open & ~facts.permitted_open).bit_count()
        expected = "slots that the profile opens"
        tally.fail("look.profile", _opened(row), expected, f"{beyond} slots beyond them", ground.blamed)
    else:
        tally.fail("look.decision", _opened(row), "permitted", decision.reason.slug, ground.blamed)


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


def _subject(row: RecordRow) -> str:
    return f"entry {row.sequence}, record {to_hex(row.record_id)} version {row.version}"


def _opened(row: OpeningRow) -> str:
    return f"entry {row.sequence}, opened record {to_hex(row.record_id)} version {row.version}"
