"""What runs in a data folder, as `gongzhi status` shows it."""

from dataclasses import dataclass

import psutil

from ledger.embedded import chain, ports, postgres, processes
from ledger.embedded.data_folder import DataFolder

ENGINES = (postgres.NAME, chain.NAME)


@dataclass(frozen=True)
class ProcessStatus:
    """One process of a stack as `status` shows it; times in Unix seconds, memory with its children."""

    name: str
    running: bool
    pid: int | None
    started_at: int | None
    memory_bytes: int | None
    address: str


def status(folder: DataFolder) -> list[ProcessStatus]:
    """The engines, and every service that was started here and not stopped."""
    return [describe(folder, name) for name in (*ENGINES, *service_names(folder))]


def is_running(folder: DataFolder) -> bool:
    """Whether any process of this folder lives."""
    return folder.exists() and any(process.running for process in status(folder))


def service_names(folder: DataFolder) -> list[str]:
    """The services with a record in this folder; one that was killed still has its record."""
    names = {path.stem for path in folder.run.glob("*.json")} - {*ENGINES, "ports"}
    return sorted(names)


def describe(folder: DataFolder, name: str) -> ProcessStatus:
    """The state of process `name`."""
    record = processes.find(folder, name)
    if record is None:
        return ProcessStatus(name, False, None, None, None, "")
    try:
        process = psutil.Process(record.pid)
        family = [process, *process.children(recursive=True)]
        memory = sum(member.memory_info().rss for member in family)
        return ProcessStatus(name, True, record.pid, int(process.create_time()), memory, address(folder, name))
    except psutil.NoSuchProcess:
        return ProcessStatus(name, False, None, None, None, "")


def address(folder: DataFolder, name: str) -> str:
    """Where process `name` can be reached; empty when it listens nowhere."""
    if name == postgres.NAME:
        return postgres.dsn(folder)
    port = ports.remembered(folder, name)
    return "" if port is None else f"http://{ports.HOST}:{port}"
