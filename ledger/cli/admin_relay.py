"""`gongzhi admin relay`: take a signed act to the chain without a gateway."""

from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.admin_acting import AdminAct, send_prepared
from ledger.cli.admin_options import DryRunOption, FolderOption, JsonOption, KeystoreOption, PasswordOption
from ledger.core.action_file import parse_action_file
from ledger.core.hexadecimal import to_hex
from ledger.errors import UsageError
from ledger.keys.uris import open_signer


def relay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="action file that all its keys have signed")],
    keystore: KeystoreOption,
    password_file: PasswordOption,
    data_folder: FolderOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Send an act that was prepared and signed elsewhere; the key that sends pays and has no power. Safe to repeat."""
    try:
        prepared = parse_action_file(file.read_bytes())
    except OSError:
        raise UsageError(f"{file} cannot be read") from None
    act = AdminAct(data_folder, None, dry_run, as_json)
    result = {"action": prepared.action, "digest": to_hex(prepared.digest)}
    if dry_run:
        act.tell({"dryRun": True, **result, "missing": list(prepared.missing)}, prepared.summary)
        return
    send_prepared(act.settings, prepared, open_signer(f"keystore:{keystore}", password_file))
    act.tell(result, prepared.summary)
