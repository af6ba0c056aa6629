"""`gongzhi submit`: publish the rows of a CSV file as records, each at most once, however often it is run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli.connection import Connection, connected, open_client
from ledger.cli.output import print_json, print_members, progress_bar
from ledger.errors import UsageError

if TYPE_CHECKING:
    from ledger.client.gongzhi import GongzhiClient
    from ledger.client.tables.job import MappedRows, TableJob, TableSource

FIRST_REJECTIONS = 20
"""How many rejections a dry run lists; a run writes them all to its report."""


@connected
def submit(
    file: Annotated[Path, typer.Argument(help="UTF-8 CSV file with a header")],
    *,
    mapping: Annotated[Path, typer.Option(help="mapping file, gongzhi-mapping/1")],
    item: Annotated[int, typer.Option(help="number of the catalogue item")],
    item_version: Annotated[int | None, typer.Option(min=1, help="its version; the newest if not given")] = None,
    only_region: Annotated[str, typer.Option(help="publish only rows whose region begins with this")] = "",
    batch: Annotated[int, typer.Option(min=1, max=5000, help="rows of one submission")] = 1000,
    state: Annotated[Path | None, typer.Option(help="folder of the job's state; FILE.gongzhi if not given")] = None,
    resume: Annotated[bool, typer.Option(help="go on with a job that was begun, or refuse to")] = True,
    wait: Annotated[int, typer.Option(min=0, max=30, help="seconds to wait for each submission's anchor")] = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="map and check every row, and send nothing")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    connection: Connection,
) -> None:
    """Publish the rows of a CSV file. Run it again after any interruption: only what is missing is sent.

    Rows that cannot become records are listed in the job's rejected.csv by row, line, path and reason.
    """
    with open_client(connection) as client:
        source, version = _source(client, file, mapping, item, item_version, only_region)
        if dry_run:
            with progress_bar("rows") as advance:
                _print(_dry_run(source.check(advance)), as_json)
            return
        from ledger.client.tables.job import TableJob

        job = TableJob(source, state or file.with_name(f"{file.name}.gongzhi"), item, version, batch)
        begun = job.begin(client.desk.facts.gateway, client.desk.agency)
        if begun and not resume:
            raise UsageError(f"{job.state} holds a job that was begun; --resume goes on with it")
        result = _run(client, job, wait)
    _print(result, as_json)


def _source(
    client: "GongzhiClient", file: Path, mapping: Path, item: int, version: int | None, only_region: str
) -> tuple["TableSource", int]:
    from ledger.client.tables.job import TableSource
    from ledger.client.tables.mapping import load_mapping

    loaded = load_mapping(mapping)
    if not file.is_file():
        raise UsageError(f"{file} is not there")
    schema, item_version = client.schema_of(item, version)
    loaded.require_schema(schema)
    return TableSource(file, loaded, schema, only_region), item_version


def _run(client: "GongzhiClient", job: "TableJob", wait: int) -> dict[str, Any]:
    with progress_bar("rows") as advance:
        job.fill(advance)
    pending = job.outbox.pending()
    with progress_bar("submissions", len(pending)) as advance:
        for _ in job.outbox.send_all(client.publishing, wait):
            advance(1)
    sent = job.outbox.sent().values()
    return {
        "records": sum(submission["records"] for submission in sent),
        "submissions": len(sent),
        "sentNow": len(pending),
        "rejected": job.rejected_count(),
        "report": str(job.state / "rejected.csv"),
        "anchorBy": max((submission["anchorBy"] for submission in sent), default=None),
    }


def _dry_run(mapped: "MappedRows") -> dict[str, Any]:
    return {
        "dryRun": True,
        "records": mapped.accepted,
        "skipped": mapped.skipped,
        "rejected": len(mapped.rejected),
        "reasons": dict(mapped.reasons),
        "rows": [
            {"row": r.row, "line": r.line, "path": r.path, "reason": r.reason}
            for r in mapped.rejected[:FIRST_REJECTIONS]
        ],
    }


def _print(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(result)
    else:
        print_members(result)
