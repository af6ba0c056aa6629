"""One chain for all contract tests; each test starts from the same fresh deployment."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests import engines
from tests.contracts.chamber import Chamber
from tests.contracts.offices import Offices
from tests.contracts.sandbox import Sandbox


@pytest.fixture(scope="session")
def deployed(engine_folder: Path) -> Iterator[Sandbox]:
    """A deployment that no test has touched."""
    folder = engine_folder / "contracts-chain"
    with httpx.Client() as http:
        sandbox = Sandbox(engines.anvil(folder), http)
        sandbox.deploy()
        yield sandbox
    engines.stop_anvil(folder)


@pytest.fixture
def sandbox(deployed: Sandbox) -> Iterator[Sandbox]:
    """The deployment; what a test does to it is undone."""
    snapshot = deployed.rpc("evm_snapshot")
    yield deployed
    assert deployed.rpc("evm_revert", snapshot)


@pytest.fixture(scope="session")
def settled(engine_folder: Path, deployed: Sandbox) -> Iterator[Offices]:
    """A second deployment, where the offices of a small consortium have settled."""
    folder = engine_folder / "offices-chain"
    with httpx.Client() as http:
        sandbox = Sandbox(engines.anvil(folder), http, reached=deployed.reached)
        sandbox.deploy()
        yield Offices(sandbox)
    engines.stop_anvil(folder)


@pytest.fixture
def offices(settled: Offices) -> Iterator[Offices]:
    """The offices; what a test does to them is undone."""
    snapshot = settled.sandbox.rpc("evm_snapshot")
    yield settled
    assert settled.sandbox.rpc("evm_revert", snapshot)


@pytest.fixture(scope="session")
def founded(engine_folder: Path, deployed: Sandbox) -> Iterator[Chamber]:
    """A third deployment, governed by a Council whose founding is complete."""
    folder = engine_folder / "council-chain"
    with httpx.Client() as http:
        sandbox = Sandbox(engines.anvil(folder), http, reached=deployed.reached)
        sandbox.deploy(by_council=True)
        chamber = Chamber(sandbox)
        chamber.found()
        yield chamber
    engines.stop_anvil(folder)


@pytest.fixture
def chamber(founded: Chamber) -> Iterator[Chamber]:
    """The Council; what a test does to it is undone."""
    snapshot = founded.sandbox.rpc("evm_snapshot")
    yield founded
    assert founded.sandbox.rpc("evm_revert", snapshot)


@pytest.fixture
def unfounded(deployed: Sandbox, sandbox: Sandbox) -> Chamber:
    """A Council that governs its contracts, and whose founding is still to come."""
    fresh = Sandbox(sandbox.rpc_url, sandbox.http, reached=deployed.reached)
    fresh.deploy(by_council=True)
    return Chamber(fresh)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What was reached is known last."""
    items.sort(key=lambda item: item.path.name == "test_every_error.py")
