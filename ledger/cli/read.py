"""`gongzhi read`: look at one record, or at a file that is attached to it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.connection import Connection, connected, open_client
from ledger.cli.grounds_options import GroundsOptions
from ledger.cli.option_groups import takes
from ledger.cli.output import print_json, print_table
from ledger.cli.views import cells_of, columns_of, page_document, record_document
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.errors import NotFound, UsageError

if TYPE_CHECKING:
    from ledger.client.looking import DisclosedAttachment, Page


@connected
@takes("options", GroundsOptions)
def read(
    record_id: Annotated[str, typer.Argument(help="record id, 0x and 64 hex digits")],
    *,
    version: Annotated[int | None, typer.Option(min=1, help="version; the newest if not given")] = None,
    attachment: Annotated[
        str | None, typer.Option(metavar="PATH", help="look at the file at this slot path instead; needs --out")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="where the attached file is written; it must not be there yet")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    options: GroundsOptions,
    connection: Connection,
) -> None:
    """Look at one record, or at a file attached to it. The disclosure is checked slot by slot and its receipt kept."""
    grounds = options.grounds
    wanted = from_hex(record_id, 32, what="record id")
    if (attachment is None) != (out is None):
        raise UsageError("--attachment and --out go together")
    if attachment is not None and out is not None:
        if out.exists() or not out.parent.is_dir():
            raise UsageError("the file of --out is there already, or its folder is not")
        with open_client(connection) as client:
            _write_attachment(client.attachment(wanted, attachment, grounds, version), out, as_json)
        return
    with open_client(connection) as client:
        page = client.read(wanted, grounds, version)
    _print_record(page, as_json)


def _print_record(page: "Page", as_json: bool) -> None:
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


def _write_attachment(found: "DisclosedAttachment", out: Path, as_json: bool) -> None:
    from ledger.client.durable import write_durably

    if found.content is None:
        raise NotFound("the record names no file at this path")
    write_durably(out, found.content)
    if as_json:
        about = {"recordId": to_hex(found.view.record_id), "version": found.view.version}
        print_json({**about, "media": found.media, "bytes": len(found.content), "file": str(out)})
        return
    print(f"{out}  {found.media}, {len(found.content)} bytes; digest and disclosure checked, receipt kept")
