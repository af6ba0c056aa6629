"""`gongzhi mark`: mark a record on chain; the gateway relays the signed message."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli.acting import file_result
from ledger.cli.code_names import parse_mark
from ledger.cli.connection import Connection, connected, open_client
from ledger.cli.output import print_result
from ledger.client.durable import write_durably
from ledger.client.gongzhi import GongzhiClient
from ledger.client.preparing import AWAY_SECONDS, Preparing, Signing
from ledger.core.hexadecimal import from_hex, to_address, to_hex
from ledger.core.typed_messages import message_to_json


@connected
def mark(
    record_id: Annotated[str, typer.Argument(help="record id, 0x and 64 hex digits")],
    kind: Annotated[str, typer.Argument(metavar="MARK", help="withdrawn, corrected, disputed, erased or hold")],
    *,
    reason: Annotated[int, typer.Option(min=1, max=65_535, help="code of the reason")],
    version: Annotated[int, typer.Option(min=0, help="version of the record; 0 = all versions")] = 0,
    prepare: Annotated[
        Path | None,
        typer.Option("--prepare", help="write the action to this file, to be signed elsewhere, and send nothing"),
    ] = None,
    signer: Annotated[
        str | None, typer.Option("--signer", help="with --prepare: address of the key that will sign; else your own")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="print what would be signed, and send nothing")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    connection: Connection,
) -> None:
    """Mark a record. Marks are public, and cannot be taken back; only a hold is released, by `hold --reason 6`."""
    wanted, code = from_hex(record_id, 32, what="record id"), parse_mark(kind)
    with open_client(connection) as client:
        message = client.marking.message(wanted, version, code, reason)
        if dry_run:
            print_result({"wouldSign": message_to_json("Mark", message)}, as_json=as_json)
            return
        if prepare is not None:
            print_result(_written(client, message, prepare, signer), as_json=as_json)
            return
        action = client.marking.send(message)
    result = {
        "action": to_hex(action.action),
        "state": action.state,
        "receivedAt": action.received_at,
        "includeBy": action.include_by,
    }
    print_result(result, as_json=as_json)


def _written(client: GongzhiClient, message: Mapping[str, Any], path: Path, signer: str | None) -> dict[str, Any]:
    """Write the mark as an action file; returns what is printed of it."""
    key = str(message["key"]) if signer is None else to_address(signer, what="signer")
    prepared = Preparing(client.desk).action(
        "Mark", Signing(key, AWAY_SECONDS), {name: message[name] for name in ("recordId", "version", "mark", "reason")}
    )
    write_durably(path, prepared.encode())
    return file_result(path, prepared)
