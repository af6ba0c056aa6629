"""`gongzhi admin`: deploy contracts, enrol agencies, set parameters, write the trust file, make keys.

Every verb is safe to repeat, tells with `--dry-run` what it would do, and sends each transaction through the outbox.
"""

import json
from pathlib import Path
from typing import Annotated

import typer

from ledger import wiring
from ledger.chain.artifacts import CONSTRUCTORS
from ledger.cli.admin_backup import add_backup_commands
from ledger.cli.admin_catalogue import catalogue_app
from ledger.cli.admin_database import migrate
from ledger.cli.admin_drill import drill
from ledger.cli.admin_endpoint import endpoint
from ledger.cli.admin_join import join
from ledger.cli.admin_key import key_app
from ledger.cli.admin_network import network_app
from ledger.cli.admin_options import (
    DryRunOption,
    FolderOption,
    JsonOption,
    KeystoreOption,
    PasswordOption,
    administration,
    say,
)
from ledger.cli.admin_refetch import refetch_command
from ledger.cli.admin_relay import relay
from ledger.cli.admin_trust import trust_app
from ledger.cli.agency_file import read_agency
from ledger.cli.output import print_result
from ledger.config import load_settings
from ledger.core.canonical import encode
from ledger.core.codes import AgencyKind, Role
from ledger.embedded.data_folder import write_durably
from ledger.keys.uris import open_signer
from ledger.services.deploy import trust_of
from ledger.services.enrol import check_officers, enrol

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Set up and run a consortium.")
add_backup_commands(app)
app.command()(drill)
app.command("refetch")(refetch_command)
app.add_typer(catalogue_app, name="catalogue")
app.add_typer(network_app, name="network")
app.command("migrate")(migrate)
app.command("endpoint")(endpoint)
app.command("join")(join)
app.command("relay")(relay)
app.add_typer(trust_app, name="trust")
app.add_typer(key_app, name="key")


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
    file: Annotated[
        Path, typer.Argument(help="agency file: name, kind, region, admin, keys, validDays, officerSecret")
    ],
    keystore: KeystoreOption,
    password_file: PasswordOption,
    data_folder: FolderOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Enrol a member agency and bind its keys; the key that sends is the governor's."""
    settings = load_settings(data_folder)
    agency = read_agency(file, make_secret=not dry_run)
    check_officers(agency)
    described = {
        "name": agency.name,
        "kind": AgencyKind(agency.kind).en,
        "region": agency.region,
        "admin": agency.admin.address,
        "keys": {key.signer.address: [role.name for role in Role if key.roles & role.bit] for key in agency.keys},
    }
    if dry_run:
        print_result({"dryRun": True, **described}, as_json=as_json)
        return
    governor = open_signer(f"keystore:{keystore}", password_file)
    with administration(settings, governor) as opened:
        number = enrol(opened, agency, wiring.agency_of_key(settings, opened.contracts))
    print_result({"agency": number, **described}, as_json=as_json)


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
