"""`gongzhi admin catalogue`: who keeps the catalogue, its items, the calendar of working days."""

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger import wiring_council
from ledger.cli.admin_options import (
    DryRunOption,
    FolderOption,
    JsonOption,
    KeystoreOption,
    PasswordOption,
    administration,
    say,
)
from ledger.cli.council_keys import MemberKeysOption, open_council_keys
from ledger.cli.output import print_result
from ledger.config import load_settings
from ledger.core.calendar import parse_calendar
from ledger.core.hexadecimal import to_hex
from ledger.domain import load_document
from ledger.keys.uris import open_signer
from ledger.ports import Signer
from ledger.services.administration import Administration
from ledger.services.catalogue_documents import ItemDocuments, item_documents
from ledger.services.publish_calendar import publish_calendar
from ledger.services.publish_item import publish_item

catalogue_app = typer.Typer(no_args_is_help=True, help="Catalogue items and the calendar.")


@catalogue_app.command("authority")
def catalogue_authority(
    agency: Annotated[int, typer.Argument(help="number of the agency that is to publish catalogue changes")],
    keystore: KeystoreOption,
    password_file: PasswordOption,
    council_keys: MemberKeysOption,
    data_folder: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an agency the catalogue authority with member keys of this machine; else: `council propose`."""
    settings = load_settings(data_folder)
    sender = open_signer(f"keystore:{keystore}", password_file)
    approvers = open_council_keys(council_keys)
    with administration(settings, sender) as opened:
        acts = wiring_council.open_acts(settings, opened)
        changed = wiring_council.set_catalogue_authority(settings, acts, agency, approvers)
    print_result({"catalogueAuthority": agency, "changed": changed}, as_json=as_json)


@catalogue_app.command("load")
def catalogue_load(
    entries: Annotated[
        list[str], typer.Argument(help="catalogue entries of the domain data, as `catalogue/incident.json`")
    ],
    responsible: Annotated[int, typer.Option(help="number of the responsible agency")],
    keystore: KeystoreOption,
    password_file: PasswordOption,
    authority_keystore: Annotated[Path | None, typer.Option(help="ADMIN key of the catalogue authority")] = None,
    authority_password_file: Annotated[Path | None, typer.Option(help="its password file")] = None,
    data_folder: FolderOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Publish catalogue item versions with their schemas, mask policies and profiles; shows first what differs.

    The key is an ADMIN of the responsible agency; if that is not the catalogue authority, the latter signs too.
    """
    settings = load_settings(data_folder)
    admin = open_signer(f"keystore:{keystore}", password_file)
    authority = None
    if authority_keystore is not None:
        authority = open_signer(f"keystore:{authority_keystore}", authority_password_file)
    given = [item_documents(load_document(entry), responsible, load_document) for entry in entries]
    with administration(settings, admin) as opened:
        items = [_published(opened, documents, admin, authority, dry_run=dry_run) for documents in given]
    print_result({"dryRun": True, "items": items} if dry_run else {"items": items}, as_json=as_json)


def _published(
    opened: Administration, documents: ItemDocuments, admin: Signer, authority: Signer | None, *, dry_run: bool
) -> dict[str, Any]:
    item = documents.item
    changes = differences(opened, documents)
    for change in changes:
        say(change)
    if not dry_run:
        publish_item(opened, documents, admin, authority, int(time.time()))
    return {
        "item": item.item,
        "version": item.version,
        "documentHash": to_hex(item.hash),
        "maskPolicyHash": None if item.mask_policy_hash is None else to_hex(item.mask_policy_hash),
        "changes": changes,
    }


@catalogue_app.command("calendar")
def catalogue_calendar(
    file: Annotated[str, typer.Argument(help="calendar of the domain data, as `calendar/cn-1.json`")],
    keystore: KeystoreOption,
    password_file: PasswordOption,
    data_folder: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish a version of the calendar of working days; the key is an ADMIN of the catalogue authority."""
    calendar = parse_calendar(load_document(file))
    admin = open_signer(f"keystore:{keystore}", password_file)
    with administration(load_settings(data_folder), admin) as opened:
        publish_calendar(opened, calendar, admin, int(time.time()))
    print_result({"calendar": calendar.version, "documentHash": to_hex(calendar.hash)}, as_json=as_json)


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
