"""Everything in one data folder: started, killed in all ways, repaired, stopped; with small services of the test."""

import json
import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL

import httpx
import psutil
import psycopg
import pytest

from ledger.cli.main import run as gongzhi
from ledger.embedded import chain, postgres, processes, snapshots, stack, stack_status
from ledger.embedded.data_folder import DataFolder
from ledger.embedded.replay import ReplayBlock
from ledger.embedded.rpc import Rpc
from ledger.embedded.stack import Endpoints, ServicePlan, StackPlan
from ledger.errors import EngineError
from tests.chain_growth import Sender, everything, grow, kill

pytestmark = pytest.mark.adapters

API = """
import http.server, subprocess, sys
subprocess.Popen(["sleep", "60"])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/v1/health/ready" else 404)
        self.end_headers()
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
WORKER = "import os, time; print('using', os.environ['RPC'], flush=True); time.sleep(60)"
NAMES = ["postgres", "chain", "api", "worker"]


class Bench:
    """A stack in a folder, with the followed blocks that its database would know."""

    def __init__(self, folder: DataFolder) -> None:
        self.folder = folder
        self.followed: list[ReplayBlock] = []
        self.said: list[str] = []
        self.api_argv: Sequence[str] = (sys.executable, "-c", API)

    def plan(self, api_port: int | None = None) -> StackPlan:
        return StackPlan(
            migrate=migrate,
            followed_blocks=lambda _: iter(self.followed),
            services=[
                ServicePlan("worker", lambda _: (sys.executable, "-c", WORKER), lambda found: {"RPC": found.rpc_url}),
                ServicePlan("api", lambda found: (*self.api_argv, str(found.api_port)), ready_path="/v1/health/ready"),
            ],
            api_port=api_port,
        )

    def up(self, api_port: int | None = None) -> Endpoints:
        return stack.up(self.folder, self.plan(api_port), self.said.append)

    def down(self) -> bool:
        return stack.down(self.folder, self.said.append)

    def pids(self) -> dict[str, int | None]:
        return {found.name: found.pid for found in stack_status.status(self.folder)}

    def grow(self, blocks: int) -> object:
        """Mine and follow `blocks` blocks from a new chain; everything that the chain then says."""
        endpoint = chain.status(self.folder)
        assert endpoint is not None
        sender = Sender(endpoint)
        with Rpc(endpoint.rpc_url) as rpc:
            sender.deploy(rpc)
            grow(rpc, sender, blocks)
            self.followed = sender.follow(rpc)
            return everything(rpc)

    def chain_says(self) -> object:
        with Rpc(chain.running_url(self.folder)) as rpc:
            return everything(rpc)


def migrate(endpoints: Endpoints) -> None:
    with psycopg.connect(endpoints.database_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS migrated (at timestamptz DEFAULT now())")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataFolder]:
    made = DataFolder.at(tmp_path_factory.mktemp("stack") / "data")
    yield made
    stack.down(made, print)


@pytest.fixture
def bench(shared: DataFolder) -> Bench:
    """A stack whose cluster is there, on a new chain, stopped."""
    for name in ("api", "worker", "chain"):
        processes.stop(shared, name, patience_seconds=0.5)
    for path in (*shared.chain.rglob("*.json"), *snapshots.newest_first(shared)):
        path.unlink()
    return Bench(shared)


def test_up_starts_everything_and_does_nothing_more_when_everything_runs(bench: Bench) -> None:
    found = bench.up()
    pids = bench.pids()
    assert sorted(pids) == sorted(NAMES)
    assert None not in pids.values()
    assert httpx.get(found.api_url + "/v1/health/ready").status_code == 200
    assert processes.last_lines(bench.folder.logs / "worker.log", 1) == [f"using {found.rpc_url}"]
    assert any("for development" in line for line in bench.said)
    bench.said.clear()
    assert bench.up() == found
    assert bench.pids() == pids
    assert bench.said == []


@pytest.mark.parametrize("victim", ["api", "worker", "postgres"])
def test_after_a_kill_up_starts_what_is_missing_and_leaves_the_rest_alone(bench: Bench, victim: str) -> None:
    found = bench.up()
    before = bench.pids()
    kill(bench.folder, victim)
    assert bench.up() == found
    after = bench.pids()
    assert None not in after.values()
    assert {name for name in NAMES if before[name] != after[name]} == {victim}


def test_after_a_kill_of_the_chain_its_blocks_come_back_before_anybody_sends(bench: Bench) -> None:
    bench.up()
    said = bench.grow(12)
    kill(bench.folder, "chain")
    # The worker of the killed chain is stopped, and started when the blocks are there.
    worker = bench.pids()["worker"]
    bench.up()
    assert bench.chain_says() == said
    assert bench.pids()["worker"] != worker
    assert "brought back 13 blocks of the chain" in bench.said


def test_after_a_kill_of_everything_at_once_everything_comes_back(bench: Bench) -> None:
    bench.up()
    said = bench.grow(6)
    for name in NAMES:
        kill(bench.folder, name)
    bench.up()
    assert None not in bench.pids().values()
    assert bench.chain_says() == said


@pytest.mark.slow
def test_an_up_that_is_killed_at_any_moment_can_be_called_again(bench: Bench) -> None:
    bench.up()
    said = bench.grow(6)
    for round_number in range(8):
        for name in NAMES[round_number % 4 :]:
            kill(bench.folder, name)
        killed = multiprocessing.get_context("fork").Process(target=bench.up)
        killed.start()
        killed.join(0.05 * round_number)
        killed.kill()
        killed.join()
        killed.close()
        bench.up()
        assert bench.chain_says() == said
        cluster = str(postgres.cluster(bench.folder))
        servers = [
            process for process in psutil.process_iter(["cmdline"]) if cluster in (process.info["cmdline"] or [])
        ]
        assert len(servers) == 1


def test_down_and_up_keep_everything(bench: Bench) -> None:
    bench.up()
    said = bench.grow(6)
    assert bench.down()
    assert not stack_status.is_running(bench.folder)
    assert not bench.down()
    bench.said.clear()
    bench.up()
    assert bench.chain_says() == said
    assert not any("brought back" in line for line in bench.said)


def test_a_replay_that_was_cut_off_is_done_again(bench: Bench) -> None:
    bench.up()
    said = bench.grow(8)
    kill(bench.folder, "chain")
    plan = bench.plan()

    def cut_off() -> Iterator[ReplayBlock]:
        yield from bench.followed[:4]
        raise KeyboardInterrupt

    interrupted = StackPlan(plan.migrate, lambda _: cut_off(), plan.services)
    with pytest.raises(KeyboardInterrupt):
        stack.up(bench.folder, interrupted, bench.said.append)
    assert bench.pids()["chain"] is not None
    assert bench.pids().get("worker") is None
    bench.up()
    assert bench.chain_says() == said


def test_a_snapshot_that_does_not_fit_the_database_is_replaced_by_a_replay_from_genesis(bench: Bench) -> None:
    bench.up()
    said = bench.grow(8)
    with Rpc(chain.running_url(bench.folder)) as rpc:
        # Another eighth block than the followed one reaches a snapshot.
        rpc.call("evm_setAutomine", False)
    kill(bench.folder, "chain")
    processes.stop(bench.folder, "worker")
    endpoint = chain.start(bench.folder)
    with Rpc(endpoint.rpc_url) as rpc:
        for _ in range(5):
            rpc.call("evm_mine")
        assert chain.take_snapshot(bench.folder) is not None
    kill(bench.folder, "chain")
    bench.up()
    assert bench.chain_says() == said
    assert any("replaying from genesis" in line for line in bench.said)
    assert snapshots.newest_first(bench.folder) == []


def test_followed_blocks_that_cannot_come_back_stop_the_start_without_a_wrong_chain(bench: Bench) -> None:
    bench.up()
    bench.grow(6)
    kill(bench.folder, "chain")
    bench.followed = bench.followed[1:]
    with pytest.raises(EngineError, match="block 1 is missing"):
        bench.up()
    assert chain.status(bench.folder) is None
    assert bench.pids().get("worker") is None


def test_a_service_that_ends_at_its_start_is_told_with_its_last_words(bench: Bench) -> None:
    bench.api_argv = (sys.executable, "-c", "raise SystemExit('no trust file')")
    with pytest.raises(EngineError, match=r"api ended at its start: .*no trust file"):
        bench.up()
    bench.api_argv = (sys.executable, "-c", API)
    bench.up()


def test_a_configured_port_of_the_api_is_taken_over_after_a_kill(bench: Bench) -> None:
    port = bench.up().api_port
    record = processes.find(bench.folder, "api")
    assert record is not None
    children = psutil.Process(record.pid).children()
    os.kill(record.pid, SIGKILL)
    assert bench.up(api_port=port).api_port == port
    assert all(not child.is_running() or child.status() == psutil.STATUS_ZOMBIE for child in children)


def test_running_stops_everything_even_after_an_error(bench: Bench) -> None:
    with suppress(ZeroDivisionError), stack.running(bench.folder, bench.plan(), bench.said.append):
        assert stack_status.is_running(bench.folder)
        raise ZeroDivisionError
    assert not stack_status.is_running(bench.folder)


def test_two_stacks_in_two_folders_do_not_disturb_each_other(bench: Bench, tmp_path: Path) -> None:
    first = bench.up()
    other = Bench(DataFolder.at(tmp_path / "other"))
    try:
        second = other.up()
        assert first.chain_id != second.chain_id
        assert len({first.api_port, second.api_port}) == 2
        assert first.database_url != second.database_url
        kill(other.folder, "chain")
        other.up()
    finally:
        other.down()
    assert None not in bench.pids().values()
    assert bench.up() == first


def test_status_and_logs_tell_people_and_programs(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    found = bench.up()
    option = ["--data-folder", str(bench.folder.root)]
    assert gongzhi(["status", *option, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["well"] is True
    assert {process["name"]: process["running"] for process in told["processes"]} == dict.fromkeys(NAMES, True)
    assert next(process["address"] for process in told["processes"] if process["name"] == "chain") == found.rpc_url
    kill(bench.folder, "worker")
    assert gongzhi(["status", *option]) == 1
    assert "stopped" in capsys.readouterr().out
    assert gongzhi(["logs", "worker", "-n", "1", *option]) == 0
    assert capsys.readouterr().out == f"worker    using {found.rpc_url}\n"
    assert gongzhi(["logs", "-n", "1", "--json", *option]) == 0
    assert {json.loads(line)["process"] for line in capsys.readouterr().out.splitlines()} >= {"postgres", "worker"}
    assert gongzhi(["logs", "../run/worker", *option]) == 2


def test_reset_stops_everything_and_deletes_only_a_data_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = DataFolder.at(tmp_path / "data")
    postgres_pid = postgres.start(folder).pid
    option = ["--data-folder", str(folder.root)]
    assert gongzhi(["down", *option, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"stopped": True}
    assert not psutil.pid_exists(postgres_pid) or psutil.Process(postgres_pid).status() == psutil.STATUS_ZOMBIE
    chain.start(folder)
    assert gongzhi(["reset", "--yes", *option]) == 0
    assert not folder.root.exists()
    folder.root.mkdir()
    (folder.root / "thesis.txt").write_text("mine")
    assert gongzhi(["reset", "--yes", *option]) == 1
    assert (folder.root / "thesis.txt").exists()
