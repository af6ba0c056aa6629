"""Dirty registers through the command line and a real gateway: exactly the planted rejections, and nothing twice."""

import csv
import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.cli.benchmarks.ground import Ground, founded
from ledger.cli.benchmarks.sizes import QUICK
from ledger.cli.demo.dirty_tables import FAULTS, DirtyTable, dirty_residents
from ledger.client.tables.reports import ADDED
from ledger.client.tables.xlsx_file import workbook
from ledger.embedded import postgres
from tests.e2e.demo_stack import PROGRAM, ROOT, DemoStack, environment_for

pytestmark = pytest.mark.e2e
ITEM = "101"
IMPORT_TIMEOUT_SECONDS = 900
"""Of twenty thousand rows, on a machine that does much else."""
MAPPING = ROOT / "ledger" / "domain" / "mappings" / "residents.json"
TERMS = (
    *("--item", ITEM, "--mapping", str(MAPPING), "--json"),
    *("--purpose", "P01", "--basis", "LB3", "--basis-ref", "城市居民委员会组织法 第三条"),
)


def corrected(table: DirtyTable, path: Path) -> Path:
    """Write the faulty rows as they should have been, as a spreadsheet program saves to_correct.xlsx."""
    rows = [
        [str(number), "", "", "", *(table.clean[number - 1][name] for name in table.header)] for number in table.faults
    ]
    path.write_bytes(workbook("to correct", [(*ADDED, *table.header), *rows]))
    return path


def reported(path: str) -> dict[int, frozenset[tuple[str, str]]]:
    found: dict[int, set[tuple[str, str]]] = {}
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        for line in csv.DictReader(file):
            found.setdefault(int(line["row"]), set()).add((line["path"], line["reason"]))
    return {row: frozenset(faults) for row, faults in found.items()}


def records_of(dsn: str, publisher: int) -> tuple[int, int]:
    """How many records of residents a publisher has at the gateway, and about how many persons they are."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "SELECT sum(record_count) FROM submissions WHERE item = 101 AND publisher = %s", (publisher,)
        ).fetchone()
        persons = connection.execute(
            "SELECT count(DISTINCT token) FROM subjects WHERE item = 101 AND publisher = %s", (publisher,)
        ).fetchone()
    assert row is not None
    assert persons is not None
    return int(row[0] or 0), int(persons[0])


def wait_for_content(state: Path, process: subprocess.Popen[str]) -> None:
    """Wait until a killed import would leave something half done; returns too if it has ended."""
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        if list((state / "outbox").glob("*.content.ndjson")):
            return
        time.sleep(0.01)


@pytest.mark.slow
def test_a_register_that_was_killed_corrected_and_repeated_is_complete_once(demo: DemoStack, tmp_path: Path) -> None:
    table = dirty_residents(200, seed=29)
    path, publisher = tmp_path / "居民.csv", "community-3"
    with path.open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows(table.lines)
    command = ("submit", str(path), "--as", publisher, "--batch", "20", *TERMS)

    def submit(*more: str) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(demo.gongzhi(*command, *more))
        return told

    dry = submit("--dry-run")
    assert (dry["records"], dry["rejected"], dry["encoding"]) == (195, 5, "gb18030")
    assert records_of(demo.dsn, demo.agency(publisher)["id"]) == (0, 0)
    with subprocess.Popen(
        [*PROGRAM, *command], cwd=ROOT, env=environment_for(demo.folder.root), stdout=subprocess.DEVNULL, text=True
    ) as killed:
        wait_for_content(tmp_path / "居民.csv.gongzhi", killed)
        killed.send_signal(signal.SIGKILL)
    first = submit()
    assert (first["records"], first["rejected"]) == (195, 5)
    assert reported(first["report"]) == table.faults
    assert first["cleaned"] == dict(sorted(table.cleaned.items()))
    again = submit()
    assert (again["records"], again["sentNow"]) == (195, 0)
    rows = corrected(table, tmp_path / "corrected.xlsx")
    last = submit("--corrected", str(rows))
    assert (last["records"], last["rejected"], last["toCorrect"]) == (200, 0, None)
    assert records_of(demo.dsn, demo.agency(publisher)["id"]) == (200, 200)
    for number in (table.clean[0]["身份证号"], table.clean[39]["联系电话"]):
        assert number not in Path(first["report"]).read_text("utf-8")


def submitted(ground: Ground, *arguments: str | Path) -> tuple[dict[str, Any], float]:
    """Run `gongzhi submit` for the consortium; returns what it said, and its seconds."""
    begun = time.monotonic()
    done = subprocess.run(
        [*PROGRAM, "submit", *map(str, arguments)],
        cwd=ROOT,
        env=environment_for(ground.demo.folder.root),
        capture_output=True,
        text=True,
        timeout=IMPORT_TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout), time.monotonic() - begun


@pytest.mark.slow
def test_twenty_thousand_residents_import_with_exactly_the_planted_rejections(tmp_path: Path) -> None:
    count = 20_000
    table = dirty_residents(count, seed=20)
    assert set(table.faults.values()) == {faults for _, faults in FAULTS.values()}
    path = tmp_path / "residents.xlsx"
    path.write_bytes(workbook("居民", table.lines))
    with founded(QUICK, lambda _: None, keep=False) as ground:
        arguments: Sequence[str | Path] = (path, "--as", "community-1", *TERMS)
        first, seconds = submitted(ground, *arguments)
        assert reported(first["report"]) == table.faults
        assert first["cleaned"] == dict(sorted(table.cleaned.items()))
        assert first["records"] == count - len(table.faults)
        again, again_seconds = submitted(ground, *arguments)
        assert (again["records"], again["sentNow"]) == (first["records"], 0)
        last, last_seconds = submitted(ground, *arguments, "--corrected", corrected(table, tmp_path / "right.xlsx"))
        assert (last["records"], last["rejected"]) == (count, 0)
        dsn = postgres.dsn(ground.demo.folder)
        number = next(
            agency
            for agency in json.loads((ground.demo.folder.root / "demo.json").read_text(encoding="utf-8"))["agencies"]
            if agency["name"] == "community-1"
        )["id"]
        assert records_of(dsn, number) == (count, count)
    print(
        f"{count} rows accepted in {seconds:.1f} s ({count / seconds:.0f} rows/s);"
        f" again {again_seconds:.1f} s; {len(table.faults)} corrected rows {last_seconds:.1f} s",
        file=sys.stderr,
    )
