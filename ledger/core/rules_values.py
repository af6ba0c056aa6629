"""What each derivation rule does to one value that is not null (formats page, section 11).

PERMANENT: what these functions return is committed at publication. They fail closed: what is malformed raises
`RuleError` (whose message never holds the value) and is never passed through. Digits are ASCII digits;
full-width digits are malformed.
"""

import re
from collections.abc import Callable
from datetime import date
from operator import mul

from ledger.core.canonical import JsonValue
from ledger.errors import RuleError

_SURNAMES_OF_TWO = "欧阳司马上官诸葛司徒夏侯皇甫尉迟公孙慕容令狐长孙宇文轩辕东方南宫独孤端木百里呼延"
COMPOUND_SURNAMES = frozenset(_SURNAMES_OF_TWO[at : at + 2] for at in range(0, len(_SURNAMES_OF_TWO), 2))
"""The twenty surnames of two characters that the rule knows."""

ADDRESS_LEVELS = ("district", "street", "community", "building", "room")
"""Members of an address object, from wide to narrow; all five are present, each a string or null."""

AGE_FLAGS: tuple[tuple[str, Callable[[int], bool]], ...] = (
    ("<14", lambda age: age < 14),
    ("<18", lambda age: age < 18),
    (">=60", lambda age: age >= 60),
    (">=80", lambda age: age >= 80),
)

_BAD_NAME = re.compile(
    "[\u0000-\u001f\u007f-\u009f]|\\A[\u0020\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]"
)
_LATIN = re.compile("[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1effＡ-Ｚａ-ｚ]")
_PHONE = re.compile("1[3-9][0-9]{9}")
_IDENTITY = re.compile("[1-9][0-9]{16}[0-9X]")
_IDENTITY_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_IDENTITY_CHECKS = "10X98765432"
_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PLATE = re.compile("[\u4e00-\u9fff][A-Z](?:[0-9A-Z]{5,6}|[0-9A-Z]{4,5}[学警港澳领使挂试超])|使[0-9]{6}")
_COORDINATES = {
    places: re.compile(f"(-?)(0|[1-9][0-9]?)\\.([0-9]{{{places},}}),(-?)(0|[1-9][0-9]{{0,2}})\\.([0-9]{{{places},}})")
    for places in (2, 3)
}
_REGION = re.compile("[0-9]{6}(?:[0-9]{3}){0,3}")
_DAYS_BEFORE_1970 = date(1970, 1, 1).toordinal()


def _match(pattern: re.Pattern[str], value: JsonValue, what: str) -> re.Match[str]:
    found = pattern.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise RuleError(f"not {what}")
    return found


