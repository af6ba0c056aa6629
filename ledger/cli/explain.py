"""`gongzhi explain`: where a record, submission, action or entry is."""

from typing import Annotated

import typer

from ledger.cli.connection import Connection, connected, open_client
from ledger.cli.output import print_result


@connected
def explain(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="id of a record, submission, action or entry")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    connection: Connection,
) -> None:
    """Say where it is, what happened to it and when, and what it waits for, in the gateway's own words."""
    with open_client(connection) as client:
        found = client.explain(identifier)
    print_result(found, as_json=as_json)
