"""An export cut into parts, and the processes that check them."""

import gc
import multiprocessing
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from ledger.core.audit.checks import Tally
from ledger.core.audit.crossing import check_bucket
from ledger.core.audit.ground import Ground
from ledger.core.audit.stream import Part, PartChecker
from ledger.core.history import AnchorFacts
from ledger.services.audit_files import LineFile, Spill, SpilledPart, read_bucket

Files = tuple[LineFile, LineFile, LineFile, LineFile]
"""Entries, records, looks, actions."""
Task = TypeVar("Task")
Outcome = TypeVar("Outcome")


@dataclass(frozen=True)
class Workshop:
    """What every worker has: made before the processes are forked, so that all share it."""

    ground: Ground
    files: Files
    anchors: Sequence[AnchorFacts]
    folder: Path
    """Where rows are spilled to."""
    buckets: int
    last_anchored: int
    """Last sequence that is judged; what stands beyond is pending."""


@dataclass(frozen=True, slots=True)
class PartTask:
    """A part: its batches [first, last) among the workshop's anchors, and its byte ranges in the four files."""

    number: int
    first: int
    last: int
    ranges: tuple[tuple[int, int], ...]

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(end - begin for begin, end in self.ranges)


@dataclass(frozen=True, slots=True)
class PartOutcome:
    """What a part gave, and where its rows are."""

    part: Part
    spilled: SpilledPart


@dataclass(frozen=True, slots=True)
class BucketTask:
    """A bucket, and the parts that have rows in it. `is_partial` as the parts showed it."""

    number: int
    parts: Sequence[SpilledPart]
    is_partial: bool


def all_parts(files: Files, anchors: Sequence[AnchorFacts], part_bytes: int) -> list[PartTask]:
    """Cut an export into parts of about `part_bytes` per file that begin at batches and leave no byte out."""
    cuts = {0}
    for file in files:
        for offset in range(part_bytes, file.size, part_bytes):
            cuts.add(_batch_at(anchors, file.sequence_at(offset)[1]))
    firsts = sorted(cuts)
    begins = [tuple(0 for _ in files)]
    for first in firsts[1:]:
        found = (file.offset_of(anchors[first].first_sequence) for file in files)
        begins.append(tuple(max(pair) for pair in zip(begins[-1], found, strict=True)))
    begins.append(tuple(file.size for file in files))
    lasts = [*firsts[1:], len(anchors)]
    return [
        PartTask(number, firsts[number], lasts[number], tuple(zip(begins[number], begins[number + 1], strict=True)))
        for number in range(len(firsts))
    ]


def _batch_at(anchors: Sequence[AnchorFacts], sequence: int | None) -> int:
    """Return the place of the batch that holds `sequence`, 0 if none does."""
    if sequence is None:
        return 0
    holding = (place for place, a in enumerate(anchors) if 0 <= sequence - a.first_sequence < a.leaf_count)
    return next(holding, 0)


def sampled_parts(
    files: Files, anchors: Sequence[AnchorFacts], batches: int, seed: int | None = None
) -> list[PartTask]:
    """Return a part for each of `batches` batches, chosen at random (all of them if there are fewer)."""
    chosen = random.Random(seed).sample(range(len(anchors)), min(batches, len(anchors)))  # noqa: S311 (no secret)
    tasks = []
    for number, place in enumerate(sorted(chosen)):
        anchor = anchors[place]
        ends = anchor.first_sequence, anchor.first_sequence + anchor.leaf_count
        ranges = tuple((file.offset_of(ends[0]), file.offset_of(ends[1])) for file in files)
        tasks.append(PartTask(number, place, place + 1, ranges))
    return tasks


def check_part(shop: Workshop, task: PartTask) -> PartOutcome:
    """Check one part and spill its rows."""
    spill = Spill(shop.buckets)
    entries, records, looks, actions = (
        file.lines(begin, end) for file, (begin, end) in zip(shop.files, task.ranges, strict=True)
    )
    checker = PartChecker(shop.ground, (entries, records, looks, actions), spill.take)
    part = checker.check(shop.anchors[task.first : task.last], shop.last_anchored)
    return PartOutcome(part, spill.write(shop.folder / f"part-{task.number}.rows"))


def check_spilled(shop: Workshop, task: BucketTask) -> Tally:
    """Check one bucket."""
    tally = Tally()
    check_bucket(replace(shop.ground, is_partial=task.is_partial), tally, *read_bucket(task.parts, task.number))
    return tally


class Crew:
    """Runs tasks in `workers` processes, or in this one if that is 1; results come in the order of the tasks."""

    def __init__(self, shop: Workshop, workers: int) -> None:
        self._shop, self._workers = shop, workers
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> "Crew":
        if self._workers > 1:
            # Forked, so that chain history and documents are shared and not sent; this process has no threads yet.
            context = multiprocessing.get_context("fork")
            self._pool = ProcessPoolExecutor(self._workers, context, _begin_work, (self._shop,))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def run(self, work: Callable[[Workshop, Task], Outcome], tasks: Iterable[Task]) -> Iterator[Outcome]:
        """Yield what `work` makes of each task."""
        if self._pool is None:
            return (work(self._shop, task) for task in tasks)
        return self._pool.map(_work, ((work, task) for task in tasks))


_shops: list[Workshop] = []
"""The workshop of a worker process; empty elsewhere."""


def _begin_work(shop: Workshop) -> None:
    _shops[:] = [shop]
    gc.freeze()  # what was forked stays as long as this process: no collection need go through it


def _work(order: tuple[Callable[[Workshop, Task], Outcome], Task]) -> Outcome:
    work, task = order
    return work(_shops[0], task)