def _calendar_date(text: str) -> date:
    """Return the day of `YYYY-MM-DD` or `YYYYMMDD`, which is all digits already."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RuleError("a date that no calendar has") from None


def surname(value: JsonValue) -> str:
    """Name → surname and two stars. The surname is the first code point, or two of `COMPOUND_SURNAMES` unless
    the name has a Latin letter (ASCII, Latin-1, Extended-A and -B, Extended Additional or full-width).
    Malformed: empty, beginning with blank or invisible characters, or with a control character anywhere.
    """
    if not isinstance(value, str) or not value or _BAD_NAME.search(value):
        raise RuleError("not a name: empty, beginning with a blank, or with a control character")
    if value[:2] in COMPOUND_SURNAMES and not _LATIN.search(value):
        return value[:2] + "**"
    return value[0] + "**"


def phone_3_4(value: JsonValue) -> str:
    """Mainland mobile number of 11 digits → first 3, four stars, last 4."""
    text = _match(_PHONE, value, "a mainland mobile number of 11 digits").string
    return f"{text[:3]}****{text[7:]}"


def id_1_2(value: JsonValue) -> str:
    """Identity number of 18 characters → first, fifteen stars, last 2. Its check character (GB 11643: `X`
    upper case) and its birth date must be right.
    """
    text = _match(_IDENTITY, value, "an identity number of 18 characters").string
    if identity_check(text[:17]) != text[17]:
        raise RuleError("an identity number with a wrong check character")
    _calendar_date(text[6:14])
    return f"{text[0]}***************{text[16:]}"


def identity_check(digits: str) -> str:
    """Return the check character of the first 17 digits of an identity number (GB 11643, ISO 7064 mod 11-2)."""
    return _IDENTITY_CHECKS[sum(map(mul, _IDENTITY_WEIGHTS, map(int, digits))) % 11]


def birth_date(value: JsonValue) -> date:
    """Return the calendar date of `YYYY-MM-DD`, which must exist."""
    return _calendar_date(_match(_DATE, value, "a date YYYY-MM-DD").string)


def birth_year(value: JsonValue) -> int:
    """Birth date → its year."""
    return birth_date(value).year


def birth_band5(value: JsonValue) -> str:
    """Birth date → the five years around it that begin with a multiple of five, as `"1990-1994"`."""
    return _band(birth_date(value).year, 5)


def birth_band10(value: JsonValue) -> str:
    """Birth date → its decade, as `"1990-1999"`."""
    return _band(birth_date(value).year, 10)


def _band(year: int, width: int) -> str:
    first = year - year % width
    return f"{first:04d}-{first + width - 1:04d}"


def age_flags(value: JsonValue, occurred_at: int | None) -> list[JsonValue]:
    """Birth date and the record's time (Unix seconds) → those of `<14 <18 >=60 >=80` that hold on that UTC
    date.

    A year of life is complete when month and day are reached: who was born on 29 February completes it in
    common years on 1 March. A record without a time, or from before the birth, is malformed.
    """
    born = birth_date(value)
    if occurred_at is None:
        raise RuleError("age flags need the record's time")
    try:
        on = date.fromordinal(_DAYS_BEFORE_1970 + occurred_at // 86400)
    except (ValueError, OverflowError):
        raise RuleError("the record's time lies outside the calendar") from None
    if on < born:
        raise RuleError("the birth date lies after the record's time")
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    return [flag for flag, holds in AGE_FLAGS if holds(age)]


def plate_3_1(value: JsonValue) -> str:
    """Plate of 7 or 8 characters → first 3, stars, last 1. A plate is a Chinese character, a capital letter
    and five or six capital letters or digits, of which the last may be one of 学警港澳领使挂试超; or 使 and
    six digits. No separators.
    """
    text = _match(_PLATE, value, "a plate of 7 or 8 characters").string
    return text[:3] + "*" * (len(text) - 4) + text[-1]


def point_2(value: JsonValue) -> str:
    """`"lat,lng"` → both truncated toward zero to 2 decimals."""
    return _point(value, 2)


def point_3(value: JsonValue) -> str:
    """`"lat,lng"` → both truncated toward zero to 3 decimals."""
    return _point(value, 3)


def _point(value: JsonValue, places: int) -> str:
    found = _match(_COORDINATES[places], value, f'"lat,lng" with at least {places} decimals each')
    minus_lat, lat, lat_decimals, minus_lng, lng, lng_decimals = found.groups()
    return (
        _truncate(minus_lat, lat, lat_decimals, places, 90) + "," + _truncate(minus_lng, lng, lng_decimals, places, 180)
    )


def _truncate(minus: str, whole: str, decimals: str, places: int, bound: int) -> str:
    if int(whole) > bound or (int(whole) == bound and decimals.strip("0")):
        raise RuleError(f"a coordinate lies beyond {bound} degrees")
    kept = f"{whole}.{decimals[:places]}"
    return minus + kept if kept.strip("0.") else kept  # zero has one spelling, without a sign


def address_down_to(level: str) -> Callable[[JsonValue], JsonValue]:
    """Return the rule that keeps the members of an address object from `district` down to `level`, nulls
    included.

    Malformed: anything but an object with exactly the members `ADDRESS_LEVELS`, each a string or null.
    """
    kept = ADDRESS_LEVELS[: ADDRESS_LEVELS.index(level) + 1]
    members = frozenset(ADDRESS_LEVELS)

    def rule(value: JsonValue) -> JsonValue:
        if not isinstance(value, dict) or value.keys() != members:
            raise RuleError("not an address: exactly the members " + " ".join(ADDRESS_LEVELS))
        for member in value.values():
            if member is not None and not isinstance(member, str):
                raise RuleError("a member of the address is neither a string nor null")
        return {name: value[name] for name in kept}

    return rule


def region_prefix(digits: int) -> Callable[[JsonValue], JsonValue]:
    """Return the rule that keeps the first `digits` digits of a region code of 6, 9, 12 or 15 digits, no
    fewer than that.
    """

    def rule(value: JsonValue) -> JsonValue:
        text = _match(_REGION, value, "a region code of 6, 9, 12 or 15 digits").string
        if len(text) < digits:
            raise RuleError(f"a region code shorter than {digits} digits")
        return text[:digits]

    return rule
