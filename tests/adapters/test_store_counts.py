"""Duplicates, what was counted once, and counts by class-O slots, on a real PostgreSQL."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from ledger.core.stored import SearchKeys
from ledger.count_rows import CountedGroup, CountedRegion, KeptCounts, OnceFigures
from ledger.rows import NewRecord, RecordSubject
from ledger.store.migrate import migrate
from ledger.store.postgres import PostgresStore
from tests.adapters.stored_things import new_entry, new_record, new_submission

pytestmark = pytest.mark.adapters
ITEM, PUBLISHER, OTHER = 31, 7, 8
DAY = 86_400


@pytest.fixture(scope="module")
def store(module_database: str) -> Iterator[PostgresStore]:
    migrate(module_database)
    opened = PostgresStore(module_database)
    yield opened
    opened.close()


def subject(record: NewRecord, token: bytes | None, item: int = ITEM, publisher: int = PUBLISHER) -> RecordSubject:
    return RecordSubject(record.record_id, token, item, publisher, record.version)


def publish(store: PostgresStore, *rows: tuple[NewRecord, bytes | None], item: int = ITEM, at: int = 1_000) -> None:
    with store.begin() as tx:
        tx.add_submission(new_submission([record for record, _ in rows], item=item, created_at=at))
        tx.add_subjects([subject(record, token, item) for record, token in rows])


def places(store: PostgresStore, *rows: tuple[NewRecord, bytes | None], item: int = ITEM, since: int = 0) -> list[int]:
    with store.begin() as tx:
        return [*tx.duplicate_places(item, [subject(record, token, item) for record, token in rows], since)]


def test_a_second_record_about_a_person_is_a_duplicate_and_a_next_version_is_none(store: PostgresStore) -> None:
    token, other = secrets.token_bytes(32), secrets.token_bytes(32)
    first = new_record(occurred_at=500)
    assert places(store, (first, token)) == []
    publish(store, (first, token))
    # The very same record comes again where one submission is sent twice at once.
    assert places(store, (first, token)) == []
    again = new_record()
    assert places(store, (new_record(), other), (again, token), (new_record(), None)) == [1]
    assert places(store, (again, token), item=ITEM + 1) == []
    second = new_record(record_id=first.record_id, version=2)
    assert places(store, (second, token)) == []
    # A version that names another person collects him anew.
    publish(store, (new_record(), other))
    assert places(store, (second, other)) == [0]
    assert places(store) == places(store, (again, None)) == []


def test_what_is_old_withdrawn_or_erased_is_collected_anew(store: PostgresStore) -> None:
    token = secrets.token_bytes(32)
    first = new_record(occurred_at=500)
    publish(store, (first, token))
    assert places(store, (new_record(), token), since=500) == [0]
    assert places(store, (new_record(), token), since=501) == []
    with store.begin() as tx:
        tx._run("UPDATE records SET hidden = true WHERE record_id = %s", (first.record_id,))
    assert places(store, (new_record(), token)) == []
    undated = new_record(occurred_at=None)
    publish(store, (undated, token), at=2_000)
    assert places(store, (new_record(), token), since=2_000) == [0]
    assert places(store, (new_record(), token), since=2_001) == []
    with store.begin() as tx:
        tx.forget_subject(undated.record_id)
    assert places(store, (new_record(), token)) == []


def test_a_superseded_version_is_not_current(store: PostgresStore) -> None:
    token, other = secrets.token_bytes(32), secrets.token_bytes(32)
    first = new_record(occurred_at=900)
    publish(store, (first, token))
    publish(store, (new_record(record_id=first.record_id, version=2, occurred_at=100), token))
    assert places(store, (new_record(), token), since=900) == []
    publish(store, (new_record(record_id=first.record_id, version=3, occurred_at=950), other))
    assert places(store, (new_record(), token)) == []


def test_the_second_of_one_submission_is_a_duplicate_of_the_first(store: PostgresStore) -> None:
    token = secrets.token_bytes(32)
    assert places(store, *[(new_record(), token) for _ in range(3)]) == [1, 2]


def test_duplicates_stand_with_their_submission(store: PostgresStore) -> None:
    given = replace(new_submission([new_record() for _ in range(3)], item=ITEM), about_persons=3, duplicates=(0, 2))
    with store.begin() as tx:
        tx.add_submission(given)
        stored = tx.submission(given.publisher, given.submission_id)
    assert stored is not None
    assert [*stored.duplicates] == [0, 2]


def test_once_figures_are_of_a_period_and_an_item(store: PostgresStore) -> None:
    start = 10_000_000
    with store.begin() as tx:
        for at, item, duplicates in (
            (start, 41, (1,)),
            (start + 5, 41, ()),
            (start + DAY, 41, (0, 1)),
            (start, 42, ()),
        ):
            submission = new_submission([new_record() for _ in range(2)], item=item, created_at=at)
            tx.add_submission(replace(submission, about_persons=2, duplicates=duplicates))
        tx.add_submission(new_submission([new_record()], item=43, created_at=start))
        refused = secrets.token_bytes(32)
        for _ in range(2):
            tx.note_refused(PUBLISHER, refused, 41, 3, start + 9)
        tx.note_refused(OTHER, refused, 41, 1, start + DAY)
        for item, kind, results, at in ((44, 1, 2, 0), (44, 1, 1, 5), (44, 1, 0, 5), (44, 2, 1, 5), (44, 1, 1, DAY)):
            message = {"queryType": kind, "resultCount": results, "item": item, "purpose": 7}
            tx.add_entry(replace(new_entry(entry_type=4, created_at=start + at), message=message))
        refusal = {"queryType": 1, "resultCount": 3, "item": 44, "purpose": 0}
        tx.add_entry(replace(new_entry(entry_type=4, created_at=start + 5), message=refusal))
    with store.begin() as tx:
        found = tx.once_figures(start, start + DAY)
        assert found == [OnceFigures(41, 4, 1, 3, 0), OnceFigures(42, 2, 0, 0, 0), OnceFigures(44, 0, 0, 0, 2)]
        assert tx.once_figures(start + DAY, start + 2 * DAY) == [
            OnceFigures(41, 2, 2, 1, 0),
            OnceFigures(44, 0, 0, 0, 1),
        ]
        assert tx.once_figures(0, 1) == []


def keyed(region: str | None, at: int | None, record_class: str | None, level: int | None) -> NewRecord:
    return replace(new_record(), keys=SearchKeys(region, at, None, record_class, level))


def counts(store: PostgresStore, *by: str, **changes: object) -> set[tuple[str | None, str | None, int, int]]:
    counted = CountedRegion(51, "990101001", 0, 2 * DAY, by, 12, 8 * 3_600)
    with store.begin() as tx:
        found: Sequence[CountedGroup] = tx.count_records(replace(counted, **changes))  # type: ignore[arg-type]
    return {(one.row, one.column, one.records, one.persons) for one in found}


def test_records_are_counted_by_class_level_region_and_day(store: PostgresStore) -> None:
    assert counts(store) == {(None, None, 0, 0)}
    one, two = secrets.token_bytes(32), secrets.token_bytes(32)
    hidden, old = keyed("990101001001", 5, "fire/a", 1), keyed("990101001001", 5, "fire/a", 1)
    rows = [
        (keyed("990101001001", 5, "fire/a", 1), one),
        (keyed("990101001001001", DAY, "fire/b", 2), one),
        (keyed("990101001002", 9 * 3_600 + DAY, "fire/a", None), two),
        (keyed("990101001002", 5, None, 1), None),
        (keyed("990101002001", 5, "fire/a", 1), two),
        (keyed("990101001", 2 * DAY, "fire/a", 1), two),
        (hidden, two),
        (old, two),
    ]
    publish(store, *rows, item=51)
    publish(store, (replace(keyed(None, 5, "x", 1), record_id=old.record_id, version=2), two), item=51)
    with store.begin() as tx:
        tx._run("UPDATE records SET hidden = true WHERE record_id = %s", (hidden.record_id,))
    assert counts(store) == {(None, None, 4, 2)}
    assert counts(store, "category") == {(None, None, 4, 2), ("fire", None, 3, 2), ("", None, 1, 0)}
    by_day = {(None, None, 4, 2), ("1970-01-01", None, 2, 1), ("1970-01-02", None, 2, 2)}
    assert counts(store, "day") == by_day
    assert counts(store, "class", "level") == {
        *{(None, None, 4, 2), ("fire/a", None, 2, 2), ("fire/b", None, 1, 1), ("", None, 1, 0)},
        *{(None, "1", 2, 1), (None, "2", 1, 1), (None, "", 1, 1)},
        *{("fire/a", "1", 1, 1), ("fire/b", "2", 1, 1), ("fire/a", "", 1, 1), ("", "1", 1, 0)},
    }
    by_region = {(None, None, 4, 2), ("990101001001", None, 2, 1), ("990101001002", None, 2, 1)}
    assert counts(store, "region") == by_region
    assert counts(store, region="990101002") == {(None, None, 1, 1)}
    assert counts(store, from_at=DAY) == {(None, None, 2, 2)}


def test_a_record_without_a_time_of_its_own_counts_when_it_was_accepted(store: PostgresStore) -> None:
    publish(store, (replace(keyed("990101001001", None, None, None)), None), item=52, at=DAY)
    assert counts(store, item=52, from_at=DAY) == {(None, None, 1, 0)}
    assert counts(store, item=52, until_at=DAY) == {(None, None, 0, 0)}


def test_a_table_is_kept_as_it_was_made_first(store: PostgresStore) -> None:
    first, second = KeptCounts(1, 5, '{"k5":1}'), KeptCounts(2, 6, "{}")
    with store.begin() as tx:
        assert tx.kept_counts(61, "990101", "2026-01") is None
        assert tx.keep_counts(61, "990101", "2026-01", first) == first
    with store.begin() as tx:
        assert tx.keep_counts(61, "990101", "2026-01", second) == first
        assert tx.keep_counts(61, "990101", "2026-02", second) == second
        assert tx.kept_counts(61, "990101", "2026-01") == first
