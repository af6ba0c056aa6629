"""A key provider for development: the master key in a file, daily keys wrapped by it with AES-256-GCM."""

import base64
import binascii
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.errors import KeyProviderError
from ledger.keys.private_file import read_private, write_private
from ledger.rows import DailyKey

KEY_BYTES = 32
AEAD_NONCE_BYTES = 12
PURPOSE = b"gongzhi daily key/1\x00"


class FileKeyProvider:
    """Wraps and opens daily keys; the key's id is bound to its wrapped bytes."""

    __slots__ = ("_master",)

    def __init__(self, master_key: bytes) -> None:
        """Take the 32 bytes of the master key; raises KeyProviderError for another length."""
        if len(master_key) != KEY_BYTES:
            raise KeyProviderError(f"a master key has {KEY_BYTES} bytes")
        self._master = AESGCM(master_key)

    def __repr__(self) -> str:
        """Show nothing."""
        return "FileKeyProvider()"

    def new_daily_key(self, key_id: str) -> DailyKey:
        """Make and wrap a fresh daily key."""
        clear, aead_nonce = secrets.token_bytes(KEY_BYTES), secrets.token_bytes(AEAD_NONCE_BYTES)
        wrapped = aead_nonce + self._master.encrypt(aead_nonce, clear, PURPOSE + key_id.encode("utf-8"))
        return DailyKey(key_id, clear, wrapped)

    def open_daily_key(self, key_id: str, wrapped: bytes) -> DailyKey:
        """Unwrap a daily key; raises KeyProviderError if it was not wrapped by this master under this id."""
        aead_nonce, sealed = wrapped[:AEAD_NONCE_BYTES], wrapped[AEAD_NONCE_BYTES:]
        try:
            clear = self._master.decrypt(aead_nonce, sealed, PURPOSE + key_id.encode("utf-8"))
        except (InvalidTag, ValueError):
            raise KeyProviderError("a daily key was not wrapped by this master key under this id") from None
        return DailyKey(key_id, clear, wrapped)


def create_master_key(path: Path) -> None:
    """Write a fresh master key (base64, mode 0600); raises KeyProviderError if the file is there already."""
    write_private(path, base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")


def open_master_key(path: Path) -> FileKeyProvider:
    """Return the provider of a master key file; raises KeyProviderError naming the file."""
    try:
        return FileKeyProvider(base64.b64decode(read_private(path).strip(), validate=True))
    except binascii.Error:
        raise KeyProviderError(f"{path} holds no master key") from None
