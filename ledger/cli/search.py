"""`gongzhi search`: look at the records of an item; every page is a signed, anchored disclosure."""

from datetime import datetime
from typing import Annotated, Any

import typer

from ledger.cli.connection import Connection, connected, open_client
from ledger.cli.grounds_options import GroundsOptions
from ledger.cli.option_groups import takes
from ledger.cli.output import print_json, print_table
from ledger.cli.views import cells_of, columns_of, page_document, record_document
from ledger.client.looking import Page, SearchTerms
from ledger.core.receipt import MOST_OPENINGS
from ledger.errors import UsageError


@connected
@takes("options", GroundsOptions)
def search(
    *,
    region: Annotated[str | None, typer.Option(help="region code, or a prefix of it")] = None,
    record_class: Annotated[str | None, typer.Option("--class", help="class, or a prefix that ends in /")] = None,
    since: Annotated[str | None, typer.Option("--from", help="occurred at or after: 2016-01-15[T12:00+08:00]")] = None,
    until: Annotated[str | None, typer.Option(help="occurred before")] = None,
    most: Annotated[int, typer.Option("--limit", min=1, help="records at most")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    options: GroundsOptions,
    connection: Connection,
) -> None:
    """Look at the records of an item, newest first. Each page is checked and its receipt kept."""
    grounds = options.grounds
    terms = SearchTerms(region, record_class, seconds_of(since), seconds_of(until), min(most, MOST_OPENINGS))
    pages: list[Page] = []
    with open_client(connection) as client:
        for page in client.search(grounds, terms):
            pages.append(page)
            if sum(len(found.views) for found in pages) >= most:
                break
    records = [record_document(page, view) for page in pages for view in page.views][:most]
    if as_json:
        print_json({"records": records, "disclosures": [page_document(page) for page in pages]})
        return
    _show(records, pages)


def _show(records: list[dict[str, Any]], pages: list[Page]) -> None:
    columns = columns_of(records)
    schema = next((page.schema for page in pages if page.schema), None)
    names = [path.removeprefix("/") + ("" if kind == "o" else "*") for path, kind in columns]
    rows = [[record["recordId"], *cells_of(record, columns, schema)] for record in records]
    print_table(["record", *names], rows)
    print(f"records: {len(records)}, disclosures: {len(pages)}, each checked and kept; * desensitized")


def seconds_of(text: str | None) -> int | None:
    """Return the Unix second of an ISO 8601 time, of this machine's zone where it names none; UsageError."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError("a time is as 2016-01-15 or 2016-01-15T12:00+08:00") from None
    return int((moment if moment.tzinfo else moment.astimezone()).timestamp())
