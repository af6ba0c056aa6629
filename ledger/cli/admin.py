"""`gongzhi admin`: deploy contracts, enrol agencies, set parameters, write the trust file, make keys.

Every verb is safe to repeat, tells with `--dry-run` what it would do, and sends each transaction through the outbox.
"""

import json
import os
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger import wiring
from ledger.chain.artifacts import CONSTRUCTORS
from ledger.cli.admin_backup import add_backup_commands
from ledger.cli.admin_catalogue import catalogue_app
from ledger.cli.admin_database import migrate
from ledger.cli.admin_drill import drill
from ledger.cli.admin_endpoint import endpoint
from ledger.cli.admin_join import join
from ledger.cli.admin_network import network_app
from ledger.cli.admin_options import (
    DryRunOption,
    FolderOption,
    JsonOption,
    KeystoreOption,
    PasswordOption,
    administration,
    read_json,
    say,
)
from ledger.cli.output import print_result
from ledger.config import load_settings
from ledger.core.canonical import encode
from ledger.core.codes import AgencyKind, Role, bitmap_of
from ledger.core.hexadecimal import to_hex
from ledger.core.shapes import array, members_of, text, unsigned
from ledger.embedded.data_folder import write_durably
from ledger.errors import UsageError
from ledger.keys.keystore import create_keystore
from ledger.keys.private_file import read_password
from ledger.keys.uris import open_signer
from ledger.ports import Signer
from ledger.services.deploy import trust_of
from ledger.services.enrol import AgencyToEnrol, enrol

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Set up and run a consortium.")
add_backup_commands(app)
app.command()(drill)
app.add_typer(catalogue_app, name="catalogue")
app.add_typer(network_app, name="network")
app.command("migrate")(migrate)
app.command("endpoint")(endpoint)
app.command("join")(join)
trust_app = typer.Typer(no_args_is_help=True, help="The trust file.")
key_app = typer.Typer(no_args_is_help=True, help="Keystore files.")
app.add_typer(trust_app, name="trust")
app.add_typer(key_app, name="key")

DAY_SECONDS = 86_400
_AGENCY_MEMBERS = ("name", "kind", "region", "admin", "keys", "validDays")


@app.command()
def deploy(
    keystore: KeystoreOption,
    password_file: PasswordOption,
    engine: Annotated[str, typer.Option(help="what the trust file says of the chain: anvil, besu-qbft …")] = "anvil",
    data_folder: FolderOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Deploy the contracts with this key as governor, and write trust file and deployment file."""
    settings = load_settings(data_folder)
    governor = open_signer(f"keystore:{keystore}", password_file)
    with administration(settings, governor, deployed=False) as opened:
        states = {name: opened.is_done(f"deploy/{name}") for name in CONSTRUCTORS}
        if dry_run:
            plan = {name: "deployed before" if done else "would be deployed" for name, done in states.items()}
            print_result({"dryRun": True, "governor": governor.address, **plan}, as_json=as_json)
            return
        deployment = wiring.deploy_contracts(opened, governor.address, say)
    deployments = settings.data_folder / "deployments"
    deployments.mkdir(exist_ok=True)
    write_durably(deployments / f"{deployment['chainId']}.json", json.dumps(deployment, indent=2).encode())
    write_durably(settings.trust_path, encode(trust_of(deployment, engine)))
    addresses = {name: pin["address"] for name, pin in deployment["contracts"].items()}
    print_result({"chainId": deployment["chainId"], **addresses, "trust": str(settings.trust_path)}, as_json=as_json)


@app.command("enrol")
def enrol_command(
    file: Annotated[Path, typer.Argument(help="agency file: name, kind, region, admin, keys, validDays")],
    keystore: KeystoreOption,
    password_file: PasswordOption,
    data_folder: FolderOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Enrol a member agency and bind its keys; the key that sends is the governor's."""
    settings = load_settings(data_folder)
    agency = read_agency(file)
    described = {
        "name": agency.name,
        "kind": AgencyKind(agency.kind).en,
        "region": agency.region,
        "admin": agency.admin.address,
        "keys": {key.address: [role.name for role in Role if roles & role.bit] for key, roles in agency.keys},
    }
    if dry_run:
        print_result({"dryRun": True, **described}, as_json=as_json)
        return
    governor = open_signer(f"keystore:{keystore}", password_file)
    with administration(settings, governor) as opened:
        number = enrol(opened, agency, wiring.agency_of_key(settings, opened.contracts))
    print_result({"agency": number, **described}, as_json=as_json)


def read_agency(path: Path) -> AgencyToEnrol:
    """Return the agency of a file with its keys opened; raises UsageError, FormatError, KeyProviderError."""
    members = members_of(read_json(path), _AGENCY_MEMBERS, what="agency file")
    keys = []
    for key in array(members["keys"], what="agency keys"):
        members_of(key, ("keystore", "passwordFile", "roles"), what="agency key")
        keys.append((open_named(key, path.parent), bitmap_of([role_named(name) for name in key["roles"]])))
    allowed = Role.ADMIN.bit
    for _, roles in keys:
        allowed |= roles
    now = int(time.time())
    return AgencyToEnrol(
        path.stem,
        text(members["name"], what="agency name"),
        int(AgencyKind(unsigned(members["kind"], 8, what="agency kind"))),
        unsigned(members["region"], 53, what="agency region"),
        allowed,
        open_named(members_of(members["admin"], ("keystore", "passwordFile"), what="agency admin"), path.parent),
        keys,
        now - 60,
        now + DAY_SECONDS * unsigned(members["validDays"], 16, what="agency validDays"),
    )


def open_named(key: dict[str, Any], folder: Path) -> Signer:
    """Return the signer that a file names by paths beside it."""
    return open_signer(f"keystore:{folder / key['keystore']}", folder / key["passwordFile"])


def role_named(name: object) -> Role:
    """Return a role by its name; raises UsageError with the names that there are."""
    try:
        return Role[str(name)]
    except KeyError:
        raise UsageError(f"unknown role; there are {', '.join(role.name for role in Role)}") from None


@app.command("parameter")
def parameter(
    name: Annotated[str, typer.Argument(help="name, as `reviewAgency`; the reference of Parameters lists all")],
    value: Annotated[int, typer.Argument(min=0, help="number of an agency, seconds or a count")],
    keystore: KeystoreOption,
    password_file: PasswordOption,
    data_folder: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set a parameter of the consortium; the key that sends is the governor's."""
    settings = load_settings(data_folder)
    governor = open_signer(f"keystore:{keystore}", password_file)
    with administration(settings, governor) as opened:
        changed = wiring.set_parameter(settings, opened, name, value)
    print_result({"parameter": name, "value": value, "changed": changed}, as_json=as_json)


@trust_app.command("export")
def trust_export(
    out: Annotated[Path, typer.Option("--out", help="file to write")],
    data_folder: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the trust file of this gateway's deployment, to be compared with what other members hold."""
    settings = load_settings(data_folder)
    trust = wiring.load_trust(settings)
    write_durably(out, encode(trust.document))
    print_result({"trust": str(out), "trustHash": to_hex(trust.hash)}, as_json=as_json)


@key_app.command("new")
def key_new(
    keystore: Annotated[Path, typer.Argument(help="keystore file to make; never overwritten")],
    password_file: PasswordOption,
    as_json: JsonOption = False,
) -> None:
    """Make a fresh key in a keystore file and print its address: the only thing that travels."""
    signer = create_keystore(keystore, os.urandom(32), read_password(password_file))
    print_result({"address": signer.address, "keystore": str(keystore)}, as_json=as_json)
