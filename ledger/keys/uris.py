"""Signers and key providers by URI."""

from pathlib import Path

from ledger.errors import KeyProviderError
from ledger.keys.file_provider import FileKeyProvider, open_file_provider
from ledger.keys.keystore import KeystoreSigner, open_keystore

KEYSTORE = "keystore:"
FILE = "file:"


def open_signer(uri: str, password_file: Path | None) -> KeystoreSigner:
    """Return the signer of `keystore:PATH`; raises KeyProviderError."""
    if not uri.startswith(KEYSTORE):
        raise KeyProviderError("a signer is given as keystore:PATH")
    if password_file is None:
        raise KeyProviderError("a keystore needs a password file")
    return open_keystore(Path(uri.removeprefix(KEYSTORE)), read_password(password_file))


def read_password(path: Path) -> str:
    """Return the first line of a password file; raises KeyProviderError."""
    try:
        return path.read_text(encoding="utf-8").split("\n", 1)[0]
    except (OSError, UnicodeDecodeError):
        raise KeyProviderError(f"password file {path.name} cannot be read") from None


def open_key_provider(uri: str) -> FileKeyProvider:
    """Return the key provider of `file:PATH`; raises KeyProviderError."""
    if not uri.startswith(FILE):
        raise KeyProviderError("a key provider is given as file:PATH")
    return open_file_provider(Path(uri.removeprefix(FILE)))
