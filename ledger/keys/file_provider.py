"""A key provider for development: the master key in a file, daily keys wrapped by it with AES-256-GCM.

Keys of subjects are derived from the master by HKDF-SHA256 (RFC 5869), one for each name, and never leave.
"""

import base64
import binascii
import hmac
import re
import secrets
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from ledger.errors import KeyProviderError
from ledger.keys.private_file import read_private, write_private
from ledger.rows import DailyKey

KEY_BYTES = 32
AEAD_NONCE_BYTES = 12
PURPOSE = b"gongzhi daily key/1\x00"
SUBJECT_ROOT = b"gongzhi subject keys/1"
"""What the root of the subject keys is derived for; the master itself wraps daily keys and does nothing else."""
_KEPT_KEYS = 256
_SUBJECT_NAME = re.compile(r"token|tag|counts|agency/[0-9]{1,10}/[0-9]{1,5}/[0-9]{1,10}")


class FileKeyProvider:
    """Wraps and opens daily keys; the key's id is bound to its wrapped bytes. Computes with the keys of subjects."""

    __slots__ = ("_master", "_subject_key", "_subject_root")

    def __init__(self, master_key: bytes) -> None:
        """Take the 32 bytes of the master key; raises KeyProviderError for another length."""
        if len(master_key) != KEY_BYTES:
            raise KeyProviderError(f"a master key has {KEY_BYTES} bytes")
        self._master = AESGCM(master_key)
        self._subject_root = HKDF(SHA256(), KEY_BYTES, salt=None, info=SUBJECT_ROOT).derive(master_key)
        self._subject_key = lru_cache(_KEPT_KEYS)(self._derived)  # deriving one takes several times as long as its use

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

    def subject_hmac(self, name: str, message: bytes) -> bytes:
        """Return HMAC-SHA256 (32 bytes) of `message` by the subject key `name`; raises KeyProviderError for another.

        Names: `token`, `tag`, `agency/<agency>/<purpose>/<epoch>` (formats page, section 9), `counts`.
        """
        if not _SUBJECT_NAME.fullmatch(name):
            raise KeyProviderError("no key of subjects has this name")
        return hmac.digest(self._subject_key(name), message, "sha256")

    def _derived(self, name: str) -> bytes:
        return HKDFExpand(SHA256(), KEY_BYTES, info=name.encode("ascii")).derive(self._subject_root)


def create_master_key(path: Path) -> None:
    """Write a fresh master key (base64, mode 0600); raises KeyProviderError if the file is there already."""
    write_private(path, base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")


def open_master_key(path: Path) -> FileKeyProvider:
    """Return the provider of a master key file; raises KeyProviderError naming the file."""
    try:
        return FileKeyProvider(base64.b64decode(read_private(path).strip(), validate=True))
    except binascii.Error:
        raise KeyProviderError(f"{path} holds no master key") from None
