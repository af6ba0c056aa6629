"""Options and means that the verbs of `gongzhi admin` have in common."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger import wiring
from ledger.config import Settings
from ledger.core.canonical import decode
from ledger.errors import UsageError
from ledger.keys.uris import open_signer
from ledger.ports import Signer
from ledger.services.administration import Administration

FolderOption = Annotated[Path | None, typer.Option("--data-folder", help="folder of settings and embedded engines")]
KeystoreOption = Annotated[Path, typer.Option("--keystore", help="keystore of the key that sends and signs")]
PasswordOption = Annotated[Path, typer.Option("--password-file", help="file with the keystore's password")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="say what would be done, and do nothing")]
JsonOption = Annotated[bool, typer.Option("--json", help="print one JSON object")]


def say(line: str) -> None:
    """Tell progress, on stderr."""
    typer.echo(line, err=True)


@contextmanager
def administration(settings: Settings, sender: Signer, *, deployed: bool = True) -> Iterator[Administration]:
    """Give an administrator's means; `deployed` asks for the contracts of the trust file."""
    contracts = wiring.contract_addresses(wiring.load_trust(settings)) if deployed else {}
    opened = wiring.open_administration(settings, sender, contracts)
    try:
        yield opened
    finally:
        opened.store.close()


def open_named(key: Mapping[str, Any], folder: Path) -> Signer:
    """Return the signer that a file names by paths beside it; a signer file needs no password.

    Raises KeyProviderError.
    """
    password_file = folder / key["passwordFile"] if "passwordFile" in key else None
    return open_signer(f"keystore:{folder / key['keystore']}", password_file)


def read_json(path: Path) -> Any:
    """Return the JSON value of a file; raises UsageError if it is not there, CanonicalJsonError if it is none."""
    try:
        return decode(path.read_bytes())
    except OSError:
        raise UsageError(f"{path} cannot be read") from None
