"""`gongzhi gateway`: where the gateways of the consortium are."""

from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.connection import Connection, connected, open_client
from ledger.cli.output import print_result
from ledger.client.endpoints import announce, find_gateway
from ledger.core.canonical import decode
from ledger.core.endpoint_document import parse_endpoint
from ledger.core.hexadecimal import to_hex
from ledger.errors import UsageError

app = typer.Typer(no_args_is_help=True, help="Find the gateways of other agencies.")
JsonOption = Annotated[bool, typer.Option("--json", help="print one JSON object")]


@app.command("find")
@connected
def find(
    number: Annotated[int, typer.Argument(min=1, help="number of the agency that runs the gateway")],
    *,
    as_json: JsonOption = False,
    connection: Connection,
) -> None:
    """Say where an agency's gateway is reached, by the document whose hash its ADMIN put on chain."""
    with open_client(connection) as client:
        found = find_gateway(client.desk, number)
    print_result({"agency": found.agency, "url": found.url, "documentHash": to_hex(found.hash)}, as_json=as_json)


@app.command("announce")
@connected
def announce_command(
    file: Annotated[Path, typer.Argument(help="endpoint document, as `gongzhi admin endpoint` writes it")],
    *,
    as_json: JsonOption = False,
    connection: Connection,
) -> None:
    """Hand an endpoint document over to the gateway of this connection, so that its readers find the other one."""
    try:
        endpoint = parse_endpoint(decode(file.read_bytes()))
    except OSError:
        raise UsageError(f"{file} cannot be read") from None
    with open_client(connection) as client:
        announce(client.desk, endpoint)
    print_result(
        {"agency": endpoint.agency, "url": endpoint.url, "documentHash": to_hex(endpoint.hash)}, as_json=as_json
    )
