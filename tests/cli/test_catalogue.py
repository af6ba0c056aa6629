"""`gongzhi catalogue` and `gongzhi duties`: what is shared and whose each matter is, without any network."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.main import run
from ledger.domain import load_document
from ledger.services.catalogue_metadata import FIELDS

pytestmark = pytest.mark.cli


def told(capsys: pytest.CaptureFixture[str], *arguments: str, expect: int = 0) -> dict[str, Any]:
    capsys.readouterr()
    assert run([*arguments, "--json"]) == expect
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_the_list_is_narrowed_by_who_provides_and_who_may_read(capsys: pytest.CaptureFixture[str]) -> None:
    items = told(capsys, "catalogue", "list")["items"]
    assert len(items) == len(load_document("catalogue/list-1.json")["entries"])
    of_fire = told(capsys, "catalogue", "list", "--provider", "8", "--lang", "zh")["items"]
    assert {one["provider"] for one in of_fire} == {"消防"}
    read = told(capsys, "catalogue", "list", "--reader", "12")["items"]
    assert 0 < len(read) < len(items)
    assert told(capsys, "catalogue", "list", "--reader", "99", expect=2)["error"]["code"] == "usage"


def test_an_item_is_shown_with_its_metadata_and_its_rules_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    shown = told(capsys, "catalogue", "show", "hazard", "--lang", "zh")
    assert shown == told(capsys, "catalogue", "show", "104", "--lang", "zh")
    assert set(FIELDS) < set(shown)
    assert shown["class"].startswith("主题信息资源 / 隐患治理 / ")
    assert (shown["provider"], shown["providerCode"], shown["shareType"]) == ("消防", "08", "无条件共享")
    assert "物业" in shown["readers"]
    flag = told(capsys, "catalogue", "show", "service-flag")
    assert flag["shareCondition"].startswith("Mental Health Law")
    assert told(capsys, "catalogue", "show", "nothing", expect=1)["error"]["code"] == "not_found"
    assert run(["catalogue", "show", "hazard"]) == 0
    assert "working days to check, answer, deliver" in capsys.readouterr().out


def test_an_export_has_the_fields_of_the_national_catalogue(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table, document = tmp_path / "catalogue.csv", tmp_path / "catalogue.json"
    told(capsys, "catalogue", "export", "--out", str(table))
    content = table.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows[0] == [words["zh"] for words in FIELDS.values()]
    assert all(len(row) == len(FIELDS) for row in rows)
    codes = [row[list(FIELDS).index("code")] for row in rows[1:]]
    assert len(set(codes)) == len(codes) == len(load_document("catalogue/list-1.json")["entries"])
    written = told(capsys, "catalogue", "export", "--out", str(document), "--format", "json", "--lang", "en")
    resources = json.loads(document.read_text(encoding="utf-8"))["resources"]
    assert written["resources"] == len(resources) == len(codes)
    hazard = next(one for one in resources if one["code"] == "20200101/000104")
    assert {"name": "region", "type": "region code"} in hazard["items"]
    assert hazard["linked"] == ["20100201/000105", "20200101/000217"]


def test_a_file_of_an_own_folder_is_taken_first(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    entry = load_document("catalogue/hazard.json") | {"name": {"zh": "本市隐患", "en": "Hazards of this city"}}
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "hazard.json").write_text(json.dumps(entry), encoding="utf-8")
    own = ["--from", str(tmp_path)]
    assert told(capsys, "catalogue", "show", "104", *own)["name"] == "Hazards of this city"
    assert told(capsys, "catalogue", "show", "105", *own)["name"] == "Warnings of places and facilities"
    assert told(capsys, "catalogue", "list", "--list", "../list.json", *own, expect=2)["error"]["code"] == "usage"
    assert told(capsys, "catalogue", "list", "--list", "catalogue/no.json", *own, expect=2)["error"]["code"] == "usage"


def test_duties_are_told_in_words_by_whose_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    every = told(capsys, "duties", "list")["duties"]
    of_fire = told(capsys, "duties", "list", "--kind", "8")["duties"]
    assert 0 < len(of_fire) < len(every)
    assert all("fire" in (one["responsible"], *one["assisting"]) for one in of_fire)
    shown = told(capsys, "duties", "show", "F-01", "--lang", "zh")
    assert (shown["responsible"], shown["article"], shown["item"]) == ("消防", "《消防法》", 104)
    assert told(capsys, "duties", "show", "Z-9", expect=1)["error"]["code"] == "not_found"
