"""`gongzhi admin catalogue`: who keeps the catalogue, its items, the duty list, the calendar of working days."""

import time
from typing import Annotated

import typer

from ledger import wiring, wiring_catalogue, wiring_council
from ledger.cli.admin_catalogue_load import catalogue_diff, catalogue_load
from ledger.cli.admin_catalogue_plan import catalogue_check, catalogue_propose
from ledger.cli.admin_catalogue_prepare import catalogue_prepare, catalogue_retire
from ledger.cli.admin_options import (
    DryRunOption,
    FolderOption,
    JsonOption,
    KeystoreOption,
    PasswordOption,
    administration,
)
from ledger.cli.catalogue_files import FromOption, domain_loader
from ledger.cli.council_keys import MemberKeysOption, open_council_keys
from ledger.cli.output import print_result
from ledger.config import load_settings
from ledger.core.calendar import parse_calendar
from ledger.core.duty_list import parse_duty_list
from ledger.core.hexadecimal import to_hex
from ledger.keys.uris import open_signer
from ledger.services.catalogue_load import is_published
from ledger.services.publish_calendar import publish_calendar
from ledger.services.publish_duties import keep_duties, named_by, publish_duties
from ledger.services.publish_item import keep_document

catalogue_app = typer.Typer(no_args_is_help=True, help="Catalogue items, the duty list and the calendar.")
catalogue_app.command("load")(catalogue_load)
catalogue_app.command("diff")(catalogue_diff)
catalogue_app.command("propose")(catalogue_propose)
catalogue_app.command("check")(catalogue_check)
catalogue_app.command("prepare")(catalogue_prepare)
catalogue_app.command("retire")(catalogue_retire)


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


@catalogue_app.command("duties")
def catalogue_duties(
    file: Annotated[str, typer.Argument(help="duty list of the domain data, as `duties-2.json`")],
    keystore: KeystoreOption,
    password_file: PasswordOption,
    folder: FromOption = None,
    data_folder: FolderOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Publish a version of the duty list, with the purposes and the bases of flows that it names.

    The key is an ADMIN of the catalogue authority.
    """
    load = domain_loader(folder)
    duties = parse_duty_list(load(file))
    documents = named_by(duties, load)
    settings = load_settings(data_folder)
    admin = open_signer(f"keystore:{keystore}", password_file)
    with administration(settings, admin) as opened:
        on_chain = wiring_catalogue.open_catalogue(wiring.rpc_url(settings), opened.contracts)
        changed = not is_published(on_chain.duty_list(), duties.version, duties.hash, "duty list")
        if not dry_run:
            keep_duties(opened, documents, int(time.time()))
        if changed and not dry_run:
            publish_duties(opened, duties, admin)
    named = {one.file: to_hex(one.hash) for one in duties.named}
    result = {"dutyList": duties.version, "duties": len(duties.duties), "documentHash": to_hex(duties.hash)}
    result |= {"named": named} if named else {}
    print_result({**({"dryRun": True} if dry_run else {}), **result, "changed": changed}, as_json=as_json)


@catalogue_app.command("calendar")
def catalogue_calendar(
    file: Annotated[str, typer.Argument(help="calendar of the domain data, as `calendar/cn-1.json`")],
    keystore: KeystoreOption,
    password_file: PasswordOption,
    folder: FromOption = None,
    data_folder: FolderOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Publish a version of the calendar of working days; the key is an ADMIN of the catalogue authority."""
    calendar = parse_calendar(domain_loader(folder)(file))
    settings = load_settings(data_folder)
    admin = open_signer(f"keystore:{keystore}", password_file)
    with administration(settings, admin) as opened:
        on_chain = wiring_catalogue.open_catalogue(wiring.rpc_url(settings), opened.contracts)
        changed = not is_published(on_chain.calendar(), calendar.version, calendar.hash, "calendar")
        if not dry_run:
            keep_document(opened.store, calendar.hash, calendar.document, int(time.time()))
        if changed and not dry_run:
            publish_calendar(opened, calendar, admin, int(time.time()))
    result = {"calendar": calendar.version, "documentHash": to_hex(calendar.hash), "changed": changed}
    print_result({**({"dryRun": True} if dry_run else {}), **result}, as_json=as_json)
