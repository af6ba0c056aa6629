"""Computed checks of what no list can hold: identity numbers, credit codes, regions, supplies, days (domain tables).

Pure functions from a string to whether it fits. Digits are ASCII digits and letters are capitals: full-width ones and
small ones do not fit, so that one code has one spelling.
"""

import re
from collections.abc import Callable, Mapping

from ledger.core.rules_values import birth_date, id_1_2, identity_check, point_2
from ledger.errors import RuleError

_CREDIT_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT = re.compile(f"[{_CREDIT_CHARACTERS}]{{2}}[0-9]{{6}}[{_CREDIT_CHARACTERS}]{{10}}")
_CREDIT_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_CREDIT_VALUES = {character: value for value, character in enumerate(_CREDIT_CHARACTERS)}
_REGION = re.compile("[0-9]{6}(?:[0-9]{3}){0,3}")
_SUPPLY = re.compile("[1-3][0-9]{6}")
_IDENTITY_15 = re.compile("[1-9][0-9]{14}")
_PROVINCE_DIGITS = "11121314152122233132333435363741424344454650515253546162636465718182"
PROVINCES = frozenset(_PROVINCE_DIGITS[at : at + 2] for at in range(0, len(_PROVINCE_DIGITS), 2))
"""First two digits of a region, GB/T 2260."""
UNASSIGNED = "99"
"""First two digits that no place has: for regions of tests and demonstrations."""
_LAST_STREET = 599
"""Streets 001-099, towns 100-199, townships 200-399, units like them 400-599 (statistical regions)."""


def is_identity_number(value: str) -> bool:
    """Say whether `value` is a citizen's identity number of 18 characters (GB 11643).

    Six digits of area of which the first is none of 0, a birth date that a calendar has, three digits, and the check
    character (ISO 7064 mod 11-2, `X` upper case). Whether the area exists is not judged.
    """
    try:
        id_1_2(value)
    except RuleError:
        return False
    return True


def identity_of_fifteen(value: str) -> str | None:
    """Return the 18 characters of an identity number of the old 15 digits, None if it is none.

    Born in the twentieth century, as all who hold one: `19` before the year, and the check character.
    """
    if not _IDENTITY_15.fullmatch(value):
        return None
    digits = f"{value[:6]}19{value[6:]}"
    number = digits + identity_check(digits)
    return number if is_identity_number(number) else None


def is_credit_code(value: str) -> bool:
    """Say whether `value` is a unified social credit code of 18 characters (GB 32100).

    Department and kind (a digit or a letter but I O S V Z), six digits of area, nine characters of the organization,
    and the check character of weights 3^i mod 31. Some early real ones fail: their sets only warn.
    """
    if not _CREDIT.fullmatch(value):
        return False
    total = sum(
        weight * _CREDIT_VALUES[character] for weight, character in zip(_CREDIT_WEIGHTS, value[:17], strict=True)
    )
    return _CREDIT_VALUES[value[17]] == -total % 31


def is_region(value: str) -> bool:
    """Say whether `value` is a region of 6, 9, 12 or 15 digits: county, street, village or neighbourhood, grid.

    GB/T 2260 with the statistical code and three digits of grid. The first two digits are a province's, or 99; streets
    are 001 to 599, villages and grids 001 to 999. A wider region is written shorter, not filled up with zeros: so it
    has one spelling. Whether the place exists is not judged.
    """
    if not _REGION.fullmatch(value) or not (value[:2] in PROVINCES or value[:2] == UNASSIGNED):
        return False
    groups = [value[at : at + 3] for at in range(6, len(value), 3)]
    return "000" not in groups and (not groups or int(groups[0]) <= _LAST_STREET)


def is_supply(value: str) -> bool:
    """Say whether `value` is a class of emergency supplies of 7 digits (GB/T 38565): 1+2+2+2, the first 1, 2 or 3."""
    return _SUPPLY.fullmatch(value) is not None


def is_day(value: str) -> bool:
    """Say whether `value` is a day `YYYY-MM-DD` that a calendar has."""
    try:
        birth_date(value)
    except RuleError:
        return False
    return True


def is_point(value: str) -> bool:
    """Say whether `value` is `"lat,lng"` on Earth with at least two decimals each, as the rules for points read it."""
    try:
        point_2(value)
    except RuleError:
        return False
    return True


CODE_CHECKS: Mapping[str, Callable[[str], bool]] = {
    "gb-11643": is_identity_number,
    "gb-32100": is_credit_code,
    "region": is_region,
    "supply": is_supply,
    "day": is_day,
    "point": is_point,
}
"""Checks that a code set may name, by name. A name is never given another meaning."""
