"""Processes that outlive their starter, and the data folder that they are recorded in."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL

import psutil
import pytest

from ledger.embedded import ports, processes
from ledger.embedded.data_folder import DataFolder, write_durably
from ledger.embedded.processes import Program
from ledger.errors import EngineError

pytestmark = pytest.mark.adapters

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
]
WITH_CHILD = [
    sys.executable,
    "-c",
    "import subprocess, sys, time; print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)",
]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    made = DataFolder.at(tmp_path / "stack")
    made.create()
    yield made
    for path in made.run.glob("*.json"):
        processes.stop(made, path.stem, patience_seconds=0.2)


def first_line(folder: DataFolder, name: str) -> str:
    """What process `name` printed first."""
    log = folder.logs / f"{name}.log"
    assert processes.wait_for(lambda: bool(processes.last_lines(log, 1)), timeout_seconds=10)
    return processes.last_lines(log, 1)[0]


def test_a_process_is_started_once_and_stopped_politely(folder: DataFolder) -> None:
    started = processes.start(folder, Program("sleeper", SLEEP))
    assert processes.start(folder, Program("sleeper", SLEEP)) == started
    assert processes.find(folder, "sleeper") == started
    assert processes.stop(folder, "sleeper")
    assert processes.find(folder, "sleeper") is None
    assert not processes.stop(folder, "sleeper")


def test_a_process_that_ignores_the_polite_signal_is_killed(folder: DataFolder) -> None:
    record = processes.start(folder, Program("stubborn", STUBBORN))
    first_line(folder, "stubborn")
    assert processes.stop(folder, "stubborn", patience_seconds=0.2)
    assert not record.is_running()


def test_a_foreign_process_that_got_the_recorded_number_is_never_stopped(folder: DataFolder) -> None:
    with subprocess.Popen(["sleep", "60"]) as foreign:
        record = {"pid": foreign.pid, "born": "another boot:1", "argv": ["sleep", "60"]}
        processes.record_path(folder, "worker").write_text(json.dumps(record))
        assert processes.find(folder, "worker") is None
        assert not processes.stop(folder, "worker", patience_seconds=0.2)
        assert foreign.poll() is None
        foreign.kill()


def test_a_changed_clock_does_not_make_a_process_a_stranger(folder: DataFolder) -> None:
    record = processes.start(folder, Program("sleeper", SLEEP))
    born = json.loads(processes.record_path(folder, "sleeper").read_text())["born"]
    # Boot id and start tick: nothing in it is a time of day.
    assert born == record.born
    assert str(int(psutil.Process(record.pid).create_time())) not in born


def test_children_of_a_killed_process_are_ended_before_it_is_started_again(folder: DataFolder) -> None:
    record = processes.start(folder, Program("api", WITH_CHILD))
    child = psutil.Process(int(first_line(folder, "api")))
    os.kill(record.pid, SIGKILL)
    assert processes.wait_for(lambda: not record.is_running(), timeout_seconds=5)
    assert child.is_running()
    processes.start(folder, Program("api", SLEEP))
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_processes_of_another_folder_with_the_same_name_are_left_alone(folder: DataFolder, tmp_path: Path) -> None:
    other = DataFolder.at(tmp_path / "other")
    other.create()
    theirs = processes.start(other, Program("api", WITH_CHILD))
    child = psutil.Process(int(first_line(other, "api")))
    processes.start(folder, Program("api", SLEEP))
    processes.stop(folder, "api")
    assert theirs.is_running()
    assert child.is_running()
    processes.stop(other, "api", patience_seconds=0.2)


def test_output_goes_to_the_log_with_the_environment_that_was_given(folder: DataFolder) -> None:
    argv = [sys.executable, "-c", "import os; print(os.environ['COLOUR'], os.getcwd(), flush=True)"]
    processes.start(folder, Program("printer", argv, {"COLOUR": "red"}, directory=folder.run))
    assert first_line(folder, "printer") == f"red {folder.run}"


def test_a_program_that_does_not_exist_is_told_in_the_log(folder: DataFolder) -> None:
    record = processes.start(folder, Program("ghost", [str(folder.root / "no-such-program")]))
    assert processes.wait_for(lambda: not record.is_running(), timeout_seconds=5)
    assert "FileNotFoundError" in processes.last_words(folder.logs / "ghost.log")


def test_a_failing_command_is_an_error_with_its_last_lines(folder: DataFolder) -> None:
    argv = [sys.executable, "-c", "print('the disk is full'); raise SystemExit(3)"]
    with pytest.raises(EngineError, match=r"failed \(3\): the disk is full"):
        processes.run(Program("maker", argv), timeout_seconds=20)
    with pytest.raises(EngineError, match="did not finish"):
        processes.run(Program("sleeper", SLEEP), timeout_seconds=0.2)


def test_a_large_log_is_set_aside_at_the_next_start(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LOG_LIMIT_BYTES", 10)
    (folder.logs / "sleeper.log").write_text("older than ten bytes\n")
    processes.start(folder, Program("sleeper", SLEEP))
    assert first_line(folder, "sleeper") == "up"
    assert (folder.logs / "sleeper.log.1").read_text() == "older than ten bytes\n"


def test_a_folder_with_other_files_in_it_is_neither_used_nor_deleted(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    foreign = DataFolder.at(tmp_path)
    with pytest.raises(EngineError, match="is no data folder"):
        foreign.create()
    with pytest.raises(EngineError, match="nothing was deleted"):
        foreign.delete()
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_nobody_else_may_look_into_a_data_folder(folder: DataFolder) -> None:
    for path in (folder.root, folder.keys, folder.secrets, folder.run, folder.logs):
        assert path.stat().st_mode & 0o077 == 0


def test_only_one_command_at_a_time_works_on_a_folder(folder: DataFolder) -> None:
    script = (
        "import sys, time; from ledger.embedded.data_folder import DataFolder\n"
        "with DataFolder.at(sys.argv[1]).locked(): print('locked', flush=True); time.sleep(0.5)"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(folder.root)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        began = time.monotonic()
        with folder.locked():
            assert time.monotonic() - began > 0.2


def test_a_file_is_written_completely_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "state"
    write_durably(path, b"first")
    path.with_name("state.unfinished").mkdir()
    with pytest.raises(IsADirectoryError):
        write_durably(path, b"second")
    assert path.read_bytes() == b"first"


def test_a_port_is_remembered_and_a_configured_one_that_is_taken_is_refused(folder: DataFolder) -> None:
    first = ports.choose(folder, "api")
    assert ports.choose(folder, "api") == first
    assert ports.choose(folder, "chain") != first
    assert ports.claim(folder, "api", first) == first
    import socket

    with (
        socket.create_server((ports.HOST, first)),
        pytest.raises(EngineError, match=f"port {first}, configured for api, is taken"),
    ):
        ports.claim(folder, "api", first)
