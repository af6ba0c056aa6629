"""A measured workload: figures with units, its floor, and the neighbour that ran beside it."""

import math
import os
import platform
import resource
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Floor:
    """What the design asks for: at least or at most `value` of figure `figure`."""

    figure: str
    value: float
    at_least: bool = True

    def is_met(self, figures: dict[str, float]) -> bool:
        """Say whether the measured figure reaches the floor."""
        measured = figures[self.figure]
        return measured >= self.value if self.at_least else measured <= self.value

    def __str__(self) -> str:
        return f"{self.figure} {'≥' if self.at_least else '≤'} {self.value:g}"


@dataclass(frozen=True)
class Measurement:
    """One row: what was measured under which conditions, its floors, and the neighbour's figure with the ratio."""

    workload: str
    figures: dict[str, float]
    floors: tuple[Floor, ...]
    conditions: dict[str, Any]
    neighbour: str = ""
    neighbour_figures: dict[str, float] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        """Whether every floor is reached."""
        return all(floor.is_met(self.figures) for floor in self.floors)

    def document(self) -> dict[str, Any]:
        """Return the row as JSON members."""
        row = asdict(self)
        row["floors"] = [{"floor": str(floor), "met": floor.is_met(self.figures)} for floor in self.floors]
        row["figures"] = {name: rounded(value) for name, value in self.figures.items()}
        row["neighbour_figures"] = {name: rounded(value) for name, value in self.neighbour_figures.items()}
        return row


def rounded(value: float) -> float:
    """Return a figure with three significant digits, so that noise is not printed as knowledge."""
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, max(0, 2 - math.floor(math.log10(abs(value)))))


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Return p50, p95, p99 and max of durations, in milliseconds."""
    ordered = sorted(seconds)
    if not ordered:
        return {}
    pick = {name: ordered[min(len(ordered) - 1, int(len(ordered) * share))] for name, share in _SHARES}
    return {name: 1_000 * value for name, value in pick.items()} | {"max_ms": 1_000 * ordered[-1]}


_SHARES = (("p50_ms", 0.50), ("p95_ms", 0.95), ("p99_ms", 0.99))


def rate(work: Callable[[], object], count: int, repeats: int = 3) -> float:
    """Return how many of `count` units a second `work` does: the median of `repeats` runs after a warm-up."""
    work()
    rates = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        rates.append(count / (time.perf_counter() - started))
    return sorted(rates)[len(rates) // 2]


def hardware() -> dict[str, Any]:
    """Return what the figures were measured on."""
    return {
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "kernel": platform.release(),
    }


def peak_memory_mib() -> float:
    """Return the peak resident memory of this process and its ended children, in MiB."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(kind).ru_maxrss for kind in kinds) / 1_024


def show(measurements: Iterable[Measurement]) -> None:
    """Print the table: figures, floors, neighbour."""
    from rich.console import Console
    from rich.table import Table

    table = Table("workload", "measured", "floor", "beside it in the same run", show_lines=True)
    for row in measurements:
        figures = "\n".join(f"{name} {rounded(value):,g}" for name, value in row.figures.items())
        floors = "\n".join(f"{'met   ' if floor.is_met(row.figures) else 'MISSED'} {floor}" for floor in row.floors)
        beside = "\n".join(f"{name} {rounded(value):,g}" for name, value in row.neighbour_figures.items())
        conditions = ", ".join(f"{name} {value}" for name, value in row.conditions.items())
        table.add_row(f"{row.workload}\n[dim]{conditions}[/dim]", figures, floors, f"{row.neighbour}\n{beside}".strip())
    Console(width=150).print(table)
