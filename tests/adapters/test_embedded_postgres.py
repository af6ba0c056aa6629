"""The embedded PostgreSQL against the real server: kills, leftovers, long paths."""

import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL, SIGSTOP

import psutil
import psycopg
import pytest

from ledger.embedded import postgres, processes
from ledger.embedded.data_folder import DataFolder
from ledger.errors import EngineError

pytestmark = pytest.mark.adapters


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataFolder]:
    """One cluster for the tests of this module; each starts the server and may leave it dead."""
    made = DataFolder.at(tmp_path_factory.mktemp("postgres") / "stack")
    yield made
    postgres.stop(made)


def kill(folder: DataFolder) -> None:
    endpoint = postgres.status(folder)
    assert endpoint is not None
    os.kill(endpoint.pid, SIGKILL)


@pytest.mark.slow
def test_what_was_committed_survives_a_kill_in_the_middle_of_writing_again_and_again(folder: DataFolder) -> None:
    with psycopg.connect(postgres.start(folder).dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE written (number int PRIMARY KEY, filler text)")
    acknowledged = 0
    for number in range(5):
        endpoint = postgres.start(folder)
        with psycopg.connect(endpoint.dsn) as connection:
            for _ in range(20):
                acknowledged += 1
                connection.execute("INSERT INTO written VALUES (%s, repeat('x', 5000))", (acknowledged,))
                connection.commit()
            connection.execute("INSERT INTO written VALUES (%s, 'not committed')", (1_000_000 + number,))
            kill(folder)
            connection.close()
    with psycopg.connect(postgres.start(folder).dsn) as connection:
        found = connection.execute("SELECT min(number), max(number), count(*) FROM written").fetchone()
    assert found == (1, acknowledged, acknowledged)


def test_writes_are_forced_to_disk_before_they_are_acknowledged(folder: DataFolder) -> None:
    names = ("fsync", "full_page_writes", "synchronous_commit", "data_checksums")
    with psycopg.connect(postgres.start(folder).dsn) as connection:
        for name in names:
            assert connection.execute(f"SHOW {name}").fetchone() == ("on",)


def test_starting_a_running_server_changes_nothing_and_stopping_twice_does_no_harm(folder: DataFolder) -> None:
    assert postgres.start(folder) == postgres.start(folder) == postgres.status(folder)
    assert postgres.stop(folder)
    assert not postgres.stop(folder)
    assert postgres.status(folder) is None


def test_locks_with_the_number_of_a_living_foreign_process_do_not_keep_the_server_from_starting(
    folder: DataFolder,
) -> None:
    postgres.start(folder)
    postgres.stop(folder)
    user = postgres.server_user()
    with subprocess.Popen(
        ["sleep", "60"], user=None if user is None else user.uid, group=None if user is None else user.gid
    ) as foreign:
        lock = f"{foreign.pid}\n{postgres.cluster(folder)}\n1\n5432\n{postgres.socket_folder(folder)}\n\n 1 1\nready\n"
        (postgres.cluster(folder) / "postmaster.pid").write_text(lock)
        (postgres.socket_folder(folder) / ".s.PGSQL.5432.lock").write_text(lock)
        postgres.start(folder)
        assert foreign.poll() is None
        foreign.kill()


def test_processes_of_a_killed_server_that_hang_are_ended_before_the_next_one_starts(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "ORPHAN_PATIENCE_SECONDS", 0.2)
    endpoint = postgres.start(folder)
    with psycopg.connect(endpoint.dsn) as connection:
        hanging = psutil.Process(connection.info.backend_pid)
        hanging.send_signal(SIGSTOP)
        kill(folder)
        postgres.start(folder)
        assert not hanging.is_running() or hanging.status() == psutil.STATUS_ZOMBIE
        connection.close()


def test_root_runs_the_server_as_another_user_and_everybody_else_as_himself(folder: DataFolder) -> None:
    endpoint = postgres.start(folder)
    expected = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    assert psutil.Process(endpoint.pid).username() == expected


def test_neither_statements_nor_the_values_in_errors_reach_the_log(folder: DataFolder) -> None:
    secret = "99010119900101123X"
    with psycopg.connect(postgres.start(folder).dsn, autocommit=True) as connection:
        connection.execute("CREATE TEMP TABLE people (name text PRIMARY KEY)")
        connection.execute("INSERT INTO people VALUES (%s)", (secret,))
        for statement in ("INSERT INTO people VALUES (%s)", "SELECT (%s::text)::int", "SELECT no_such(%s)"):
            with pytest.raises(psycopg.Error):
                connection.execute(statement, (secret,))
    assert secret not in (folder.logs / "postgres.log").read_text()


def test_a_cluster_whose_making_was_cut_off_is_made_anew(tmp_path: Path) -> None:
    folder = DataFolder.at(tmp_path / "stack")
    folder.create()
    cut_off = folder.postgres / "making"
    cut_off.mkdir()
    (cut_off / "PG_VERSION").write_text("18\n")
    try:
        with psycopg.connect(postgres.start(folder).dsn) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        postgres.stop(folder)
    assert not cut_off.exists()


def test_a_data_folder_with_a_path_too_long_for_a_socket_gets_a_short_private_one(tmp_path: Path) -> None:
    folder = DataFolder.at(tmp_path / ("long-" * 12) / ("path-" * 12) / "stack")
    socket_folder = postgres.socket_folder(folder)
    assert not socket_folder.is_relative_to(folder.root)
    assert socket_folder != postgres.socket_folder(DataFolder.at(folder.root / "other"))
    (tmp_path / "link").symlink_to(folder.root)
    assert postgres.socket_folder(DataFolder.at(tmp_path / "link")) == socket_folder
    try:
        with psycopg.connect(postgres.start(folder).dsn) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert socket_folder.stat().st_mode & 0o777 == 0o700
    finally:
        postgres.stop(folder)
        postgres.remove_outside(folder)
    assert not socket_folder.exists()


def test_a_socket_folder_that_somebody_else_made_first_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "theirs"
    target.mkdir()
    (tmp_path / "socket").symlink_to(target)
    with pytest.raises(EngineError, match="belongs to somebody else"):
        postgres.make_private(tmp_path / "socket", postgres.server_user())


def test_a_server_that_cannot_start_says_why(folder: DataFolder) -> None:
    postgres.stop(folder)
    with pytest.raises(EngineError, match="shared_buffers"):
        postgres.start(folder, {"shared_buffers": "nonsense"})
    postgres.start(folder)


def test_the_server_outlives_the_command_that_started_it(tmp_path: Path) -> None:
    folder = DataFolder.at(tmp_path / "stack")
    script = (
        "import sys; from ledger.embedded import postgres; from ledger.embedded.data_folder import DataFolder;"
        "postgres.start(DataFolder.at(sys.argv[1]))"
    )
    try:
        subprocess.run([sys.executable, "-c", script, str(folder.root)], check=True, timeout=60)
        endpoint = postgres.status(folder)
        assert endpoint is not None
        assert os.getsid(endpoint.pid) == endpoint.pid
    finally:
        assert postgres.stop(folder)
    assert processes.find(folder, postgres.NAME) is None
