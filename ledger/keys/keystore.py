"""`keystore:PATH`: a signing key in an Ethereum V3 keystore file (scrypt, AES-128-CTR), password from another file."""

import json
import os
from pathlib import Path

from eth_account import Account

from ledger.core.signature import address_of, sign_digest
from ledger.errors import KeyProviderError
from ledger.types import Address

OWNER_ONLY = 0o600
SCRYPT_ITERATIONS = 2**18
"""Cost of opening a keystore: about a second and 256 MiB. Throw-away keys of demonstrations and tests use less."""
THROWAWAY_SCRYPT_ITERATIONS = 2**10


class KeystoreSigner:
    """A signer whose key was read from a keystore file; the key stays in this process's memory."""

    def __init__(self, private_key: bytes) -> None:
        self._private_key = private_key
        self._address = address_of(private_key)

    def __repr__(self) -> str:
        return f"KeystoreSigner({self._address})"

    @property
    def address(self) -> Address:
        """Lowercase 0x address."""
        return self._address

    def sign_digest(self, digest: bytes) -> bytes:
        """Return the strict 65-byte signature of a 32-byte digest."""
        return sign_digest(digest, self._private_key)


def open_keystore(path: Path, password: str) -> KeystoreSigner:
    """Return the signer of a keystore file; raises KeyProviderError if it is missing, readable by others or not ours."""
    try:
        if path.stat().st_mode & 0o077:
            raise KeyProviderError(f"keystore {path.name} may be read by others; expected mode 600")
        private_key = bytes(Account.decrypt(json.loads(path.read_text(encoding="utf-8")), password))
    except (OSError, ValueError, KeyError, TypeError):
        raise KeyProviderError(f"keystore {path.name} is missing, damaged, or has another password") from None
    return KeystoreSigner(private_key)


def create_keystore(path: Path, password: str, *, iterations: int = SCRYPT_ITERATIONS) -> KeystoreSigner:
    """Make a fresh key, write its keystore (mode 600, never over an existing file) and return its signer.

    Raises KeyProviderError if the file is there.
    """
    private_key = os.urandom(32)
    document = Account.encrypt(private_key, password, kdf="scrypt", iterations=iterations)
    write_owner_only(path, json.dumps(document).encode("ascii"))
    return KeystoreSigner(private_key)


def write_owner_only(path: Path, content: bytes) -> None:
    """Write a new file that only its owner may read, durably; raises KeyProviderError if it is there."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    except FileExistsError:
        raise KeyProviderError(f"{path.name} is there already; keys are never overwritten") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
