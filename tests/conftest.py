"""Engines for tests that need them, and no sockets for those that must not.

Fixtures: `postgres` (libpq URL of one server for the whole run), `database` and `module_database` (an empty database
for a test, for a module), `chain_rpc` and `module_chain_rpc` (JSON-RPC URL of a fresh chain for a test, for a module).
"""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests import engines

# No test fails because the machine was slow while an example ran.
settings.register_profile("gongzhi", deadline=None)
settings.load_profile("gongzhi")

TOGETHER = {"tests/contracts", "tests/e2e"}
"""Folders whose tests share what only one worker has: the errors that were reached, the one demonstration."""
ALONE = re.compile(
    r"test_(\w+_invariants|slither|five_members|killed_founding|succession|thousand_records|two_gateways)\.py"
)
"""Long modules of these folders that share nothing."""


class SocketOpened(AssertionError):
    """A unit test tried to open a socket."""


def refuse_socket(*_: object, **__: object) -> None:
    raise SocketOpened("a unit test opens no socket; mark it with the level that it belongs to")


@pytest.fixture(autouse=True)
def no_sockets_in_unit_tests(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.node.get_closest_marker("unit") is not None:
        for name in ("connect", "connect_ex", "bind", "sendto"):
            monkeypatch.setattr(socket.socket, name, refuse_socket)
        monkeypatch.setattr(socket, "getaddrinfo", refuse_socket)


@pytest.fixture(scope="session")
def engine_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the engines of this run live."""
    return tmp_path_factory.mktemp("engines")


@pytest.fixture(scope="session")
def postgres(engine_folder: Path) -> Iterator[str]:
    """The libpq URL of a PostgreSQL server that all tests share."""
    folder = engine_folder / "shared"
    yield engines.postgres_dsn(folder)
    engines.stop_postgres(folder)


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    """The libpq URL of a database of this test's own, empty."""
    dsn = engines.fresh_database(postgres)
    yield dsn
    engines.drop_database(dsn)


@pytest.fixture(scope="module")
def module_database(postgres: str) -> Iterator[str]:
    """The libpq URL of a database that the tests of one module share, empty at first."""
    dsn = engines.fresh_database(postgres)
    yield dsn
    engines.drop_database(dsn)


@pytest.fixture
def chain_rpc(tmp_path: Path) -> Iterator[str]:
    """The JSON-RPC URL of a chain of this test's own, at its genesis."""
    folder = tmp_path / "chain-engine"
    yield engines.anvil(folder)
    engines.stop_anvil(folder)


@pytest.fixture(scope="module")
def module_chain_rpc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The JSON-RPC URL of a chain that the tests of one module share."""
    folder = tmp_path_factory.mktemp("module-chain")
    yield engines.anvil(folder)
    engines.stop_anvil(folder)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return Groups(config, log)


class Groups(LoadScopeScheduling):
    """Shares tests among workers: those of a module go to one, and so do those of the contracts, and of the demo."""

    def _split_scope(self, nodeid: str) -> str:
        """Return the group of a test."""
        module = nodeid.partition("::")[0]
        folder, _, name = module.rpartition("/")
        return module if folder not in TOGETHER or ALONE.fullmatch(name) else folder
