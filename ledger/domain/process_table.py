"""The table of processes that this release ships: what intake asks of a step, and what states are folded by."""

from functools import lru_cache

from ledger.core.process_table import ProcessTable, parse_process_table
from ledger.domain import load_document

PROCESS_TABLE = "processes/process-table-1.json"
"""The newest released version."""


@lru_cache(maxsize=1)
def shipped_process_table() -> ProcessTable:
    """Return the newest released table."""
    return parse_process_table(load_document(PROCESS_TABLE))
