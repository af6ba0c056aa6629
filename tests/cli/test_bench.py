"""`gongzhi bench` from founding to the last row, and what it leaves behind: nothing."""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from ledger.cli.benchmarks.authorities import (
    EVERY_REGION,
    Granted,
    Parties,
    Person,
    fresh_scope,
    person,
    placed,
    strangers,
    told,
)
from ledger.cli.benchmarks.load import fire
from ledger.cli.benchmarks.measurement import percentiles
from ledger.cli.main import run
from ledger.core.history import Block, History

pytestmark = pytest.mark.cli

FLOORS = {
    "commit": {"records_per_second", "share_of_bare_hashing"},
    "decision": {"decisions_per_second"},
    "decision under a grant": {"decisions_per_second"},
    "facts and decision under a grant": set(),
    "import, prepared": {"rows_per_second"},
    "import, accepted": {"rows_per_second", "rejected"},
    "ingest": {"records_per_second", "times_chain_writes"},
    "accepted → anchored": {"p95_ms"},
    "on-chain cost": {"gas_per_record"},
    "verify bundle": {"median_seconds"},
    "verify ledger": {"records_per_second", "share_of_bare_hashing"},
    "read at a pace": {"p99_ms", "failed"},
    "read, saturated": {"reads_per_second", "share_of_plain_sql", "failed"},
    "bulk read": {"records_per_second"},
    "fold of grants and consents": set(),
    "read under grants at a pace": {"p99_ms", "failed"},
    "read under grants, saturated": {"reads_per_second", "failed"},
    "read of originals under grants, saturated": {"failed"},
    "read under one grant, saturated": {"failed"},
    "bulk read under a grant": {"records_per_second"},
}
BENCH = (sys.executable, "-m", "ledger.cli", "bench")
PATIENCE_SECONDS = 60.0


def environment(temporary: Path) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("GONGZHI_")} | {
        "TMPDIR": str(temporary)
    }


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A temporary folder with a path short enough for the sockets of a server in it, open to the server's user."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextmanager
def server(pause_seconds: float, status: int = 200) -> Iterator[int]:
    class Slow(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            time.sleep(pause_seconds)
            self.send_response(status)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *_: Any) -> None:
            pass

    serving = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    serving.daemon_threads = True
    thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield serving.server_address[1]
    finally:
        serving.shutdown()
        serving.server_close()
        thread.join()


REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def test_a_paced_load_counts_the_lateness_of_requests_that_had_to_wait() -> None:
    with server(0.02) as port:
        fired = fire(port, [REQUEST] * 20, connections=1, per_second=100)
    assert len(fired.seconds) == 20
    assert (fired.failed, fired.received_bytes) == (0, 100)
    # One connection answers 50 a second: the last request is due after 0.19 s and answered after 0.4 s at the earliest.
    assert percentiles(fired.seconds)["max_ms"] > 150


def test_a_closed_load_counts_answers_that_are_no_success() -> None:
    with server(0.0, status=503) as port:
        assert fire(port, [REQUEST] * 6, connections=2).failed == 6


def test_an_unknown_workload_and_foreign_engines_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(["bench", "--only", "speed"]) == 2
    monkeypatch.setenv("GONGZHI_RPC_URL", "http://127.0.0.1:1")
    assert run(["bench", "--only", "ingest"]) == 2


def test_looks_are_decided_under_grants_as_they_are_under_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "--quick", "--only", "decision-granted", "--only", "facts-granted", "--json"]) == 0
    alone, found = json.loads(capsys.readouterr().out)["rows"]
    assert alone["figures"]["decisions_per_second"] > 0
    assert (found["conditions"]["grants"], found["conditions"]["consents"]) == (60, 600)
    assert found["neighbour_figures"]["decisions_per_second"] > 0


def test_so_many_grants_and_consents_are_told_as_were_asked_for() -> None:
    rested = [granted(person(7, EVERY_REGION)) for _ in range(5)]
    parties = Parties(2, "0x" + "22" * 20, "0x" + "33" * 20, 2, 1, 1_700_000_000)
    blocks = list(told(parties, [granted(None), *rested], strangers((7, 8)), 23))
    names = [name for events in blocks for _, name, _ in events]
    assert len(blocks) == 6
    assert (names.count("AccessGranted"), names.count("ConsentRecorded")) == (6, 23)
    history, parent = History(), "0x"
    for number, events in enumerate(blocks):
        block = Block(number, f"0x{number:02x}", parent, 1_700_000_000)
        history.append(block, placed(block, events).events)
        parent = block.hash
    assert [access.basis_ref in history.consents for access in history.accesses.values()] == [False] + [True] * 5


def granted(whose: Person | None) -> Granted:
    return Granted(secrets.token_bytes(32), 7, fresh_scope(EVERY_REGION), bytes(32), whose)


@pytest.mark.slow
def test_every_workload_runs_and_has_its_floors_and_nothing_is_left_behind(temporary: Path) -> None:
    done = subprocess.run(
        [*BENCH, "--quick", "--json"], capture_output=True, env=environment(temporary), timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    measured = json.loads(done.stdout)
    rows = {row["workload"]: row for row in measured["rows"]}
    assert {name: {floor["floor"].split()[0] for floor in row["floors"]} for name, row in rows.items()} == FLOORS
    assert rows["ingest"]["figures"]["records_per_second"] > 0
    assert rows["ingest"]["conditions"]["fsync"] == "on"
    assert rows["verify ledger"]["conditions"]["verdict"] == "verified"
    # A look that its grant or consent does not cover would be refused, and counted as failed.
    failed = {name: row["figures"]["failed"] for name, row in rows.items() if "failed" in row["figures"]}
    assert failed == {name: 0 for name, floors in FLOORS.items() if "failed" in floors}
    assert rows["fold of grants and consents"]["conditions"]["consents"] == 600
    assert list(temporary.iterdir()) == []
    assert not processes_in(temporary)


@pytest.mark.slow
def test_a_terminated_run_stops_its_engines_and_deletes_its_folder(temporary: Path) -> None:
    command = [*BENCH, "--quick", "--only", "read", "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment(temporary)
    ) as bench:
        assert bench.stderr is not None
        for line in bench.stderr:
            if b"starting worker" in line:
                break
        bench.send_signal(signal.SIGTERM)
        bench.stderr.read()
        assert bench.wait(PATIENCE_SECONDS) != 0
    assert list(temporary.iterdir()) == []
    assert not processes_in(temporary)


def processes_in(folder: Path) -> list[str]:
    """Command lines of processes that name a folder."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = " ".join(process.info["cmdline"] or ())
        if str(folder) in line and process.pid != os.getpid():
            found.append(line)
    return found
