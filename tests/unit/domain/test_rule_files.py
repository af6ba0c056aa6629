"""Rules of collecting and counting come with the program, or from the file that a setting names."""

import json
from pathlib import Path
from typing import Any

import pytest

from ledger import wiring
from ledger.config import Settings
from ledger.core.collect_once import OnceMode, OnceRule
from ledger.errors import FormatError, UsageError

pytestmark = pytest.mark.unit


def settings(folder: Path, **changes: Any) -> Settings:
    return Settings(data_folder=folder, **changes)


def written(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_the_shipped_rules_hold_where_no_setting_names_others(tmp_path: Path) -> None:
    assert wiring.collect_once_rules(settings(tmp_path)).rule_of(101) is not None
    assert wiring.count_rules(settings(tmp_path)).version >= 1


def test_a_setting_names_the_consortium_s_own(tmp_path: Path) -> None:
    once = {
        "format": "gongzhi-collect-once/1",
        "version": 9,
        "items": [{"item": 121, "mode": "refuse", "withinDays": 30}],
    }
    rules = wiring.collect_once_rules(settings(tmp_path, collect_once_file=written(tmp_path / "once.json", once)))
    assert (rules.version, rules.rule_of(121), rules.rule_of(101)) == (9, OnceRule(OnceMode.REFUSE, 30), None)
    table = {"from": "2026-01", "region": 12, "period": "day", "by": ["level"]}
    counts = {"format": "gongzhi-counts/1", "version": 8, "settleDays": 1, "default": [table], "items": []}
    found = wiring.count_rules(settings(tmp_path, counts_file=written(tmp_path / "counts.json", counts)))
    assert (found.version, found.default[0].region_digits) == (8, 12)


def test_a_file_that_is_missing_or_none_of_the_kind_stops_the_gateway(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        wiring.count_rules(settings(tmp_path, counts_file=tmp_path / "none"))
    with pytest.raises(FormatError):
        wiring.collect_once_rules(settings(tmp_path, collect_once_file=written(tmp_path / "other.json", {"items": []})))
