"""`gongzhi admin successor`: deploy a RecordAnchors that succeeds the one in force, and perhaps name it."""

import typer

from ledger import wiring, wiring_council, wiring_succession
from ledger.cli.admin_options import (
    DryRunOption,
    FolderOption,
    JsonOption,
    KeystoreOption,
    PasswordOption,
    administration,
    say,
)
from ledger.cli.council_keys import CouncilKeysOption, open_council_keys
from ledger.cli.output import print_result
from ledger.config import load_settings
from ledger.core.points import ANCHORS
from ledger.keys.uris import open_signer


def successor(
    keystore: KeystoreOption,
    password_file: PasswordOption,
    council_keys: CouncilKeysOption = None,
    data_folder: FolderOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Deploy a RecordAnchors that continues the streams of the one in force.

    Nothing changes by that. When the Council names it (`council propose set-contract`, or `--council-keys` at once),
    every gateway seals its stream in the old one and goes on in the new one; verifiers read both.
    """
    settings = load_settings(data_folder)
    trust, rpc = wiring.load_trust(settings), wiring.rpc_url(settings)
    wiring_council.check_directory(trust, rpc)
    if dry_run:
        print_result({"dryRun": True, "succeeds": wiring_council.anchors_in_force(trust, rpc)}, as_json=as_json)
        return
    sender = open_signer(f"keystore:{keystore}", password_file)
    with administration(settings, sender) as opened:
        say(f"deploying {ANCHORS}")
        made = wiring_succession.deploy_successor(opened, trust, rpc)
        if council_keys is not None:
            acts = wiring_council.open_acts(settings, opened)
            wiring_succession.name_successor(acts, made, open_council_keys(council_keys))
    result = {
        "address": made.address,
        "codeHash": made.code_hash,
        "succeeds": made.succeeds,
        "transaction": made.transaction,
    }
    print_result({**result, "named": council_keys is not None}, as_json=as_json)
    if council_keys is None:
        typer.echo(f"next: gongzhi admin council propose set-contract {ANCHORS} {made.address} --out FILE", err=True)
