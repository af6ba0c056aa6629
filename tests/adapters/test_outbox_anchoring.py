"""Anchoring on real contracts: one stream without gaps, whoever crashes, races or loses a key."""

import threading
import time
from collections.abc import Iterator
from typing import cast

import pytest

from ledger.chain.client import Web3Chain
from ledger.core.history import stream_faults
from ledger.core.merkle import MerkleTree, entry_leaf
from ledger.errors import ChainError, StreamDiverged
from ledger.ports import Store
from ledger.services.anchor import NEXT_ROUND_SECONDS, anchor_pending
from ledger.services.facts import HistoryCache
from ledger.services.work import Worker
from tests.adapters.ground import Crash, FragileChain, FragileStore, Ground, Tripwire, standing_ground
from tests.adapters.stored_things import new_entry
from tests.contracts.sandbox import Key

pytestmark = pytest.mark.adapters


@pytest.fixture
def ground(database: str, chain_rpc: str) -> Iterator[Ground]:
    with standing_ground(database, chain_rpc) as standing:
        yield standing


def accept(ground: Ground, count: int, *, created_at: int = 1_000) -> list[bytes]:
    entries = [new_entry(created_at=created_at) for _ in range(count)]
    with ground.store.begin() as transaction:
        for entry in entries:
            transaction.add_entry(entry)
    return [entry.digest for entry in entries]


def fix(ground: Ground, *, now: float = 2_000, most_entries: int = 65_536, oldest_seconds: float = 0.0) -> int | None:
    anchoring = ground.anchoring(most_entries=most_entries, oldest_seconds=oldest_seconds)
    return anchor_pending(ground.store, anchoring, ground.history(), now)


def assert_anchored(ground: Ground, digests: list[bytes]) -> None:
    """Every entry stands once in the stream, and the chain's stream is the database's."""
    gateway = ground.gateway.agency
    history = ground.history()
    assert stream_faults(history, gateway) == []
    with ground.store.begin() as transaction:
        stored = transaction.entries_after(0, 10**6)
        assert sorted(entry.entry.digest for entry in stored) == sorted(digests)
        assert [entry.sequence for entry in stored] == list(range(1, len(digests) + 1))
        for batch in transaction.batches_after(gateway, 0, 10**6):
            leaves = [entry_leaf(*leaf) for leaf in transaction.leaves_of_batch(gateway, batch.batch)]
            on_chain = history.anchor(gateway, batch.batch)
            assert on_chain is not None
            assert on_chain.root == batch.root == MerkleTree(leaves).root
            assert on_chain.transaction == batch.anchored_transaction


def revoke(ground: Ground, sender: str) -> None:
    key = Key(next(f"number {n}" for n in range(100) if Key(f"number {n}").address == sender))
    members = {"actor": ground.gateway.admin.address, "key": key.address, "reason": 1, "suspectFrom": 0}
    message = ground.sandbox.message("RevokeKey", **members)
    signatures = ground.sandbox.sign("RevokeKey", message, ground.gateway.admin)
    ground.sandbox.send(ground.sandbox.registry.revoke_key(message, *signatures))


def test_entries_are_anchored_once_they_are_old_or_many_enough(ground: Ground) -> None:
    digests = accept(ground, 3, created_at=1_000)
    assert fix(ground, now=1_001.9, oldest_seconds=2) is None
    assert fix(ground, now=1_001.9, oldest_seconds=2, most_entries=4) is None
    assert fix(ground, now=1_001.9, oldest_seconds=2, most_entries=3) == 1
    digests += accept(ground, 1, created_at=1_001)
    ground.run()
    assert fix(ground, now=1_003, oldest_seconds=2) == 2
    assert fix(ground, now=9_999) is None
    ground.run()
    assert_anchored(ground, digests)
    assert ground.row(f"anchor/{ground.gateway.agency}/1").state == "final"


def test_no_batch_is_fixed_while_one_is_not_sent(ground: Ground) -> None:
    digests = accept(ground, 1)
    assert fix(ground) == 1
    digests += accept(ground, 5)
    assert fix(ground) is None
    ground.run()
    assert fix(ground) == 2
    ground.run()
    assert_anchored(ground, digests)


def test_whoever_finds_the_stream_locked_leaves_it_alone(ground: Ground) -> None:
    accept(ground, 1)
    with ground.store.begin() as other:
        assert other.lock_stream(ground.gateway.agency)
        assert fix(ground) is None
    assert fix(ground) == 1


def test_an_entry_shows_each_state_with_its_time(ground: Ground) -> None:
    (digest,) = accept(ground, 1, created_at=1_000)

    def places() -> tuple[object, ...]:
        with ground.store.begin() as transaction:
            stored = transaction.entry(digest)
        assert stored is not None
        return stored.sequence, stored.batch, stored.submitted_at, stored.anchored_at

    assert places() == (None, None, None, None)
    fix(ground)
    assert places() == (1, 1, None, None)
    ground.run(now=2_000)
    assert places() == (1, 1, 2_000, ground.chain.head().time)


def test_the_other_key_sends_the_same_batch_when_the_first_is_revoked(ground: Ground) -> None:
    digests = accept(ground, 2)
    fix(ground)
    first, second = ground.senders
    revoke(ground, first)
    ground.run()
    assert "KeyNotEntitled" in (ground.row(f"anchor/{ground.gateway.agency}/1").error or "")
    assert fix(ground) is None
    ground.run()
    carried = ground.row(f"anchor/{ground.gateway.agency}/1#2")
    assert (carried.state, carried.sender) == ("final", second)
    assert_anchored(ground, digests)
    digests += accept(ground, 2)
    assert fix(ground) == 2
    assert ground.row(f"anchor/{ground.gateway.agency}/2").sender == second
    ground.run()
    assert_anchored(ground, digests)


