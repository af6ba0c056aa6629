"""The laptop's chain: anvil, for development only, with a memory that survives a kill.

anvil mines each transaction at once, without fees, and keeps everything in memory. Its own state file is not
crash-safe, so we take snapshots of our own (`snapshots`) and the outbox's stored transactions bring back the rest
(`replay`).
"""

import platform
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ledger.embedded import genesis as genesis_file
from ledger.embedded import ports, processes, snapshots
from ledger.embedded.clock import set_clock
from ledger.embedded.data_folder import DataFolder
from ledger.embedded.genesis import Genesis
from ledger.embedded.processes import ProcessRecord, Program
from ledger.embedded.rpc import NoAnswer, Rpc
from ledger.errors import EngineError

NAME = "chain"
START_TIMEOUT_SECONDS = 60.0
"""anvil takes 0.05 seconds, and about one per 20,000 blocks of a snapshot."""
START_ATTEMPTS = 3
"""How often another port is tried when somebody takes the chosen one in the moment before anvil does."""
STOP_PATIENCE_SECONDS = 5.0
PACKAGE_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True)
class ChainEndpoint:
    """A running chain: where it answers, which chain it is, and its newest block when it was asked."""

    rpc_url: str
    chain_id: int
    genesis_hash: str
    head_number: int
    pid: int


def anvil_program(configured: Path | None = None) -> Path:
    """The anvil program: the configured one, else the one that npm installed beside the sources.

    Raises EngineError when it is not there.
    """
    machine = PACKAGE_MACHINES.get(platform.machine().lower(), platform.machine().lower())
    package = f"node_modules/@foundry-rs/anvil-{sys.platform}-{machine}/bin/anvil"
    places = [configured] if configured else [root / package for root in (Path(__file__).parents[2], Path.cwd())]
    for place in places:
        if place.is_file():
            return place.absolute()
    raise EngineError(f"anvil is not installed: no {configured or package}; run `npm ci` in the project's folder")


def scratch(folder: DataFolder) -> Path:
    """Where anvil may leave files; nothing in it is needed after its end."""
    return folder.chain / "scratch"


def arguments(folder: DataFolder, anvil: Path, genesis: Genesis, port: int) -> list[str]:
    """The program line of a fresh chain."""
    return [
        str(anvil),
        *("--host", ports.HOST, "--port", str(port), "--quiet", "--no-cors", "--no-request-size-limit"),
        *("--chain-id", str(genesis.chain_id), "--hardfork", "london", "--accounts", "0"),
        *("--timestamp", str(genesis.time), "--gas-limit", str(genesis.gas_limit)),
        *("--base-fee", "0", "--gas-price", "0", "--disable-min-priority-fee"),
        # A replayed block must have its transactions in the order in which they are sent.
        *("--order", "fifo"),
        # Past states are asked by nobody (history is judged from events); keeping them costs memory and disk.
        *("--prune-history", "--cache-path", str(scratch(folder))),
    ]


def status(folder: DataFolder) -> ChainEndpoint | None:
    """The running chain of this folder; None when there is none or it does not answer."""
    record = processes.find(folder, NAME)
    port = ports.remembered(folder, NAME)
    if record is None or port is None:
        return None
    try:
        return identify(folder, record, port)
    except EngineError:
        return None


def start(
    folder: DataFolder, anvil: Path | None = None, *, from_genesis: bool = False, more: Sequence[str] = ()
) -> ChainEndpoint:
    """Start the chain from its newest usable snapshot, or from genesis; a running one is returned as it is.

    `anvil` is the program where it is not the installed one; `from_genesis` leaves the snapshots aside; `more` are
    further arguments of anvil.
    What came after the snapshot is not there yet: `replay` brings it back.
    Raises EngineError when it does not start or is not the chain of this folder.
    """
    folder.create()
    running = processes.find(folder, NAME)
    port = ports.remembered(folder, NAME)
    if running is not None and port is not None and answers_before_it_ends(running, port):
        return identify(folder, running, port)
    processes.stop(folder, NAME, patience_seconds=STOP_PATIENCE_SECONDS)
    program = anvil_program(anvil)
    usable = [] if from_genesis else snapshots.newest_first(folder)
    for snapshot in [*usable, None]:
        endpoint = start_from(folder, program, snapshot, more)
        if endpoint is not None:
            return endpoint
    raise EngineError(f"the chain does not start: {processes.last_words(folder.logs / f'{NAME}.log')}")


