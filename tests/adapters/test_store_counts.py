"""Duplicates, what was counted once, and counts by class-O slots, on a real PostgreSQL."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ledger.core.count_tables import TableRule
from ledger.core.stored import SearchKeys
from ledger.count_rows import AskedTables, CountedGroup, CountedPeriods, KeptCounts, OnceFigures
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
        tx.add_subjects([RecordSubject(undated.record_id, None, 1, 1)])
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


STREETS = TableRule("1970-01", 9, "month", ())
"""By regions of nine digits and whole months; tests add groups."""
STREET, MONTH, HOURS = "990101001", "1970-01", 8 * 3_600
Counts = set[tuple[str | None, str | None, int, int]]


def counted(
    store: PostgresStore, rule: TableRule, item: int, *periods: str, until: int = 2 * DAY
) -> list[CountedGroup]:
    with store.begin() as tx:
        return [*tx.count_records(CountedPeriods(item, rule, periods, -HOURS, until, HOURS))]


def counts(store: PostgresStore, *by: str, item: int = 51, region: str = STREET, **changes: Any) -> Counts:
    rule = replace(STREETS, by=by, **changes)
    return {
        (one.row, one.column, one.records, one.persons)
        for one in counted(store, rule, item, MONTH)
        if one.region == region
    }


def test_records_are_counted_by_class_level_region_and_day(store: PostgresStore) -> None:
    assert counts(store) == set()
    one, two = secrets.token_bytes(32), secrets.token_bytes(32)
    hidden, old = keyed("990101001001", 5, "fire/a", 1), keyed("990101001001", 5, "fire/a", 1)
    rows = [
        (keyed("990101001001", 5, "fire/a", 1), one),
        (keyed("990101001001001", DAY, "fire/b", 2), one),
        (keyed("990101001002", 9 * 3_600 + DAY, "fire/a", None), two),
        (keyed("990101001002", 5, None, 1), None),
        (keyed("990101002001", 5, "fire/a", 1), two),
        (keyed("990101001", 2 * DAY, "fire/a", 1), two),
        (keyed("990101", 5, "fire/a", 1), two),
        (keyed(None, 5, "fire/a", 1), two),
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


def test_all_regions_and_periods_are_counted_at_once_by_the_rule_s_size(store: PostgresStore) -> None:
    def of(rule: TableRule, *periods: str, until: int = 2 * DAY) -> set[tuple[str, str, int]]:
        found = counted(store, rule, 53, *periods, until=until)
        assert all((one.row, one.column) == (None, None) for one in found)
        return {(one.region, one.period, one.records) for one in found}

    publish(store, (keyed("990101001001", 5, "x", 1), None), (keyed("990102001", 40 * DAY, "x", 1), None), item=53)
    publish(store, *[(keyed("990101001002001", DAY, "x", 1), None) for _ in range(2)], item=53)
    february = {("990102001", "1970-02", 1)}
    assert of(STREETS, "1970-01", "1970-02", until=59 * DAY) == {(STREET, MONTH, 3), *february}
    assert of(STREETS, "1970-02", until=59 * DAY) == february
    assert of(replace(STREETS, region_digits=6), MONTH) == {("990101", MONTH, 3)}
    days = replace(STREETS, region_digits=12, period="day")
    first, second = "1970-01-01", "1970-01-02"
    assert of(days, first, second) == {("990101001001", first, 1), ("990101001002", second, 2)}
    assert of(days, first) == {("990101001001", first, 1)}


def test_a_record_without_a_time_of_its_own_counts_when_it_was_accepted(store: PostgresStore) -> None:
    publish(store, (replace(keyed("990101001001", None, None, None)), None), item=52, at=40 * DAY)
    assert [one.period for one in counted(store, STREETS, 52, MONTH, "1970-02", until=59 * DAY)] == ["1970-02"]


def test_what_was_made_is_kept_as_it_was_first(store: PostgresStore) -> None:
    first = KeptCounts("", "2026-01", 1, 5, '{"from":10,"until":20}')
    second = KeptCounts("", "2026-02", 1, 5, '{"from":20,"until":30}')
    with store.begin() as tx:
        assert tx.made_periods(61, 0, 100) == []
        tx.keep_counts(61, [first])
        tx.keep_counts(62, [second])
    with store.begin() as tx:
        tx.keep_counts(61, [replace(first, rule_version=2, made_at=6), second])
        tx.keep_counts(61, [replace(second, region=STREET, tables="{}")])
        for bounds, made in (
            ((10, 30), [first, second]),
            ((19, 21), [first, second]),
            ((0, 11), [first]),
            ((20, 30), [second]),
            ((0, 10), []),
            ((30, 40), []),
        ):
            assert sorted(tx.made_periods(61, *bounds), key=lambda one: one.period) == made


def test_tables_are_found_by_the_beginning_of_their_region_and_by_threshold(store: PostgresStore) -> None:
    def shown(region: str, k: int, *periods: str, digits: int = 9, most: int = 9) -> list[str]:
        with store.begin() as tx:
            asked = AskedTables(region, periods, k, most)
            return sorted(tx.shown_tables(63, replace(STREETS, region_digits=digits), asked))

    with store.begin() as tx:
        kept = [("", "01", "{}"), (STREET, "01", '{"5":{"n":7}}'), (STREET, "02", '{"5":{"n":21},"10":{"n":20}}')]
        kept += [("990102001", "01", '{"5":{"n":8}}'), ("990101", "01", '{"5":{"n":9}}')]
        tx.keep_counts(63, [KeptCounts(region, period, 1, 5, text) for region, period, text in kept])
        tx.keep_counts(64, [KeptCounts(STREET, "01", 1, 5, '{"5":{"n":10}}')])
    assert shown(STREET, 5, "01", "02") == ['{"n":21}', '{"n":7}']
    assert shown(STREET, 10, "01", "02") == ['{"n":20}']
    assert shown(STREET, 20, "01", "02") == []
    assert shown("99", 5, "01") == shown("", 5, "01") == ['{"n":7}', '{"n":8}']
    assert shown("990102", 5, "01", "02") == ['{"n":8}']
    assert shown(STREET + "003", 5, "01") == ['{"n":7}']
    assert shown("990101", 5, "01", digits=6) == ['{"n":9}']
    assert len(shown("", 5, "01", "02", most=2)) == 2
