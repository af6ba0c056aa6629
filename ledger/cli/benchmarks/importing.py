"""Importing a dirty register: by the publisher's cores alone, and through to the gateway's acceptances."""

import time
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

from ledger.cli.benchmarks.ground import Ground, publishers_cpu_seconds, use_of
from ledger.cli.benchmarks.measurement import Floor, Measurement
from ledger.cli.demo.command import wait_until_all_is_anchored
from ledger.cli.demo.dirty_tables import DirtyTable, dirty_residents
from ledger.cli.demo.registers import DUTY, RESIDENTS
from ledger.client.gongzhi import GongzhiClient
from ledger.client.grounds import Grounds
from ledger.client.subject_tokens import resident_tokens
from ledger.client.subjects import SubjectsDesk
from ledger.client.tables.job import TableJob
from ledger.client.tables.mapping import load_mapping
from ledger.client.tables.preparing import PreparingProcesses
from ledger.client.tables.rows import TableFile
from ledger.client.tables.sending import AT_ONCE, JobSending
from ledger.client.tables.source import Outcome, TableSource, Tokens
from ledger.client.tables.xlsx_file import workbook
from ledger.core.codes import Basis, Purpose
from ledger.core.subjects import SubjectId

SENDER, SEED, BATCH = "community-1", 20_000, 1_000


def measure_import(ground: Ground) -> list[Measurement]:
    """Import a generated register of residents as XLSX; two rows: what the publisher prepares, and all of it."""
    ground.say(f"a register of {ground.sizes.imported:,} residents")
    table = dirty_residents(ground.sizes.imported, SEED)
    path = ground.scratch / "residents.xlsx"
    path.write_bytes(workbook("residents", table.lines))
    client = ground.client(SENDER)
    try:
        source, version = _source(client, path)
        tokens = resident_tokens(
            SubjectsDesk(client.desk),
            Grounds(RESIDENTS, Purpose.RESIDENCE_REGISTRATION, Basis.STATUTORY_DUTY, DUTY),
        )
        with PreparingProcesses(source.schema) as processes:
            prepared = _prepared(source, table, processes)
            again = path.rename(path.with_name("register.xlsx"))  # what is kept of a file that was read does not count
            fresh = replace(source, file=TableFile(again), seen={}, prepare_all=processes.prepare)
            job = TableJob(fresh, ground.scratch / "residents.gongzhi", RESIDENTS, version, BATCH)
            whole = _whole(ground, client, job, tokens, table)
    finally:
        client.close()
    wait_until_all_is_anchored(ground.settings)
    return [prepared, whole]


def _source(client: GongzhiClient, path: Path) -> tuple[TableSource, int]:
    schema, version = client.schema_of(RESIDENTS)
    with as_file(files("ledger.domain")) as domain:
        mapping = load_mapping(domain / "mappings" / "residents.json")
    mapping.require_schema(schema)
    return TableSource(TableFile(path), mapping, schema), version


def _prepared(source: TableSource, table: DirtyTable, processes: PreparingProcesses) -> Measurement:
    begun = time.perf_counter()
    rows = list(source.rows())
    read = time.perf_counter()
    mapped = list(source.map(rows, Outcome()))
    cleaned = time.perf_counter()
    replace(source, prepare_all=processes.prepare).prepared(mapped, Outcome(), None)
    committed = time.perf_counter()
    source.prepared(mapped, Outcome(), None)
    on_one_core = time.perf_counter() - committed
    count = len(table.rows)
    return Measurement(
        "import, prepared",
        {
            "rows_per_second": count / (committed - begun),
            "read_rows_per_second": count / (read - begun),
            "cleaned_rows_per_second": count / (cleaned - read),
            "committed_rows_per_second": count / (committed - cleaned),
            "rows_per_second_on_one_core": count / (cleaned - begun + on_one_core),
        },
        (Floor("rows_per_second", 2_000),),
        {
            "format": "xlsx",
            "rows": count,
            "slots": len(source.schema.slots),
            "faulty_rows": len(table.faults),
            "committed_in": "as many processes as cores",
        },
    )


def _whole(ground: Ground, client: GongzhiClient, job: TableJob, tokens: Tokens, table: DirtyTable) -> Measurement:
    asked = 0.0

    def timed(persons: Sequence[SubjectId]) -> Sequence[bytes]:
        nonlocal asked
        begun = time.perf_counter()
        given = tokens(persons)
        asked += time.perf_counter() - begun
        return given

    before, own_before = use_of(ground.demo.folder), publishers_cpu_seconds()
    begun = time.perf_counter()
    job.begin(client.desk.facts.gateway, client.desk.agency)
    with JobSending(job, client.publishing) as sending:
        summary = job.fill(lambda _: sending.take_pending(), tokens=timed)
        filled = time.perf_counter()
        submissions = len(list(sending.accepted()))
    sent = time.perf_counter()
    used, count = use_of(ground.demo.folder).cpu_since(before), len(table.rows)
    used["cpu_seconds_publisher"] = publishers_cpu_seconds() - own_before
    return Measurement(
        "import, accepted",
        {
            "rows_per_second": count / (sent - begun),
            "seconds": sent - begun,
            "seconds_until_prepared": filled - begun,
            "tokens_per_second": summary.accepted / asked,
            "rejected": len(summary.rejected),
            **{f"{name.replace('seconds', 'ms_per_row')}": 1_000 * seconds / count for name, seconds in used.items()},
        },
        (Floor("rows_per_second", 500), Floor("rejected", len(table.faults), at_least=False)),
        {
            "rows": count,
            "submissions": submissions,
            "sent": f"while rows are prepared, {AT_ONCE} submissions at a time",
            "tokens": "100 persons a query",
            **ground.conditions(),
        },
    )
