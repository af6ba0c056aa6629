"""What a cell becomes: cleaned by name and noted, or rejected by a stable reason; never guessed."""

from pathlib import Path
from typing import Any

import pytest

from ledger.client.tables.mapping import load_mapping
from ledger.client.tables.persons import birth_of, sex_of
from ledger.client.tables.transforms import build_transform
from ledger.domain import load_document
from ledger.errors import FormatError, RowRejected

pytestmark = pytest.mark.unit
MAPPINGS = Path(__file__).parents[3] / "ledger" / "domain" / "mappings"
WOMAN, MAN, WITH_X = "990101199003070023", "990101199003070031", "99010119900307004X"


def read(text: str, **spec: Any) -> tuple[Any, list[str]]:
    noted: list[str] = []
    return build_transform("/x", {"column": "a", **spec})({"a": text}, noted), noted


def reason(text: str, **spec: Any) -> str:
    with pytest.raises(RowRejected) as caught:
        read(text, **spec)
    assert text.strip() not in str(caught.value) or not text.strip()
    return caught.value.reason


@pytest.mark.parametrize(
    ("step", "text", "cleaned", "noted"),
    [
        ("half-width", "ＡＢ１２　室，", "AB12 室，", "half_width"),
        ("no-spaces", "张 三\u3000丰", "张三丰", "spaces_removed"),
        ("no-invisible", "\u202a张\u200b三 \x00\ufeff", "张三", "invisible_removed"),
        ("no-han-spaces", "张 三\u3000丰", "张三丰", "spaces_removed"),
        ("no-han-spaces", "John\u00a0 Smith", "John Smith", "spaces_removed"),
        ("no-separators", "138-0013 8000", "13800138000", "separators_removed"),
        ("upper-case", "fw-1x", "FW-1X", "upper_case"),
        ("pad-2", "7", "07", "zeros_added"),
    ],
)
def test_each_cleaning_step_is_noted_where_it_changes_something(step: str, text: str, cleaned: str, noted: str) -> None:
    assert read(text, transform="copy", clean=[step]) == (cleaned, [noted])
    assert read(cleaned, transform="copy", clean=[step]) == (cleaned, [])


@pytest.mark.parametrize("name", ["John Smith", "阿依努尔·艾合买提", "Nguyễn Văn An", "한 지민", "李 Anna"])
def test_names_that_are_written_with_spaces_keep_them(name: str) -> None:
    assert read(name, transform="copy", clean=["no-invisible", "half-width", "no-han-spaces"]) == (name, [])


def test_words_for_nothing_are_null_where_a_slot_is_optional() -> None:
    for word in ("无", "不详", "-", "N/A", "－"):
        assert read(word, transform="copy", clean=["empty-words"], optional=True) == (None, ["empty_word"])
        assert reason(word, transform="copy", clean=["empty-words"]) == "value_missing"
        assert read(word, transform="copy") == (word, [])


@pytest.mark.parametrize("clean", [["guess"], ["pad-1"], "half-width", [1]])
def test_an_unknown_cleaning_step_is_refused(clean: Any) -> None:
    with pytest.raises(FormatError):
        build_transform("/x", {"transform": "copy", "column": "a", "clean": clean})


@pytest.mark.parametrize(
    ("text", "number", "noted"),
    [
        (WOMAN, WOMAN, []),
        (" 990101 19900307 0023 ", WOMAN, ["separators_removed"]),
        ("９９０１０１１９９００３０７００２３", WOMAN, ["half_width"]),
        ("'990101199003070023", WOMAN, []),
        (WITH_X.lower(), WITH_X, ["upper_case"]),
        ("990101900307002", WOMAN, ["id_15_converted"]),
        ("990101-900307-003", MAN, ["separators_removed", "id_15_converted"]),
    ],
)
def test_identity_numbers_are_put_right_and_noted(text: str, number: str, noted: list[str]) -> None:
    assert read(text, transform="identity") == (number, noted)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("990101199003070024", "id_check_failed"),
        ("990101199002300018", "id_malformed"),
        ("9901011990030700", "id_malformed"),
        ("护照E1234567", "id_malformed"),
        ("9.90101199003070E+17", "id_rounded_by_spreadsheet"),
        ("990101199003070000", "id_rounded_by_spreadsheet"),
        ("990101900307996", "id_15_of_another_century"),
        ("990101901307002", "id_malformed"),
        ("", "value_missing"),
    ],
)
def test_identity_numbers_that_cannot_be_put_right_are_rejected(text: str, why: str) -> None:
    assert reason(text, transform="identity") == why


