"""`gongzhi bundle`: one record's proof, as a file that verifies without any server."""

from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.connection import Connection, connected, open_client
from ledger.cli.grounds_options import GroundsOptions
from ledger.cli.option_groups import takes
from ledger.cli.output import print_result
from ledger.client.durable import write_durably
from ledger.core.hexadecimal import from_hex, to_hex


@connected
@takes("options", GroundsOptions)
def bundle(
    record_id: Annotated[str, typer.Argument(help="record id, 0x and 64 hex digits")],
    *,
    out: Annotated[Path, typer.Option(help="file to write")],
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    options: GroundsOptions,
    connection: Connection,
) -> None:
    """Fetch one record's proof bundle and verify it before it is written. It is a look like any other."""
    grounds = options.grounds
    wanted = from_hex(record_id, 32, what="record id")
    with open_client(connection) as client:
        disclosed = client.bundle(wanted, grounds)
        level = "chain" if client.desk.facts.chain else "file"
    write_durably(out, disclosed.data)
    verified = disclosed.verified
    result = {
        "file": str(out),
        "bytes": len(disclosed.data),
        "level": level,
        "recordId": to_hex(verified.record_id),
        "version": verified.version,
        "publisher": verified.publisher,
        "steps": list(verified.steps),
        "notices": list(verified.notices),
    }
    print_result(result, as_json=as_json)
