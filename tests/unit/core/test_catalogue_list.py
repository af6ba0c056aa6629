"""The list of the catalogue: entries in order, each with its department and the national catalogue's metadata."""

import copy
from typing import Any

import pytest

from ledger.core.catalogue_list import CODE_SETS, check_codes, is_inner_file, parse_catalogue_list
from ledger.core.code_sets import parse_code_set
from ledger.errors import FormatError, UnsupportedFormat

pytestmark = pytest.mark.unit
ENTRY: dict[str, Any] = {
    "entry": "catalogue/hazard.json",
    "responsible": 8,
    "class": "20200101",
    "summary": {"zh": "隐患", "en": "Hazards"},
    "formats": ["json"],
    "updateCycle": "real-time",
    "method": "api",
    "condition": {"zh": "经同意", "en": "with consent"},
    "openness": "closed",
    "publishedOn": "2026-12-01",
    "linked": [105],
}
LIST: dict[str, Any] = {
    "format": "gongzhi-catalogue-list/1",
    "version": 2,
    "title": {"zh": "目录", "en": "Catalogue"},
    "entries": [ENTRY, ENTRY | {"entry": "catalogue/warning.json", "condition": None, "linked": []}],
}


def test_entries_stand_in_the_order_of_loading_with_codes_of_their_resources() -> None:
    parsed = parse_catalogue_list(LIST)
    assert [one.entry for one in parsed.entries] == ["catalogue/hazard.json", "catalogue/warning.json"]
    assert parsed.entries[0].code(104) == "20200101/000104"
    assert parsed.entries[1].condition is None
    assert (parsed.version, parsed.title["en"]) == (2, "Catalogue")
    assert parsed.hash != parse_catalogue_list(LIST | {"version": 3}).hash


@pytest.mark.parametrize(
    "change",
    [
        {"format": "gongzhi-catalogue-list/2"},
        {"version": 0},
        {"entries": []},
        {"entries": [ENTRY, ENTRY]},
        {"remark": 1},
        {"entries": [ENTRY | {"responsible": 99}]},
        {"entries": [ENTRY | {"entry": "../secrets.json"}]},
        {"entries": [ENTRY | {"entry": "/catalogue/hazard.json"}]},
        {"entries": [ENTRY | {"publishedOn": "soon"}]},
        {"entries": [ENTRY | {"publishedOn": "20261201"}]},
        {"entries": [ENTRY | {"linked": [0]}]},
        {"entries": [ENTRY | {"summary": "hazards"}]},
    ],
)
def test_a_list_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(FormatError) as refused:
        parse_catalogue_list(copy.deepcopy(LIST) | change)
    assert isinstance(refused.value, UnsupportedFormat) == ("format" in change)


def test_a_code_of_no_code_set_is_named_with_its_member() -> None:
    codes = {"class": "20200101", "formats": "json", "updateCycle": "real-time", "method": "api", "openness": "closed"}
    sets = {
        CODE_SETS[member]: parse_code_set(
            {
                "format": "gongzhi-codes/1",
                "code_set": CODE_SETS[member].split("/")[0],
                "version": 1,
                "title": {"zh": "代码", "en": "codes"},
                "codes": [{"code": code, "title": {"zh": "一", "en": "one"}}],
                "mappings": {},
            }
        )
        for member, code in codes.items()
    }
    check_codes(parse_catalogue_list(LIST).entries[0], sets)
    for member in codes:
        given = ["fax"] if member == "formats" else "fax"
        listed = parse_catalogue_list(LIST | {"entries": [ENTRY | {member: given}]}).entries[0]
        with pytest.raises(FormatError, match=f"{member} is no code of {CODE_SETS[member]}"):
            check_codes(listed, sets)


def test_only_files_inside_the_folder_are_named() -> None:
    assert is_inner_file("catalogue/hazard.json")
    assert is_inner_file("retention.json")
    assert not any(map(is_inner_file, ("../a.json", "/a.json", "a/../b.json", "a//b.json", "a.txt", "C:/a.json", "")))
