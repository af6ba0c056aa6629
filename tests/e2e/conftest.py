"""The demonstration, run once as its users run it; its service is left running for all tests of this level."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.embedded import postgres, processes
from ledger.embedded.data_folder import DataFolder
from tests.e2e.demo_stack import DemoStack, run_gongzhi

CALLS = 120
"""Enough that every community publishes and every search finds something."""


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoStack]:
    """The stack that `gongzhi demo` left running; stopped at the end, however the tests end."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    try:
        done = run_gongzhi(folder, "demo", "--limit", str(CALLS), "--data-folder", folder, "--json")
        assert done.returncode == 0, done.stderr
        yield DemoStack(DataFolder.at(folder), json.loads(done.stdout.splitlines()[-1]), done.stderr)
    finally:
        stopped = run_gongzhi(folder, "down")
        postgres.remove_outside(DataFolder.at(folder))
        assert stopped.returncode == 0, stopped.stderr


@pytest.fixture
def repaired(demo: DemoStack) -> Iterator[None]:
    """What a test killed and did not bring back is started again, for the tests after it."""
    yield
    if not all(processes.find(demo.folder, name) for name in ("postgres", "chain", "worker", "api")):
        demo.up()


@pytest.fixture(scope="session")
def files(demo: DemoStack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `bundle.json` (of a record that fire was shown), `chain.json`, `export/`: by the command line."""
    folder = tmp_path_factory.mktemp("files")
    looking = ("--as", "fire", "--item", "1", "--purpose", "P05", "--basis", "LB3", "--basis-ref", "消防法")
    # Of the emergency calls, that is; other tests publish incidents without a person in them.
    terms = ("--class", "fire/", "--until", "2020-01-01", "--limit", "1")
    found = json.loads(demo.gongzhi("search", *looking, *terms, "--json"))
    demo.gongzhi("bundle", found["records"][0]["recordId"], *looking, "--out", folder / "bundle.json")
    demo.gongzhi("export", "chain", "--out", folder / "chain.json")
    demo.gongzhi("export", "ledger", "--as", "auditor", "--out", folder / "export")
    return folder
