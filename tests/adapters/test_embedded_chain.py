"""The embedded chain against the real anvil: kills, snapshots, replay."""

import gzip
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.embedded import chain, genesis, ports, processes, snapshots
from ledger.embedded.data_folder import DataFolder
from ledger.embedded.replay import ReplayBlock, replay
from ledger.embedded.rpc import Rpc
from ledger.errors import EngineError
from tests.chain_growth import Sender, everything, grow, kill, receipt

pytestmark = pytest.mark.adapters


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    made = DataFolder.at(tmp_path / "stack")
    made.create()
    yield made
    processes.stop(made, chain.NAME)


def grown_chain(folder: DataFolder, blocks: int) -> tuple[Sender, list[ReplayBlock], object]:
    """A chain of `blocks` blocks with a snapshot in its middle, begun an hour ago; killed."""
    begun_at = int(time.time()) - 3600
    genesis.save(folder, replace(genesis.load_or_create(folder), time=begun_at))
    endpoint = chain.start(folder)
    sender = Sender(endpoint)
    with Rpc(endpoint.rpc_url) as rpc:
        rpc.call("evm_setTime", begun_at)
        sender.deploy(rpc)
        grow(rpc, sender, blocks // 2)
        chain.take_snapshot(folder)
        grow(rpc, sender, blocks - blocks // 2)
        followed, before = sender.follow(rpc), everything(rpc)
    kill(folder)
    return sender, followed, before


def restart(folder: DataFolder, followed: Sequence[ReplayBlock], before: object) -> int:
    """Start the killed chain and replay; everything must be as it was. Returns the block it started from."""
    endpoint = chain.start(folder)
    assert replay(endpoint.rpc_url, followed) == len(followed) - endpoint.head_number
    with Rpc(endpoint.rpc_url) as rpc:
        assert everything(rpc) == before
    return endpoint.head_number


def test_replay_after_a_kill_brings_back_every_block_with_its_hash_logs_and_receipts(folder: DataFolder) -> None:
    sender, followed, before = grown_chain(folder, 30)
    assert 0 < restart(folder, followed, before) < len(followed)
    # The chain goes on by itself, at the time of day or later.
    with Rpc(chain.running_url(folder)) as rpc:
        receipt(rpc, sender.send(rpc, 0))
        newest = rpc.call("eth_getBlockByNumber", "latest", False)
    assert int(newest["timestamp"], 16) >= max(followed[-1].time, int(time.time()) - 5)


def test_replay_from_genesis_brings_back_every_block_when_there_is_no_snapshot(folder: DataFolder) -> None:
    _, followed, before = grown_chain(folder, 30)
    chain.drop_snapshots(folder)
    assert restart(folder, followed, before) == 0


def test_a_chain_stopped_in_order_comes_back_whole_without_replay(folder: DataFolder) -> None:
    endpoint = chain.start(folder)
    sender = Sender(endpoint)
    with Rpc(endpoint.rpc_url) as rpc:
        sender.deploy(rpc)
        grow(rpc, sender, 6)
        followed, before = sender.follow(rpc), everything(rpc)
    assert chain.stop(folder)
    assert restart(folder, followed, before) == len(followed)


@pytest.mark.parametrize("damage", ["empty", "cut off", "changed byte", "not a state", "unfinished dump"])
def test_a_damaged_snapshot_is_passed_over_for_the_older_one(folder: DataFolder, damage: str) -> None:
    _, followed, before = grown_chain(folder, 12)
    (older,) = snapshots.newest_first(folder)
    good = older.read_bytes()
    newer = older.with_name("block-000000000011.json.gz")
    if damage == "empty":
        newer.write_bytes(b"")
    elif damage == "cut off":
        newer.write_bytes(good[: len(good) // 2])
    elif damage == "changed byte":
        newer.write_bytes(good[:200] + bytes([good[200] ^ 1]) + good[201:])
    elif damage == "not a state":
        newer.write_bytes(gzip.compress(b'{"blocks": 3}'))
    else:
        newer.with_name(newer.name + ".unfinished").write_bytes(good[:100])
    assert restart(folder, followed, before) == snapshots.block_number(older)


def test_only_the_three_newest_snapshots_are_kept_and_none_is_left_unfinished(folder: DataFolder) -> None:
    endpoint = chain.start(folder)
    with Rpc(endpoint.rpc_url) as rpc:
        for _ in range(5):
            rpc.call("evm_mine")
            chain.take_snapshot(folder)
    assert [snapshots.block_number(path) for path in snapshots.newest_first(folder)] == [5, 4, 3]
    assert len(list(snapshots.snapshot_folder(folder).iterdir())) == 3


def test_no_snapshot_is_taken_while_transactions_wait(folder: DataFolder) -> None:
    endpoint = chain.start(folder)
    sender = Sender(endpoint)
    with Rpc(endpoint.rpc_url) as rpc:
        rpc.call("evm_setAutomine", False)
        sender.send(rpc, 0)
        assert chain.take_snapshot(folder) is None
        rpc.call("evm_mine")
    assert chain.take_snapshot(folder) is not None


class MinedMeanwhile(Rpc):
    """A connection on which a block is mined during each dump."""

    def call(self, method: str, *parameters: object) -> Any:
        found = super().call(method, *parameters)
        if method == "anvil_dumpState":
            super().call("evm_mine")
        return found


def test_a_dump_during_which_a_block_was_mined_is_not_kept(folder: DataFolder) -> None:
    with MinedMeanwhile(chain.start(folder).rpc_url) as rpc:
        assert snapshots.take(folder, rpc) is None
    assert snapshots.newest_first(folder) == []


def test_a_snapshot_is_due_after_a_hundred_blocks_or_a_hundredth_of_the_chain(folder: DataFolder) -> None:
    assert not snapshots.is_due(folder, 99)
    assert snapshots.is_due(folder, 100)
    snapshots.keep(folder, 40_000, b"")
    assert not snapshots.is_due(folder, 40_399)
    assert snapshots.is_due(folder, 40_400)


def test_the_worker_takes_a_snapshot_only_when_one_is_due(folder: DataFolder) -> None:
    endpoint = chain.start(folder)
    assert chain.take_snapshot_if_due(folder) is None
    with Rpc(endpoint.rpc_url) as rpc:
        rpc.call("anvil_mine", hex(snapshots.DUE_BLOCKS))
    assert chain.take_snapshot_if_due(folder) is not None
    assert chain.take_snapshot_if_due(folder) is None


def test_replay_names_the_block_whose_hash_differs_and_leaves_automine_off(folder: DataFolder) -> None:
    _, followed, _ = grown_chain(folder, 12)
    followed[9] = replace(followed[9], time=followed[9].time + 1)
    endpoint = chain.start(folder)
    with pytest.raises(EngineError, match=r"^block 10 is 0x.* was followed$"):
        replay(endpoint.rpc_url, followed)
    with Rpc(endpoint.rpc_url) as rpc:
        assert rpc.call("anvil_getAutomine") is False


def test_replay_refuses_a_snapshot_that_holds_another_history(folder: DataFolder) -> None:
    _, followed, _ = grown_chain(folder, 12)
    endpoint = chain.start(folder)
    foreign = replace(followed[endpoint.head_number - 1], hash="0x" + "11" * 32)
    with pytest.raises(EngineError, match=f"^block {endpoint.head_number} is "):
        replay(endpoint.rpc_url, [*followed[: endpoint.head_number - 1], foreign])


def test_replay_names_a_block_that_is_missing_from_the_followed_ones(folder: DataFolder) -> None:
    _, followed, _ = grown_chain(folder, 12)
    endpoint = chain.start(folder)
    with pytest.raises(EngineError, match="block 9 is missing"):
        replay(endpoint.rpc_url, followed[:8] + followed[9:])


def test_replay_names_the_block_whose_transaction_is_refused(folder: DataFolder) -> None:
    _, followed, _ = grown_chain(folder, 12)
    chain.drop_snapshots(folder)
    followed[0] = replace(followed[0], raw_transactions=[b"\x01\x02"])
    endpoint = chain.start(folder)
    with pytest.raises(EngineError, match="block 1 cannot be replayed"):
        replay(endpoint.rpc_url, followed)


def test_replay_says_that_a_block_holds_what_others_sent(folder: DataFolder) -> None:
    _, followed, _ = grown_chain(folder, 12)
    endpoint = chain.start(folder)
    followed[0] = replace(followed[0], raw_transactions=[], foreign=1)
    assert replay(endpoint.rpc_url, followed) == len(followed) - endpoint.head_number
    chain.stop(folder)
    chain.drop_snapshots(folder)
    endpoint = chain.start(folder)
    with pytest.raises(EngineError, match="block 1 cannot be replayed: 1 of its transactions were not sent from here"):
        replay(endpoint.rpc_url, followed)


def test_a_chain_keeps_its_genesis_and_no_two_folders_have_the_same(folder: DataFolder, tmp_path: Path) -> None:
    first = chain.start(folder)
    kill(folder)
    second = chain.start(folder)
    assert (first.chain_id, first.genesis_hash) == (second.chain_id, second.genesis_hash)
    other_folder = DataFolder.at(tmp_path / "other")
    other = chain.start(other_folder)
    try:
        assert other.chain_id != first.chain_id
        assert other.genesis_hash != first.genesis_hash
        assert chain.status(folder) is not None
    finally:
        chain.stop(other_folder)
    assert chain.status(folder) == second


def test_a_chain_has_no_accounts_that_anybody_knows_and_answers_on_loopback_only(folder: DataFolder) -> None:
    endpoint = chain.start(folder)
    known_to_everybody = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
    with Rpc(endpoint.rpc_url) as rpc:
        assert rpc.call("eth_accounts") == []
        assert int(rpc.call("eth_getBalance", known_to_everybody, "latest"), 16) == 0
        assert int(rpc.call("eth_gasPrice"), 16) == 0
    assert endpoint.rpc_url.startswith("http://127.0.0.1:")


def test_a_port_that_somebody_took_meanwhile_is_chosen_anew(folder: DataFolder) -> None:
    first = chain.start(folder)
    chain.stop(folder)
    port = ports.remembered(folder, chain.NAME)
    assert port is not None
    with socket.create_server((ports.HOST, port)):
        second = chain.start(folder)
        assert second.rpc_url != first.rpc_url
        assert second.genesis_hash == first.genesis_hash
        chain.stop(folder)
    assert chain.start(folder).rpc_url == second.rpc_url


def test_what_a_killed_chain_left_in_its_scratch_folder_is_deleted(folder: DataFolder) -> None:
    chain.start(folder)
    kill(folder)
    left = chain.scratch(folder) / "left-behind"
    left.write_bytes(b"x")
    chain.start(folder)
    assert not left.exists()


def test_a_missing_anvil_is_told_with_its_cure(folder: DataFolder) -> None:
    with pytest.raises(EngineError, match="npm ci"):
        chain.start(folder, folder.root / "no-such-program")
