"""`gongzhi admin enrol`: agency files, and registrations that are signed here or elsewhere."""

import time
from pathlib import Path
from typing import Annotated

import typer

from ledger import wiring, wiring_council
from ledger.cli.admin_options import (
    DryRunOption,
    FolderOption,
    JsonOption,
    KeystoreOption,
    PasswordOption,
    administration,
    read_json,
)
from ledger.cli.agency_file import read_agency
from ledger.cli.council_keys import CouncilKeysOption, open_council_keys
from ledger.cli.output import print_result
from ledger.cli.signing import read_action_file
from ledger.config import load_settings
from ledger.core.action_file import FORMAT as ACTION_FILE_FORMAT
from ledger.core.action_file import PreparedAction
from ledger.core.codes import AgencyKind, Role
from ledger.keys.uris import open_signer
from ledger.services.enrol import check_officers, enrol, register_here
from ledger.services.founding import signed_registration


def enrol_command(
    file: Annotated[
        Path, typer.Argument(help="agency file: name, kind, region, admin, keys, validDays, officerSecret")
    ],
    keystore: KeystoreOption,
    password_file: PasswordOption,
    council_keys: CouncilKeysOption = None,
    data_folder: FolderOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Bind the keys of an agency that the Council has registered; any key may send.

    With `--council-keys` an agency that is not registered is registered first.
    """
    settings = load_settings(data_folder)
    agency = read_agency(file, make_secret=not dry_run)
    check_officers(agency)
    described = {
        "name": agency.agency.name,
        "kind": AgencyKind(agency.agency.kind).en,
        "region": agency.agency.region,
        "admin": agency.admin.address,
        "keys": {key.signer.address: [role.name for role in Role if key.roles & role.bit] for key in agency.keys},
    }
    if dry_run:
        print_result({"dryRun": True, **described}, as_json=as_json)
        return
    sender = open_signer(f"keystore:{keystore}", password_file)
    with administration(settings, sender) as opened:
        number_of = wiring.agency_of_key(settings, opened.contracts)
        if council_keys is not None:
            acts = wiring_council.open_acts(settings, opened)
            encode_call = wiring_council.call_encoder(opened.contracts)
            register_here(acts, [agency], open_council_keys(council_keys), encode_call, number_of)
        number = enrol(opened, agency, number_of, int(time.time()))
    print_result({"agency": number, **described}, as_json=as_json)


def registration_at(path: Path, chain_id: int, registry: str, now: int) -> PreparedAction:
    """Return the registration in an action file, or make and sign the one of an agency file whose keys are here.

    Raises UsageError, FormatError, KeyProviderError.
    """
    document = read_json(path)
    if isinstance(document, dict) and document.get("format") == ACTION_FILE_FORMAT:
        return read_action_file(path)
    agency = read_agency(path, make_secret=False)
    return signed_registration(agency.agency, agency.admin, chain_id, registry, now)
