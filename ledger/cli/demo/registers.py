"""A community's registers of residents and dwellings come through the importer: dirty, with faults, then corrected."""

from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from ledger.cli.demo.dirty_tables import DirtyTable, dirty_residents, dwellings
from ledger.cli.demo.story import Story
from ledger.client.gongzhi import GongzhiClient
from ledger.client.grounds import Grounds
from ledger.client.subject_tokens import resident_tokens
from ledger.client.subjects import SubjectsDesk
from ledger.client.tables.corrections import Corrections
from ledger.client.tables.job import TO_CORRECT, TableJob
from ledger.client.tables.mapping import load_mapping
from ledger.client.tables.reports import ADDED, ROW
from ledger.client.tables.rows import TableFile
from ledger.client.tables.source import TableSource, Tokens
from ledger.client.tables.xlsx_file import workbook
from ledger.core.codes import Basis, Purpose

RESIDENTS, DWELLINGS = 101, 102
HOLDER = "community-1"
COMMUNITY = "一街道一社区"
DUTY = "城市居民委员会组织法 第三条"
RESIDENT_COUNT, DWELLING_COUNT = 160, 40
SEED = 1_949


def import_registers(client: GongzhiClient, folder: Path, story: Story) -> dict[str, Any]:
    """Import both registers, correct the rejected rows, and import these; returns the figures of both."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    grounds = Grounds(RESIDENTS, Purpose.RESIDENCE_REGISTRATION, Basis.STATUTORY_DUTY, DUTY)
    tokens = resident_tokens(SubjectsDesk(client.desk), grounds)
    told = {
        "residents": _import(client, RESIDENTS, dirty_residents(RESIDENT_COUNT, SEED, [COMMUNITY]), folder, tokens),
        "dwellings": _import(client, DWELLINGS, dwellings(DWELLING_COUNT, SEED, [COMMUNITY]), folder, tokens),
    }
    for name, figures in told.items():
        reasons = ", ".join(sorted({reason.split()[1] for reason in figures["reasons"]}))
        story.say(
            f"Community 1 imports its register of {name}: {figures['accepted']} records at once,"
            f" {figures['cleaned']} cells put right or into codes, {figures['rejected']} rows rejected ({reasons})."
        )
        story.say(f"   It corrects them, and the same job completes the register: {figures['records']} records.")
    return told


def _import(client: GongzhiClient, item: int, table: DirtyTable, folder: Path, tokens: Tokens) -> dict[str, Any]:
    name = {RESIDENTS: "residents", DWELLINGS: "dwellings"}[item]
    path = _private(folder / f"{name}.xlsx", workbook(name, table.lines))
    schema, version = client.schema_of(item)
    with as_file(files("ledger.domain")) as domain:
        mapping = load_mapping(domain / "mappings" / f"{name}.json")
    mapping.require_schema(schema)
    job = TableJob(TableSource(TableFile(path), mapping, schema), folder / f"{name}.gongzhi", item, version)
    job.begin(client.desk.facts.gateway, client.desk.agency)
    first = job.fill(tokens=tokens)
    sent = _send(client, job)
    corrected = _corrected(table, job.state / TO_CORRECT, folder / f"{name}-corrected.xlsx")
    last = Corrections(job).take(TableFile(corrected), tokens=tokens)
    sent += _send(client, job)
    return {
        "rows": len(table.rows),
        "accepted": first.accepted,
        "rejected": len(first.rejected),
        "reasons": first.reasons,
        "cleaned": sum(last.cleaned.values()),
        "records": last.accepted,
        "submissions": sent,
    }


def _send(client: GongzhiClient, job: TableJob) -> int:
    return len(list(job.outbox.send_all(client.publishing)))


def _corrected(table: DirtyTable, given: Path, path: Path) -> Path:
    """Write the rejected rows as they should have been, as the community does in the file that it was given."""
    rows: list[Sequence[str]] = [(*ADDED, *table.header)]
    for row in TableFile(given).open().rows:
        number = (row.cells or {})[ROW]
        right = table.clean[int(number) - 1]
        rows.append([number, "", "", "", *(right[name] for name in table.header)])
    return _private(path, workbook("corrected", rows))


def _private(path: Path, content: bytes) -> Path:
    path.touch(mode=0o600)
    path.write_bytes(content)
    return path
