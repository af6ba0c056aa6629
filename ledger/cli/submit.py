"""`gongzhi submit`: publish the rows of a table as records, each at most once, however often it is run."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli.connection import Connection, connected, open_client
from ledger.cli.option_groups import takes
from ledger.cli.output import print_json, print_members, progress_bar
from ledger.cli.table_options import TableOptions
from ledger.errors import UsageError

if TYPE_CHECKING:
    from ledger.client.gongzhi import GongzhiClient
    from ledger.client.tables.job import Advance, TableJob
    from ledger.client.tables.reports import Summary
    from ledger.client.tables.source import TableSource, Tokens

FIRST_REJECTIONS = 20
"""How many rejected rows a result lists; the job's report holds them all."""


@connected
@takes("table", TableOptions)
def submit(
    file: Annotated[Path, typer.Argument(help="table with a header: CSV (UTF-8 or GBK) or XLSX")],
    *,
    mapping: Annotated[Path, typer.Option(help="mapping file, gongzhi-mapping/1")],
    item: Annotated[int, typer.Option(help="number of the catalogue item")],
    item_version: Annotated[int | None, typer.Option(min=1, help="its version; the newest if not given")] = None,
    only_region: Annotated[str, typer.Option(help="publish only rows whose region begins with this")] = "",
    corrected: Annotated[
        Path | None, typer.Option(help="the job's to_correct.xlsx, corrected: its rows complete the job")
    ] = None,
    batch: Annotated[int, typer.Option(min=1, max=5000, help="rows of one submission")] = 1000,
    state: Annotated[Path | None, typer.Option(help="folder of the job's state; FILE.gongzhi if not given")] = None,
    resume: Annotated[bool, typer.Option(help="go on with a job that was begun, or refuse to")] = True,
    again: Annotated[
        bool, typer.Option("--again", help="publish a file a second time that was published from here before")
    ] = False,
    accept_columns: Annotated[
        bool,
        typer.Option("--accept-columns", help="leave out columns that the mapping does not use, though others miss"),
    ] = False,
    wait: Annotated[int, typer.Option(min=0, max=30, help="seconds to wait for each submission's anchor")] = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="map and check every row, and send nothing")] = False,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="of a dry run: every rejected row, as rejected.csv has it"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    table: TableOptions,
    connection: Connection,
) -> None:
    """Publish the rows of a CSV or XLSX table. Run it again after any interruption: only what is missing is sent.

    Rows that cannot become records are listed in the job's rejected.csv by row, line, column and reason, and stand in
    its to_correct.xlsx to be corrected.
    """
    with open_client(connection) as client, ExitStack() as processes:
        source, version = _source(client, table, file, mapping, item, item_version, only_region)
        source = _in_processes(source, processes)
        if report is not None:
            _refuse_report(report, dry_run)
        if dry_run:
            with progress_bar("rows") as advance:
                _print(_dry_run(source, corrected, advance, report), as_json)
            return
        from ledger.client.tables.job import TableJob

        job = TableJob(source, state or file.with_name(f"{file.name}.gongzhi"), item, version, batch)
        if not job.is_begun:
            source.read_through()
            if not accept_columns:
                source.refuse_lost_columns()
        _begin(client, job, resume, again)
        result = _publish(client, job, corrected, _tokens(client, source, table, item), wait) | _told(source, job)
    _print(result, as_json)


def _begin(client: "GongzhiClient", job: "TableJob", resume: bool, again: bool) -> None:
    from ledger.client.tables.imported import ImportedFiles

    if job.is_begun and not resume:
        raise UsageError(f"{job.state} holds a job that was begun; --resume goes on with it")
    begun, desk = job.is_begun, client.desk
    imported = ImportedFiles(desk.receipts.folder.parent / "imports")
    plan = job.plan(desk.facts.gateway, desk.agency)
    if not begun and not again:
        imported.refuse_known(plan)
    job.begin(desk.facts.gateway, desk.agency)
    imported.note(plan, desk.transport.now(), again and not begun)


def _source(
    client: "GongzhiClient",
    table: TableOptions,
    file: Path,
    mapping: Path,
    item: int,
    version: int | None,
    only_region: str,
) -> tuple["TableSource", int]:
    from ledger.client.tables.mapping import load_mapping
    from ledger.client.tables.source import TableSource

    loaded = load_mapping(mapping)
    schema, item_version = client.schema_of(item, version)
    loaded.require_schema(schema)
    return TableSource(table.file(file), loaded, schema, only_region), item_version


