"""Computed checks of codes, against published numbers and against an independent implementation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

from ledger.core.code_checks import (
    CODE_CHECKS,
    PROVINCES,
    identity_of_fifteen,
    is_credit_code,
    is_identity_number,
    is_region,
    is_supply,
)
from ledger.core.rules_values import identity_check

pytestmark = pytest.mark.unit

CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"
births = st.dates().map(lambda day: day.isoformat().replace("-", ""))
numbers_like_births = st.from_regex("(18|19|20)[0-9]{2}[01][0-9][0-3][0-9]", fullmatch=True)
areas = st.sampled_from(["110105", "310115", "370102", "440305"])
serials = st.integers(0, 999).map("{:03d}".format)
characters = st.sampled_from("0123456789X")


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014", "360426199101010071"])
def test_published_identity_numbers_are_accepted(number: str) -> None:
    assert is_identity_number(number)


@pytest.mark.parametrize(
    "number",
    [
        *("110105194912310021", "11010519491231002x", "1101051949123100２X", "11010519491331002X"),
        *("01010519491231002X", "110105491231002", "11010519491231002X ", "", "X" * 18, "110105194902300028"),
    ],
)
def test_what_is_no_identity_number_is_refused(number: str) -> None:
    assert not is_identity_number(number)


def judged_elsewhere(number: str) -> bool:
    """What the other implementation says of birth date and check character; its table of places is left aside."""
    try:
        ric.get_birth_date(number)
    except ValidationError:
        return False
    return ric.calc_check_digit(number) == number[17]


@given(areas, births | numbers_like_births, serials, characters)
def test_identity_numbers_are_judged_as_another_implementation_does(
    area: str, birth: str, serial: str, last: str
) -> None:
    number = f"{area}{birth}{serial}{last}"
    right = number[:17] + identity_check(number[:17])
    assert is_identity_number(number) == judged_elsewhere(number)
    assert is_identity_number(right) == judged_elsewhere(right)


def test_an_old_identity_number_of_fifteen_digits_gets_its_eighteen() -> None:
    assert identity_of_fifteen("110105491231002") == "11010519491231002X"
    assert identity_of_fifteen("110105491331002") is None
    assert identity_of_fifteen("11010549123100") is None
    assert identity_of_fifteen("010105491231002") is None
    assert identity_of_fifteen("11010549123100２") is None


@pytest.mark.parametrize("code", ["91110000600037341L", "9144030071526726XG", "91330100799655058B"])
def test_published_credit_codes_are_accepted(code: str) -> None:
    assert is_credit_code(code)


def test_a_department_or_kind_may_be_a_letter() -> None:
    for kind in ("Y1", "A1", "9X", "N2"):
        code = f"{kind}110000600037341"
        assert is_credit_code(code + check(code))


def check(code: str) -> str:
    """The check character, by the definition: the number for which the weighted sum is a multiple of 31."""
    total = sum(3**place * CREDIT.index(character) for place, character in enumerate(code[:17]))
    return next(one for value, one in enumerate(CREDIT) if (total + value) % 31 == 0)


@pytest.mark.parametrize(
    "code", ["91110000600037341I", "91110000600037341", "9111000O600037341L", "", "９1110000600037341L"]
)
def test_what_is_no_credit_code_is_refused(code: str) -> None:
    assert not is_credit_code(code)


@given(st.from_regex(f"[1-9A-Y]{{1}}[{CREDIT}]", fullmatch=True), areas, st.text(CREDIT, min_size=9, max_size=9))
def test_the_check_of_a_credit_code_is_one_of_thirty_one(kind: str, area: str, organization: str) -> None:
    accepted = [one for one in CREDIT if is_credit_code(kind + area + organization + one)]
    assert len(accepted) == (0 if set(kind) - set(CREDIT) else 1)


@given(
    st.from_regex("[0-9]{2}", fullmatch=True), areas, st.text(CREDIT, min_size=9, max_size=9), st.sampled_from(CREDIT)
)
def test_credit_codes_are_judged_as_another_implementation_does(
    kind: str, area: str, organization: str, last: str
) -> None:
    code = kind + area + organization + last
    assert is_credit_code(code) == uscc.is_valid(code)
    assert is_credit_code(code[:17] + uscc.calc_check_digit(code[:17]))


@pytest.mark.parametrize(
    "region", ["370102", "370102013", "370102013006", "370102013006008", "990101001003", "110000", "441900003001"]
)
def test_regions_from_county_to_grid_are_accepted(region: str) -> None:
    assert is_region(region)


@pytest.mark.parametrize(
    "region",
    [
        *("", "3701", "37010201", "3701020130060081", "370102600", "370102000", "370102013000", "370102013006000"),
        *("160102", "000000", "37010２", "37010a", " 370102", "370102\n"),
    ],
)
def test_what_is_no_region_is_refused(region: str) -> None:
    assert not is_region(region)


@given(st.from_regex("[0-9]{1,16}", fullmatch=True))
def test_a_region_begins_with_a_province_and_has_one_of_four_lengths(region: str) -> None:
    if is_region(region):
        assert len(region) in (6, 9, 12, 15)
        assert region[:2] in PROVINCES | {"99"}
        assert not region[6:].endswith("000")
        assert all(is_region(region[:digits]) for digits in (6, 9, 12, 15) if digits <= len(region))


def test_a_class_of_supplies_has_seven_digits_of_which_the_first_is_one_to_three() -> None:
    assert all(map(is_supply, ("1010101", "2990000", "3999999")))
    assert not any(map(is_supply, ("", "0010101", "4010101", "101010", "10101010", "101010１", "1010101\n")))


@given(st.sampled_from(sorted(CODE_CHECKS)), st.text(max_size=20))
def test_no_check_breaks_on_any_text(name: str, value: str) -> None:
    assert CODE_CHECKS[name](value) in (True, False)