def test_a_right_number_that_ends_in_zeros_is_taken_and_noted() -> None:
    ending = next(n for n in (f"9901011990030{place:02d}0000" for place in range(100)) if _right(n[:15] + "000"))
    number = ending[:15] + "000"
    assert read(number, transform="identity") == (number, ["id_ending_in_000"])


def _right(number: str) -> bool:
    try:
        read(number, transform="identity")
    except RowRejected:
        return False
    return True


def test_birth_and_sex_stand_in_the_number() -> None:
    assert (birth_of(WOMAN), sex_of(WOMAN), sex_of(MAN)) == ("1990-03-07", "2", "1")


@pytest.mark.parametrize(
    ("text", "noted"),
    [
        ("13800138000", []),
        ("138-0013-8000", ["separators_removed"]),
        ("+86 13800138000", ["separators_removed", "country_code_removed"]),
        ("008613800138000", ["country_code_removed"]),
        ("１３８００１３８０００", ["half_width"]),
    ],
)
def test_phones_are_put_right_and_noted(text: str, noted: list[str]) -> None:
    assert read(text, transform="phone") == ("13800138000", noted)


def test_a_landline_or_a_rounded_number_is_no_mobile() -> None:
    assert reason("021-65981234", transform="phone") == "phone_malformed"
    assert reason("1.38E+10", transform="phone") == "number_rounded_by_spreadsheet"
    assert reason("1.38E+10", transform="copy") == "number_rounded_by_spreadsheet"


@pytest.mark.parametrize(
    ("text", "noted"),
    [
        ("2026-03-07", []),
        ("2026-3-7", []),
        ("2026-03-07 00:00:00", []),
        ("2026/3/7", ["date_slashed"]),
        ("2026.03.07", ["date_slashed"]),
        ("20260307", ["date_compact"]),
        ("2026年3月7日", ["date_chinese"]),
        ("２０２６年３月７日", ["half_width", "date_chinese"]),
        ("46088", ["date_serial"]),
    ],
)
def test_a_date_has_five_shapes(text: str, noted: list[str]) -> None:
    assert read(text, transform="date") == ("2026-03-07", noted)


@pytest.mark.parametrize(
    "text",
    ["03/07/2026", "2026/3-7", "2026-13-01", "20260231", "2026", "1990", "2026-03-07 08:30", "三月七日", "460881"],
)
def test_what_is_no_date_or_two_is_rejected(text: str) -> None:
    assert reason(text, transform="date") == "date_malformed"


def test_a_time_has_the_same_shapes_with_a_time_of_day() -> None:
    at = 1_772_843_400  # 2026-03-07 08:30 in +08:00
    spec = {"transform": "time", "offset": "+08:00"}
    for text in (
        *("2026-03-07 08:30", "2026-03-07T08:30:00", "2026/3/7 8:30", "20260307 0830", "202603070830"),
        *("20260307083000", "2026年3月7日8时30分", "2026年3月7日 8:30", "46088.3541666667"),
    ):
        if text != "20260307 0830":
            assert read(text, **spec)[0] == at, text
    assert reason("20260307 0830", **spec) == "time_malformed"
    assert reason("2026-03-07", **spec) == "time_of_day_missing"
    assert read("2026-03-07", **spec, date_only="midnight")[0] == at - 8 * 3600 - 30 * 60
    assert reason("2026-03-07 24:30", **spec) == "time_malformed"
    with pytest.raises(FormatError):
        build_transform("/x", {"column": "a", **spec, "date_only": "noon"})


