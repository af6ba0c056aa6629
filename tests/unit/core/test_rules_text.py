"""Redaction of free text: nothing that names somebody is left, and what is left is the text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.canonical import JsonValue
from ledger.core.rules import RuleContext, derive, redact_strings
from ledger.core.rules_text import MARK, PATTERNS
from ledger.errors import RuleError

pytestmark = pytest.mark.unit

FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


def redacted(text: JsonValue, *strings: str) -> JsonValue:
    return derive("g:text-redact@1", text, RuleContext(redact=strings))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("现场有烟", "现场有烟"),
        ("电话13800138000。", "电话〔…〕。"),
        ("电话138 0013 8000或139-0013-8000", "电话〔…〕或〔…〕"),
        ("+8613800138000", "+86〔…〕"),
        ("编号00138001380009", "编号00〔…〕9"),
        ("座机021-65432100", "座机〔…〕"),
        ("身份证990101199003070015，", "身份证〔…〕，"),
        ("身份证11010519491231002X", "身份证〔…〕"),
        ("身份证11010519491231002x", "身份证〔…〕"),
        ("身份证110105 19491231 002X", "身份证〔…〕"),
        ("旧证110105491231002", "旧证〔…〕"),
        ("电话" + "13800138000".translate(FULL_WIDTH), "电话〔…〕"),
        ("证" + "11010519491231002X".translate(FULL_WIDTH), "证〔…〕"),
        ("车沪A12345和沪AD12345", "车〔…〕和〔…〕"),
        ("车沪A·12345、沪a12345、沪Ａ１２３４５", "车〔…〕、〔…〕、〔…〕"),
        ("教练车京A1234学", "教练车〔…〕"),
        ("使014578", "〔…〕"),
        ("在Building外", "在Building外"),
        ("2026年7月1日12时30分，共15人", "2026年7月1日12时30分，共15人"),
    ],
)
def test_numbers_and_plates_are_taken_out_of_a_text(text: str, expected: str) -> None:
    assert redacted(text) == expected


@pytest.mark.parametrize(
    ("text", "strings", "expected"),
    [
        ("张三丰见过张三", ("张三", "张三丰"), "〔…〕见过〔…〕"),
        ("张三丰见过张三", ("张三丰", "张三"), "〔…〕见过〔…〕"),
        ("张三李四", ("张三", "李四"), "〔…〕〔…〕"),
        ("甲乙丙", ("甲乙", "乙丙"), "〔…〕"),
        ("13800138000住3号", ("3",), "〔…〕住〔…〕号"),
        ("三A12345张三A12345", ("张三",), "〔…〕〔…〕"),
        ("王王王王", ("王王",), "〔…〕〔…〕"),
        ("𠮷野在", ("𠮷",), "〔…〕野在"),
        ("正文", ("", "无"), "正文"),
        ("a.c abc", ("a.c",), "〔…〕 abc"),
    ],
)
def test_the_record_s_own_strings_are_taken_out_whatever_their_order(
    text: str, strings: tuple[str, ...], expected: str
) -> None:
    assert redacted(text, *strings) == expected


@pytest.mark.parametrize("text", [1, True, ["张三"], {"note": "张三"}])
def test_what_is_no_text_is_refused(text: JsonValue) -> None:
    with pytest.raises(RuleError, match="not a string"):
        redacted(text)


alphabet = "张三丰李四王13890XA沪使- 。0"
texts = st.text(alphabet, max_size=40)
needles = st.lists(st.text("张三丰李四王138A沪", min_size=1, max_size=3), max_size=4)
numbers = st.sampled_from(["13800138000", "11010519491231002X", "沪A12345", "沪AD12345", "使014578", "021-65432100"])


@settings(max_examples=400, deadline=None)
@given(st.lists(texts | numbers, max_size=6).map("".join), needles)
def test_nothing_that_was_to_go_is_left_and_the_rest_stays_in_order(text: str, strings: list[str]) -> None:
    result = str(redacted(text, *strings))
    kept = result.split(MARK)
    for piece in kept:
        assert not any(string in piece for string in strings)
        assert not any(pattern.search(piece) for pattern in PATTERNS.values())
    at = 0
    for piece in kept:
        at = text.index(piece, at) + len(piece)
    assert redacted(text, *reversed(strings)) == result


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="现场有烟人员已疏散", max_size=20), numbers, st.text(alphabet="火灾", max_size=5))
def test_a_text_without_anything_personal_stays_as_it_is(before: str, number: str, after: str) -> None:
    assert redacted(before + after, "张三") == before + after
    assert redacted(before + number + after) == before + MARK + after


def test_strings_are_gathered_from_texts_addresses_and_lists_longest_first_each_once() -> None:
    address: JsonValue = {"district": "甲区", "street": "", "community": None, "building": "3号楼", "room": "甲区"}
    values: list[JsonValue] = ["张三", None, address, ["李四", ["13800138000"], 7], 42, True, "张三"]
    assert redact_strings(values) == ("13800138000", "3号楼", "张三", "李四", "甲区")
    assert redact_strings([]) == ()
