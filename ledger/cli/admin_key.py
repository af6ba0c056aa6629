"""`gongzhi admin key`: keystore files, and the keys of an agency on chain: bind, rotate, retire, revoke, list."""

import os
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger import wiring
from ledger.chain.contracts.agency_registry import KeyInfo
from ledger.cli.admin_acting import AdminAct, Party, PrepareOption, party_of
from ledger.cli.admin_options import DryRunOption, FolderOption, JsonOption, PasswordOption
from ledger.cli.moments import moment_text, read_moment
from ledger.cli.output import print_result, print_table
from ledger.config import load_settings
from ledger.core.codes import Role, bitmap_of
from ledger.core.eip712 import ZERO32
from ledger.core.officers import needs_officer, officer_pseudonym
from ledger.errors import UsageError
from ledger.keys.keystore import create_keystore
from ledger.keys.officer_secret import open_officer_secret
from ledger.keys.private_file import read_password
from ledger.services.administration import ZERO_ADDRESS
from ledger.services.founding import role_named

key_app = typer.Typer(no_args_is_help=True, help="Keystore files, and the keys of an agency on chain.")

DAY_SECONDS = 86_400
BACKDATED_SECONDS = 60
"""Blocks carry whole seconds: a key that is valid from this very second must not wait for the next one."""
STATES = {0: "never bound", 1: "bound", 2: "retired", 3: "revoked"}
WHERE = "keystore file, or an address with --prepare"

KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help=f"the key: {WHERE}")]
KeyPasswordOption = Annotated[Path | None, typer.Option("--key-password-file", help="the key's password file")]
AdminOption = Annotated[str, typer.Option("--admin", help=f"ADMIN key of the agency: {WHERE}")]
AdminPasswordOption = Annotated[Path | None, typer.Option("--admin-password-file", help="the ADMIN key's password")]
SecondOption = Annotated[
    str | None, typer.Option("--second-admin", help="second ADMIN key, where a grave role is given and there are two")
]
SecondPasswordOption = Annotated[Path | None, typer.Option("--second-admin-password-file", help="its password file")]
DaysOption = Annotated[int, typer.Option("--valid-days", min=1, help="days until the key expires")]
OldArgument = Annotated[str, typer.Argument(metavar="KEY", help="address of the key")]


@key_app.command("new")
def key_new(
    keystore: Annotated[Path, typer.Argument(help="keystore file to make; never overwritten")],
    password_file: PasswordOption,
    as_json: JsonOption = False,
) -> None:
    """Make a fresh key in a keystore file and print its address: the only thing that travels."""
    signer = create_keystore(keystore, os.urandom(32), read_password(password_file))
    print_result({"address": signer.address, "keystore": str(keystore)}, as_json=as_json)


