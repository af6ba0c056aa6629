"""Signing keys in Ethereum V3 keystore files, as every wallet reads them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ledger.core.signature import SigningKey
from ledger.errors import KeyProviderError
from ledger.keys.private_file import read_private, write_private

PRODUCTION_SCRYPT_COST = 1 << 18
"""About a second and 256 MiB for each guess at the password."""
DEVELOPMENT_SCRYPT_COST = 1 << 12
"""A demo opens some forty keys; their password stands in a file beside them."""


class KeystoreSigner:
    """A key that was opened from its keystore; it shows its address and nothing else."""

    __slots__ = ("_key", "address")

    def __init__(self, private_key: bytes) -> None:
        """Take the 32 bytes of a private key; raises SignatureError if they are none."""
        self._key = SigningKey(private_key)
        self.address: str = self._key.address

    def __repr__(self) -> str:
        """Show the address only."""
        return f"KeystoreSigner({self.address})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Refuse to be pickled: a key leaves this process in its keystore only."""
        raise TypeError("a signing key is not copied")

    def sign_preimage(self, preimage: bytes) -> bytes:
        """Return the strict 65-byte signature of the Keccak-256 of `preimage`."""
        return self._key.sign_preimage(preimage)


def open_keystore(path: Path, password: str) -> KeystoreSigner:
    """Open a keystore file of mode 0600; raises KeyProviderError, which names the file and never what it holds."""
    # eth-account takes half a second to import; only those who open a keystore wait for it.
    from eth_account import Account

    try:
        document = json.loads(read_private(path))
        private_key = bytes(Account.decrypt(document, password))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise KeyProviderError(f"{path} is no keystore, or its password is another one") from None
    signer = KeystoreSigner(private_key)
    _check_address(path, document, signer)
    return signer


def _check_address(path: Path, document: Mapping[str, Any], signer: KeystoreSigner) -> None:
    stated = str(document.get("address", "")).lower().removeprefix("0x")
    if stated and "0x" + stated != signer.address:
        raise KeyProviderError(f"{path} states another address than that of its key")


def create_keystore(
    path: Path, private_key: bytes, password: str, *, scrypt_cost: int = PRODUCTION_SCRYPT_COST
) -> KeystoreSigner:
    """Write a keystore of a private key (32 bytes) with mode 0600 and return its signer.

    `scrypt_cost` is scrypt's N, a power of two. Raises KeyProviderError if the file is there already or cannot be
    written, SignatureError for bytes that are no key.
    """
    from eth_account import Account

    signer = KeystoreSigner(private_key)
    document = Account.encrypt(private_key, password, kdf="scrypt", iterations=scrypt_cost)
    write_private(path, json.dumps(document).encode())
    return signer
