"""A consortium per module, on a database of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from ledger.store.migrate import migrate
from tests.api.consortium import Consortium, running_consortium


@pytest.fixture(scope="package", autouse=True)
def quiet_logs() -> None:
    """Log lines go nowhere, unless a test reads them."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory(), cache_logger_on_first_use=False)


@pytest.fixture(scope="module")
def shared(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consortium]:
    """A consortium that the tests of a module share; they neither end keys nor let facts go stale."""
    migrate(module_database)
    with running_consortium(module_database, tmp_path_factory.mktemp("data")) as made:
        yield made


@pytest.fixture
def consortium(database: str, tmp_path: Path) -> Iterator[Consortium]:
    """A consortium of this test's own."""
    migrate(database)
    with running_consortium(database, tmp_path) as made:
        yield made