def start_from(folder: DataFolder, anvil: Path, snapshot: Path | None, more: Sequence[str]) -> ChainEndpoint | None:
    """Start the chain from `snapshot` (None: genesis); None when the snapshot cannot be used.

    Raises EngineError when the block that comes up first is not this folder's genesis.
    """
    genesis = genesis_file.load_or_create(folder)
    empty_scratch(folder)
    loading: list[str] = []
    if snapshot is not None:
        state = scratch(folder) / "state.json"
        if not snapshots.unpack(snapshot, state):
            return None
        loading = ["--load-state", str(state)]
    for _ in range(START_ATTEMPTS):
        port = ports.choose(folder, NAME)
        argv = [*arguments(folder, anvil, genesis, port), *loading, *more]
        record = processes.start(folder, Program(NAME, argv, directory=scratch(folder)))
        if not answers_before_it_ends(record, port):
            continue
        empty_scratch(folder)
        endpoint = identify(folder, record, port)
        if snapshot is None or endpoint.head_number >= snapshots.block_number(snapshot):
            with Rpc(endpoint.rpc_url) as rpc:
                set_clock(rpc)
            return endpoint
        processes.stop(folder, NAME, patience_seconds=STOP_PATIENCE_SECONDS)
        return None
    return None


def stop(folder: DataFolder) -> bool:
    """Take a snapshot, then stop the chain; returns whether it ran.

    A chain that does not answer is stopped without a snapshot: replay makes up for it.
    """
    endpoint = status(folder)
    if endpoint is not None:
        take_snapshot(folder)
    return processes.stop(folder, NAME, patience_seconds=STOP_PATIENCE_SECONDS)


def take_snapshot(folder: DataFolder) -> Path | None:
    """Write a snapshot of the running chain; restarts then begin there. None when the chain did not rest.

    Raises EngineError when the chain does not run.
    """
    with Rpc(running_url(folder)) as rpc:
        return snapshots.take(folder, rpc)


def take_snapshot_if_due(folder: DataFolder) -> Path | None:
    """Write a snapshot if the chain has grown by a good part since the last; for the worker to call now and then.

    Raises EngineError when the chain does not run.
    """
    with Rpc(running_url(folder)) as rpc:
        if not snapshots.is_due(folder, int(rpc.call("eth_blockNumber"), 16)):
            return None
        return snapshots.take(folder, rpc)


def running_url(folder: DataFolder) -> str:
    """The JSON-RPC address of the running chain; raises EngineError when it does not run."""
    port = ports.remembered(folder, NAME)
    if port is None or processes.find(folder, NAME) is None:
        raise EngineError("the chain does not run")
    return rpc_url(port)


def drop_snapshots(folder: DataFolder) -> None:
    """Delete all snapshots: the chain was rebuilt without them."""
    for snapshot in snapshots.newest_first(folder):
        snapshot.unlink()


def rpc_url(port: int) -> str:
    """The JSON-RPC address of a chain on `port`."""
    return f"http://{ports.HOST}:{port}"


def identify(folder: DataFolder, record: ProcessRecord, port: int) -> ChainEndpoint:
    """Ask the node on `port` who it is; the first time, remember its genesis hash.

    Raises EngineError when it is another chain than this folder's.
    """
    genesis = genesis_file.load_or_create(folder)
    with Rpc(rpc_url(port)) as rpc:
        chain_id = int(rpc.call("eth_chainId"), 16)
        genesis_hash = str(rpc.call("eth_getBlockByNumber", "0x0", False)["hash"])
        head_number = int(rpc.call("eth_blockNumber"), 16)
    if not genesis.block_hash and chain_id == genesis.chain_id:
        genesis = replace(genesis, block_hash=genesis_hash)
        genesis_file.save(folder, genesis)
    if (chain_id, genesis_hash) != (genesis.chain_id, genesis.block_hash):
        raise EngineError(f"port {port} answers for another chain: id {chain_id}, genesis {genesis_hash}")
    return ChainEndpoint(rpc_url(port), chain_id, genesis_hash, head_number, record.pid)


def answers_before_it_ends(record: ProcessRecord, port: int) -> bool:
    """Wait for an answer on `port`; False when the process ends before.

    Raises EngineError when it lives and does not answer in START_TIMEOUT_SECONDS.
    """
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    with Rpc(rpc_url(port)) as rpc:
        while time.monotonic() < deadline:
            try:
                rpc.call("eth_chainId")
            except NoAnswer:
                if not record.is_running():
                    return False
                time.sleep(processes.POLL_SECONDS)
                continue
            return record.is_running()
    raise EngineError(f"the chain did not answer in {START_TIMEOUT_SECONDS:g} seconds")


def empty_scratch(folder: DataFolder) -> None:
    """Delete what an anvil that was killed left behind, and what the last start unpacked."""
    if scratch(folder).exists():
        shutil.rmtree(scratch(folder))
    scratch(folder).mkdir(parents=True)
