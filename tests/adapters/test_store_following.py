"""Followed blocks and what they settle, on a real PostgreSQL."""

import secrets
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from ledger.core.hexadecimal import to_hex
from ledger.core.history import Block, ChainEvent
from ledger.rows import FollowedBlock, FollowedState, NewBatch, NewTransaction, Receipt, SearchQuery
from ledger.store.migrate import migrate
from ledger.store.postgres import PostgresStore
from tests.adapters.stored_things import ADDRESS, new_entry, new_record, new_submission

pytestmark = pytest.mark.adapters


@pytest.fixture
def store(database: str) -> Iterator[PostgresStore]:
    migrate(database)
    opened = PostgresStore(database)
    yield opened
    opened.close()


def block_hash(number: int) -> str:
    return to_hex(number.to_bytes(32, "big"))


def followed(number: int, *events: tuple[str, Mapping[str, Any]]) -> FollowedBlock:
    block = Block(number, block_hash(number), block_hash(number - 1) if number else to_hex(bytes(32)), 10 * number)
    sent = to_hex(secrets.token_bytes(32))
    logs = [ChainEvent(number, place, sent, "RecordAnchors", name, args) for place, (name, args) in enumerate(events)]
    return FollowedBlock(block, logs, [sent])


def marked(record_id: bytes, *, agency: int = 7, version: int = 0, mark: int = 1) -> tuple[str, Mapping[str, Any]]:
    args = {"agency": agency, "recordId": to_hex(record_id), "version": version, "mark": mark, "reason": 1}
    return "Marked", args


def test_followed_blocks_come_back_with_their_events(store: PostgresStore) -> None:
    blocks = [followed(0), followed(1, marked(bytes(32)), marked(bytes(32), mark=2)), followed(2)]
    with store.begin() as tx:
        assert tx.followed_head() is None
        assert tx.followed_state() == FollowedState(0, 0, None)
        tx.add_followed(blocks, 77)
    with store.begin() as tx:
        assert tx.followed_state() == FollowedState(0, 77, 2)
        assert tx.followed_head() == blocks[2].block == tx.followed_block(2)
        assert tx.followed_block(3) is None
        assert tx.blocks_after(-1, 10) == blocks
        assert tx.blocks_after(-1, 2) == blocks[:2]
        assert tx.blocks_after(2, 10) == []
        tx.note_checked(80)
        tx.note_checked(79)
        assert (tx.seen_state().checked_at, tx.generation()) == (80, 0)


def test_an_anchored_event_settles_its_batch_and_a_rewind_takes_that_back(store: PostgresStore) -> None:
    root = secrets.token_bytes(32)
    with store.begin() as tx:
        entry = new_entry()
        tx.add_batch(NewBatch(1, 1, root, 1, [tx.add_entry(entry)], 5, "anchor/1/1"))
        assert tx.add_transaction(NewTransaction("anchor/1/1", ADDRESS, ADDRESS, b"data"), 5).state == "received"
    args = {"gateway": 1, "batch": 1, "root": to_hex(root), "leafCount": 1, "firstSequence": 1, "head": "0x"}
    anchoring = followed(1, ("Anchored", args))
    with store.begin() as tx:
        tx.add_followed([followed(0), anchoring], 20)
        batch, stored = tx.batch(1, 1), tx.entry(entry.digest)
        assert batch is not None
        assert stored is not None
        assert (batch.anchored_block, batch.anchored_transaction) == (1, anchoring.transactions[0])
        assert (stored.sequence, stored.batch, stored.anchored_at) == (1, 1, 10)
        assert tx.entries_after(0, 5) == [stored]
        assert len(tx.anchoring_seconds(0)) == 1
        assert tx.unanchored_batches(1) == []
        tx.rewind(0)
        batch = tx.batch(1, 1)
        assert batch is not None
        assert (batch.anchored_block, batch.anchored_transaction) == (None, None)
        assert tx.entries_after(0, 5) == []
        assert tx.followed_state() == FollowedState(1, 20, 0)
        assert tx.blocks_after(0, 5) == []


def test_an_anchored_event_with_another_root_settles_nothing(store: PostgresStore) -> None:
    with store.begin() as tx:
        tx.add_batch(NewBatch(1, 1, b"\x01" * 32, 1, [tx.add_entry(new_entry())], 5, "anchor/1/1"))
        args = {"gateway": 1, "batch": 1, "root": to_hex(b"\x02" * 32), "leafCount": 1, "firstSequence": 1}
        tx.add_followed([followed(0, ("Anchored", args))], 20)
        assert len(tx.unanchored_batches(1)) == 1


