"""`file:PATH`: a key provider whose master key is a file; for development, and as the model of a real one.

Production keeps the master in an HSM or a key service at another member, behind the same interface.
"""

import os
from pathlib import Path

from ledger.core.sealing import AEAD_NONCE_BYTES, DATA_KEY_BYTES, seal, unseal
from ledger.errors import KeyProviderError, SealingError
from ledger.keys.keystore import write_owner_only
from ledger.rows import DailyKey

MASTER_KEY_BYTES = 32


class FileKeyProvider:
    """Wraps daily keys under a 32-byte master key (AES-256-GCM, associated data = key id)."""

    def __init__(self, master_key: bytes) -> None:
        self._master_key = master_key

    def __repr__(self) -> str:
        return "FileKeyProvider()"

    def new_daily_key(self, key_id: str) -> DailyKey:
        """Make and wrap a fresh daily key."""
        clear = os.urandom(DATA_KEY_BYTES)
        wrapped = seal(self._master_key, os.urandom(AEAD_NONCE_BYTES), clear, key_id.encode())
        return DailyKey(key_id, clear, wrapped)

    def open_daily_key(self, key_id: str, wrapped: bytes) -> DailyKey:
        """Unwrap a daily key; raises KeyProviderError if it was not wrapped by this master under this id."""
        try:
            return DailyKey(key_id, unseal(self._master_key, wrapped, key_id.encode()), wrapped)
        except SealingError:
            raise KeyProviderError("a daily key was not wrapped by this master key") from None


def open_file_provider(path: Path) -> FileKeyProvider:
    """Return the provider of a master key file; raises KeyProviderError."""
    try:
        if path.stat().st_mode & 0o077:
            raise KeyProviderError(f"master key {path.name} may be read by others; expected mode 600")
        master_key = path.read_bytes()
    except OSError:
        raise KeyProviderError(f"master key {path.name} cannot be read") from None
    if len(master_key) != MASTER_KEY_BYTES:
        raise KeyProviderError(f"master key {path.name}: expected {MASTER_KEY_BYTES} bytes")
    return FileKeyProvider(master_key)


def create_file_provider(path: Path) -> FileKeyProvider:
    """Make a fresh master key file (mode 600) and return its provider; raises KeyProviderError if it is there."""
    master_key = os.urandom(MASTER_KEY_BYTES)
    write_owner_only(path, master_key)
    return FileKeyProvider(master_key)
