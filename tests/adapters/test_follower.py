"""Following a real chain: whatever it does, the stored blocks are its blocks."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import cast

import pytest

from ledger.core.codes import Role
from ledger.core.history import AsOf
from ledger.errors import ChainBehind, ChainError
from ledger.ports import Chain, Store
from ledger.services.follow import follow_once, rewind_to_head
from ledger.services.send import send_pending
from tests.adapters.ground import Crash, FragileChain, FragileStore, Ground, Tripwire, standing_ground

pytestmark = pytest.mark.adapters


@pytest.fixture
def ground(database: str, chain_rpc: str) -> Iterator[Ground]:
    with standing_ground(database, chain_rpc) as standing:
        yield standing


def assert_followed(ground: Ground) -> None:
    """The database holds the chain from genesis to head, and its history is the fold of it."""
    head = ground.chain.head()
    expected = ground.chain.followed_blocks(0, head.number)
    with ground.store.begin() as transaction:
        assert list(transaction.blocks_after(-1, 10**6)) == list(expected)
    assert ground.history().newest_block == head


def test_everything_from_genesis_on_is_followed_with_its_events(ground: Ground) -> None:
    head = ground.chain.head().number
    assert ground.follow() == head + 1
    assert ground.follow() == 0
    assert_followed(ground)
    history = ground.history()
    key = history.keys[ground.senders[0]]
    assert (key.agency, key.roles) == (ground.gateway.agency, Role.ANCHOR.bit)
    assert history.agencies[ground.gateway.agency].kind == 22
    with ground.store.begin() as transaction:
        assert time.time() - transaction.seen_state().checked_at < 60


def test_confirmations_hold_back_the_newest_blocks(ground: Ground) -> None:
    head = ground.chain.head().number
    assert follow_once(ground.store, ground.chain, 2, 100) == head - 1
    with ground.store.begin() as transaction:
        assert transaction.followed_state().newest_block == head - 2
    assert follow_once(ground.store, ground.chain, 10**6, 100) == 0


def test_a_reorganization_of_several_blocks_takes_back_what_it_replaced(ground: Ground) -> None:
    ground.follow()
    snapshot = ground.sandbox.rpc("evm_snapshot")
    first = ground.sandbox.bind(ground.gateway, Role.SUBMIT)
    ground.sandbox.rpc("anvil_mine", "0x3")
    ground.follow()
    before = ground.history()
    assert first.address in before.keys
    assert ground.sandbox.rpc("evm_revert", snapshot)
    ground.sandbox.sleep(7)
    second = ground.sandbox.bind(ground.gateway, Role.READ)
    ground.sandbox.rpc("anvil_mine", "0x5")
    ground.follow()
    assert_followed(ground)
    after = ground.history()
    assert after is not before
    assert first.address not in after.keys
    assert second.address in after.keys
    with ground.store.begin() as transaction:
        assert transaction.generation() == 1


def test_a_shorter_replacement_is_a_reorganization_too(ground: Ground) -> None:
    snapshot = ground.sandbox.rpc("evm_snapshot")
    ground.sandbox.rpc("anvil_mine", "0x6")
    ground.follow()
    assert ground.sandbox.rpc("evm_revert", snapshot)
    ground.sandbox.sleep(9)
    ground.follow()
    assert_followed(ground)


def test_a_transaction_in_replaced_blocks_is_submitted_again_and_final_in_the_new_ones(ground: Ground) -> None:
    ground.follow()
    ground.intend("a")
    snapshot = ground.sandbox.rpc("evm_snapshot")
    ground.run()
    replaced = ground.row("a")
    assert ground.sandbox.rpc("evm_revert", snapshot)
    ground.sandbox.sleep(5)
    ground.sandbox.sleep(5)
    ground.follow()
    assert ground.row("a").state == "submitted"
    assert ground.row("a").block is None
    ground.run(now=3_000)
    again = ground.row("a")
    assert (again.state, again.tx_hash, again.block) == ("final", replaced.tx_hash, (replaced.block or 0) + 2)


def test_a_reorganization_between_two_questions_is_noticed(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = ground.sandbox.rpc("evm_snapshot")
    ground.sandbox.rpc("anvil_mine", "0x2")
    ground.follow()
    ground.sandbox.rpc("anvil_mine", "0x2")
    replace = replacement(ground, snapshot)
    real = ground.chain.followed_blocks
    monkeypatch.setattr(ground.chain, "followed_blocks", lambda *span: (replace(), real(*span))[1])
    assert ground.follow() == 0
    monkeypatch.undo()
    ground.follow()
    assert_followed(ground)


def test_a_reorganization_while_blocks_are_read_is_noticed(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = ground.sandbox.rpc("evm_snapshot")
    ground.sandbox.rpc("anvil_mine", "0x2")
    replace = replacement(ground, snapshot)
    real = ground.chain.events
    monkeypatch.setattr(ground.chain, "events", lambda *span: (replace(), real(*span))[1])
    with pytest.raises(ChainError, match="changed while it was read"):
        ground.follow()
    monkeypatch.undo()
    ground.follow()
    assert_followed(ground)


def replacement(ground: Ground, snapshot: str) -> Callable[[], None]:
    """What replaces everything after the snapshot by other blocks."""

    def replace() -> None:
        assert ground.sandbox.rpc("evm_revert", snapshot)
        for _ in range(5):
            ground.sandbox.sleep(7)

    return replace


def test_a_node_that_is_behind_is_waited_for(ground: Ground) -> None:
    snapshot = ground.sandbox.rpc("evm_snapshot")
    height = ground.chain.head().number
    ground.sandbox.rpc("anvil_mine", "0x4")
    ground.follow()
    assert ground.sandbox.rpc("evm_revert", snapshot)
    with pytest.raises(ChainBehind, match=f"head is block {height}; block {height + 4} was followed"):
        ground.follow()
    with ground.store.begin() as transaction:
        assert transaction.followed_state().newest_block == height + 4
        assert transaction.generation() == 0
    rewind_to_head(ground.store, ground.chain)
    assert_followed(ground)


def test_another_chain_is_never_followed(ground: Ground) -> None:
    ground.follow()
    with ground.store.begin() as transaction:
        blocks = transaction.blocks_after(-1, 10**6)
        transaction._run("UPDATE blocks SET hash = sha256(hash)")  # type: ignore[attr-defined]
    with pytest.raises(ChainError, match="genesis"):
        ground.follow()
    with ground.store.begin() as transaction:
        assert len(transaction.blocks_after(-1, 10**6)) == len(blocks)


def test_a_crash_at_any_step_loses_and_doubles_nothing(ground: Ground) -> None:
    counted = Tripwire()
    fragile_follow(ground, counted)
    for fatal in range(1, counted.steps + 4):
        ground.sandbox.sleep(1)
        wire = Tripwire(fatal)
        try:
            fragile_follow(ground, wire)
        except Crash:
            ground.follow()
        assert_followed(ground)


def fragile_follow(ground: Ground, wire: Tripwire) -> int:
    chain, store = FragileChain(ground.chain, wire), FragileStore(ground.store, wire)
    return follow_once(cast("Store", store), cast("Chain", chain), 0, 2_000)


def test_two_followers_at_once_store_every_block_once(ground: Ground) -> None:
    failures: list[BaseException] = []

    def follow() -> None:
        try:
            for _ in range(5):
                ground.follow()
        except BaseException as failure:  # noqa: BLE001 (told to the test)
            failures.append(failure)

    threads = [threading.Thread(target=follow) for _ in range(3)]
    for thread in threads:
        thread.start()
    ground.sandbox.rpc("anvil_mine", hex(50))
    for thread in threads:
        thread.join(60)
    assert failures == []
    ground.follow()
    assert_followed(ground)


def test_thousands_of_blocks_are_followed_in_seconds(ground: Ground) -> None:
    ground.follow()
    ground.sandbox.rpc("anvil_mine", hex(4_000), "0x2")
    started = time.monotonic()
    assert ground.follow() == 4_000
    assert time.monotonic() - started < 10
    assert ground.history().newest_block == ground.chain.head()


def test_a_history_is_kept_up_to_date_without_folding_it_anew(ground: Ground) -> None:
    ground.follow()
    history = ground.history()
    assert ground.history() is history
    key = ground.sandbox.bind(ground.gateway, Role.READ)
    ground.follow()
    assert ground.history() is history
    as_of = AsOf(ground.chain.head().time)
    assert history.why_not_entitled(key.address, Role.READ, ground.gateway.agency, as_of) is None


def test_threads_share_one_history_while_it_grows(ground: Ground) -> None:
    failures: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                history = ground.history()
                newest = history.newest_block
                assert newest is not None
                assert history.newest_block_by(newest.time) is not None
        except BaseException as failure:  # noqa: BLE001 (told to the test)
            failures.append(failure)

    ground.follow()
    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        ground.sandbox.bind(ground.gateway, Role.READ)
        snapshot = ground.sandbox.rpc("evm_snapshot")
        ground.sandbox.sleep(1)
        ground.follow()
        ground.sandbox.rpc("evm_revert", snapshot)
        ground.sandbox.sleep(3)
        ground.follow()
    done.set()
    for thread in threads:
        thread.join(30)
    assert failures == []
    assert_followed(ground)


def test_settling_waits_for_confirmations(ground: Ground) -> None:
    ground.intend("a")
    height = ground.chain.head().number
    for _ in range(2):
        send_pending(ground.store, ground.chain, ground.signers, 2_000, height)
    assert ground.row("a").state == "submitted"
    ground.sandbox.rpc("anvil_mine", "0x1")
    send_pending(ground.store, ground.chain, ground.signers, 2_000, height + 1)
    assert ground.row("a").state == "final"