def test_a_mark_of_the_publisher_hides_a_record_until_it_is_rewound(store: PostgresStore) -> None:
    withdrawn, erased, disputed, foreign = (new_record() for _ in range(4))

    def found() -> set[bytes]:
        with store.begin() as tx:
            return {record.record_id for record in tx.search(SearchQuery(item=1))}

    with store.begin() as tx:
        tx.add_submission(new_submission([withdrawn, erased, disputed, foreign]))
        tx.add_followed([followed(0), followed(1, marked(withdrawn.record_id))], 1)
        marks = (
            marked(withdrawn.record_id, mark=4, version=1),
            marked(erased.record_id, mark=4, version=1),
            marked(disputed.record_id, mark=3),
            marked(foreign.record_id, agency=8),
            marked(foreign.record_id, version=2),
        )
        tx.add_followed([followed(2, *marks)], 2)
    assert found() == {disputed.record_id, foreign.record_id}
    with store.begin() as tx:
        assert tx.record(erased.record_id) is not None
        tx.rewind(1)
    assert found() == {erased.record_id, disputed.record_id, foreign.record_id}
    with store.begin() as tx:
        tx.rewind(0)
    assert withdrawn.record_id in found()


def test_a_mark_that_came_first_hides_the_version_that_it_speaks_of(store: PostgresStore) -> None:
    whole, second_only = new_record(), new_record()
    with store.begin() as tx:
        marks = marked(whole.record_id), marked(second_only.record_id, version=2)
        tx.add_followed([followed(0, *marks)], 1)
        tx.add_submission(new_submission([whole, second_only]))
        assert [record.record_id for record in tx.search(SearchQuery(item=1))] == [second_only.record_id]
        later = new_record(record_id=second_only.record_id, version=2)
        tx.add_submission(new_submission([later]))
        assert tx.search(SearchQuery(item=1)) == []


def test_outbox_rows_go_their_way_and_come_back_when_the_chain_loses_them(store: PostgresStore) -> None:
    intent = NewTransaction("deploy/x", ADDRESS, None, b"code")
    tx_hash = to_hex(secrets.token_bytes(32))
    with store.begin() as tx:
        row = tx.add_transaction(intent, 3)
        assert tx.add_transaction(NewTransaction("deploy/x", ADDRESS, ADDRESS, b"other"), 4) == row
        assert tx.unsettled() == [row] == tx.unsettled(ADDRESS)
        assert tx.unsettled("0xother") == []
        assert not tx.any_sent()
        tx.postpone(row.outbox_id, 9, "the node does not answer")
        tx.sign_transaction(row.outbox_id, 4, 21_000, b"raw", tx_hash)
        assert tx.any_sent()
        tx.mark_submitted(row.outbox_id, 6, 16)
        tx.mark_submitted(row.outbox_id, 7, 17)
        sent = tx.transaction("deploy/x")
        assert sent is not None
        assert (sent.state, sent.submitted_at, sent.attempts, sent.retry_at) == ("submitted", 6, 3, 17)
        tx.settle(row.outbox_id, Receipt(tx_hash, 5, block_hash(5), 2, True, ADDRESS, 99), 8)
        done = tx.transaction("deploy/x")
        assert done is not None
        assert (done.state, done.block, done.tx_index, done.settled_at) == ("final", 5, 2, 8)
        assert done.contract_address == ADDRESS
        assert tx.raw_transactions([tx_hash, block_hash(1)]) == {tx_hash: b"raw"}
        assert (tx.highest_tx_nonce(ADDRESS), tx.highest_tx_nonce("0xother")) == (4, None)
        assert tx.highest_tx_nonces() == {ADDRESS: 4}
        tx.unsettle_after(5)
        assert tx.unsettled() == []
        assert tx.unsettle_from(ADDRESS, 5) == 0
        assert tx.unsettle_from(ADDRESS, 4) == 1
        again = tx.transaction("deploy/x")
        assert again is not None
        assert (again.state, again.raw, again.submitted_at, again.retry_at) == ("submitted", b"raw", 6, 0)
        tx.settle(row.outbox_id, Receipt(tx_hash, 7, block_hash(7), 2, False, None, 99), 9)
        failed = tx.transaction("deploy/x")
        assert failed is not None
        assert (failed.state, failed.error) == ("failed", "the transaction was mined and reverted")
        assert tx.figures()["quarantined"] == 1
