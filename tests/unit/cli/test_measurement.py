"""Figures, floors and the table of the benchmark."""

import json
import math
import time
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.bench import read_run
from ledger.cli.benchmarks.measurement import Floor, Measurement, percentiles, rates, rounded
from ledger.cli.benchmarks.table import BEGIN, END, markdown, with_table, write_table
from ledger.errors import UsageError

pytestmark = pytest.mark.unit

EXPLANATION = Path("docs/explanation")


def row(**changes: Any) -> Measurement:
    members = {
        "workload": "read",
        "figures": {"per_second": 1_234.5, "p99_ms": 31.0},
        "floors": (Floor("per_second", 600), Floor("p99_ms", 30, at_least=False)),
        "conditions": {"processes": 2},
        "neighbour": "plain",
        "neighbour_figures": {"per_second": 2_000.0},
    }
    return Measurement(**{**members, **changes})


def run_of(*rows: Measurement) -> dict[str, Any]:
    return {
        "measuredAt": "2026-01-02 03:04 UTC",
        "hardware": {"cores": 2},
        "rows": [row.document() for row in rows],
    }


def test_percentiles_are_the_nearest_ranks_in_milliseconds() -> None:
    seconds = [value / 1_000 for value in range(200, 0, -1)]
    assert percentiles(seconds) == pytest.approx({"p50_ms": 100, "p95_ms": 190, "p99_ms": 198, "max_ms": 200})
    assert percentiles([0.5]) == {"p50_ms": 500, "p95_ms": 500, "p99_ms": 500, "max_ms": 500}
    assert percentiles([]) == {}


@pytest.mark.parametrize(
    ("floor", "measured", "met"),
    [
        (Floor("x", 10), 10.0, True),
        (Floor("x", 10), 9.99, False),
        (Floor("x", 10, at_least=False), 10.0, True),
        (Floor("x", 10, at_least=False), 10.01, False),
        (Floor("other", 10), 99.0, False),
        (Floor("other", 10, at_least=False), 0.0, False),
    ],
)
def test_a_floor_is_met_from_its_value_on_and_never_by_a_figure_that_is_missing(
    floor: Floor, measured: float, met: bool
) -> None:
    assert floor.is_met({"x": measured}) is met


def test_a_floor_is_judged_by_the_figure_as_measured_not_as_printed() -> None:
    document = row(figures={"per_second": 599.9, "p99_ms": 29.0}).document()
    assert document["figures"]["per_second"] == 600
    assert document["floors"] == [
        {"floor": "per_second ≥ 600", "met": False},
        {"floor": "p99_ms ≤ 30", "met": True},
    ]


@pytest.mark.parametrize(("value", "shown"), [(1_234.5, 1_230), (0.012345, 0.0123), (0.0, 0.0), (46_000, 46_000)])
def test_figures_are_shown_with_three_digits(value: float, shown: float) -> None:
    assert rounded(value) == pytest.approx(shown, rel=1e-12)
    assert math.isnan(rounded(math.nan))


def test_rates_are_taken_in_turns_after_a_warm_up() -> None:
    turns: list[str] = []

    def slow() -> None:
        turns.append("slow")
        time.sleep(0.004)

    ours, theirs = rates((slow, lambda: turns.append("fast")), 10, repeats=2)
    assert turns == ["slow", "fast"] * 3
    assert 0 < ours < 10 / 0.004 < theirs


def test_the_table_names_conditions_floors_that_are_missed_and_the_neighbour() -> None:
    text = markdown(run_of(row()))
    assert text.startswith("Measured 2026-01-02 03:04 UTC. cores 2.")
    assert "| **read**<br>processes 2 | per_second 1,230<br>p99_ms 31 |" in text
    assert "met per_second ≥ 600<br>MISSED p99_ms ≤ 30 | plain<br>per_second 2,000 |" in text


def test_a_page_gets_the_table_between_its_marks_and_keeps_the_rest(tmp_path: Path) -> None:
    run, page = run_of(row()), tmp_path / "page.md"
    page.write_text(f"above\n{BEGIN}\nold\n{END}\nbelow\n", encoding="utf-8")
    write_table(page, run)
    assert page.read_text(encoding="utf-8") == f"above\n{BEGIN}\n{markdown(run)}\n{END}\nbelow\n"
    with pytest.raises(UsageError):
        with_table("no marks", run)
    with pytest.raises(UsageError):
        write_table(tmp_path / "absent.md", run)


@pytest.mark.parametrize("content", ["", "[]", '{"rows": []}'])
def test_only_a_run_is_taken_as_an_earlier_run(tmp_path: Path, content: str) -> None:
    file = tmp_path / "run.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError):
        read_run(file)
    with pytest.raises(UsageError):
        read_run(tmp_path / "absent.json")


def test_the_page_about_performance_shows_the_committed_run() -> None:
    page = (EXPLANATION / "performance.md").read_text(encoding="utf-8")
    assert with_table(page, read_run(EXPLANATION / "bench.json")) == page


def test_the_page_about_performance_explains_each_floor_that_the_committed_run_misses() -> None:
    _, _, explained = (EXPLANATION / "performance.md").read_text(encoding="utf-8").partition(END)
    run = json.loads((EXPLANATION / "bench.json").read_text(encoding="utf-8"))
    for found in run["rows"]:
        for floor in found["floors"]:
            figure = floor["floor"].split()[0]
            assert floor["met"] or f"`{figure}`" in explained, f"{found['workload']}: {floor['floor']}"
