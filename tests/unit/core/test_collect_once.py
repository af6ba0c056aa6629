"""The table of what is collected once: a mode and a window by item."""

from typing import Any

import pytest

from ledger.core.collect_once import NO_RULES, OnceMode, OnceRule, parse_collect_once
from ledger.domain import COLLECT_ONCE_TABLE, load_document
from ledger.errors import FormatError, UnsupportedFormat

pytestmark = pytest.mark.unit
ROW: dict[str, Any] = {"item": 101, "mode": "refuse", "withinDays": 30}
TABLE: dict[str, Any] = {"format": "gongzhi-collect-once/1", "version": 2, "items": [ROW]}


def test_an_item_has_its_mode_and_its_window() -> None:
    table = parse_collect_once(TABLE)
    rule = table.rule_of(101)
    assert (table.version, rule) == (2, OnceRule(OnceMode.REFUSE, 30))
    assert rule is not None
    assert rule.current_since(30 * 86_400 + 7) == 7
    assert table.rule_of(102) is NO_RULES.rule_of(101) is None


def test_the_table_in_force_warns_where_a_resident_is_collected_again() -> None:
    rule = parse_collect_once(load_document(COLLECT_ONCE_TABLE)).rule_of(101)
    assert rule is not None
    assert rule.mode is OnceMode.WARN


@pytest.mark.parametrize(
    "change",
    [
        {"version": 0},
        {"remark": 1},
        {"items": [ROW, ROW]},
        {"items": [{**ROW, "mode": "ignore"}]},
        {"items": [{**ROW, "mode": ["warn"]}]},
        {"items": [{**ROW, "withinDays": 0}]},
        {"items": [{**ROW, "item": 0}]},
    ],
)
def test_what_is_no_table_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        parse_collect_once({**TABLE, **change})


def test_another_format_is_unsupported() -> None:
    with pytest.raises(UnsupportedFormat):
        parse_collect_once({**TABLE, "format": "gongzhi-collect-once/2"})
