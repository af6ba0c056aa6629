"""Starts, repairs and stops everything that one data folder holds.

Order: PostgreSQL, chain, migrations, the blocks that the chain forgot, then the services of the plan. `up` starts what
is missing and leaves the rest alone, so it is also the repair after any kill. What a service is comes as data
(`StackPlan`): this room knows the engines, not the program that runs on them.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM

import httpx

from ledger.embedded import chain, ports, postgres, processes
from ledger.embedded.data_folder import DataFolder
from ledger.embedded.processes import ProcessRecord, Program
from ledger.embedded.replay import ReplayBlock, replay
from ledger.embedded.rpc import loopback_client
from ledger.embedded.stack_status import service_names
from ledger.errors import EngineError

DEVELOPMENT_NOTICE = "The embedded chain is for development: one process without consensus. See run-on-a-laptop.md."
READY_TIMEOUT_SECONDS = 60.0
"""A service takes 1 to 3 seconds to start on two cores; catching up with the chain may take longer."""
ANSWER_SECONDS = 5.0
"""A service that is ready says so in milliseconds."""
SERVICE_PATIENCE_SECONDS = 15.0
"""A service finishes the requests that it has; none waits longer than `?wait=` allows."""
REPLAYED = "replayed"
"""File in `run/` with the birth mark of the chain process that is complete: replay ended well."""


@dataclass(frozen=True)
class Endpoints:
    """Where the engines of a running stack are; `api_port` is free for the API, or has it already."""

    database_url: str
    rpc_url: str
    chain_id: int
    genesis_hash: str
    api_port: int

    @property
    def api_url(self) -> str:
        return f"http://{ports.HOST}:{self.api_port}"


@dataclass(frozen=True)
class RemoteChain:
    """A chain that others run: a node of it, its id and the hash of its genesis block (0x hex)."""

    rpc_url: str
    chain_id: int
    genesis_hash: str


@dataclass(frozen=True)
class ServicePlan:
    """A service process: how it is started once the engines are there, and where it says that it is ready.

    `argv` begins with an absolute program path. `ready_path` is asked below the API's URL until it answers 200; empty
    where the service is ready as soon as it lives.
    """

    name: str
    argv: Callable[[Endpoints], Sequence[str]]
    environment: Callable[[Endpoints], Mapping[str, str]] = field(default=lambda _: {})
    ready_path: str = ""


@dataclass(frozen=True)
class StackPlan:
    """What `up` does with the engines; filled by the wiring.

    `migrate` brings the database to this version. `followed_blocks` gives the blocks that the chain must have, in
    rising order (from block 1: those that the chain still has cost nothing). `services` are started in this order;
    the one with a `ready_path` is the API and has `api_port` (None: a free one). `anvil` is the chain's program where
    it is not the installed one. With a `remote_chain` no chain is started here.
    """

    migrate: Callable[[Endpoints], None]
    followed_blocks: Callable[[Endpoints], Iterable[ReplayBlock]]
    services: Sequence[ServicePlan]
    api_port: int | None = None
    anvil: Path | None = None
    remote_chain: RemoteChain | None = None


def up(folder: DataFolder, plan: StackPlan, say: Callable[[str], None]) -> Endpoints:
    """Start what does not run; returns when everything is ready.

    `say` is told in a line each what happens. Raises EngineError when something does not start; what runs by then keeps
    running, and `up` can be called again.
    """
    with folder.locked():
        processes.settle(folder)
        if processes.find(folder, postgres.NAME) is None:
            say("starting PostgreSQL")
        database = postgres.start(folder)
        remote = plan.remote_chain
        fresh = remote is None and not chain_is_complete(folder)
        if fresh:
            # Whoever sends transactions must be silent until the chain has its old blocks again.
            stop_services(folder)
            processes.stop(folder, chain.NAME)
            say("starting the chain. " + DEVELOPMENT_NOTICE)
        found = chain.start(folder, plan.anvil) if remote is None else remote
        endpoints = Endpoints(
            database.dsn, found.rpc_url, found.chain_id, found.genesis_hash, choose_api_port(folder, plan)
        )
        plan.migrate(endpoints)
        if fresh:
            endpoints = bring_back_blocks(folder, plan, endpoints, say)
        for service in plan.services:
            start_service(folder, service, endpoints, say)
        for service in plan.services:
            wait_until_ready(folder, service, endpoints)
        return endpoints


def down(folder: DataFolder, say: Callable[[str], None]) -> bool:
    """Stop everything in the order opposite to the start, the chain with a snapshot; whether anything ran.

    Raises EngineError when a process does not stop.
    """
    if not folder.exists():
        return False
    with folder.locked():
        processes.settle(folder)
        stopped = stop_services(folder)
        if chain_is_complete(folder):
            stopped = chain.stop(folder) or stopped
        # A chain whose replay was cut off is not worth a snapshot.
        stopped = processes.stop(folder, chain.NAME) or stopped
        stopped = postgres.stop(folder) or stopped
    say("everything is stopped" if stopped else "nothing was running")
    return stopped


@contextmanager
def running(folder: DataFolder, plan: StackPlan, say: Callable[[str], None]) -> Iterator[Endpoints]:
    """`up` at the beginning of a `with` block and `down` at its end, however it ends."""
    try:
        yield up(folder, plan, say)
    finally:
        down(folder, say)


def stop_services(folder: DataFolder) -> bool:
    """Stop all services; returns whether any ran."""
    names = service_names(folder)
    for name in names:
        record = processes.find(folder, name)
        if record is not None:
            processes.send(record, SIGTERM)
    stopped = [name for name in names if processes.stop(folder, name, patience_seconds=SERVICE_PATIENCE_SECONDS)]
    return bool(stopped)


def chain_is_complete(folder: DataFolder) -> bool:
    """Whether the running chain has all its blocks: false when it was just started or a replay was cut off."""
    record = processes.find(folder, chain.NAME)
    marker = folder.run / REPLAYED
    if record is None or not marker.exists() or chain.status(folder) is None:
        return False
    return marker.read_text() == identity(record)


def identity(record: ProcessRecord) -> str:
    """One process, told from all others, in a line."""
    return f"{record.pid} {record.born}"


def bring_back_blocks(
    folder: DataFolder, plan: StackPlan, endpoints: Endpoints, say: Callable[[str], None]
) -> Endpoints:
    """Replay what the chain forgot; when its snapshot does not fit the database, everything from genesis.

    Raises EngineError when not even that gives the blocks that were followed; the chain is stopped then.
    """
    try:
        mined = replay(endpoints.rpc_url, plan.followed_blocks(endpoints))
    except EngineError as error:
        say(f"the chain's snapshot cannot be used ({error.detail}); replaying from genesis")
        processes.stop(folder, chain.NAME)
        endpoint = chain.start(folder, plan.anvil, from_genesis=True)
        endpoints = Endpoints(
            endpoints.database_url, endpoint.rpc_url, endpoint.chain_id, endpoint.genesis_hash, endpoints.api_port
        )
        try:
            mined = replay(endpoints.rpc_url, plan.followed_blocks(endpoints))
        except EngineError:
            processes.stop(folder, chain.NAME)
            raise
        chain.drop_snapshots(folder)
    if mined:
        say(f"brought back {mined} blocks of the chain")
    record = processes.find(folder, chain.NAME)
    if record is None:
        raise EngineError("the chain ended while its blocks were replayed")
    (folder.run / REPLAYED).write_text(identity(record))
    return endpoints


def choose_api_port(folder: DataFolder, plan: StackPlan) -> int:
    """The API's port: the configured one, that of the running API, or a free one.

    Raises EngineError when the configured one belongs to somebody else.
    """
    remembered = ports.remembered(folder, ports.API)
    holder = next((service.name for service in plan.services if service.ready_path), None)
    if holder is None and remembered is not None:
        # No API is started: the port stays with the one that may be running.
        return remembered
    running = holder is not None and processes.find(folder, holder) is not None
    if running and remembered is not None:
        return remembered
    if holder is not None:
        processes.end_leftovers(folder, holder)
    if plan.api_port is not None:
        return ports.claim(folder, ports.API, plan.api_port)
    return ports.choose(folder, ports.API)


def start_service(folder: DataFolder, service: ServicePlan, endpoints: Endpoints, say: Callable[[str], None]) -> None:
    """Start `service` unless it runs. Raises EngineError when it ends at once."""
    if processes.find(folder, service.name) is None:
        say(f"starting {service.name}")
        argv, environment = service.argv(endpoints), service.environment(endpoints)
        processes.start(folder, Program(service.name, argv, environment))


def wait_until_ready(folder: DataFolder, service: ServicePlan, endpoints: Endpoints) -> None:
    """Wait until `service` says that it is ready.

    Raises EngineError when it ends meanwhile or needs more than READY_TIMEOUT_SECONDS.
    """
    deadline = time.monotonic() + READY_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        if processes.find(folder, service.name) is None:
            words = processes.last_words(folder.logs / f"{service.name}.log")
            raise EngineError(f"{service.name} ended at its start: {words}")
        if not service.ready_path or answers(endpoints.api_url, service.ready_path):
            return
        time.sleep(5 * processes.POLL_SECONDS)
    raise EngineError(f"{service.name} was not ready in {READY_TIMEOUT_SECONDS:g} seconds; see `gongzhi logs`")


def answers(url: str, path: str) -> bool:
    """Whether a GET of `path` at `url` is answered with 200."""
    try:
        with loopback_client(url, ANSWER_SECONDS) as client:
            return client.get(path).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
