"""The rows of a run as a table: on a terminal, and in the page about performance."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ledger.errors import UsageError

BEGIN, END = "<!-- gongzhi bench: begin -->", "<!-- gongzhi bench: end -->"
"""Between these lines a page holds the generated table."""
Row = Mapping[str, Any]


def show(rows: Sequence[Row]) -> None:
    """Draw the table: figures, floors, neighbour."""
    from rich.console import Console
    from rich.table import Table

    table = Table("workload", "measured", "floor", "beside it in the same run", show_lines=True)
    for row in rows:
        name = f"{row['workload']}\n[dim]{_conditions(row)}[/dim]"
        beside = "\n".join([row["neighbour"], *_figures(row["neighbour_figures"])]).strip()
        table.add_row(name, "\n".join(_figures(row["figures"])), "\n".join(_floors(row)), beside)
    Console(width=150).print(table)


def markdown(run: Mapping[str, Any]) -> str:
    """Return the table of a run for a page, with date and machine above it."""
    machine = ", ".join(f"{name} {value}" for name, value in run["hardware"].items())
    lines = [
        f"Measured {run['measuredAt']}. {machine}.",
        "",
        "| workload | measured | floor | beside it in the same run |",
        "|---|---|---|---|",
    ]
    for row in run["rows"]:
        beside = [row["neighbour"], *_figures(row["neighbour_figures"])] if row["neighbour"] else []
        cells = [
            f"**{row['workload']}**<br>{_conditions(row)}",
            "<br>".join(_figures(row["figures"])),
            "<br>".join(_floors(row)),
            "<br>".join(beside),
        ]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def with_table(page: str, run: Mapping[str, Any]) -> str:
    """Return a page's text with the table of `run` between its two marks; raises UsageError if they are not there."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise UsageError(f"the page has no lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{markdown(run)}\n{END}{after}"


def write_table(path: Path, run: Mapping[str, Any]) -> None:
    """Put the table of a run into a page; raises UsageError if there is no such page."""
    if not path.is_file():
        raise UsageError(f"there is no page {path}")
    path.write_text(with_table(path.read_text(encoding="utf-8"), run), encoding="utf-8")


def _figures(figures: Mapping[str, float]) -> list[str]:
    return [f"{name} {value:,.10g}" for name, value in figures.items()]


def _floors(row: Row) -> list[str]:
    return [f"{'met' if floor['met'] else 'MISSED'} {floor['floor']}" for floor in row["floors"]]


def _conditions(row: Row) -> str:
    return ", ".join(f"{name} {value}" for name, value in row["conditions"].items())