SEX = load_document("code_sets/sex-1.json")


def test_codes_of_another_system_go_through_the_mapping_of_the_set() -> None:
    elsewhere = {"transform": "code", "set": SEX, "system": "male-is-0"}
    assert read("0", **elsewhere) == ("1", ["code_mapped"])
    with pytest.raises(RowRejected) as caught:
        read("2", **elsewhere)
    assert (caught.value.reason, caught.value.accepted) == ("code_unknown", ("0", "1"))
    assert read("2", transform="code", set=SEX) == ("2", [])
    assert read("男性", transform="code", set=SEX, titles=True) == ("1", ["code_of_title"])
    assert reason("男性", transform="code", set=SEX) == "code_unknown"
    own = {"transform": "code", "set": SEX, "codes": {"M": "1", "F": "2"}}
    assert read("F", **own) == ("2", ["code_mapped"])
    assert reason("2", **own) == "code_unknown"
    assert read("", **own, optional=True) == (None, [])


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"codes": {}, "system": "words"},
        {"set": SEX, "system": "nobody's"},
        {"set": SEX, "codes": {"M": "7"}},
        {"set": SEX, "codes": {}, "system": "words"},
        {"set": SEX, "codes": []},
    ],
)
def test_a_code_says_where_its_words_come_from(spec: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        build_transform("/x", {"transform": "code", "column": "a", **spec})


def test_several_codes_and_yes_or_no_in_one_cell() -> None:
    hazards = {"transform": "code-list", "codes": {"火灾": "01", "治安": "02"}}
    assert read("火灾、治安 火灾", **hazards)[0] == ["01", "02"]
    assert reason("火灾、地震", **hazards) == "code_unknown"
    assert read("", **hazards, optional=True)[0] is None
    flag = {"transform": "flag", "true": ["是"], "false": ["否"]}
    assert (read("是", **flag)[0], read("否", **flag)[0]) == (True, False)
    assert reason("也许", **flag) == "flag_unknown"
    assert read("", **flag, optional=True)[0] is None
    assert (read("", **flag, default=False)[0], read("是", **flag, default=False)[0]) == (False, True)
    assert reason("也许", **flag, default=True) == "flag_unknown"
    assert reason("", **flag) == "value_missing"
    either = {"transform": "flag", "true": ["TRUE"], "false": ["false"]}
    assert (read("true", **either)[0], read("FALSE", **either)[0]) == (True, False)


@pytest.mark.parametrize(
    "change", [{"default": "否"}, {"default": 0}, {"true": ["是", "是"]}, {"false": ["YES"], "true": ["yes"]}]
)
def test_a_flag_whose_words_mean_two_things_or_whose_default_is_no_flag_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        build_transform("/x", {"transform": "flag", "column": "a", "true": ["是"], "false": ["否"], **change})


@pytest.mark.parametrize(
    ("word", "synthetic"),
    [
        ("是", True),
        ("TRUE", True),
        ("1", True),
        ("否", False),
        ("0", False),
        ("FALSE", False),
        ("", False),
        ("无", False),
    ],
)
def test_records_are_synthetic_only_where_the_register_says_so(word: str, synthetic: bool) -> None:
    for name in ("residents", "dwellings"):
        mapping = load_mapping(MAPPINGS / f"{name}.json")
        assert mapping.slots["/synthetic"]({"合成数据": word}, []) is synthetic
        assert mapping.slots["/synthetic"]({}, []) is False
        assert "合成数据" in mapping.columns.optional


def test_levels_of_an_address_may_be_fixed() -> None:
    spec = {"transform": "address", "members": {"room": "a"}, "constant": {"district": "示范区"}}
    noted: list[str] = []
    found: Any = build_transform("/x", spec)({"a": "301"}, noted)
    assert (found["district"], found["room"], found["street"]) == ("示范区", "301", None)
