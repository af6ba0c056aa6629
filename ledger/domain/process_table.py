"""The table of processes that this release ships: what intake asks of a step, and what states are folded by."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from ledger.core.canonical import JsonValue
from ledger.core.process_table import ProcessTable, parse_process_table
from ledger.core.schema import Schema
from ledger.core.steps import TRANSITION
from ledger.domain import load_document

PROCESS_TABLE = "processes/process-table-1.json"
"""The newest released version."""


@lru_cache(maxsize=1)
def shipped_process_table() -> ProcessTable:
    """Return the newest released table."""
    return parse_process_table(load_document(PROCESS_TABLE))


_STEP: Final = ("/process", "/from", "/to")
"""Where a transition says its step."""


def refuse_unlisted_step(schema: Schema, originals: Mapping[str, JsonValue]) -> None:
    """Raise StepNotListed, naming the accepted steps, for a transition whose step is not in the table.

    Of other records, and of transitions whose codes are of other code sets than the table's (version 1), nothing is
    asked. `originals` fit the schema.
    """
    if schema.name != TRANSITION:
        return
    table = shipped_process_table()
    coded = {slot.path: slot.code_set.unpinned for slot in schema.slots if slot.code_set is not None}
    if {coded.get(path) for path in _STEP} == set(table.code_sets):
        process, before, after = (str(originals.get(path)) for path in _STEP)
        table.require_listed(process, before, after)
