"""`gongzhi read`: look at one record."""

from typing import Annotated

import typer

from ledger.cli.connection import Connection, connected, open_client
from ledger.cli.grounds_options import GroundsOptions
from ledger.cli.option_groups import takes
from ledger.cli.output import print_json, print_table
from ledger.cli.views import cells_of, columns_of, page_document, record_document
from ledger.core.hexadecimal import from_hex


@connected
@takes("options", GroundsOptions)
def read(
    record_id: Annotated[str, typer.Argument(help="record id, 0x and 64 hex digits")],
    *,
    version: Annotated[int | None, typer.Option(min=1, help="version; the newest if not given")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    options: GroundsOptions,
    connection: Connection,
) -> None:
    """Look at one record. The disclosure is checked slot by slot and its receipt kept."""
    grounds = options.grounds
    wanted = from_hex(record_id, 32, what="record id")
    with open_client(connection) as client:
        page = client.read(wanted, grounds, version)
    record = record_document(page, page.views[0])
    if as_json:
        print_json({"record": record, "disclosure": page_document(page)})
        return
    columns = columns_of([record])
    cells = cells_of(record, columns, page.schema)
    print(f"record     {record['recordId']} version {record['version']} of agency {record['publisher']}")
    for mark in record["marks"]:
        print(f"mark       {mark}")
    print_table(["slot", "kind", "value"], [[*column, cell] for column, cell in zip(columns, cells, strict=True)])
    closed = len(page.views[0].slots) - len(columns)
    print(f"{len(columns)} slots open, {closed} closed; disclosure checked and kept")
