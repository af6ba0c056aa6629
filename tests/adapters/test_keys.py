"""Keystore files and the file key provider, on a real file system."""

import os
from pathlib import Path

import pytest

from ledger.core.signature import recover
from ledger.errors import KeyProviderError
from ledger.keys.file_provider import create_file_provider, open_file_provider
from ledger.keys.keystore import THROWAWAY_SCRYPT_ITERATIONS, create_keystore, open_keystore
from ledger.keys.uris import open_key_provider, open_signer

pytestmark = pytest.mark.adapters


def make(path: Path) -> tuple[Path, Path]:
    keystore, password = path / "key.json", path / "password"
    password.write_text("correct horse\n", encoding="utf-8")
    create_keystore(keystore, "correct horse", iterations=THROWAWAY_SCRYPT_ITERATIONS)
    return keystore, password


def test_a_keystore_signs_with_the_key_that_was_made(tmp_path: Path) -> None:
    keystore, password = make(tmp_path)
    signer = open_signer(f"keystore:{keystore}", password)
    digest = os.urandom(32)
    assert recover(digest, signer.sign_digest(digest)) == signer.address
    assert signer.address == open_keystore(keystore, "correct horse").address


def test_a_wrong_password_opens_nothing_and_is_not_repeated(tmp_path: Path) -> None:
    keystore, _ = make(tmp_path)
    with pytest.raises(KeyProviderError) as refusal:
        open_keystore(keystore, "battery staple")
    assert "staple" not in str(refusal.value)


def test_a_keystore_that_others_may_read_is_refused(tmp_path: Path) -> None:
    keystore, _ = make(tmp_path)
    keystore.chmod(0o644)
    with pytest.raises(KeyProviderError, match="600"):
        open_keystore(keystore, "correct horse")


def test_a_keystore_is_never_overwritten(tmp_path: Path) -> None:
    keystore, _ = make(tmp_path)
    before = keystore.read_bytes()
    with pytest.raises(KeyProviderError, match="never overwritten"):
        create_keystore(keystore, "other", iterations=THROWAWAY_SCRYPT_ITERATIONS)
    assert keystore.read_bytes() == before


def test_keys_do_not_show_themselves(tmp_path: Path) -> None:
    keystore, password = make(tmp_path)
    signer = open_signer(f"keystore:{keystore}", password)
    assert repr(signer) == f"KeystoreSigner({signer.address})"
    assert repr(create_file_provider(tmp_path / "master")) == "FileKeyProvider()"


def test_a_daily_key_opens_under_its_own_id_and_master_only(tmp_path: Path) -> None:
    provider = create_file_provider(tmp_path / "master")
    made = provider.new_daily_key("2026-11-21")
    assert open_key_provider(f"file:{tmp_path / 'master'}").open_daily_key("2026-11-21", made.wrapped) == made
    with pytest.raises(KeyProviderError):
        provider.open_daily_key("2026-11-22", made.wrapped)
    with pytest.raises(KeyProviderError):
        create_file_provider(tmp_path / "other").open_daily_key("2026-11-21", made.wrapped)


def test_a_master_key_of_another_length_or_mode_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "master"
    path.write_bytes(b"short")
    path.chmod(0o600)
    with pytest.raises(KeyProviderError, match="32 bytes"):
        open_file_provider(path)
    path.chmod(0o640)
    with pytest.raises(KeyProviderError, match="600"):
        open_file_provider(path)


@pytest.mark.parametrize("uri", ["http://key", "keystore:nowhere.json", ""])
def test_what_is_no_signer_is_said_to_be_none(uri: str, tmp_path: Path) -> None:
    with pytest.raises(KeyProviderError):
        open_signer(uri, tmp_path / "password")
    with pytest.raises(KeyProviderError):
        open_key_provider(uri)