def test_when_every_key_is_refused_they_are_tried_again_after_a_pause(ground: Ground) -> None:
    accept(ground, 2)
    fix(ground)
    for sender in ground.senders:
        revoke(ground, sender)
    intent = f"anchor/{ground.gateway.agency}/1"
    ground.run(now=2_000)
    fix(ground, now=2_000)
    ground.run(now=2_000)
    assert ground.row(f"{intent}#2").state == "failed"
    fix(ground, now=2_000 + NEXT_ROUND_SECONDS - 1)
    with ground.store.begin() as transaction:
        assert transaction.transaction(f"{intent}#3") is None
    fix(ground, now=2_000 + NEXT_ROUND_SECONDS)
    assert ground.row(f"{intent}#3").sender == ground.senders[0]


def test_a_crash_at_any_step_continues_the_stream_where_it_was(ground: Ground) -> None:
    counted = Tripwire()
    digests = accept(ground, 2)
    fragile_pass(ground, counted)
    for fatal in range(1, counted.steps + 1):
        digests += accept(ground, 2)
        with pytest.raises(Crash):
            fragile_pass(ground, Tripwire(fatal))
        fix(ground)
        ground.run()
    fix(ground)
    ground.run()
    assert_anchored(ground, digests)


def fragile_pass(ground: Ground, wire: Tripwire) -> None:
    store, chain = cast("Store", FragileStore(ground.store, wire)), FragileChain(ground.chain, wire)
    anchor_pending(store, ground.anchoring(), ground.history(), 2_000)
    ground.run(chain=chain, store=store)  # type: ignore[arg-type]


def test_two_workers_started_by_mistake_anchor_one_stream(ground: Ground, chain_rpc: str) -> None:
    stop = threading.Event()
    chains = [Web3Chain(chain_rpc, ground.sandbox.addresses) for _ in range(2)]
    workers = [
        Worker(ground.store, chain, ground.signers, ground.anchoring(oldest_seconds=0.05), poll_seconds=0.02)
        for chain in chains
    ]
    threads = [threading.Thread(target=worker.run, args=(stop,)) for worker in workers]
    for thread in threads:
        thread.start()
    digests: list[bytes] = []
    for _ in range(12):
        digests += accept(ground, 5)
        time.sleep(0.05)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and open_entries(ground):
        time.sleep(0.05)
    stop.set()
    for thread in threads:
        thread.join(30)
    for chain in chains:
        chain.close()
    assert_anchored(ground, digests)
    with ground.store.begin() as transaction:
        assert transaction.figures()["quarantined"] == 0
        assert len(transaction.batches_after(ground.gateway.agency, 0, 100)) > 1


def open_entries(ground: Ground) -> int:
    with ground.store.begin() as transaction:
        figures = transaction.figures()
    return figures["unnumbered"] + figures["batches_unanchored"] + figures["outbox_unsettled"]


def test_a_worker_fixes_what_was_accepted_while_the_chain_is_away_and_sends_it_later(ground: Ground) -> None:
    nowhere = Web3Chain("http://127.0.0.1:9", ground.sandbox.addresses, timeout_seconds=0.5)
    digests = accept(ground, 4)
    away = Worker(ground.store, nowhere, ground.signers, ground.anchoring(), clock=lambda: 2_000)
    with pytest.raises(ChainError):
        away.work_once()
    nowhere.close()
    with ground.store.begin() as transaction:
        batch = transaction.newest_batch(ground.gateway.agency)
    assert batch is not None
    assert (batch.leaf_count, batch.anchored_block) == (4, None)
    back = Worker(ground.store, ground.chain, ground.signers, ground.anchoring(), clock=lambda: 2_010)
    while back.work_once():
        pass
    assert_anchored(ground, digests)


def test_a_chain_that_stays_set_back_is_sent_everything_again(ground: Ground) -> None:
    now = [2_000.0]
    snapshot = ground.sandbox.rpc("evm_snapshot")
    worker = Worker(
        ground.store,
        ground.chain,
        ground.signers,
        ground.anchoring(),
        behind_patience_seconds=10,
        clock=lambda: now[0],
    )
    digests = accept(ground, 3)
    while worker.work_once():
        pass
    assert_anchored(ground, digests)
    assert ground.sandbox.rpc("evm_revert", snapshot)
    for waited in (0, 9, 10):
        now[0] = 3_000.0 + waited
        with pytest.raises(ChainError):
            worker.work_once()
    while worker.work_once():
        pass
    assert_anchored(ground, digests)


def test_a_database_older_than_the_chain_anchors_nothing(ground: Ground) -> None:
    accept(ground, 1)
    fix(ground)
    ground.run()
    with ground.store.begin() as transaction:
        transaction._run("DELETE FROM batches")  # type: ignore[attr-defined]
    accept(ground, 1)
    with pytest.raises(StreamDiverged, match="batch 1, the database ends with batch 0"):
        fix(ground)


def test_a_worker_forgets_nonces_that_expired_long_ago(ground: Ground) -> None:
    with ground.store.begin() as transaction:
        transaction.consume_nonce("0xkey", "old", 1_000)
        transaction.consume_nonce("0xkey", "young", 1_950)
    worker = Worker(
        ground.store, ground.chain, ground.signers, ground.anchoring(), clock=lambda: 2_000, facts=HistoryCache()
    )
    worker.work_once()
    with ground.store.begin() as transaction:
        assert transaction.consume_nonce("0xkey", "old", 3_000)
        assert not transaction.consume_nonce("0xkey", "young", 3_000)
