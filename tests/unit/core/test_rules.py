"""Derivation rules: the published vectors, more cases, and properties that no mask may break."""

import json
from datetime import date
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.canonical import JsonValue
from ledger.core.rules import KNOWN_KINDS, RULES, RuleContext, derive
from ledger.core.rules_values import COMPOUND_SURNAMES
from ledger.errors import RuleError

pytestmark = pytest.mark.unit

VECTORS = json.loads(Path("tests/vectors/formats-1.json").read_text(encoding="utf-8"))["rules"]
NO_CONTEXT = RuleContext()
ADDRESS = {"district": "甲区", "street": "乙街道", "community": "丙社区", "building": "3号楼", "room": "401"}
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")

kinds = st.sampled_from(sorted(KNOWN_KINDS))
dates = st.dates(date(1900, 1, 1), date(2100, 12, 31))
json_values: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=25),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=5),
    max_leaves=6,
)


def with_check_character(first_17: str) -> str:
    """Compute the check character with the powers of two modulo 11, not with the table of weights."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(first_17))
    return first_17 + "10X98765432"[total % 11]


def identity_number(born: date, sequence: int = 1, area: str = "990101") -> str:
    return with_check_character(f"{area}{born:%Y%m%d}{sequence:03d}")


def refused(kind: str, value: Any, context: RuleContext = NO_CONTEXT) -> None:
    with pytest.raises(RuleError) as caught:
        derive(kind, value, context)
    if isinstance(value, str) and len(value) > 3:
        assert value not in str(caught.value)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['rule']} {vector['input']}")
def test_the_published_vector_holds(vector: dict[str, Any]) -> None:
    if vector.get("error"):
        refused(vector["rule"], vector["input"])
    else:
        assert derive(vector["rule"], vector["input"], NO_CONTEXT) == vector["output"]


def test_the_rules_are_those_that_the_formats_name() -> None:
    assert {
        *("g:surname@1", "g:phone-3-4@1", "g:id-1-2@1", "g:birth-year@1", "g:birth-band5@1", "g:birth-band10@1"),
        *("g:age-flags@1", "g:plate-3-1@1", "g:point-3@1", "g:point-2@1", "g:addr-building@1"),
        *("g:addr-community@1", "g:addr-street@1", "g:addr-district@1", "g:region-9@1", "g:region-6@1"),
        "g:text-redact@1",
    } == KNOWN_KINDS
    assert all(RULES[kind].kind == kind for kind in KNOWN_KINDS)


@pytest.mark.parametrize("kind", ["o", "g:surname@2", "surname", ""])
def test_an_unknown_rule_is_an_error_even_for_null(kind: str) -> None:
    refused(kind, None)


@pytest.mark.parametrize("kind", sorted(KNOWN_KINDS))
def test_null_gives_null(kind: str) -> None:
    assert derive(kind, None, NO_CONTEXT) is None


@settings(max_examples=400, deadline=None)
@given(kinds, json_values, st.none() | st.integers(), st.lists(st.text(max_size=4), max_size=3))
def test_no_value_makes_a_rule_raise_anything_but_a_rule_error(
    kind: str, value: JsonValue, occurred_at: int | None, redact: list[str]
) -> None:
    message = ""
    try:
        derive(kind, value, RuleContext(occurred_at, tuple(redact)))
    except RuleError as error:
        message = str(error)
    if isinstance(value, str) and len(value) > 6:
        assert value not in message


@pytest.mark.parametrize(
    ("name", "mask"),
    [
        ("欧阳", "欧阳**"),
        ("呼延灼", "呼延**"),
        ("欧", "欧**"),
        ("欧阳A", "欧**"),
        ("司马é", "司**"),
        ("諸葛亮", "諸**"),
        ("𠮷野家", "𠮷**"),
        ("Élodie", "É**"),
        ("买买提·艾力", "买**"),
        ("张 三", "张**"),
        ("Ａｌｉｃｅ", "Ａ**"),
    ],
)
def test_a_name_keeps_its_surname(name: str, mask: str) -> None:
    assert derive("g:surname@1", name, NO_CONTEXT) == mask


def test_there_are_twenty_surnames_of_two_characters() -> None:
    assert len(COMPOUND_SURNAMES) == 20
    for surname in COMPOUND_SURNAMES:
        assert derive("g:surname@1", surname + "某某", NO_CONTEXT) == surname + "**"


@pytest.mark.parametrize("name", [" 张三", "　张三", "\u200b张三", "张\n三", "张三\u0000", "\u0085", 1, ["张三"], True])
def test_a_malformed_name_is_refused(name: JsonValue) -> None:
    refused("g:surname@1", name)


@settings(max_examples=100, deadline=None)
@given(st.text("赵钱孙李周吴郑王冯陈褚卫蒋沈", min_size=2, max_size=4))
def test_a_masked_name_has_one_length_and_no_given_name(name: str) -> None:
    assert derive("g:surname@1", name, NO_CONTEXT) == name[0] + "**"


@settings(max_examples=100, deadline=None)
@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_masked_phone_hides_four_digits(phone: str) -> None:
    if not phone.isascii():
        return
    masked = derive("g:phone-3-4@1", phone, NO_CONTEXT)
    assert masked == phone[:3] + "****" + phone[-4:]
    assert sum(character.isdigit() for character in str(masked)) == 7


@pytest.mark.parametrize(
    "phone",
    [
        "",
        "13800138000\n",
        " 13800138000",
        "+8613800138000",
        "138-0013-8000",
        "138001380000",
        "1380013800x",
        13800138000,
        "13800138000".translate(FULL_WIDTH),
        "1٣800138000",
        "02112345678",
    ],
)
def test_a_malformed_phone_is_refused(phone: JsonValue) -> None:
    refused("g:phone-3-4@1", phone)


@settings(max_examples=100, deadline=None)
@given(dates, st.integers(0, 999), st.sampled_from(["110105", "990101", "310115"]))
def test_a_masked_identity_number_shows_three_characters(born: date, sequence: int, area: str) -> None:
    identity = identity_number(born, sequence, area)
    masked = derive("g:id-1-2@1", identity, NO_CONTEXT)
    assert masked == identity[0] + "*" * 15 + identity[16:]


@settings(max_examples=100, deadline=None)
@given(dates, st.integers(0, 999), st.integers(0, 16), st.integers(1, 9))
def test_any_one_wrong_digit_of_an_identity_number_is_refused(born: date, sequence: int, place: int, add: int) -> None:
    identity = identity_number(born, sequence)
    wrong = identity[:place] + str((int(identity[place]) + add) % 10) + identity[place + 1 :]
    refused("g:id-1-2@1", wrong)


def test_an_identity_number_may_end_in_a_capital_x_only() -> None:
    identity = next(
        number for number in (identity_number(date(1990, 3, 7), n) for n in range(1, 999)) if number.endswith("X")
    )
    assert derive("g:id-1-2@1", identity, NO_CONTEXT) == "9***************" + identity[16:]
    refused("g:id-1-2@1", identity.lower())


@pytest.mark.parametrize(
    "identity",
    [
        with_check_character("99010119900230001"),
        with_check_character("99010119901307001"),
        with_check_character("99010100000307001"),
        with_check_character("09010119900307001"),
        with_check_character("99010119900307001").translate(FULL_WIDTH),
        with_check_character("99010119900307001")[:17],
        with_check_character("99010119900307001") + "\n",
        "990101900307001",
        990101199003070015,
    ],
    ids=["30 February", "month 13", "year 0", "area from 0", "full width", "17", "newline", "15 digits", "integer"],
)
def test_a_malformed_identity_number_is_refused(identity: JsonValue) -> None:
    refused("g:id-1-2@1", identity)


@pytest.mark.parametrize(
    ("plate", "mask"),
    [
        ("京A1234学", "京A1***学"),
        ("粤Z1234港", "粤Z1***港"),
        ("沪AD1234警", "沪AD****警"),
        ("使014578", "使01***8"),
    ],
)
def test_a_plate_shows_three_characters_and_the_last(plate: str, mask: str) -> None:
    assert derive("g:plate-3-1@1", plate, NO_CONTEXT) == mask


@pytest.mark.parametrize(
    "plate",
    [
        "",
        "沪A123456789",
        "沪A1234",
        "沪a12346",
        "沪A·12346",
        "沪A-1234",
        "沪Ａ12346",
        "A123467",
        "张三李四王五赵",
        1234567,
        "沪A12346\n",
        "沪A123４6",
    ],
)
def test_a_malformed_plate_is_refused(plate: JsonValue) -> None:
    refused("g:plate-3-1@1", plate)


@settings(max_examples=200, deadline=None)
@given(
    st.decimals(Decimal(-90), Decimal(90), places=6),
    st.decimals(Decimal(-180), Decimal(180), places=6),
    st.sampled_from([2, 3]),
)
def test_a_point_is_truncated_toward_zero(lat: Decimal, lng: Decimal, places: int) -> None:
    rounded = [number.quantize(Decimal(1).scaleb(-places), ROUND_DOWN) for number in (lat, lng)]
    expected = ",".join(f"{abs(number) if number.is_zero() else number:f}" for number in rounded)
    point = ",".join(f"{number:f}" for number in (lat, lng))
    assert derive(f"g:point-{places}@1", point, NO_CONTEXT) == expected


@pytest.mark.parametrize(
    ("point", "truncated"),
    [
        ("-0.009,-0.0", None),
        ("-0.009,-0.00", "0.00,0.00"),
        ("-0.010,0.019", "-0.01,0.01"),
        ("90.00,180.00", "90.00,180.00"),
        ("-90.0000,-180.0000", "-90.00,-180.00"),
        ("90.001,0.00", None),
        ("0.00,180.0001", None),
        ("0.00,181.00", None),
        ("-100.00,0.00", None),
        ("031.24,121.47", None),
        ("31.24, 121.47", None),
        ("+31.24,121.47", None),
        ("31,121", None),
        ("31.24", None),
        ("31.24,121.47,3.00", None),
        ("31.2４,121.47", None),
        ("3e1,121.47", None),
        ("31.24,121.47\n", None),
        (31, None),
        ("", None),
    ],
)
def test_a_point_is_well_formed_or_refused(point: JsonValue, truncated: str | None) -> None:
    if truncated is None:
        refused("g:point-2@1", point)
    else:
        assert derive("g:point-2@1", point, NO_CONTEXT) == truncated


@pytest.mark.parametrize(("level", "members"), [("district", 1), ("street", 2), ("community", 3), ("building", 4)])
def test_an_address_is_kept_down_to_its_level(level: str, members: int) -> None:
    kept = dict(list(ADDRESS.items())[:members])
    assert derive(f"g:addr-{level}@1", dict(reversed(ADDRESS.items())), NO_CONTEXT) == kept


def test_null_members_of_an_address_stay_null() -> None:
    empty: dict[str, JsonValue] = dict.fromkeys(ADDRESS)
    assert derive("g:addr-street@1", empty, NO_CONTEXT) == {"district": None, "street": None}


@pytest.mark.parametrize(
    "address",
    [
        {},
        "甲区",
        [],
        {**ADDRESS, "unit": "2"},
        {key: ADDRESS[key] for key in ("district", "street", "community", "building")},
        {**ADDRESS, "room": 401},
        {**ADDRESS, "district": {"name": "甲区"}},
        {**ADDRESS, "room": True},
    ],
    ids=["empty", "text", "list", "unknown member", "no room", "integer room", "nested", "boolean room"],
)
@pytest.mark.parametrize("level", ["district", "building"])
def test_a_malformed_address_is_refused(level: str, address: JsonValue) -> None:
    refused(f"g:addr-{level}@1", address)


@pytest.mark.parametrize(
    ("kind", "region", "prefix"),
    [
        ("g:region-6@1", "990101", "990101"),
        ("g:region-6@1", "990101001003007", "990101"),
        ("g:region-9@1", "990101001", "990101001"),
        ("g:region-9@1", "990101001003007", "990101001"),
        ("g:region-9@1", "990101", None),
        ("g:region-6@1", "9901010", None),
        ("g:region-6@1", "990101001003007001", None),
        ("g:region-6@1", "99010x", None),
        ("g:region-6@1", "９９０１０１", None),
        ("g:region-6@1", "990101\n", None),
        ("g:region-6@1", 990101, None),
        ("g:region-6@1", "", None),
    ],
)
def test_a_region_keeps_its_prefix_or_is_refused(kind: str, region: JsonValue, prefix: str | None) -> None:
    if prefix is None:
        refused(kind, region)
    else:
        assert derive(kind, region, NO_CONTEXT) == prefix
