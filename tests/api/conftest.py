"""A consortium per module or per test, on a database of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from ledger.store.migrate import migrate
from tests import engines
from tests.api.consortium import Consortium, running_consortium


@pytest.fixture(scope="package", autouse=True)
def quiet_logs() -> None:
    """Log lines go nowhere, unless a test reads them."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory(), cache_logger_on_first_use=False)


@pytest.fixture(scope="package")
def migrated(postgres: str) -> Iterator[str]:
    """Name of a migrated database that is copied, since a copy takes a fifth of the time."""
    dsn = engines.fresh_database(postgres)
    migrate(dsn)
    yield dsn.partition("@/")[2].partition("?")[0]
    engines.drop_database(dsn)


@pytest.fixture(scope="module")
def shared(postgres: str, migrated: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consortium]:
    """A consortium that the tests of a module share; they neither end keys nor let facts go stale."""
    dsn = engines.fresh_database(postgres, migrated)
    with running_consortium(dsn, tmp_path_factory.mktemp("data")) as made:
        yield made
    engines.drop_database(dsn)


@pytest.fixture
def consortium(postgres: str, migrated: str, tmp_path: Path) -> Iterator[Consortium]:
    """A consortium of this test's own."""
    dsn = engines.fresh_database(postgres, migrated)
    with running_consortium(dsn, tmp_path) as made:
        yield made
    engines.drop_database(dsn)
