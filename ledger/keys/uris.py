"""Keys by URI: `keystore:PATH` and `web3signer:URL` sign, `file:PATH` wraps daily keys.

A URI names a place, never a secret.
"""

from collections.abc import Mapping
from pathlib import Path

from ledger.errors import KeyProviderError
from ledger.keys.file_provider import open_master_key
from ledger.keys.keystore import open_keystore
from ledger.keys.private_file import read_password
from ledger.keys.signer_file import open_signer_file
from ledger.keys.web3signer import SYSTEM_TLS, SignerTls, open_web3signer
from ledger.ports import KeyProvider, Signer

SIGNERS = {"keystore": "keystore:PATH", "web3signer": "web3signer:https://HOST[:PORT][#ADDRESS]"}
PROVIDERS = {"file": "file:PATH"}


def open_signer(uri: str, password_file: Path | None, tls: SignerTls = SYSTEM_TLS) -> Signer:
    """Return the signer at `keystore:PATH` or `web3signer:URL`.

    A keystore's password is the first line of `password_file` (mode 0600); `tls` holds for a web3signer. Where a
    signer file stands in a keystore's place, the signer that it names is opened, without a password. Raises
    KeyProviderError.
    """
    scheme, place = _place(uri, SIGNERS)
    if scheme == "web3signer":
        return open_web3signer(place, tls)
    remote = open_signer_file(Path(place))
    if remote is not None:
        return remote
    if password_file is None:
        raise KeyProviderError("a keystore needs a file with its password")
    return open_keystore(Path(place), read_password(password_file))


def open_key_provider(uri: str) -> KeyProvider:
    """Return the provider at `file:PATH`; raises KeyProviderError."""
    return open_master_key(Path(_place(uri, PROVIDERS)[1]))


def _place(uri: str, known: Mapping[str, str]) -> tuple[str, str]:
    scheme, _, place = uri.partition(":")
    if scheme not in known or not place:
        raise KeyProviderError(f"a key is named as {' or '.join(known.values())}")
    return scheme, place
