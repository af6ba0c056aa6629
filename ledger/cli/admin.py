"""`gongzhi admin`: deploy contracts, enrol agencies, publish catalogue items, write the trust file.

Every verb is safe to repeat, tells with `--dry-run` what it would do, and sends each transaction through the outbox.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger import wiring
from ledger.chain.artifacts import CONSTRUCTORS
from ledger.cli.output import print_result
from ledger.config import Settings, load_settings
from ledger.core.canonical import decode, encode
from ledger.core.codes import AgencyKind, Role, bitmap_of
from ledger.core.hexadecimal import to_hex
from ledger.core.shapes import array, members_of, text, unsigned
from ledger.domain import load_document
from ledger.embedded.data_folder import write_durably
from ledger.errors import UsageError
from ledger.keys.keystore import create_keystore
from ledger.keys.private_file import read_password
from ledger.keys.uris import open_signer
from ledger.ports import Signer
from ledger.services.administration import Administration
from ledger.services.catalogue_documents import ItemDocuments, item_documents
from ledger.services.deploy import trust_of
from ledger.services.enrol import AgencyToEnrol, enrol
from ledger.services.publish_item import publish_item

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Set up and run a consortium.")
catalogue_app = typer.Typer(no_args_is_help=True, help="Catalogue items.")
trust_app = typer.Typer(no_args_is_help=True, help="The trust file.")
key_app = typer.Typer(no_args_is_help=True, help="Keystore files.")
app.add_typer(catalogue_app, name="catalogue")
app.add_typer(trust_app, name="trust")
app.add_typer(key_app, name="key")

FolderOption = Annotated[Path | None, typer.Option("--data-folder", help="folder of settings and embedded engines")]
KeystoreOption = Annotated[Path, typer.Option("--keystore", help="keystore of the key that sends and signs")]
PasswordOption = Annotated[Path, typer.Option("--password-file", help="file with the keystore's password")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="say what would be done, and do nothing")]
JsonOption = Annotated[bool, typer.Option("--json", help="print one JSON object")]
DAY_SECONDS = 86_400
_AGENCY_MEMBERS = ("name", "kind", "region", "admin", "keys", "validDays")


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


def read_json(path: Path) -> Any:
    """Return the JSON value of a file; raises UsageError if it is not there, CanonicalJsonError if it is none."""
    try:
        return decode(path.read_bytes())
    except OSError:
        raise UsageError(f"{path} cannot be read") from None


@catalogue_app.command("authority")
def catalogue_authority(
    agency: Annotated[int, typer.Argument(help="number of the agency that is to publish catalogue changes")],
    keystore: KeystoreOption,
    password_file: PasswordOption,
    data_folder: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an agency the catalogue authority; the key that sends is the governor's."""
    governor = open_signer(f"keystore:{keystore}", password_file)
    with administration(load_settings(data_folder), governor) as opened:
        wiring.set_catalogue_authority(opened, agency)
    print_result({"catalogueAuthority": agency}, as_json=as_json)


@catalogue_app.command("load")
def catalogue_load(
    entry: Annotated[str, typer.Argument(help="catalogue entry of the domain data, as `catalogue/incident.json`")],
    responsible: Annotated[int, typer.Option(help="number of the responsible agency")],
    keystore: KeystoreOption,
    password_file: PasswordOption,
    authority_keystore: Annotated[Path | None, typer.Option(help="ADMIN key of the catalogue authority")] = None,
    authority_password_file: Annotated[Path | None, typer.Option(help="its password file")] = None,
    data_folder: FolderOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Publish a catalogue item version; shows first what differs from what is published.

    The key is an ADMIN of the responsible agency; if that is not the catalogue authority, the latter signs too.
    """
    settings = load_settings(data_folder)
    admin = open_signer(f"keystore:{keystore}", password_file)
    authority = None
    if authority_keystore is not None:
        authority = open_signer(f"keystore:{authority_keystore}", authority_password_file)
    documents = item_documents(load_document(entry), responsible, load_document)
    with administration(settings, admin) as opened:
        changes = differences(opened, documents)
        for change in changes:
            say(change)
        if not dry_run:
            publish_item(opened, documents, admin, authority, int(time.time()))
    result = {
        "item": documents.item.item,
        "version": documents.item.version,
        "documentHash": to_hex(documents.item.hash),
        "changes": changes,
    }
    print_result({"dryRun": True, **result} if dry_run else result, as_json=as_json)


def differences(opened: Administration, documents: ItemDocuments) -> list[str]:
    """Return what the new version changes, a line each, against the version before it that this gateway keeps."""
    item = documents.item
    earlier: dict[str, Any] = {}
    with opened.store.begin() as transaction:
        for _, _, content in transaction.documents():
            kept = json.loads(content)
            if kept.get("format") == "gongzhi-item/1" and (kept["item"], kept["version"]) == (
                item.item,
                item.version - 1,
            ):
                earlier = kept
    if not earlier:
        return [f"item {item.item} version {item.version} is new here"]
    changed = [name for name, value in item.document.items() if earlier.get(name) != value and name != "version"]
    return [f"{name}: {earlier.get(name)} → {item.document[name]}" for name in changed]


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