@key_app.command("bind")
def key_bind(
    key: KeyArgument,
    roles: Annotated[str, typer.Option("--roles", help="roles with commas between them, as SUBMIT,READ")],
    admin: AdminOption,
    key_password_file: KeyPasswordOption = None,
    admin_password_file: AdminPasswordOption = None,
    second_admin: SecondOption = None,
    second_admin_password_file: SecondPasswordOption = None,
    officer: Annotated[
        str | None, typer.Option("--officer", help="staff number or post of who holds the key; needed for such roles")
    ] = None,
    officer_secret: Annotated[
        Path | None, typer.Option("--officer-secret", help="the agency's secret that pseudonyms are made with")
    ] = None,
    valid_days: DaysOption = 365,
    prepare: PrepareOption = None,
    data_folder: FolderOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Bind a key to the agency of an ADMIN key, for ever with these roles; the key itself signs that it is there.

    Other roles are another key. What was bound before with the same roles is left as it is.
    """
    act = AdminAct(data_folder, prepare, dry_run, as_json)
    new, by = party_of(key, key_password_file), party_of(admin, admin_password_file)
    second = None if second_admin is None else party_of(second_admin, second_admin_password_file)
    bitmap = bitmap_of([role_named(name.strip()) for name in roles.split(",")])
    if needs_officer(bitmap) and (officer is None or officer_secret is None):
        raise UsageError("a key with one of these roles is held by somebody: give --officer and --officer-secret")
    pseudonym = ZERO32
    if officer is not None and officer_secret is not None:
        pseudonym = officer_pseudonym(open_officer_secret(officer_secret), officer)
    _bind(act, new, by, second, bitmap, pseudonym, valid_days)


@key_app.command("rotate")
def key_rotate(
    old: OldArgument,
    new: Annotated[str, typer.Option("--new", help=f"the key that takes over: {WHERE}")],
    admin: AdminOption,
    new_password_file: Annotated[Path | None, typer.Option("--new-password-file", help="its password file")] = None,
    admin_password_file: AdminPasswordOption = None,
    second_admin: SecondOption = None,
    second_admin_password_file: SecondPasswordOption = None,
    valid_days: DaysOption = 365,
    prepare: PrepareOption = None,
    data_folder: FolderOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Bind a new key with the roles and the officer of an old one; both work until the old one is retired.

    Retire the old key once nothing signs with it any more: what it signed before stays good.
    """
    act = AdminAct(data_folder, prepare, dry_run, as_json)
    info = _bound(act, Party(old.lower()))
    registry = wiring.agency_registry(act.settings)
    by = party_of(admin, admin_password_file)
    second = None if second_admin is None else party_of(second_admin, second_admin_password_file)
    officer = registry.officer_of(old.lower(), block="latest")
    _bind(act, party_of(new, new_password_file), by, second, info.roles, officer, valid_days)


@key_app.command("retire")
def key_retire(
    key: OldArgument,
    by: Annotated[str, typer.Option("--by", help=f"an ADMIN key of the agency, or the key itself: {WHERE}")],
    by_password_file: Annotated[Path | None, typer.Option("--by-password-file", help="its password file")] = None,
    prepare: PrepareOption = None,
    data_folder: FolderOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Retire a key whose work is done, for ever; what it signed stays good. The last ADMIN key cannot be retired."""
    act = AdminAct(data_folder, prepare, dry_run, as_json)
    actor, party = party_of(by, by_password_file), party_of(key, None)
    if _ended(act, party):
        return
    members = {"actor": actor.address, "key": party.address}
    act.finish("RetireKey", members, [actor], {"key": party.address, "state": "retired"})


@key_app.command("revoke")
def key_revoke(
    key: OldArgument,
    by: Annotated[str, typer.Option("--by", help=f"an ADMIN key of the agency, or the key itself: {WHERE}")],
    reason: Annotated[int, typer.Option("--reason", min=1, max=65_535, help="code of the reason, the agency's own")],
    by_password_file: Annotated[Path | None, typer.Option("--by-password-file", help="its password file")] = None,
    suspect_from: Annotated[
        str | None, typer.Option("--suspect-from", metavar="TIME", help="since when it may be in other hands")
    ] = None,
    prepare: PrepareOption = None,
    data_folder: FolderOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Revoke a key that is lost or in other hands, at once and for ever.

    `--suspect-from` reaches back by the parameter suspectWindow at most; further back only the Council goes. What was
    anchored before stands, and is reported as signed by a suspect key.
    """
    act = AdminAct(data_folder, prepare, dry_run, as_json)
    actor, party = party_of(by, by_password_file), party_of(key, None)
    if _ended(act, party):
        return
    since = 0 if suspect_from is None else read_moment(suspect_from)
    members = {"actor": actor.address, "key": party.address, "reason": reason, "suspectFrom": since}
    result = {"key": party.address, "state": "revoked", "suspectFrom": since or None}
    act.finish("RevokeKey", members, [actor], result)


@key_app.command("list")
def key_list(
    agency: Annotated[int, typer.Option("--agency", min=1, help="number of the agency")],
    data_folder: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the keys of an agency as they stand on chain, with roles, state and when they expire."""
    from ledger.cli.chain_reading import read_facts

    settings = load_settings(data_folder)
    history = read_facts(wiring.rpc_url(settings), wiring.load_trust(settings)).history
    registry, now = wiring.agency_registry(settings), int(time.time())
    keys: list[dict[str, Any]] = []
    for address in (key for key, facts in history.keys.items() if facts.agency == agency):
        info = registry.key_info(address, block="latest")
        expired = info.state == 1 and info.valid_until <= now
        keys.append(
            {
                "key": address,
                "roles": [role.name for role in Role if info.roles & role.bit],
                "state": "expired" if expired else STATES[info.state],
                "validUntil": info.valid_until,
                "suspectFrom": info.suspect_from or None,
            }
        )
    print_result({"agency": agency, "keys": keys}, as_json=as_json, show=lambda: _show(keys))


def _show(keys: list[dict[str, Any]]) -> None:
    rows = [[one["key"], ",".join(one["roles"]), one["state"], moment_text(one["validUntil"])] for one in keys]
    print_table(("key", "roles", "state", "valid until"), rows)


def _bind(
    act: AdminAct, key: Party, admin: Party, second: Party | None, roles: int, officer: bytes, valid_days: int
) -> None:
    registry = wiring.agency_registry(act.settings)
    agency = registry.key_info(admin.address, block="latest").agency
    if not agency:
        raise UsageError(f"{admin.address} is bound to no agency")
    named = [role.name for role in Role if roles & role.bit]
    result = {"agency": agency, "key": key.address, "roles": named}
    found = registry.key_info(key.address, block="latest")
    if (found.agency, found.roles, found.state) == (agency, roles, 1):
        act.tell({**result, "state": "bound before"})
        return
    now = int(time.time())
    members = {
        "admin": admin.address,
        "secondAdmin": ZERO_ADDRESS if second is None else second.address,
        "agency": agency,
        "key": key.address,
        "roles": roles,
        "officer": officer,
        "validFrom": now - BACKDATED_SECONDS,
        "validUntil": now + valid_days * DAY_SECONDS,
    }
    parties = [admin, key, *([] if second is None else [second])]
    act.finish("BindKey", members, parties, {**result, "state": "bound", "validUntil": members["validUntil"]})


def _bound(act: AdminAct, party: Party) -> KeyInfo:
    info = wiring.agency_registry(act.settings).key_info(party.address, block="latest")
    if info.state != 1:
        raise UsageError(f"{party.address} is {STATES[info.state]}")
    return info


def _ended(act: AdminAct, party: Party) -> bool:
    """Say whether a key has ended before, and tell it; raises UsageError for one that was never bound."""
    info = wiring.agency_registry(act.settings).key_info(party.address, block="latest")
    if not info.state:
        raise UsageError(f"{party.address} was never bound to an agency")
    if info.state == 1:
        return False
    act.tell({"key": party.address, "state": f"{STATES[info.state]} before"})
    return True
