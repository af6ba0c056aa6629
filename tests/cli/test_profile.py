"""`gongzhi profile`: what each tier sees, and what is refused, from the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.main import run
from ledger.domain import load_document

pytestmark = pytest.mark.cli
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def gongzhi(capsys: Capture) -> Callable[..., Any]:
    """Run a command that prints JSON; returns what it printed."""

    def command(*arguments: str, expect: int = 0) -> Any:
        assert run([*arguments, "--json"]) == expect
        return json.loads(capsys.readouterr().out)

    return command


def own_folder(folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """Write a folder of own domain data: item 101 with its profiles changed; returns the file of profiles."""
    for name in ("catalogue/resident-profile.json", "profiles/resident-profile.json"):
        document = load_document(name)
        if name.startswith("profiles/"):
            change(document)
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return folder / "profiles" / "resident-profile.json"


def reveal(document: dict[str, Any]) -> None:
    """Open the whole identity number to the property company."""
    (profile,) = [one for one in document["profiles"] if one["tier"] == 3]
    place = next(place for place, slot in enumerate(profile["open"]) if slot[0] == "/address")
    profile["open"].insert(place, ["/idNumber", "o"])


def test_every_item_of_the_domain_data_is_well_and_judged_findings_are_shown(gongzhi: Callable[..., Any]) -> None:
    result = gongzhi("profile", "lint")
    assert result["well"]
    judged = [found for item in result["items"] for found in item["findings"]]
    assert [found["code"] for found in judged] == ["beyond_table"]
    assert all(found["judged"] for found in judged)


@pytest.mark.parametrize("named", ["catalogue", "profiles"])
def test_a_changed_profile_is_found_by_its_entry_and_by_its_own_file(
    named: str, gongzhi: Callable[..., Any], tmp_path: Path
) -> None:
    own_folder(tmp_path, reveal)
    result = gongzhi("profile", "lint", str(tmp_path / named / "resident-profile.json"), expect=1)
    assert not result["well"]
    (item,) = result["items"]
    assert item["item"] == 101
    found = {(one["audience"], one["path"], one["kind"], one["code"]) for one in item["findings"]}
    codes = {"identity_number", "sensitive_below_tier", "beyond_table"}
    assert found == {("T2", "/idNumber", "o", code) for code in codes}
    assert gongzhi("profile", "lint", "profiles/resident-profile.json")["well"]


def test_nothing_is_loaded_into_the_catalogue_where_a_profile_is_unsafe(
    gongzhi: Callable[..., Any], tmp_path: Path
) -> None:
    own_folder(tmp_path, reveal)
    load = ["admin", "catalogue", "load", "catalogue/resident-profile.json", "--responsible", "1"]
    where = ["--from", str(tmp_path), "--data-folder", str(tmp_path / "data")]
    refused = gongzhi(*load, *where, "--keystore", "none", "--password-file", "none", "--dry-run", expect=1)["error"]
    assert refused["code"] == "profile_unsafe"
    assert refused["detail"].startswith("item 101: T2 /idNumber (o): identity_number, ")
    assert "nothing was published" in refused["remedy"]


def test_findings_are_told_in_words_of_either_language(tmp_path: Path, capsys: Capture) -> None:
    file = str(own_folder(tmp_path, reveal))
    assert run(["profile", "lint", file]) == 1
    told = capsys.readouterr().out
    assert "identity numbers show 1 + 2 characters" in told
    assert told.endswith("1 item: 3 findings\n")
    assert run(["profile", "lint", file, "--lang", "zh"]) == 1
    assert "身份号码只能前1后2" in capsys.readouterr().out


def test_the_profiles_of_an_item_are_listed_by_number_and_by_name(gongzhi: Callable[..., Any], capsys: Capture) -> None:
    shown = gongzhi("profile", "show", "101")
    assert shown == gongzhi("profile", "show", "resident-profile")
    assert [(one["tier"], one["purpose"]) for one in shown["profiles"]][:3] == [("T0", 12), ("T2", 0), ("T2X", 0)]
    assert all(one["profile"].startswith("0x") and one["note"]["zh"] and one["open"] for one in shown["profiles"])
    assert run(["profile", "show", "105", "--lang", "zh"]) == 0
    assert "一类" in capsys.readouterr().out


def values(preview: Any, tier: str) -> dict[str, Any]:
    (profile,) = [one for one in preview["profiles"] if one["tier"] == tier]
    return {f"{slot['path']} {slot['kind']}": slot["value"] for slot in profile["slots"]}


def test_a_preview_shows_one_record_as_each_tier_sees_it_and_no_value_that_is_closed(
    gongzhi: Callable[..., Any],
) -> None:
    preview = gongzhi("profile", "preview", "101", "--purpose", "P02")
    originals = preview["originals"]
    assert originals["/synthetic"] is True
    assert [one["tier"] for one in preview["profiles"]] == ["T0", "T2", "T2X", "T3", "T4", "T5", "E"]
    assert values(preview, "T3")["/name o"] == originals["/name"]
    assert values(preview, "T5")["/idNumber g:id-1-2@1"][1:-2] == "*" * 15
    for tier in ("T2", "T2X", "T4"):
        seen = json.dumps(values(preview, tier), ensure_ascii=False)
        for path in ("/name", "/idNumber", "/phone", "/birthDate"):
            assert originals[path] not in seen, (tier, path)
    assert gongzhi("profile", "preview", "101", "--purpose", "2") == preview
    assert gongzhi("profile", "preview", "101", "--purpose", "2", "--seed", "2") != preview


def test_a_preview_takes_the_profile_of_its_purpose_else_that_of_every_purpose(gongzhi: Callable[..., Any]) -> None:
    def chosen(*more: str) -> list[tuple[str, int]]:
        return [(one["tier"], one["purpose"]) for one in gongzhi("profile", "preview", "101", *more)["profiles"]]

    assert chosen("--tier", "T3") == [("T3", 0)]
    assert chosen("--tier", "T3", "--purpose", "P07") == [("T3", 7)]
    assert chosen("--tier", "T3", "--tier", "E", "--purpose", "P08") == [("T3", 0), ("E", 0)]
    statistics = gongzhi("profile", "preview", "dispute", "--tier", "T5")["profiles"]
    assert [one["purpose"] for one in statistics] == [4, 11]


def test_a_preview_for_people_has_a_row_for_each_field_and_words_for_codes(capsys: Capture) -> None:
    assert run(["profile", "preview", "103", "--lang", "zh"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("103 ")
    assert told[1].split("\t")[:3] == ["字段", "原文", "一类"]
    reporter = next(line for line in told if "/reporter/phone" in line).split("\t")
    assert reporter[2] == "–"
    assert reporter[-1] == reporter[1]
    assert run(["profile", "preview", "101", "--tier", "T3"]) == 0
    sex = next(line for line in capsys.readouterr().out.splitlines() if "/sex" in line).split("\t")
    assert sex[1].split(" ", 1)[1] in ("male", "female", "unknown", "not stated")


def test_of_a_class_1_item_only_what_somebody_can_look_under_is_shown(
    gongzhi: Callable[..., Any], capsys: Capture
) -> None:
    preview = gongzhi("profile", "preview", "incident-report")["profiles"]
    assert [(one["tier"], one["class1"]) for one in preview] == [("T0", True), ("E", False)]
    shared = gongzhi("profile", "show", "incident-report")["profiles"]
    assert {one["tier"] for one in shared if one["used"]} == {"T0", "E"}
    assert {one["tier"] for one in shared if not one["used"]} == {"T2X", "T3", "T4", "T5"}
    assert {one["used"] for one in gongzhi("profile", "show", "incident-report-originals")["profiles"]} == {True}
    assert run(["profile", "show", "incident-report"]) == 0
    assert "T5" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["show", "nobody"], "no catalogue entry"),
        (["preview", "101", "--purpose", "P03"], "it lists P01"),
        (["preview", "101", "--tier", "T1"], "has no profile"),
        (["preview", "service-flag"], "has no profile"),
        (["preview", "101", "--lang", "fr"], "en or zh"),
        (["lint", "catalogue/none.json"], "there is no catalogue/none.json"),
        (["lint", "../catalogue/incident.json"], "by its place there"),
        (["lint", "retention.json"], "no catalogue entry"),
    ],
)
def test_what_cannot_be_shown_is_said(arguments: list[str], says: str, gongzhi: Callable[..., Any]) -> None:
    refused = gongzhi("profile", *arguments, expect=2)["error"]
    assert refused["code"] == "usage"
    assert says in refused["detail"]
