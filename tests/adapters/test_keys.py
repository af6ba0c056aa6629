"""Signing keys and the key provider, in real files."""

import hashlib
import hmac
import json
import pickle
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.core.keccak import keccak256
from ledger.core.signature import recover
from ledger.errors import KeyProviderError
from ledger.keys.file_provider import FileKeyProvider, create_master_key, open_master_key
from ledger.keys.keystore import DEVELOPMENT_SCRYPT_COST, KeystoreSigner, create_keystore
from ledger.keys.private_file import write_private
from ledger.keys.uris import open_key_provider, open_signer

pytestmark = pytest.mark.adapters

PRIVATE_KEY = bytes(range(1, 33))
PASSWORD = "planted-password"


@pytest.fixture
def keystore(tmp_path: Path) -> Path:
    path = tmp_path / "key.json"
    create_keystore(path, PRIVATE_KEY, PASSWORD, scrypt_cost=DEVELOPMENT_SCRYPT_COST)
    return path


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(PASSWORD + "\n")
    path.chmod(0o600)
    return path


def test_a_key_signs_after_it_was_stored_and_opened(keystore: Path, password_file: Path) -> None:
    signer = open_signer(f"keystore:{keystore}", password_file)
    assert recover(keccak256(b"what is signed"), signer.sign_preimage(b"what is signed")) == signer.address
    assert signer.address == KeystoreSigner(PRIVATE_KEY).address
    assert stat.S_IMODE(keystore.stat().st_mode) == 0o600
    document = json.loads(keystore.read_text())
    assert (document["version"], document["crypto"]["kdfparams"]["n"]) == (3, DEVELOPMENT_SCRYPT_COST)


def test_neither_key_nor_password_is_seen_in_what_fails(keystore: Path, password_file: Path, tmp_path: Path) -> None:
    signer = KeystoreSigner(PRIVATE_KEY)
    assert PRIVATE_KEY.hex() not in repr(signer) + str(signer)
    with pytest.raises(TypeError):
        pickle.dumps(signer)
    password_file.write_text("another-planted\n")
    with pytest.raises(KeyProviderError, match="its password is another one") as caught:
        open_signer(f"keystore:{keystore}", password_file)
    assert "planted" not in repr(caught.value)
    assert caught.value.__suppress_context__


def test_a_keystore_is_never_written_over(keystore: Path) -> None:
    with pytest.raises(KeyProviderError, match="File exists"):
        create_keystore(keystore, PRIVATE_KEY, PASSWORD, scrypt_cost=DEVELOPMENT_SCRYPT_COST)


def test_files_that_others_may_read_are_refused(keystore: Path, password_file: Path) -> None:
    keystore.chmod(0o640)
    with pytest.raises(KeyProviderError, match="may be read by others"):
        open_signer(f"keystore:{keystore}", password_file)
    keystore.chmod(0o600)
    password_file.chmod(0o604)
    with pytest.raises(KeyProviderError, match="may be read by others"):
        open_signer(f"keystore:{keystore}", password_file)


