"""Batches of a table overlap: while one is made, the next is read, cleaned and given its tokens."""

import gc
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.cli.demo.dirty_tables import DirtyTable, dirty_residents
from ledger.client.submissions import PreparedRecord
from ledger.client.tables.job import TableJob
from ledger.client.tables.preparing import Originals, PreparingProcesses, Unfit, prepare_here
from ledger.core.schema import Schema
from tests.unit.client.test_table_jobs import RESIDENTS, started, tokens

pytestmark = pytest.mark.unit
ROWS, BATCH, SEED = 30, 10, 8


@pytest.fixture(scope="module")
def table() -> DirtyTable:
    return dirty_residents(ROWS, SEED)


def noting(folder: Path, table: DirtyTable, steps: list[str]) -> TableJob:
    """A job that notes when the making of a batch begins and when its records are taken."""

    def prepare_all(schema: Schema, rows: Sequence[Originals]) -> Iterable[PreparedRecord | Unfit]:
        steps.append("begun")
        made = prepare_here(schema, rows)

        def taken() -> Iterator[PreparedRecord | Unfit]:
            steps.append("taken")
            yield from made

        return taken()

    made = started(folder, table, batch=BATCH)
    made.source = replace(made.source, prepare_all=prepare_all)
    return made


def test_a_batch_is_taken_once_the_next_is_begun(table: DirtyTable, tmp_path: Path) -> None:
    steps: list[str] = []
    summary = noting(tmp_path, table, steps).fill(lambda rows: steps.append(f"{rows} put"), tokens)
    done = ["taken", "10 put"]
    assert steps == ["begun", "begun", *done, "begun", *done, *done]
    assert summary.accepted == ROWS - len(table.faults)


def test_a_dry_run_takes_a_batch_once_the_next_is_begun(table: DirtyTable, tmp_path: Path) -> None:
    steps: list[str] = []
    outcome = noting(tmp_path, table, steps).source.check(lambda rows: steps.append(f"{rows} seen"), BATCH)
    done = ["taken", "10 seen"]
    assert steps == ["begun", "begun", *done, "begun", *done, *done]
    assert outcome.accepted == ROWS - len(table.faults)


def test_what_was_there_before_rows_came_is_left_out_of_collections_as_long_as_they_come() -> None:
    before = gc.get_freeze_count()
    with PreparingProcesses(RESIDENTS, 2):
        assert gc.get_freeze_count() > before
    assert gc.get_freeze_count() == 0
