"""Subjects, tags and counted queries on a real PostgreSQL."""

import secrets
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from ledger.look_rows import LookRest, ShownRecord
from ledger.rows import LookEvidence, NewRecord, RecordSubject, SubjectRecords
from ledger.store.migrate import migrate
from ledger.store.postgres import PostgresStore
from ledger.tag_rows import SubjectTag
from tests.adapters.stored_things import new_entry, new_record, new_submission

pytestmark = pytest.mark.adapters
ITEM, PUBLISHER = 3, 7


@pytest.fixture(scope="module")
def store(module_database: str) -> Iterator[PostgresStore]:
    migrate(module_database)
    opened = PostgresStore(module_database)
    yield opened
    opened.close()


def publish(store: PostgresStore, token: bytes | None, record: NewRecord, publisher: int = PUBLISHER) -> NewRecord:
    with store.begin() as tx:
        tx.add_submission(new_submission([record], publisher=publisher, item=ITEM, created_at=2_000))
        tx.add_subjects([RecordSubject(record.record_id, token, ITEM, publisher, record.version)])
    return record


def about(store: PostgresStore, token: bytes, most: int = 10) -> SubjectRecords:
    with store.begin() as tx:
        return tx.subject_records(token, ITEM, most)


def test_a_person_has_the_newest_versions_that_name_him(store: PostgresStore) -> None:
    token, other = secrets.token_bytes(32), secrets.token_bytes(32)
    assert about(store, token) == SubjectRecords(0, 0, 0)
    first = publish(store, token, new_record(occurred_at=900), publisher=11)
    publish(store, token, new_record(occurred_at=500))
    publish(store, other, new_record(occurred_at=999))
    assert about(store, token) == SubjectRecords(2, 900, 11)
    assert about(store, token, most=1) == SubjectRecords(1, 900, 11)
    publish(store, token, new_record(record_id=first.record_id, version=2, occurred_at=901), publisher=11)
    assert about(store, token) == SubjectRecords(2, 901, 11)
    with store.begin() as tx:
        assert tx.subject_records(token, ITEM + 1, 10) == SubjectRecords(0, 0, 0)
        assert tx.records_about(token, {first.record_id: 2, secrets.token_bytes(32): 1}) == {first.record_id}
        assert tx.records_about(other, {first.record_id: 2}) == tx.records_about(token, {}) == set()


def test_a_record_without_a_time_counts_from_its_acceptance(store: PostgresStore) -> None:
    token = secrets.token_bytes(32)
    publish(store, token, new_record(occurred_at=None))
    assert about(store, token) == SubjectRecords(1, 2_000, PUBLISHER)


def test_the_newest_version_says_whom_a_record_is_about(store: PostgresStore) -> None:
    token, corrected = secrets.token_bytes(32), secrets.token_bytes(32)
    record = publish(store, token, new_record())
    publish(store, corrected, new_record(record_id=record.record_id, version=2))
    assert (about(store, token).count, about(store, corrected).count) == (0, 1)
    publish(store, None, new_record(record_id=record.record_id, version=3))
    assert about(store, corrected).count == 0


def test_a_hidden_record_does_not_count_and_a_forgotten_one_is_nobodys(store: PostgresStore) -> None:
    token = secrets.token_bytes(32)
    record = publish(store, token, new_record())
    with store.begin() as tx:
        tx._run("UPDATE records SET hidden = true WHERE record_id = %s", (record.record_id,))
    assert about(store, token).count == 0
    for _ in range(2):
        with store.begin() as tx:
            tx.add_subjects([RecordSubject(record.record_id, None, ITEM, PUBLISHER)])
            assert tx.records_about(token, {record.record_id: 1}) == set()


def test_many_records_are_noted_at_once_and_none_costs_nothing(store: PostgresStore) -> None:
    token = secrets.token_bytes(32)
    records = [new_record() for _ in range(300)]
    with store.begin() as tx:
        tx.add_submission(new_submission(records, publisher=PUBLISHER, item=ITEM))
        tx.add_subjects([RecordSubject(made.record_id, token, ITEM, PUBLISHER) for made in records])
        tx.add_subjects([])
    assert about(store, token, most=299).count == 299


def test_a_tag_is_kept_once_and_its_period_too(store: PostgresStore) -> None:
    token = secrets.token_bytes(32)
    tag = SubjectTag(secrets.token_bytes(32), token, 2**32 - 1, 7, 0)
    with store.begin() as tx:
        assert tx.newest_period(token, tag.recipient, 7) is None
        assert tx.add_subject_tag(tag, 1_000)
    with store.begin() as tx:
        assert tx.subject_tag(tag.tag) == tag
        assert tx.subject_tag(secrets.token_bytes(32)) is None
        assert tx.newest_period(token, tag.recipient, 7) == 0
        assert tx.newest_period(token, tag.recipient, 8) is None
    for again in (
        SubjectTag(tag.tag, token, tag.recipient, 7, 1),
        SubjectTag(secrets.token_bytes(32), token, tag.recipient, 7, 0),
    ):
        with store.begin() as tx:
            assert not tx.add_subject_tag(again, 1_000)
            assert tx.newest_period(token, tag.recipient, 7) == 0


