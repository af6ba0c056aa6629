"""The retention table: days by item and purpose, the longest counts, entries are kept three years at least."""

import copy
from pathlib import Path
from typing import Any

import pytest

from ledger.core.codes import Purpose
from ledger.core.retention import LEAST_ENTRY_DAYS, parse_retention
from ledger.domain import RETENTION_TABLE, load_document
from ledger.errors import FormatError, UnsupportedFormat

pytestmark = pytest.mark.unit
TABLE: dict[str, Any] = {
    "format": "gongzhi-retention/1",
    "version": 1,
    "entryDays": 1096,
    "items": [{"item": 3, "purposes": [{"purpose": 2, "days": 30}, {"purpose": 7, "days": 60}]}],
}


def test_the_longest_period_of_an_items_purposes_counts() -> None:
    table = parse_retention(TABLE)
    assert (table.entry_days, table.days_of(3), table.days_of(4)) == (1096, 60, None)
    assert table.items[3][Purpose.INCIDENT_RESPONSE] == 30


def test_the_table_in_force_lists_every_item_for_its_purposes() -> None:
    table = parse_retention(load_document(RETENTION_TABLE))
    assert table.entry_days >= LEAST_ENTRY_DAYS
    files = (Path(__file__).parents[3] / "ledger" / "domain" / "catalogue").glob("*.json")
    entries = [load_document(f"catalogue/{file.name}") for file in files if not file.name.startswith("list-")]
    assert {entry["item"]: set(entry["purposes"]) for entry in entries} == {
        item: {int(purpose) for purpose in purposes} for item, purposes in table.items.items()
    }


@pytest.mark.parametrize(
    "change",
    [
        {"entryDays": 1095},
        {"version": 0},
        {"remark": 1},
        {"items": TABLE["items"] * 2},
        {"items": [{"item": 3, "purposes": []}]},
        {"items": [{"item": 3, "purposes": [{"purpose": 2, "days": 0}]}]},
        {"items": [{"item": 3, "purposes": [{"purpose": 99, "days": 1}]}]},
        {"items": [{"item": 3, "purposes": [{"purpose": 2, "days": 1}] * 2}]},
    ],
)
def test_what_is_no_table_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        parse_retention({**copy.deepcopy(TABLE), **change})


def test_another_format_is_unsupported() -> None:
    with pytest.raises(UnsupportedFormat):
        parse_retention({**TABLE, "format": "gongzhi-retention/2"})
