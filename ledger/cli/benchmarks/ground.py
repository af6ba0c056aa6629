"""A consortium of the benchmark's own: founded in a temporary folder, measured, stopped, deleted."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from ledger import wiring
from ledger.cli.benchmarks.authorities import Written
from ledger.cli.benchmarks.measurement import MEBIBYTE
from ledger.cli.benchmarks.sizes import Sizes
from ledger.cli.connection import Connection, open_client
from ledger.cli.demo.command import DEMO_FILE, Demo, start
from ledger.cli.demo.story import Story
from ledger.client.gongzhi import GongzhiClient
from ledger.config import Settings, load_settings
from ledger.embedded import postgres, processes, stack, stack_status
from ledger.embedded.data_folder import DataFolder
from ledger.embedded.stack import Endpoints
from ledger.errors import UsageError
from ledger.store.postgres import PostgresStore

Say = Callable[[str], None]
SERVICES = ("worker", "api")


@dataclass
class Ground:
    """The running consortium; `record_ids` are those of class 1 that the benchmark published so far.

    `written`: the grants and consents that were written into its followed chain, None before.
    """

    demo: Demo
    endpoints: Endpoints
    sizes: Sizes
    say: Say
    record_ids: list[bytes] = field(default_factory=list)
    written: Written | None = None

    @property
    def settings(self) -> Settings:
        """The gateway's settings."""
        return self.demo.settings

    @property
    def scratch(self) -> Path:
        """Where exports and bundles are put."""
        folder = self.demo.scratch
        folder.mkdir(exist_ok=True)
        return folder

    def client(self, agency: str) -> GongzhiClient:
        """Return the client of an agency, by its name; the caller closes it."""
        return open_client(Connection(as_agency=agency, profile=self.demo.folder.root / DEMO_FILE))

    @contextmanager
    def store(self) -> Iterator[PostgresStore]:
        """Give the gateway's database, to look at what the processes did."""
        store = wiring.open_store(self.settings, connections=1)
        try:
            yield store
        finally:
            store.close()

    def conditions(self) -> dict[str, object]:
        """Return what holds for every workload with a server."""
        server = postgres.SETTINGS
        durable = server["fsync"] == "on" and server["synchronous_commit"] == "on"
        return {
            "api_processes": self.settings.api_processes,
            "fsync": "on" if durable else "off",
            "stored_records": len(self.record_ids),
        }


@contextmanager
def founded(sizes: Sizes, say: Say, *, keep: bool) -> Iterator[Ground]:
    """Found a consortium in a temporary folder and start its services; stop and delete all of it, however it ends.

    With `keep` the folder stays, stopped. Raises UsageError where the environment names other engines.
    """
    root = Path(tempfile.mkdtemp(prefix="gongzhi-bench-"))
    folder = DataFolder.at(root)
    try:
        settings = load_settings(root)
        if settings.database_url or settings.rpc_url or settings.trust_file:
            raise UsageError("bench founds a consortium of its own; unset database_url, rpc_url and trust_file")
        demo = Demo(settings, Story(as_json=True), {})
        yield Ground(demo, start(demo), sizes, say)
    finally:
        stack.down(folder, say)
        if keep:
            say(f"kept in {root}")
        else:
            postgres.remove_outside(folder)
            if folder.exists():
                folder.delete()
            else:
                root.rmdir()


@dataclass(frozen=True)
class Use:
    """What the processes of a stack have used so far: CPU seconds by name, and memory now."""

    cpu_seconds: dict[str, float]
    memory_mib: dict[str, float]

    def cpu_since(self, earlier: "Use") -> dict[str, float]:
        """Return figures `cpu_seconds_<name>` of what was used since."""
        return {
            f"cpu_seconds_{name}": seconds - earlier.cpu_seconds.get(name, 0.0)
            for name, seconds in self.cpu_seconds.items()
        }

    def since(self, earlier: "Use") -> dict[str, float]:
        """Return what was used since, and `memory_mib_api` now."""
        return self.cpu_since(earlier) | {"memory_mib_api": self.memory_mib.get("api", 0.0)}


def use_of(folder: DataFolder) -> Use:
    """Return what the running processes of a data folder have used, their children included."""
    cpu, memory = {}, {}
    for name in (*stack_status.ENGINES, *SERVICES):
        record = processes.find(folder, name)
        if record is None:
            continue
        family = _family(record.pid)
        cpu[name] = sum(_cpu_seconds(member) for member in family)
        memory[name] = sum(_memory_bytes(member) for member in family) / MEBIBYTE
    return Use(cpu, memory)


def publishers_cpu_seconds() -> float:
    """Return the CPU seconds that this process has used so far, as the publisher, its children included."""
    return sum(_cpu_seconds(member) for member in _family(os.getpid()))


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _cpu_seconds(process: psutil.Process) -> float:
    """User and system time, with that of children that have ended meanwhile."""
    try:
        return float(sum(process.cpu_times()[:4]))
    except psutil.NoSuchProcess:
        return 0.0


def _memory_bytes(process: psutil.Process) -> int:
    """Memory that is this process's alone: PostgreSQL's shared buffers would count once for each connection."""
    try:
        return int(process.memory_info().rss - process.memory_info().shared)
    except psutil.NoSuchProcess:
        return 0
