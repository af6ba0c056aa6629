"""Rows' originals become committed records, in this process or in several: committing is most of an import's work."""

import gc
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeAlias

from ledger.client.submissions import PreparedRecord, new_record, prepare
from ledger.client.tables.code_cells import accepted_words
from ledger.core.canonical import JsonValue
from ledger.core.commitment import slot_values
from ledger.core.schema import Schema
from ledger.errors import CodeUnknown, GongzhiError

Originals: TypeAlias = Mapping[str, JsonValue]
MOST_PROCESSES = 8
_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why originals give no record: the path, the error's code, and the accepted codes where it is about one."""

    path: str
    reason: str
    accepted: tuple[str, ...] = ()


PrepareAll: TypeAlias = Callable[[Schema, Sequence[Originals]], Iterable[PreparedRecord | Unfit]]
"""Makes records under fresh ids and salts, in order. It may return before they are made: taking them waits for them."""


def prepare_here(schema: Schema, rows: Sequence[Originals]) -> list[PreparedRecord | Unfit]:
    """Return a record, or why there is none, for each row; `schema` comes with its code sets."""
    return [_prepared(schema, originals) for originals in rows]


class PreparingProcesses:
    """Prepares in several processes; records and reasons are those of `prepare_here`.

    They are forked when it is entered: enter it before this process has threads. They end with this process, even if it
    is killed.
    """

    def __init__(self, schema: Schema, processes: int | None = None) -> None:
        self._schema = schema
        self._processes = min(processes or os.cpu_count() or 1, MOST_PROCESSES)
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> "PreparingProcesses":
        if self._processes > 1:
            context = multiprocessing.get_context("fork")
            gc.freeze()  # what is there stays: no collection need go through it while rows come and go
            self._pool = ProcessPoolExecutor(self._processes, context, _begin_work, (self._schema, os.getpid()))
            self._pool.submit(_work, []).result()  # forks now
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            gc.unfreeze()

    def prepare(self, schema: Schema, rows: Sequence[Originals]) -> Iterable[PreparedRecord | Unfit]:
        """Begin to prepare rows by all processes; those of another schema, and few rows, are prepared here at once."""
        if self._pool is None or schema.hash != self._schema.hash or len(rows) < self._processes:
            return prepare_here(schema, rows)
        share = -(-len(rows) // self._processes)
        shares = [rows[place : place + share] for place in range(0, len(rows), share)]
        made = self._pool.map(_work, shares)
        return (PreparedRecord(*one) if isinstance(one, tuple) else one for part in made for one in part)


def _prepared(schema: Schema, originals: Originals) -> PreparedRecord | Unfit:
    try:
        return prepare(schema, new_record(originals))
    except CodeUnknown as error:
        path = str(error.context["path"])
        sets = [rule.code_set for rule in schema.code_rules.refusing if rule.path == path] if schema.code_rules else []
        return Unfit(path, error.code, accepted_words(sets[0].accepted) if sets else ())
    except GongzhiError as error:
        path = str(error.context.get("path") or _failing_path(schema, originals))
        return Unfit(path, error.code)


def _failing_path(schema: Schema, originals: Originals) -> str:
    """Return the path of the first slot that does not fit, in schema order."""
    for count in range(1, len(schema.slots) + 1):
        first = Schema(schema.name, schema.version, schema.slots[:count], schema.document, schema.hash)
        try:
            slot_values(first, {path: originals.get(path) for path in first.original_paths})
        except GongzhiError:
            return first.slots[-1].path
    return "/"


_schemas: list[Schema] = []
"""The schema of a worker process; empty elsewhere."""


def _begin_work(schema: Schema, parent: int) -> None:
    _schemas[:] = [schema]
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    # Nobody tells a worker that its parent was killed: it would wait for work for ever.
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)


def _work(rows: Sequence[Originals]) -> list[tuple[Any, ...] | Unfit]:
    # A bare tuple is pickled five times faster than one of a class.
    return [tuple(one) if isinstance(one, tuple) else one for one in prepare_here(_schemas[0], rows)]