def test_the_tags_of_a_person_are_his_alone(store: PostgresStore) -> None:
    token, other = secrets.token_bytes(32), secrets.token_bytes(32)
    made = [SubjectTag(secrets.token_bytes(32), token, 9, 7, period, of_child=period == 1) for period in range(2)]
    with store.begin() as tx:
        assert tx.tags_of_person(token) == []
        for tag in (*made, SubjectTag(secrets.token_bytes(32), other, 9, 7, 0)):
            assert tx.add_subject_tag(tag, 1_000)
        assert sorted(tx.tags_of_person(token), key=lambda tag: tag.period) == made


def test_a_tag_finds_the_records_of_its_person_and_of_nobody_else(store: PostgresStore) -> None:
    token, other = secrets.token_bytes(32), secrets.token_bytes(32)
    mine, theirs = publish(store, token, new_record()).record_id, publish(store, other, new_record()).record_id
    tag = SubjectTag(secrets.token_bytes(32), token, 2**32 - 1, 7, 0)
    with store.begin() as tx:
        assert tx.records_about_tag(tag.use, {mine: 1, theirs: 1}) == set()
        tx.add_subject_tag(tag, 1_000)
    with store.begin() as tx:
        assert tx.records_about_tag(tag.use, {mine: 1, theirs: 1}) == {mine}
        assert tx.records_about_tag(tag.use, {theirs: 1}) == tx.records_about_tag(tag.use, {}) == set()
        for another in (replace(tag.use, recipient=5), replace(tag.use, purpose=1)):
            assert tx.records_about_tag(another, {mine: 1}) == set()
            found = tx.record_of_look(mine, None, LookRest(another))
            assert found is not None
            assert not found[1]
        for record_id, about_person in ((mine, True), (theirs, False)):
            for version in (1, None):
                record = tx.record(record_id, version)
                assert record is not None
                found = tx.record_of_look(record_id, version, LookRest(tag.use))
                assert found == (record, about_person, {})
        assert tx.record_of_look(mine, 2, LookRest(tag.use)) is None
        assert tx.record_of_look(secrets.token_bytes(32), None, LookRest(tag.use)) is None
        tx.add_subjects([RecordSubject(mine, None, ITEM, PUBLISHER)])
        assert tx.records_about_tag(tag.use, {mine: 1}) == set()


def test_tags_of_persons_without_a_record_are_forgotten_but_the_kept_and_the_young(store: PostgresStore) -> None:
    recorded, gone = secrets.token_bytes(32), secrets.token_bytes(32)
    publish(store, recorded, new_record())

    def tag(token: bytes, period: int, created_at: int) -> bytes:
        made = SubjectTag(secrets.token_bytes(32), token, 2**32 - 1, 11, period)
        with store.begin() as tx:
            assert tx.add_subject_tag(made, created_at)
        return made.tag

    of_record, kept, young, old = tag(recorded, 0, 5), tag(gone, 0, 5), tag(gone, 1, 10), tag(gone, 2, 9)
    with store.begin() as tx:
        assert tx.forget_tags([kept, old], 10) >= 0
        assert tx.forget_tags([kept], 10) == 1
        assert [tx.subject_tag(one) is None for one in (of_record, kept, young, old)] == [False, False, False, True]


def test_a_tag_whose_consent_comes_waits_anew_and_is_not_forgotten_meanwhile(store: PostgresStore) -> None:
    made = SubjectTag(secrets.token_bytes(32), secrets.token_bytes(32), 2**32 - 1, 11, 0)
    forget_until(store, 2**40)
    with store.begin() as tx:
        assert tx.add_subject_tag(made, 5)
    with ThreadPoolExecutor(1) as pool:
        with store.begin() as tx:
            assert tx.renew_tag(made.tag, 20) == made
            forgotten = pool.submit(forget_until, store, 10)
        assert forgotten.result(30) == 0
    with store.begin() as tx:
        assert tx.renew_tag(made.tag, 8) == made
    assert (forget_until(store, 20), forget_until(store, 21)) == (0, 1)
    with store.begin() as tx:
        assert tx.renew_tag(made.tag, 30) is None


def forget_until(store: PostgresStore, before: int) -> int:
    with store.begin() as tx:
        return tx.forget_tags([], before)


def test_a_version_from_before_a_record_named_somebody_is_about_nobody(store: PostgresStore) -> None:
    before, now = secrets.token_bytes(32), secrets.token_bytes(32)
    record = publish(store, before, new_record()).record_id
    for version in (2, 3):
        publish(store, now, new_record(record_id=record, version=version))
    tags = {token: SubjectTag(secrets.token_bytes(32), token, 2**32 - 1, 7, 0) for token in (before, now)}
    with store.begin() as tx:
        for tag in tags.values():
            tx.add_subject_tag(tag, 1_000)
        for version, token, expected in ((1, now, False), (2, now, True), (3, now, True), (1, before, False)):
            found = tx.record_of_look(record, version, LookRest(tags[token].use))
            assert found is not None
            assert found[1] == expected
            named = {record} if expected else set()
            assert tx.records_about(token, {record: version}) == named
            assert tx.records_about_tag(tags[token].use, {record: version}) == named


