"""`gongzhi retention`: which of the agency's own records are past their retention, and marking them erased."""

from itertools import islice
from typing import Annotated, Any

import typer

from ledger.cli.connection import Connection, connected, open_client
from ledger.cli.output import print_json, print_table, progress_bar
from ledger.core.hexadecimal import to_hex
from ledger.core.retention import parse_retention
from ledger.domain import RETENTION_TABLE, load_document
from ledger.errors import UsageError

SECONDS_A_DAY = 86_400
MOST_RECORDS = 1_000
"""Records of one run: each is a signed message and a transaction on chain."""


@connected
def retention(
    *,
    item: Annotated[int, typer.Option(min=1, help="catalogue item")],
    days: Annotated[
        int | None, typer.Option(min=0, help="days to keep records, instead of the retention table's")
    ] = None,
    most: Annotated[int, typer.Option("--limit", min=1, max=MOST_RECORDS, help="records at most in this run")] = 200,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="list them, and mark nothing")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    connection: Connection,
) -> None:
    """Mark own records of an item erased whose period is over, counted from when the newest version was accepted.

    Run it again until it finds none. A record under a legal hold is kept and named.
    """
    kept_days = days if days is not None else _days_of(item)
    with open_client(connection) as client:
        before = max(0, client.desk.transport.now() - kept_days * SECONDS_A_DAY)
        found = list(islice(client.retaining.past(item, before), most))
        result: dict[str, Any] = {"item": item, "days": kept_days, "before": before, "found": len(found)}
        if dry_run:
            rows = [{"recordId": to_hex(one.record_id), "acceptedAt": one.accepted_at} for one in found]
            _print({**result, "records": rows}, as_json=as_json)
            return
        with progress_bar("records marked erased", len(found)) as advance:
            run = client.retaining.erase(found, advance=advance)
    result |= {"erased": [to_hex(one) for one in run.erased], "held": [to_hex(one) for one in run.held]}
    _print(result, as_json=as_json)


def _days_of(item: int) -> int:
    days = parse_retention(load_document(RETENTION_TABLE)).days_of(item)
    if days is None:
        raise UsageError(f"the retention table does not list item {item}: give --days")
    return days


def _print(result: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(result)
        return
    states = [(row["recordId"], "past its period", str(row["acceptedAt"])) for row in result.get("records", ())]
    states += [(record_id, "marked erased", "") for record_id in result.get("erased", ())]
    states += [(record_id, "kept: legal hold", "") for record_id in result.get("held", ())]
    if states:
        print_table(["record", "state", "accepted at"], states)
    print(f"item {result['item']}: {result['found']} records are past {result['days']} days")
