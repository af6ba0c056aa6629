"""Child processes that outlive the command that started them.

A process is known by its record in `run/NAME.json`: number and birth mark. A number alone is never trusted, since the
system gives it to somebody else one day; so no foreign process is ever stopped.
"""

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals

import psutil

from ledger.embedded.data_folder import DataFolder, read_json_object
from ledger.embedded.launch import birth_mark
from ledger.errors import EngineError

POLL_SECONDS = 0.02
"""How often a start or a stop is looked at; engines take 0.05 to 1 second."""
LAUNCH_TIMEOUT_SECONDS = 20.0
"""The launcher takes 0.03 seconds; a loaded machine may take a hundred times that."""
LAUNCHING = "launching"
"""File in `run/` that is locked while a process is launched."""
MARK_VARIABLE = "GONGZHI_EMBEDDED_PROCESS"
"""In the environment of each process of ours: name and data folder. Its own children inherit it."""
LEFTOVER_PATIENCE_SECONDS = 3.0
LOG_LIMIT_BYTES = 16 * 2**20
"""A log larger than this is set aside (one older file is kept) when its process is started."""


@dataclass(frozen=True)
class User:
    """Whom a process runs as, when the caller is root."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Program:
    """What to start: `argv` with an absolute program path; `environment` is added to the caller's."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    user: User | None = None
    directory: Path | None = None


@dataclass(frozen=True)
class ProcessRecord:
    """A process that was started: its number, birth mark and program line."""

    name: str
    pid: int
    born: str
    argv: tuple[str, ...]

    def is_running(self) -> bool:
        """Whether this very process lives; one that only waits to be collected by its parent does not."""
        try:
            process = psutil.Process(self.pid)
            return works(process) and same_birth(self, process)
        except psutil.NoSuchProcess:
            return False


def works(process: psutil.Process) -> bool:
    """Whether `process` lives and does more than wait to be collected by its parent.

    While the other threads of an ended one are still ending, it holds its ports and files.
    """
    try:
        return bool(process.is_running() and (process.status() != psutil.STATUS_ZOMBIE or process.num_threads() > 1))
    except psutil.NoSuchProcess:
        return False


def same_birth(record: ProcessRecord, process: psutil.Process) -> bool:
    """Whether `process` is the one that was recorded, not a later one with its number."""
    if record.born:
        return birth_mark(process.pid) == record.born
    recorded_program = Path(record.argv[0]).name
    return recorded_program in {Path(word).name for word in process.cmdline()[:1]}


def record_path(folder: DataFolder, name: str) -> Path:
    """Where the record of process `name` is kept."""
    return folder.run / f"{name}.json"


def read_record(folder: DataFolder, name: str) -> ProcessRecord | None:
    """The record of process `name`, whether it still lives or not; None when there is none."""
    stored = read_json_object(record_path(folder, name))
    pid, born, argv = stored.get("pid"), stored.get("born"), stored.get("argv")
    if not isinstance(pid, int) or not isinstance(born, str) or not isinstance(argv, list) or not argv:
        return None
    return ProcessRecord(name, pid, born, tuple(str(word) for word in argv))


def find(folder: DataFolder, name: str) -> ProcessRecord | None:
    """The running process `name` of this folder, or None."""
    record = read_record(folder, name)
    return record if record is not None and record.is_running() else None


def start(folder: DataFolder, program: Program) -> ProcessRecord:
    """Start `program` detached, its output in `logs/NAME.log`.

    Returns its record, or that of the one that runs already. Whether a program that was just started stays alive is the
    caller's to see. Raises EngineError when it cannot be started.
    """
    running = find(folder, program.name)
    if running is not None:
        return running
    end_leftovers(folder, program.name)
    log = folder.logs / f"{program.name}.log"
    set_large_log_aside(log)
    path = record_path(folder, program.name)
    path.unlink(missing_ok=True)
    marked = replace(program, environment={**program.environment, MARK_VARIABLE: mark(folder, program.name)})
    with (folder.run / LAUNCHING).open("w") as launching:
        fcntl.flock(launching, fcntl.LOCK_EX)
        launch(marked, {"detached": True, "record": str(path), "log": str(log)}, held=launching.fileno())
    if not wait_for(path.exists, timeout_seconds=LAUNCH_TIMEOUT_SECONDS):
        raise EngineError(f"{program.name} could not be started: {last_words(log)}")
    started = read_record(folder, program.name)
    if started is None:
        raise EngineError(f"{program.name} left no usable process record")
    return started


def run(program: Program, *, timeout_seconds: float) -> str:
    """Run `program` to its end and return what it printed.

    Raises EngineError with its last lines when it fails or takes longer than `timeout_seconds`.
    """
    if program.user is not None:
        return launch(program, {}, timeout_seconds)
    return finish(program, program.argv, timeout_seconds)


