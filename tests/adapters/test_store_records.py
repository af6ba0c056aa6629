"""Submissions and records on a real PostgreSQL."""

import secrets
from collections.abc import Iterator

import pytest

from ledger.errors import Conflict, VersionConflict
from ledger.rows import SealedContent, SearchQuery
from ledger.store.migrate import migrate
from ledger.store.postgres import PostgresStore
from tests.adapters.stored_things import new_entry, new_record, new_submission

pytestmark = pytest.mark.adapters


@pytest.fixture(scope="module")
def store(module_database: str) -> Iterator[PostgresStore]:
    migrate(module_database)
    opened = PostgresStore(module_database)
    yield opened
    opened.close()


def test_a_submission_comes_back_as_it_was_stored(store: PostgresStore) -> None:
    records = [new_record(), new_record(region=None, occurred_at=None, record_class=None)]
    submission = new_submission(records, publisher=11)
    with store.begin() as tx:
        entry_id = tx.add_submission(submission)
    with store.begin() as tx:
        stored = tx.submission(11, submission.submission_id)
        assert stored is not None
        assert stored == tx.submission_of_entry(entry_id)
        assert stored.entry.entry == submission.entry
        assert stored.entry.sequence is None
        assert stored.acceptance_signature == submission.acceptance_signature
        assert stored.statement_digest == submission.statement_digest
        found = list(tx.records_of_entries([entry_id]))
        assert [record.record_id for record in found] == [record.record_id for record in records]
        assert found[1].keys == records[1].keys
        assert found[0].slots == records[0].slots
        assert (found[0].publisher, found[0].item, found[0].position, found[1].position) == (11, 1, 0, 1)
        assert tx.record(records[0].record_id) == tx.record(records[0].record_id, 1) == found[0]
        assert tx.leaves_of_submission(entry_id) == [(r.record_id, r.version, r.record_root) for r in records]
        first = records[0]
        expected = SealedContent(first.ciphertext, first.wrapped_key, first.daily_key_id)
        assert tx.sealed(first.record_id, 1) == expected
        assert tx.sealed(first.record_id, 2) is None


def test_what_is_not_there_is_none(store: PostgresStore) -> None:
    with store.begin() as tx:
        assert tx.record(secrets.token_bytes(32)) is None
        assert tx.submission(1, secrets.token_bytes(32)) is None
        assert tx.submission_of_entry(10**12) is None
        assert tx.entry(secrets.token_bytes(32)) is None
        assert tx.record_heads([]) == {}
        assert list(tx.records_of_entries([])) == []


def test_an_entry_message_comes_back_member_by_member(store: PostgresStore) -> None:
    entry = new_entry()
    with store.begin() as tx:
        entry_id = tx.add_entry(entry)
    with store.begin() as tx:
        stored = tx.entry(entry.digest)
        assert stored is not None
        assert stored.entry_id == entry_id
        assert list(stored.entry.message.items()) == list(entry.message.items())
        assert stored == tx.entry_by_id(entry_id)


def test_a_submission_id_counts_once_per_publisher(store: PostgresStore) -> None:
    submission_id = secrets.token_bytes(32)
    with store.begin() as tx:
        tx.add_submission(new_submission([new_record()], submission_id=submission_id, publisher=12))
        tx.add_submission(new_submission([new_record()], submission_id=submission_id, publisher=13))
    with pytest.raises(Conflict, match="submissionId"), store.begin() as tx:
        tx.add_submission(new_submission([new_record()], submission_id=submission_id, publisher=12))


def test_a_record_version_is_stored_once_and_a_refused_submission_leaves_nothing(store: PostgresStore) -> None:
    record = new_record()
    with store.begin() as tx:
        tx.add_submission(new_submission([record]))
    other = new_submission([new_record(), new_record(record_id=record.record_id)])
    with pytest.raises(VersionConflict), store.begin() as tx:
        tx.add_submission(other)
    with store.begin() as tx:
        assert tx.entry(other.entry.digest) is None
        assert tx.record(other.records[0].record_id) is None


def test_the_newest_version_stands_for_the_record(store: PostgresStore) -> None:
    first, lonely = new_record(), new_record()
    second = new_record(record_id=first.record_id, version=2)
    with store.begin() as tx:
        tx.add_submission(new_submission([first, lonely], item=31))
        tx.add_submission(new_submission([second], item=31))
    with store.begin() as tx:
        heads = tx.record_heads([first.record_id, lonely.record_id, secrets.token_bytes(32)])
        assert {key: head.version for key, head in heads.items()} == {first.record_id: 2, lonely.record_id: 1}
        assert heads[first.record_id].record_root == second.record_root
        newest, older = tx.record(first.record_id), tx.record(first.record_id, 1)
        assert newest is not None
        assert older is not None
        assert (newest.version, older.version) == (2, 1)
        assert {(r.record_id, r.version) for r in tx.search(SearchQuery(item=31))} == {
            (first.record_id, 2),
            (lonely.record_id, 1),
        }


def test_versions_one_and_two_in_one_submission_leave_one_to_be_found(store: PostgresStore) -> None:
    first = new_record()
    with store.begin() as tx:
        tx.add_submission(new_submission([first, new_record(record_id=first.record_id, version=2)], item=32))
    with store.begin() as tx:
        assert [record.version for record in tx.search(SearchQuery(item=32))] == [2]


def test_a_search_pages_through_everything_newest_first(store: PostgresStore) -> None:
    records = [new_record(occurred_at=time) for time in (5, 7, 7, 7, 9, None, 1)]
    with store.begin() as tx:
        tx.add_submission(new_submission(records, item=33))
    found: list[tuple[int, bytes]] = []
    with store.begin() as tx:
        after = None
        while page := tx.search(SearchQuery(item=33, after=after, limit=2)):
            found += [(record.keys.occurred_at or 0, record.record_id) for record in page]
            after = found[-1]
    assert found == sorted(((r.keys.occurred_at or 0, r.record_id) for r in records), reverse=True)


def test_a_search_narrows_by_region_class_and_time(store: PostgresStore) -> None:
    def of(query: SearchQuery) -> set[str]:
        with store.begin() as tx:
            return {str(record.keys.level) + (record.keys.region or "") for record in tx.search(query)}

    with store.begin() as tx:
        tx.add_submission(
            new_submission(
                [
                    new_record(region="990101", occurred_at=10, record_class="fire/building"),
                    new_record(region="990102", occurred_at=20, record_class="fire"),
                    new_record(region="990201", occurred_at=30, record_class="ems/fall"),
                    new_record(region=None, occurred_at=40, record_class=None),
                ],
                item=34,
            )
        )
    assert of(SearchQuery(item=34)) == {"2990101", "2990102", "2990201", "2"}
    assert of(SearchQuery(item=34, region_prefix="9901")) == {"2990101", "2990102"}
    assert of(SearchQuery(item=34, region_prefix="99020")) == {"2990201"}
    assert of(SearchQuery(item=34, record_class="fire")) == {"2990102"}
    assert of(SearchQuery(item=34, record_class="fire/")) == {"2990101"}
    assert of(SearchQuery(item=34, occurred_from=20, occurred_until=40)) == {"2990102", "2990201"}
    assert of(SearchQuery(item=34, region_prefix="99", record_class="ems/fall", occurred_from=31)) == set()
