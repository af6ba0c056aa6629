"""Keys by URI: `keystore:PATH` signs, `file:PATH` wraps daily keys. A URI names a place, never a secret."""

from pathlib import Path

from ledger.errors import KeyProviderError
from ledger.keys.file_provider import open_master_key
from ledger.keys.keystore import open_keystore
from ledger.keys.private_file import read_password
from ledger.ports import KeyProvider, Signer

SIGNER_SCHEMES = ("keystore",)
PROVIDER_SCHEMES = ("file",)


def open_signer(uri: str, password_file: Path | None) -> Signer:
    """Return the signer at `keystore:PATH`; the password is the first line of `password_file` (mode 0600).

    Raises KeyProviderError.
    """
    path = _path(uri, SIGNER_SCHEMES)
    if password_file is None:
        raise KeyProviderError("a keystore needs a file with its password")
    return open_keystore(path, read_password(password_file))


def open_key_provider(uri: str) -> KeyProvider:
    """Return the provider at `file:PATH`; raises KeyProviderError."""
    return open_master_key(_path(uri, PROVIDER_SCHEMES))


def _path(uri: str, schemes: tuple[str, ...]) -> Path:
    scheme, separator, path = uri.partition(":")
    if not separator or scheme not in schemes or not path:
        known = ", ".join(f"{name}:PATH" for name in schemes)
        raise KeyProviderError(f"a key is named as {known}")
    return Path(path)
