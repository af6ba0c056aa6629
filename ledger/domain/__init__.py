"""Domain data: versioned JSON documents, and the one function that reads them."""

import json
from importlib.resources import files
from typing import Any

RIGHTS_TABLE = "processes/rights.json"
"""How many working days each right of a person has to be answered in."""

RETENTION_TABLE = "retention.json"
"""How many days records of each item are kept for each purpose, and entries of the stream."""

COLLECT_ONCE_TABLE = "collect_once.json"
"""Which items are collected once, and what becomes of a duplicate."""

COUNTS_TABLE = "counts.json"
"""Which table of counts each item has: by region and period of which size, grouped by what."""


def load_document(path: str) -> Any:
    """Return the JSON value of a file of this folder, as `schemas/incident-1.json`; raises FileNotFoundError."""
    return json.loads(files(__package__).joinpath(path).read_text(encoding="utf-8"))