@pytest.mark.parametrize(
    ("content", "fault"),
    [("{}", "no keystore"), ("not json", "no keystore"), ("[]", "no keystore")],
)
def test_a_file_that_is_no_keystore_is_named(tmp_path: Path, password_file: Path, content: str, fault: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(KeyProviderError, match=fault):
        open_signer(f"keystore:{path}", password_file)


def test_a_keystore_with_the_address_of_another_key_is_refused(keystore: Path, password_file: Path) -> None:
    document = json.loads(keystore.read_text()) | {"address": "00" * 20}
    keystore.write_text(json.dumps(document))
    with pytest.raises(KeyProviderError, match="another address"):
        open_signer(f"keystore:{keystore}", password_file)


def test_keys_are_named_by_uris_that_we_know(keystore: Path, password_file: Path, tmp_path: Path) -> None:
    for uri in ("vault:somewhere", str(keystore), "keystore:", "file:x"):
        with pytest.raises(KeyProviderError, match="keystore:PATH"):
            open_signer(uri, password_file)
    with pytest.raises(KeyProviderError, match="password"):
        open_signer(f"keystore:{keystore}", None)
    with pytest.raises(KeyProviderError, match="file:PATH"):
        open_key_provider(f"keystore:{keystore}")
    with pytest.raises(KeyProviderError, match="cannot be read: No such file"):
        open_key_provider(f"file:{tmp_path / 'nothing'}")
    password_file.write_text("\n")
    with pytest.raises(KeyProviderError, match="holds no password"):
        open_signer(f"keystore:{keystore}", password_file)


def test_a_daily_key_opens_under_its_master_and_its_id_only(tmp_path: Path) -> None:
    paths = [tmp_path / "first", tmp_path / "second"]
    for path in paths:
        create_master_key(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first, second = (open_key_provider(f"file:{path}") for path in paths)
    daily = first.new_daily_key("2024-01-01/1")
    assert first.open_daily_key("2024-01-01/1", daily.wrapped) == daily
    assert open_master_key(paths[0]).open_daily_key("2024-01-01/1", daily.wrapped).clear == daily.clear
    assert daily.clear not in daily.wrapped
    assert daily.clear.hex() not in repr(daily)
    for provider, key_id, wrapped in (
        (second, "2024-01-01/1", daily.wrapped),
        (first, "2024-01-02/1", daily.wrapped),
        (first, "2024-01-01/1", daily.wrapped[:-1]),
        (first, "2024-01-01/1", b""),
    ):
        with pytest.raises(KeyProviderError, match="not wrapped by this master"):
            provider.open_daily_key(key_id, wrapped)


def test_a_master_key_has_its_length_and_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "master"
    for content in (b"c2hvcnQ=\n", b"!!!"):
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(KeyProviderError):
            open_key_provider(f"file:{path}")
    assert repr(FileKeyProvider(bytes(32))) == "FileKeyProvider()"


def test_keys_of_subjects_follow_from_the_master_and_are_not_shown(tmp_path: Path) -> None:
    first, again, second = (FileKeyProvider(bytes([fill]) * 32) for fill in (1, 1, 2))
    names = ("token", "tag", "counts", "agency/7/2/12", "agency/7/2/13", "agency/7/3/12", "agency/8/2/12")
    made = [first.subject_hmac(name, b"message") for name in names]
    assert len(set(made)) == len(names)
    assert made == [again.subject_hmac(name, b"message") for name in names]
    assert not set(made) & {second.subject_hmac(name, b"message") for name in names}
    assert first.subject_hmac("token", b"messagf") != made[0]
    assert repr(first) == "FileKeyProvider()"
    with pytest.raises(TypeError):
        pickle.dumps(first)


def test_a_subject_key_is_hkdf_of_the_master() -> None:
    def expand(key: bytes, info: bytes) -> bytes:
        return hmac.digest(key, info + b"\x01", hashlib.sha256)

    root = expand(hmac.digest(bytes(32), bytes(range(32)), hashlib.sha256), b"gongzhi subject keys/1")
    expected = hmac.digest(expand(root, b"agency/7/2/12"), b"message", hashlib.sha256)
    assert FileKeyProvider(bytes(range(32))).subject_hmac("agency/7/2/12", b"message") == expected


@pytest.mark.parametrize("name", ["", "master", "agency/1/2", "agency/1/2/3/4", "agency/-1/2/3", "token\n"])
def test_there_is_no_other_key_of_subjects(name: str) -> None:
    with pytest.raises(KeyProviderError, match="no key of subjects"):
        FileKeyProvider(bytes(32)).subject_hmac(name, b"")


def test_a_key_file_is_there_whole_or_not_at_all_when_its_writer_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    program = (
        "import os, pathlib, signal, sys\n"
        "from ledger.keys.private_file import write_private\n"
        "os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)\n"
        "write_private(pathlib.Path(sys.argv[1]), b'content')\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(path)], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert not path.exists()
    write_private(path, b"content")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"content", 0o600)


def test_a_key_file_that_stands_there_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    write_private(path, b"first")
    with pytest.raises(KeyProviderError, match="cannot be written"):
        write_private(path, b"second")
    assert path.read_bytes() == b"first"
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
