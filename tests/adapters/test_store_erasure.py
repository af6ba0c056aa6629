"""Withheld and erased records, on a real PostgreSQL: what rewinds, what stays, and what a worker does about it."""

from collections.abc import Iterator

import psycopg
import pytest

from ledger.core.codes import Mark, Role
from ledger.rows import DueErasure, NewRecord, SearchQuery
from ledger.services.work import Worker
from ledger.store.migrate import migrate
from ledger.store.postgres import PostgresStore
from tests.adapters.ground import Ground, standing_ground
from tests.adapters.stored_things import new_record, new_submission
from tests.adapters.test_store_following import followed, marked

pytestmark = pytest.mark.adapters


@pytest.fixture
def store(database: str) -> Iterator[PostgresStore]:
    migrate(database)
    opened = PostgresStore(database)
    yield opened
    opened.close()


def kept(store: PostgresStore, *records: NewRecord) -> None:
    with store.begin() as tx:
        tx.add_submission(new_submission(records))


def found(store: PostgresStore) -> set[bytes]:
    with store.begin() as tx:
        return {record.record_id for record in tx.search(SearchQuery(item=1))}


def due(store: PostgresStore) -> list[tuple[bytes, int, int]]:
    with store.begin() as tx:
        return [(one.record_id, one.version, one.marked_at) for one in tx.erasures_due(10)]


def test_what_was_withheld_stays_withheld_through_a_rewind(store: PostgresStore) -> None:
    received, other = new_record(), new_record()
    kept(store, received, other)
    with store.begin() as tx:
        assert tx.withhold(received.record_id, 8, 0) == 0
        assert tx.withhold(received.record_id, 7, 2) == 0
        assert tx.withhold(received.record_id, 7, 0) == 1
        assert tx.withhold(received.record_id, 7, 1) == 0
        tx.add_followed([followed(0), followed(1, marked(received.record_id), marked(other.record_id))], 1)
    assert found(store) == set()
    with store.begin() as tx:
        tx.rewind(0)
        record = tx.record(received.record_id)
        assert record is not None
        assert (record.hidden, record.erased_at) == (True, None)
    assert found(store) == {other.record_id}


def test_a_followed_mark_asks_for_erasure_of_the_versions_that_it_names(store: PostgresStore) -> None:
    one, two = new_record(), new_record()
    second = new_record(record_id=one.record_id, version=2)
    kept(store, one, two)
    kept(store, second)
    marks = (
        marked(one.record_id, mark=4, version=2),
        marked(two.record_id, mark=1),
        marked(two.record_id, mark=4, agency=8),
    )
    with store.begin() as tx:
        tx.add_followed([followed(0), followed(1, *marks)], 1)
    assert due(store) == [(one.record_id, 2, 10)]
    with store.begin() as tx:
        tx.add_followed([followed(2, marked(two.record_id, mark=4), marked(one.record_id, mark=4))], 2)
        assert tx.erasures_due(1) == [DueErasure(one.record_id, 2, 7, 10)]
    assert set(due(store)) == {(one.record_id, 2, 10), (one.record_id, 1, 20), (two.record_id, 1, 20)}
    with store.begin() as tx:
        figures = tx.figures()
    assert (figures["erasures_pending"], figures["oldest_erasure_marked_at"]) == (3, 10)


def test_a_record_that_comes_after_its_mark_is_due_at_once(store: PostgresStore) -> None:
    late = new_record()
    with store.begin() as tx:
        tx.add_followed([followed(0), followed(1, marked(late.record_id, mark=4))], 1)
    kept(store, late)
    assert due(store) == [(late.record_id, 1, 10)]


def test_a_tombstone_keeps_root_and_place_and_nothing_else(store: PostgresStore) -> None:
    erased, sibling = new_record(), new_record()
    kept(store, erased, sibling)
    with store.begin() as tx:
        assert tx.erase(erased.record_id, 1, 99)
        assert not tx.erase(erased.record_id, 1, 100)
        record, other = tx.record(erased.record_id), tx.record(sibling.record_id)
        assert record is not None
        assert other is not None
        assert (record.record_root, record.ciphertext_digest) == (erased.record_root, erased.ciphertext_digest)
        assert (record.position, record.erased_at, record.hidden) == (0, 99, True)
        assert (record.slots.open_values, record.slots.open_salts, record.slots.closed_digests) == (b"", b"", b"")
        assert (record.keys.region, record.keys.occurred_at, record.keys.record_class) == (None, None, None)
        assert tx.sealed(erased.record_id, 1) is None
        assert tx.sealed(sibling.record_id, 1) is not None
        assert other.slots == sibling.slots
        leaves = tx.leaves_of_submission(record.entry_id)
        tx.rewind(-1)
    assert [leaf[2] for leaf in leaves] == [erased.record_root, sibling.record_root]
    assert found(store) == {sibling.record_id}


@pytest.fixture
def ground(database: str, chain_rpc: str) -> Iterator[Ground]:
    with standing_ground(database, chain_rpc) as standing:
        yield standing


def test_a_worker_erases_what_the_chain_says_and_again_after_a_restore(ground: Ground, database: str) -> None:
    record, publisher = new_record(), ground.gateway.agency
    with ground.store.begin() as tx:
        entry_id = tx.add_submission(new_submission([record], publisher=publisher))

    def worker() -> Worker:
        return Worker(ground.store, ground.chain, {}, ground.anchoring(oldest_seconds=1e9))

    def content() -> tuple[bool, bool]:
        with ground.store.begin() as tx:
            stored = tx.record(record.record_id)
            return tx.sealed(record.record_id, 1) is not None, stored is not None and stored.slots == record.slots

    first = worker()
    first.work_once()
    assert content() == (True, True)
    submitter = ground.sandbox.bind(ground.gateway, Role.SUBMIT)
    said = {"recordId": record.record_id, "version": 0, "mark": int(Mark.ERASED), "reason": 2}
    ground.sandbox.send(ground.sandbox.relayed("Mark", submitter, **said))
    assert first.work_once()
    assert content() == (False, False)
    slots = record.slots
    with psycopg.connect(database) as connection:
        connection.execute(
            "UPDATE records SET open_values = %s, open_salts = %s, closed_digests = %s, hidden = false,"
            " withheld = false, erased_at = NULL",
            (slots.open_values, slots.open_salts, slots.closed_digests),
        )
        connection.execute(
            "INSERT INTO sealed VALUES (%s, 0, %s, %s, %s)",
            (entry_id, record.ciphertext, record.wrapped_key, record.daily_key_id),
        )
    assert content() == (True, True)
    assert worker().work_once()
    assert content() == (False, False)
