"""Numbers, batches, requests, documents and keys on a real PostgreSQL."""

import secrets
import threading
from collections.abc import Iterator

import pytest

from ledger.errors import Conflict
from ledger.rows import Action, LookEvidence, NewBatch, SavedAnswer
from ledger.store.migrate import migrate
from ledger.store.postgres import PostgresStore
from tests.adapters.stored_things import new_entry

pytestmark = pytest.mark.adapters


@pytest.fixture
def store(database: str) -> Iterator[PostgresStore]:
    migrate(database)
    opened = PostgresStore(database)
    yield opened
    opened.close()


def batch_of(number: int, first: int, ids: list[int]) -> NewBatch:
    return NewBatch(1, number, secrets.token_bytes(32), first, ids, 2_000, f"anchor/1/{number}")


def test_a_batch_numbers_its_entries_in_the_order_given(store: PostgresStore) -> None:
    with store.begin() as tx:
        ids = [tx.add_entry(new_entry(created_at=1_000 + place)) for place in range(4)]
        assert [row[0] for row in tx.unnumbered(10)] == ids
        assert tx.unnumbered(1)[0][3] == 1_000
        tx.add_batch(batch_of(1, 1, [ids[0], ids[2], ids[1]]))
    with store.begin() as tx:
        assert [row[0] for row in tx.unnumbered(10)] == [ids[3]]
        leaves = tx.leaves_of_batch(1, 1)
        assert [sequence for _, sequence, _ in leaves] == [1, 2, 3]
        expected = [tx.entry_by_id(entry_id) for entry_id in (ids[0], ids[2], ids[1])]
        assert [digest for _, _, digest in leaves] == [stored.entry.digest for stored in expected if stored]
        newest = tx.newest_batch(1)
        assert newest == tx.batch(1, 1)
        assert newest is not None
        assert (newest.leaf_count, newest.first_sequence, newest.anchored_block) == (3, 1, None)
        assert tx.batches_after(1, 0, 5) == [newest] == tx.unanchored_batches(1)
        assert tx.batches_after(1, 1, 5) == []
        assert tx.entries_after(0, 10) == []
        tx.carry_batch(1, 1, "anchor/1/1/2")
        carried = tx.batch(1, 1)
        assert carried is not None
        assert carried.intent == "anchor/1/1/2"


def test_neither_a_batch_nor_an_entry_gets_a_second_number(store: PostgresStore) -> None:
    with store.begin() as tx:
        ids = [tx.add_entry(new_entry()) for _ in range(2)]
        tx.add_batch(batch_of(1, 1, ids))
    for again in (batch_of(1, 3, ids), batch_of(2, 1, ids), batch_of(2, 3, ids)):
        with pytest.raises(Conflict), store.begin() as tx:
            tx.add_batch(again)


def test_only_one_transaction_at_a_time_may_fix_batches(store: PostgresStore) -> None:
    with store.begin() as first, store.begin() as second:
        assert first.lock_stream(1)
        assert not second.lock_stream(1)
        assert second.lock_stream(2)
    with store.begin() as third:
        assert third.lock_stream(1)


def test_evidence_of_looks_comes_back_with_its_openings(store: PostgresStore) -> None:
    openings = [(secrets.token_bytes(32), 3, secrets.token_bytes(32), (1 << 255) | 5), (bytes(32), 1, bytes(32), 0)]
    look = LookEvidence(b'"@method": GET', secrets.token_bytes(65), openings)
    with store.begin() as tx:
        seen, empty = tx.add_entry(new_entry(), look), tx.add_entry(new_entry(), LookEvidence(b"x", b"y", []))
        found = tx.evidence([seen, empty, 10**9])
    assert list(found[seen].openings) == openings
    assert found[seen].request_base == look.request_base
    assert list(found[empty].openings) == []
    assert len(found) == 2


def test_a_nonce_is_consumed_once_even_by_transactions_at_the_same_time(store: PostgresStore) -> None:
    outcomes: list[bool] = []

    def second() -> None:
        with store.begin() as tx:
            outcomes.append(tx.consume_nonce("0xkey", "n", 50))

    with store.begin() as tx:
        assert tx.consume_nonce("0xkey", "n", 50)
        waiting = threading.Thread(target=second)
        waiting.start()
    waiting.join(5)
    assert outcomes == [False]
    with store.begin() as tx:
        assert tx.consume_nonce("0xother", "n", 60)
        assert tx.forget_nonces(60, 10) == 1
        assert not tx.consume_nonce("0xother", "n", 60)
        assert tx.consume_nonce("0xkey", "n", 90)


def test_a_nonce_of_a_transaction_that_failed_is_not_consumed(store: PostgresStore) -> None:
    def fails() -> None:
        with store.begin() as tx:
            assert tx.consume_nonce("0xkey", "n", 50)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    with store.begin() as tx:
        assert tx.consume_nonce("0xkey", "n", 50)


def test_the_first_answer_under_a_key_stays(store: PostgresStore) -> None:
    answer = SavedAnswer(secrets.token_bytes(32), 202, b'{"entry":1}')
    with store.begin() as tx:
        tx.save_answer(4, "key", answer, 10)
        assert tx.saved_answer(4, "key") == answer
        assert tx.saved_answer(5, "key") is None
    with pytest.raises(Conflict), store.begin() as tx:
        tx.save_answer(4, "key", answer, 11)


def test_documents_settings_daily_keys_and_actions_are_kept(store: PostgresStore) -> None:
    first, second = secrets.token_bytes(32), secrets.token_bytes(32)
    action = Action(first, 7, "RecordAnchors", "mark", "action/0x", 1, 10, 310, {"mark": 1}, "Mark", {}, (), first)
    with store.begin() as tx:
        tx.add_document(first, "application/json", b"{}", 1)
        tx.add_document(first, "application/json", b"{}", 2)
        tx.add_document(second, "text/plain", b"text", 2)
        tx.set_setting("chain", {"id": 5})
        tx.set_setting("chain", {"id": 6})
        tx.add_daily_key("2024-01-01", b"wrapped", 3)
        tx.add_action(action)
    with store.begin() as tx:
        assert tx.document(first) == ("application/json", b"{}")
        assert tx.document(bytes(32)) is None
        assert tx.documents_named([]) == {}
        assert tx.documents_named([second, bytes(32)]) == {second: ("text/plain", b"text")}
        assert sorted(row[0] for row in tx.documents()) == sorted([first, second])
        assert tx.setting("chain") == {"id": 6}
        assert tx.setting("other") is None
        assert tx.daily_key("2024-01-01") == b"wrapped"
        assert tx.daily_key("2024-01-02") is None
        assert tx.action(first) == action
        assert tx.action(second) is None
    for repeat in (lambda t: t.add_daily_key("2024-01-01", b"other", 3), lambda t: t.add_action(action)):
        with pytest.raises(Conflict), store.begin() as tx:
            repeat(tx)


def test_figures_count_what_waits_and_since_when(store: PostgresStore) -> None:
    with store.begin() as tx:
        assert set(tx.figures().values()) == {0, -1}
        ids = [tx.add_entry(new_entry(created_at=1_000 + place)) for place in range(3)]
        tx.add_batch(batch_of(1, 1, ids[:1]))
        figures = tx.figures()
    assert (figures["entries"], figures["unnumbered"], figures["oldest_unnumbered_at"]) == (3, 2, 1_001)
    assert (figures["batches"], figures["batches_unanchored"], figures["earliest_open_anchor_by"]) == (1, 1, 1_300)
