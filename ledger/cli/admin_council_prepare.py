"""`gongzhi admin council prepare`: messages that a key elsewhere signs before the Council can hand them over.

The file goes to where the key is (`gongzhi sign`), and comes back to `gongzhi admin council propose`.
"""

import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger import wiring, wiring_council
from ledger.cli.admin_options import FolderOption, JsonOption, read_json
from ledger.cli.option_groups import takes
from ledger.cli.output import print_result
from ledger.client.durable import write_durably
from ledger.config import load_settings
from ledger.core.action_file import PreparedAction
from ledger.core.hexadecimal import to_address
from ledger.core.points import ANCHORS
from ledger.core.typed_messages import LANE_BITS, MESSAGES, keyed_nonce
from ledger.services.founding import (
    CLOCK_MARGIN_SECONDS,
    DAY_SECONDS,
    REGISTRATION_SECONDS,
    parse_agency,
    registration_of,
)

prepare_app = typer.Typer(no_args_is_help=True, help="Write a message that a key elsewhere signs first.")


@dataclass(frozen=True)
class PrepareOptions:
    """Where the file goes."""

    out: Annotated[Path, typer.Option("--out", help="action file to write, to be signed by `gongzhi sign`")]
    data_folder: FolderOption = None
    as_json: JsonOption = False


@prepare_app.command("register")
@takes("options", PrepareOptions)
def register(
    file: Annotated[Path, typer.Argument(help="the agency as a founding file holds it: name, kind, region, admin …")],
    *,
    options: PrepareOptions,
) -> None:
    """Write the registration of a new member, to be signed by its first ADMIN key; then `propose register`."""
    agency = parse_agency(read_json(file))
    trust = wiring.load_trust(load_settings(options.data_folder))
    registry = trust.contracts["AgencyRegistry"].address
    _write(registration_of(agency, trust.chain_id, registry, int(time.time())), options)


@prepare_app.command("restore-admin")
@takes("options", PrepareOptions)
def restore_admin(
    agency: Annotated[int, typer.Argument(min=1, help="number of the agency that has no usable ADMIN key")],
    admin: Annotated[str, typer.Argument(help="address of its new ADMIN key")],
    valid_days: Annotated[int, typer.Option(min=1, max=3_650, help="how long the key may act")] = 365,
    *,
    options: PrepareOptions,
) -> None:
    """Write what gives an agency an ADMIN key again, to be signed by that key; then `propose restore-admin`."""
    now = int(time.time())
    validity = {"validFrom": now - CLOCK_MARGIN_SECONDS, "validUntil": now + valid_days * DAY_SECONDS}
    key = to_address(admin.lower(), what="admin")
    _write(_prepared("RestoreAdmin", {"agency": agency, "admin": key, **validity}, now, options), options)


@prepare_app.command("repudiate")
@takes("options", PrepareOptions)
def repudiate(
    admin: Annotated[str, typer.Argument(help="address of the ADMIN key of the gateway's agency that signs")],
    batch: Annotated[int, typer.Argument(min=1, help="number of the batch")],
    reason: Annotated[int, typer.Argument(min=1, max=65_535, help="code of the reason")],
    *,
    options: PrepareOptions,
) -> None:
    """Write a gateway's word that a batch is not its own, to be signed by its ADMIN; then `propose repudiate`."""
    key = to_address(admin.lower(), what="admin")
    message = {"admin": key, "batch": batch, "reason": reason}
    _write(_prepared("Repudiate", message, int(time.time()), options), options)


def _prepared(action: str, message: dict[str, Any], now: int, options: PrepareOptions) -> PreparedAction:
    settings = load_settings(options.data_folder)
    trust = wiring.load_trust(settings)
    # A fresh lane: the message waits for the Council, and must hold up nothing else of this key meanwhile.
    nonce = keyed_nonce(secrets.randbits(LANE_BITS), 0)
    contract = trust.contracts[MESSAGES[action].contract].address
    if MESSAGES[action].contract == ANCHORS:
        contract = wiring_council.anchors_in_force(trust, wiring.rpc_url(settings))
    complete = {**message, "nonce": nonce, "deadline": now + REGISTRATION_SECONDS}
    return PreparedAction(action, trust.chain_id, contract, complete)


def _write(prepared: PreparedAction, options: PrepareOptions) -> None:
    write_durably(options.out, prepared.encode())
    result = {"action": prepared.action, "signer": prepared.missing[0], "summary": list(prepared.summary)}
    print_result({**result, "file": str(options.out)}, as_json=options.as_json)
