"""`gongzhi admin endpoint`: say on chain where an agency's gateway is reached."""

from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.admin_options import (
    DryRunOption,
    FolderOption,
    JsonOption,
    KeystoreOption,
    PasswordOption,
    administration,
)
from ledger.cli.output import print_result
from ledger.config import load_settings
from ledger.core.canonical import encode
from ledger.core.endpoint_document import Endpoint, parse_endpoint
from ledger.core.hexadecimal import to_hex
from ledger.embedded.data_folder import write_durably
from ledger.keys.uris import open_signer
from ledger.services.endpoints import name_endpoint


def endpoint(
    url: Annotated[str, typer.Argument(help="origin of the gateway, as https://gateway.example")],
    keystore: KeystoreOption,
    password_file: PasswordOption,
    out: Annotated[Path | None, typer.Option("--out", help="file for the document, to hand to other gateways")] = None,
    data_folder: FolderOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Name this gateway's address on chain by the hash of its endpoint document; the key is an ADMIN of its agency.

    Other gateways hand the document on once they have it: `gongzhi gateway announce`.
    """
    settings = load_settings(data_folder)
    document = parse_endpoint(dict(Endpoint(settings.gateway, url).document))
    result = {"agency": document.agency, "url": document.url, "documentHash": to_hex(document.hash)}
    if dry_run:
        print_result({"dryRun": True, **result}, as_json=as_json)
        return
    admin = open_signer(f"keystore:{keystore}", password_file)
    with administration(settings, admin) as opened:
        name_endpoint(opened, document, admin)
    if out is not None:
        write_durably(out, encode(dict(document.document)))
    print_result(result, as_json=as_json)
