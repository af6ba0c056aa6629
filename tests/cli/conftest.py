"""Where commands of an administrator are given."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger import wiring
from ledger.config import load_settings
from ledger.embedded import stack
from ledger.embedded.data_folder import DataFolder
from tests.cli.admin_desk import Desk


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A folder with a database and a chain running."""
    monkeypatch.setattr("ledger.cli.admin_key.create_keystore", cheap_keystore)
    settings = load_settings(tmp_path / "data")
    folder = DataFolder.at(settings.data_folder)
    stack.up(folder, wiring.stack_plan(settings), lambda _: None)
    yield Desk(tmp_path, capsys)
    stack.down(folder, lambda _: None)


def cheap_keystore(path: Path, private_key: bytes, password: str) -> object:
    """A real keystore whose password is cheap to guess: ten of them are opened here."""
    from ledger.keys.keystore import DEVELOPMENT_SCRYPT_COST, create_keystore

    return create_keystore(path, private_key, password, scrypt_cost=DEVELOPMENT_SCRYPT_COST)
