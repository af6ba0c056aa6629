"""Two stacks in two folders at the same time leave each other alone."""

import json
from pathlib import Path

import psutil
import pytest

from ledger.embedded.processes import MARK_VARIABLE
from tests.e2e.demo_stack import DemoStack, run_gongzhi
from tests.e2e.ingest import Ingest

pytestmark = pytest.mark.e2e


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


def test_a_second_demonstration_comes_and_goes_while_the_first_one_works(demo: DemoStack, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    pids = [demo.process(name).pid for name in ("api", "worker", "chain", "postgres")]
    with demo.client("community-4", tmp_path / "client") as client:
        with Ingest(client) as ingest:
            other = run_gongzhi(folder, "demo", "--limit", "60", "--data-folder", folder, "--once", "--json")
        ingest.finish()
    assert other.returncode == 0, other.stderr
    figures = json.loads(other.stdout.splitlines()[-1])
    assert figures["records"] == figures["verified"]["checked"] == 60
    document = json.loads((folder / "demo.json").read_text(encoding="utf-8"))
    assert document["chainId"] != demo.document["chainId"]
    assert {document["api"], document["rpc"]}.isdisjoint({demo.api, demo.rpc})
    assert processes_of(folder) == []
    assert len(processes_of(demo.folder.root)) >= 4
    assert [demo.process(name).pid for name in ("api", "worker", "chain", "postgres")] == pids
    assert not ingest.interruptions
