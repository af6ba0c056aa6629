"""The file with an agency's officer secret: made once, read by its owner only, and nothing else is taken for one."""

import base64
from pathlib import Path

import pytest

from ledger.errors import KeyProviderError
from ledger.keys.officer_secret import create_officer_secret, open_officer_secret

pytestmark = pytest.mark.adapters


def test_a_secret_is_made_once_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "officers"
    create_officer_secret(path)
    secret = open_officer_secret(path)
    assert len(secret) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(KeyProviderError):
        create_officer_secret(path)
    assert open_officer_secret(path) == secret


@pytest.mark.parametrize("content", [b"", b"no base64!", base64.b64encode(bytes(31)), bytes(32)])
def test_another_file_is_no_officer_secret_and_is_not_shown(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "officers"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyProviderError, match="holds no officer secret"):
        open_officer_secret(path)


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "officers"
    create_officer_secret(path)
    path.chmod(0o640)
    with pytest.raises(KeyProviderError, match="chmod 600"):
        open_officer_secret(path)