def settle(folder: DataFolder) -> None:
    """Wait until a launch that was begun here is over, even one whose command was killed: then its record is there."""
    with (folder.run / LAUNCHING).open("w") as launching:
        fcntl.flock(launching, fcntl.LOCK_EX)


def launch(
    program: Program,
    options: dict[str, object],
    timeout_seconds: float = LAUNCH_TIMEOUT_SECONDS,
    held: int | None = None,
) -> str:
    """Start `program` through the launcher script and wait for the launcher.

    `held` is the descriptor of a locked file that the launcher holds too, until it has become the program.
    Raises EngineError as `run` does.
    """
    options = {**options, "argv": list(program.argv), "held": held}
    if program.user is not None:
        options.update(uid=program.user.uid, gid=program.user.gid)
    script = Path(__file__).with_name("launch.py")
    command = [sys.executable, "-I", "-S", str(script), json.dumps(options)]
    return finish(program, command, timeout_seconds, held, quiet=bool(options.get("detached")))


def finish(
    program: Program, command: Sequence[str], timeout_seconds: float, held: int | None = None, *, quiet: bool = False
) -> str:
    """Run `command` to its end and return what it printed; nothing is read from it when it is `quiet`.

    A process that it leaves behind must not hold a pipe of ours, or this call would wait for its end: hence quiet.
    Raises EngineError as `run` does.
    """
    try:
        done = subprocess.run(  # noqa: S603 (programs of ours, arguments as a list)
            command,
            env={**os.environ, **program.environment},
            cwd=program.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if quiet else subprocess.PIPE,
            stderr=subprocess.DEVNULL if quiet else subprocess.STDOUT,
            pass_fds=() if held is None else (held,),
            timeout=timeout_seconds,
            check=False,
            text=True,
        )
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"{program.name} did not finish in {timeout_seconds:g} seconds") from error
    if done.returncode != 0:
        raise EngineError(f"{program.name} failed ({done.returncode}): {(done.stdout or '')[-600:].strip()}")
    return done.stdout or ""


def stop(
    folder: DataFolder, name: str, *, polite: Sequence[Signals] = (SIGTERM,), patience_seconds: float = 10.0
) -> bool:
    """Stop process `name`: each signal of `polite` in turn with `patience_seconds` after it, then SIGKILL.

    Returns whether there was something to stop. Raises EngineError when even SIGKILL does not end it.
    """
    record = find(folder, name)
    if record is not None:
        for signal in (*polite, SIGKILL):
            send(record, signal)
            if wait_for(lambda: not record.is_running(), timeout_seconds=patience_seconds):
                break
        else:
            raise EngineError(f"{name} (process {record.pid}) does not stop")
    end_leftovers(folder, name)
    record_path(folder, name).unlink(missing_ok=True)
    return record is not None


def mark(folder: DataFolder, name: str) -> str:
    """What MARK_VARIABLE holds in process `name` of this folder and in all its children."""
    return f"{name} of {folder.root}"


def leftovers(folder: DataFolder, name: str) -> Iterator[psutil.Process]:
    """The living processes that process `name` of this folder was or made (a killed server's own workers, mostly)."""
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK_VARIABLE) == mark(folder, name) and works(process):
                yield process
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue


def end_leftovers(folder: DataFolder, name: str) -> None:
    """End what a process left behind: its children would hold its port and work on without it."""
    remaining = list(leftovers(folder, name))
    for hard in (False, True):
        for process in remaining:
            terminate(process, hard=hard)
        if wait_for(lambda: not any(map(works, remaining)), timeout_seconds=LEFTOVER_PATIENCE_SECONDS):
            return


def terminate(process: psutil.Process, *, hard: bool) -> None:
    """Send the stop signal to `process`, if it still lives (psutil compares birth times)."""
    try:
        process.kill() if hard else process.terminate()
    except psutil.NoSuchProcess:
        return


def send(record: ProcessRecord, signal: Signals) -> None:
    """Send `signal` to this very process, if it still lives."""
    if record.is_running():
        try:
            os.kill(record.pid, signal)
        except ProcessLookupError:
            return


def wait_for(condition: Callable[[], bool], *, timeout_seconds: float) -> bool:
    """Wait until `condition` holds; False when it does not within `timeout_seconds`."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def set_large_log_aside(log: Path) -> None:
    """Keep a log from growing without end: at a start, one above LOG_LIMIT_BYTES becomes `NAME.log.1`."""
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_name(f"{log.name}.1"))


def last_lines(log: Path, count: int) -> list[str]:
    """The last `count` lines of `log`, without line ends; none when there is no file. Reads at most its last MiB."""
    if count < 1 or not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 2**20))
        return file.read().decode("utf-8", "replace").splitlines()[-count:]


def last_words(log: Path) -> str:
    """The end of `log` in one line, for an error message."""
    return " / ".join(line.strip() for line in last_lines(log, 5) if line.strip()) or "it left nothing in its log"
