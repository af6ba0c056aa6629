"""A measured workload: figures with units, its floor, and the neighbour that ran beside it."""

import math
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Floor:
    """What the design asks for: at least or at most `value` of figure `figure`."""

    figure: str
    value: float
    at_least: bool = True

    def is_met(self, figures: Mapping[str, float]) -> bool:
        """Say whether the measured figure reaches the floor; a figure that is missing does not."""
        measured = figures.get(self.figure, math.nan)
        return measured >= self.value if self.at_least else measured <= self.value

    def __str__(self) -> str:
        return f"{self.figure} {'≥' if self.at_least else '≤'} {self.value:g}"


@dataclass(frozen=True)
class Measurement:
    """One row: what was measured under which conditions, its floors, and the neighbour's figures."""

    workload: str
    figures: dict[str, float]
    floors: tuple[Floor, ...]
    conditions: dict[str, Any]
    neighbour: str = ""
    neighbour_figures: dict[str, float] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the row as JSON members; floors are judged by the figures as measured, not as rounded."""
        row = asdict(self)
        row["floors"] = [{"floor": str(floor), "met": floor.is_met(self.figures)} for floor in self.floors]
        row["figures"] = {name: rounded(value) for name, value in self.figures.items()}
        row["neighbour_figures"] = {name: rounded(value) for name, value in self.neighbour_figures.items()}
        return row


def rounded(value: float) -> float:
    """Return a figure with three significant digits, so that noise is not printed as knowledge."""
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, 2 - math.floor(math.log10(abs(value))))


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Return p50, p95, p99 and max of durations, in milliseconds (nearest rank); empty for no durations."""
    ordered = sorted(seconds)
    if not ordered:
        return {}
    ranks = {name: max(1, math.ceil(len(ordered) * share)) for name, share in _SHARES}
    return {name: 1_000 * ordered[rank - 1] for name, rank in ranks.items()} | {"max_ms": 1_000 * ordered[-1]}


_SHARES = (("p50_ms", 0.50), ("p95_ms", 0.95), ("p99_ms", 0.99))


def rates(works: Sequence[Callable[[], object]], count: int, repeats: int = 5) -> list[float]:
    """Return how many of `count` units a second each of `works` does: the median of runs that take turns.

    Taking turns lets all of them suffer alike from what else the machine does; the first turn warms up.
    """
    found: list[list[float]] = [[] for _ in works]
    for turn in range(repeats + 1):
        for work, seen in zip(works, found, strict=True):
            started = time.perf_counter()
            work()
            if turn:
                seen.append(count / (time.perf_counter() - started))
    return [statistics.median(seen) for seen in found]


def hardware() -> dict[str, Any]:
    """Return what the figures were measured on, and how busy it was before (processes that wanted to run, 1 minute)."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 1),
    }


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    lines = described.read_text(encoding="utf-8").splitlines() if described.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]} ({platform.machine()})" if names else platform.machine()
