"""Folders of a client are its owner's alone; a folder that is somebody else's business keeps its mode."""

import stat
from pathlib import Path

import pytest

from ledger.client.durable import private_folder
from ledger.errors import UsageError

pytestmark = pytest.mark.unit


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_folder_is_private_and_is_taken_again(tmp_path: Path) -> None:
    made = private_folder(tmp_path / "a" / "b")
    assert mode(made) == 0o700
    assert private_folder(made) == made


@pytest.mark.parametrize("open_to", [0o755, 0o750, 0o711, 0o770])
def test_a_folder_that_others_enter_is_refused_and_keeps_its_mode(tmp_path: Path, open_to: int) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(open_to)
    with pytest.raises(UsageError, match="chmod 700"):
        private_folder(folder)
    assert mode(folder) == open_to
    folder.chmod(0o700)
    assert private_folder(folder) == folder


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="no folder"):
        private_folder(tmp_path / "file")