def test_queries_of_a_day_are_counted_to_their_most(store: PostgresStore) -> None:
    def count(agency: int, day: int, most: int) -> bool:
        with store.begin() as tx:
            return tx.count_query(agency, day, most)

    assert [count(21, 5, 2) for _ in range(4)] == [True, True, False, False]
    assert (count(21, 6, 2), count(22, 5, 2), count(23, 5, 0)) == (True, True, False)


def test_several_queries_of_a_day_are_counted_at_once_or_use_it_up(store: PostgresStore) -> None:
    def several(agency: int, queries: int, most: int = 10) -> bool:
        with store.begin() as tx:
            return tx.count_queries(agency, 7, queries, most)

    assert [several(51, 0), several(51, 6), several(51, 4), several(51, 0), several(51, 1)] == [
        *(True, True, True),
        *(False, False),
    ]
    # Else who is over it could ask again and again with one more.
    assert [several(52, 6), several(52, 5), several(52, 1), several(52, 0)] == [True, False, False, False]
    assert [several(53, 11), several(53, 0)] == [False, False]
    assert not several(54, 0, 0)


def test_listed_persons_of_a_day_are_counted_apart(store: PostgresStore) -> None:
    def listed(agency: int, persons: int, most: int) -> bool:
        with store.begin() as tx:
            return tx.count_listed(agency, 7, persons, most)

    assert [listed(41, 40, 100), listed(41, 70, 100), listed(41, 60, 100), listed(41, 1, 100)] == [
        True,
        False,
        True,
        False,
    ]
    assert not listed(42, 101, 100)
    with store.begin() as tx:
        assert tx.count_query(41, 7, 1)
        assert not tx.count_query(41, 7, 1)


def test_a_quota_holds_however_many_ask_at_once(store: PostgresStore) -> None:
    outcomes: list[bool] = []

    def ask() -> None:
        for _ in range(5):
            with store.begin() as tx:
                outcomes.append(tx.count_query(31, 9, 12))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (outcomes.count(True), outcomes.count(False)) == (12, 8)


def looked(store: PostgresStore, *opened: ShownRecord) -> int:
    with store.begin() as tx:
        openings = [(one.record_id, one.version, b"", one.opened) for one in opened]
        return tx.add_entry(new_entry(), LookEvidence(b"", b"", openings), of_persons=True)


def test_looks_are_found_by_the_person_and_stay_when_the_record_is_erased(store: PostgresStore) -> None:
    token, other = secrets.token_bytes(32), secrets.token_bytes(32)
    mine = [publish(store, token, new_record(occurred_at=900)) for _ in range(2)]
    theirs, nobodys = publish(store, other, new_record()), new_record()
    first = looked(store, ShownRecord(mine[0].record_id, 1, 5), ShownRecord(nobodys.record_id, 1, 5))
    second = looked(store, *(ShownRecord(record.record_id, 1, 1 << 255) for record in (*mine, theirs)))

    def places(items: Sequence[int] = (ITEM,), left: int | None = None, most: int = 9) -> list[Any]:
        with store.begin() as tx:
            found = tx.looks_at_person(token, items, left, most)
        start = len(found) if left is None else left
        assert most < 9 or [look.place for look in found] == list(range(start, 0, -1))
        return [(look.entry_id, look.record.record_id) for look in found]

    low, high = sorted(record.record_id for record in mine)
    expected = [(second, high), (second, low), (first, mine[0].record_id)]
    assert places() == expected
    assert [*places(most=2), *places(left=1)] == expected
    assert places(items=(ITEM + 1,)) == places(items=()) == []
    assert places(left=2) == expected[1:]
    with store.begin() as tx:
        oldest = tx.looks_at_person(token, [ITEM], 1, 1)[0]
        assert tx.erase(mine[0].record_id, 1, 3_000)
    assert (oldest.record, oldest.publisher) == (ShownRecord(mine[0].record_id, 1, 5), PUBLISHER)
    assert places() == [(second, mine[1].record_id)]
    with store.begin() as tx:
        tx.add_subjects([RecordSubject(mine[0].record_id, token, ITEM, PUBLISHER)])
    assert places() == expected


def test_who_is_named_by_a_later_version_is_told_of_looks_at_that_one(store: PostgresStore) -> None:
    before, after = secrets.token_bytes(32), secrets.token_bytes(32)
    record = publish(store, before, new_record())
    looked(store, ShownRecord(record.record_id, 1, 1))
    for version in (2, 3):
        next_one = new_record(record_id=record.record_id, version=version)
        with store.begin() as tx:
            tx.add_submission(new_submission([next_one], publisher=PUBLISHER, item=ITEM, created_at=2_000))
            tx.add_subjects([RecordSubject(record.record_id, after, ITEM, PUBLISHER, version)])
        looked(store, ShownRecord(record.record_id, version, 1))
    with store.begin() as tx:
        assert [look.record.version for look in tx.looks_at_person(after, [ITEM], None, 9)] == [3, 2]
        assert tx.looks_at_person(before, [ITEM], None, 9) == []
