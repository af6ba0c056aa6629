"""A stack shares its machine: with another stack, and with strangers who take its ports while it is stopped."""

import json
import socket
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from ledger.embedded.processes import MARK_VARIABLE
from tests.e2e.demo_stack import DemoStack, run_gongzhi
from tests.e2e.ingest import Ingest, blocks_on_chain, followed_blocks

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("repaired")]


def processes_of(folder: Path) -> list[str]:
    """The living processes that were started in a data folder, and their children."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(folder) in process.environ().get(MARK_VARIABLE, ""):
                found.append(process.name())
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


@pytest.mark.slow
def test_a_second_demonstration_comes_and_goes_while_the_first_one_works(demo: DemoStack, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    pids = [demo.process(name).pid for name in ("api", "worker", "chain", "postgres")]
    with demo.client("community-4", tmp_path / "client") as client:
        with Ingest(client, pause_seconds=0.5) as ingest:
            other = run_gongzhi(folder, "demo", "--limit", "60", "--data-folder", folder, "--once", "--json")
        ingest.finish()
    assert other.returncode == 0, other.stderr
    figures = json.loads(other.stdout.splitlines()[-1])
    assert figures["records"] == figures["verified"]["checked"] == 60 + 200 + figures["shared"]
    document = json.loads((folder / "demo.json").read_text(encoding="utf-8"))
    assert document["chainId"] != demo.document["chainId"]
    assert {document["api"], document["rpc"]}.isdisjoint({demo.api, demo.rpc})
    assert processes_of(folder) == []
    assert len(processes_of(demo.folder.root)) >= 4
    assert [demo.process(name).pid for name in ("api", "worker", "chain", "postgres")] == pids
    assert not ingest.interruptions


@pytest.mark.slow
def test_a_stack_whose_ports_were_taken_comes_back_elsewhere_with_everything(demo: DemoStack, tmp_path: Path) -> None:
    before = demo.api, demo.rpc
    followed = followed_blocks(demo)
    demo.gongzhi("down")
    assert processes_of(demo.folder.root) == []
    with ExitStack() as strangers:
        for url in before:
            taken = strangers.enter_context(socket.socket())
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", int(url.rpartition(":")[2])))
            taken.listen()
        found = json.loads(demo.gongzhi("up", "--json"))
    assert (found["api"], found["rpc"]) == (demo.api, demo.rpc)
    assert {demo.api, demo.rpc}.isdisjoint(before)
    assert blocks_on_chain(demo, followed) == followed
    with demo.client("community-4", tmp_path / "client") as client:
        ingest = Ingest(client)
        ingest.step()
        ingest.finish()
    assert len(ingest.accepted) == 1
