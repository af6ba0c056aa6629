"""`gongzhi admin parameter`: a parameter, where the keys of enough members are on this machine."""

from typing import Annotated

import typer

from ledger import wiring_council
from ledger.cli.admin_options import FolderOption, JsonOption, KeystoreOption, PasswordOption, administration
from ledger.cli.council_keys import MemberKeysOption, open_council_keys
from ledger.cli.output import print_result
from ledger.config import load_settings
from ledger.keys.uris import open_signer


def parameter(
    name: Annotated[str, typer.Argument(help="name, as `reviewAgency`; the reference of Parameters lists all")],
    value: Annotated[int, typer.Argument(min=0, help="number of an agency, seconds or a count")],
    keystore: KeystoreOption,
    password_file: PasswordOption,
    council_keys: MemberKeysOption,
    data_folder: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set a parameter of the consortium with member keys of this machine; else: `council propose set-parameter`."""
    settings = load_settings(data_folder)
    sender = open_signer(f"keystore:{keystore}", password_file)
    approvers = open_council_keys(council_keys)
    with administration(settings, sender) as opened:
        acts = wiring_council.open_acts(settings, opened)
        changed = wiring_council.set_parameter(settings, acts, name, value, approvers)
    print_result({"parameter": name, "value": value, "changed": changed}, as_json=as_json)