def _in_processes(source: "TableSource", processes: ExitStack) -> "TableSource":
    from ledger.client.tables.preparing import PreparingProcesses

    preparing = processes.enter_context(PreparingProcesses(source.schema))
    return replace(source, prepare_all=preparing.prepare)


def _tokens(client: "GongzhiClient", source: "TableSource", table: TableOptions, item: int) -> "Tokens | None":
    if source.mapping.subject is None:
        return None
    from ledger.client.subject_tokens import resident_tokens
    from ledger.client.subjects import SubjectsDesk

    return resident_tokens(SubjectsDesk(client.desk), table.grounds(item))


def _fill(job: "TableJob", corrected: Path | None, tokens: "Tokens | None", advance: "Advance") -> None:
    from ledger.client.tables.corrections import Corrections
    from ledger.client.tables.rows import TableFile

    job.fill(advance, tokens)
    corrections = Corrections(job)
    if corrected is None:
        corrections.finish(advance, tokens)
    else:
        corrections.take(TableFile(corrected), advance, tokens)


def _publish(
    client: "GongzhiClient", job: "TableJob", corrected: Path | None, tokens: "Tokens | None", wait: int
) -> dict[str, Any]:
    """Prepare the rows and send them meanwhile; returns what was sent."""
    from ledger.client.tables.sending import JobSending

    earlier, duplicates = len(job.outbox.sent()), 0
    with JobSending(job, client.publishing, wait) as sending:
        with progress_bar("rows") as advance:

            def put(rows: int) -> None:
                sending.take_pending()
                advance(rows)

            _fill(job, corrected, tokens, put)
        with progress_bar("submissions", sending.left) as advance:
            for _, accepted in sending.accepted():
                duplicates += len(accepted.duplicates)
                advance(1)
    sent = job.outbox.sent().values()
    return {
        "records": sum(submission["records"] for submission in sent),
        "submissions": len(sent),
        "sentNow": len(sent) - earlier,
        # Records sent now about persons whom the item held already.
        "duplicates": duplicates,
        "anchorBy": max((submission["anchorBy"] for submission in sent), default=None),
    }


def _told(source: "TableSource", job: "TableJob") -> dict[str, Any]:
    from ledger.client.tables.corrections import Corrections
    from ledger.client.tables.job import REPORT, TO_CORRECT

    summary = Corrections(job).summary()
    to_correct = job.state / TO_CORRECT
    return {
        **source.file.described(),
        **_columns(source),
        **_summary(summary, source),
        "report": str(job.state / REPORT),
        "toCorrect": str(to_correct) if to_correct.exists() else None,
        "notMissing": summary.not_missing,
    }


def _dry_run(source: "TableSource", corrected: Path | None, advance: Any, report: Path | None) -> dict[str, Any]:
    from ledger.client.durable import write_durably
    from ledger.client.tables.reports import rejected_csv, summary_of

    if corrected is not None:
        raise UsageError("--corrected completes a job: there is no dry run of it")
    summary = summary_of(source.check(advance))
    if report is not None:
        write_durably(report, rejected_csv(summary.rejected, source.columns_told()))
    return {
        "dryRun": True,
        **source.file.described(),
        **_columns(source),
        "records": summary.accepted,
        **_summary(summary, source),
        "report": None if report is None else str(report),
    }


def _refuse_report(report: Path, dry_run: bool) -> None:
    from ledger.client.tables.reports import REPORTED

    if not dry_run:
        raise UsageError("--report is for a --dry-run; a job keeps its report in its folder")
    if not report.parent.is_dir():
        raise UsageError(f"{report.parent} is no folder")
    begin = ",".join(REPORTED).encode("utf-8-sig")
    if report.exists() and (not report.is_file() or not report.read_bytes().startswith(begin)):
        raise UsageError(f"{report} is there already, and is no report of rejected rows")


def _columns(source: "TableSource") -> dict[str, Any]:
    header = source.header()
    return {"columnsMissing": [*header.missing], "columnsUnused": [*header.unused]}


def _summary(summary: "Summary", source: "TableSource") -> dict[str, Any]:
    columns = source.columns_told()
    return {
        "skipped": summary.skipped,
        "rejected": len(summary.rejected),
        "reasons": summary.reasons,
        "cleaned": dict(summary.cleaned),
        "warned": dict(summary.warned),
        "rows": [
            {
                "row": one.row,
                "line": one.line,
                "column": columns.get(fault.path, ""),
                "path": fault.path,
                "reason": fault.reason,
            }
            for one in summary.rejected[:FIRST_REJECTIONS]
            for fault in one.faults
        ],
    }


def _print(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(result)
    else:
        print_members(result)
