"""What identifies a person in a table: identity numbers, phones and plates, cleaned, checked, and held together.

`identity`: full-width forms, white space, dashes and a small `x` are put right and noted; a leading apostrophe, by
which spreadsheets mark text, goes. 15 digits become 18 by the rule of GB 11643-1989 (`19` before the year, and the
check character), noted as `id_15_converted`; the serials 996 to 999 were for people born in the century before, and
are rejected.

| reason | when |
|---|---|
| `id_rounded_by_spreadsheet` | it was kept as a number: an exponent, or 18 digits that end in 000 and fail the check |
| `id_malformed` | neither 18 characters nor 15 digits, or a birth date that no calendar has |
| `id_check_failed` | the check character is another |
| `id_15_of_another_century` | 15 digits with a serial from 996 on |
| `birth_contradicts_id`, `sex_contradicts_id` | birth date or sex of the row is not the identity number's |
| `phone_malformed` | not a mainland mobile of 11 digits |
| `plate_malformed` | not one vehicle's plate, as the rule `g:plate-3-1@1` takes it |

An identity number may end in 000 and be right; such ones are taken and noted as `id_ending_in_000`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.client.tables.cells import (
    Noted,
    Transform,
    all_half_width,
    missing,
    reader,
    refuse_rounded,
    steps_of,
    without_separators,
)
from ledger.client.tables.rows import Row
from ledger.core.canonical import JsonValue
from ledger.core.code_checks import identity_of_fifteen, is_identity_number
from ledger.core.rules_values import identity_check, plate_3_1
from ledger.core.shapes import members_of, text
from ledger.errors import FormatError, RowRejected, RuleError

_EIGHTEEN = re.compile("[1-9][0-9]{16}[0-9X]")
_FIFTEEN = re.compile("[1-9][0-9]{14}")
_MOBILE = re.compile("1[3-9][0-9]{9}")
_COUNTRY = re.compile(r"(?:\+|00)?86(?=1[3-9][0-9]{9}$)")
_DOTS = re.compile("[·•・.]")
_FIRST_KEPT_SERIAL = 996


def identity_transform(path: str, spec: dict[str, Any], what: str) -> Transform:
    """`identity`: `column`, `optional`, `clean`; gives the 18 characters of an identity number (GB 11643)."""
    return _settled(path, _read(spec, what), identity)


def phone_transform(path: str, spec: dict[str, Any], what: str) -> Transform:
    """`phone`: `column`, `optional`, `clean`; gives a mainland mobile of 11 digits."""
    return _settled(path, _read(spec, what), phone)


def plate_transform(path: str, spec: dict[str, Any], what: str) -> Transform:
    """`plate`: `column`, `optional`, `clean`; gives a vehicle's plate, in capitals and without dots and separators."""
    return _settled(path, _read(spec, what), plate)


def _settled(
    path: str, reading: tuple[Callable[[Row, Noted], str], bool], settle: Callable[[str, str, Noted], str]
) -> Transform:
    read, optional = reading

    def transform(row: Row, noted: Noted) -> JsonValue:
        found = read(row, noted)
        return settle(path, found, noted) if found else missing(path, optional)

    return transform


def identity(path: str, found: str, noted: Noted) -> str:
    """Return the identity number in a cell, cleaned; raises RowRejected."""
    refuse_rounded(path, found, "id_rounded_by_spreadsheet")
    number = _plain(found.lstrip("'‘’"), noted)
    upper = number.upper()
    if upper != number:
        noted.append("upper_case")
    if _FIFTEEN.fullmatch(upper):
        return _of_fifteen(path, upper, noted)
    if not _EIGHTEEN.fullmatch(upper):
        raise RowRejected(path, "id_malformed")
    if identity_check(upper[:17]) != upper[17]:
        raise RowRejected(path, "id_rounded_by_spreadsheet" if upper.endswith("000") else "id_check_failed")
    if not is_identity_number(upper):
        raise RowRejected(path, "id_malformed")
    if upper.endswith("000"):
        noted.append("id_ending_in_000")
    return upper


def phone(path: str, found: str, noted: Noted) -> str:
    """Return the mobile number in a cell, cleaned, without the country's code; raises RowRejected."""
    refuse_rounded(path, found)
    plain = _plain(found, noted)
    number = _COUNTRY.sub("", plain)
    if number != plain:
        noted.append("country_code_removed")
    if not _MOBILE.fullmatch(number):
        raise RowRejected(path, "phone_malformed")
    return number


def plate(path: str, found: str, noted: Noted) -> str:
    """Return the plate in a cell, cleaned; raises RowRejected."""
    plain = _plain(_DOTS.sub("-", found), noted).upper()
    try:
        plate_3_1(plain)
    except RuleError:
        raise RowRejected(path, "plate_malformed") from None
    return plain


@dataclass(frozen=True, slots=True)
class IdentityCheck:
    """Paths that must agree: an identity number, and the birth date and sex of the same person (None: not there)."""

    number: str
    birth: str | None = None
    sex: str | None = None

    def faults(self, originals: Mapping[str, JsonValue]) -> Iterator[RowRejected]:
        """Yield what contradicts the identity number; null contradicts nothing, nor does a sex that is not known."""
        number = originals.get(self.number)
        if not isinstance(number, str):
            return
        if self.birth is not None and originals.get(self.birth) not in (None, birth_of(number)):
            yield RowRejected(self.birth, "birth_contradicts_id")
        if self.sex is not None and originals.get(self.sex) in _SEXES - {sex_of(number)}:
            yield RowRejected(self.sex, "sex_contradicts_id")


_SEXES = frozenset(("1", "2"))


def parse_identity_check(value: object, what: str) -> IdentityCheck:
    """Return the check in `{"number": path, "birth": path, "sex": path}`, the last two optional; raises FormatError."""
    members = members_of(value, ("number",), what=what, optional=("birth", "sex"))
    paths = {name: text(path, what=f"{what} {name}") for name, path in members.items()}
    if len(paths) == 1:
        raise FormatError(f"{what}: name the path of birth or sex")
    return IdentityCheck(**paths)


def birth_of(number: str) -> str:
    """Return the birth date `YYYY-MM-DD` in an identity number of 18 characters."""
    return f"{number[6:10]}-{number[10:12]}-{number[12:14]}"


def sex_of(number: str) -> str:
    """Return the sex in an identity number of 18 characters, as GB/T 2261.1 writes it: 1 male, 2 female."""
    return "1" if int(number[16]) % 2 else "2"


def _of_fifteen(path: str, digits: str, noted: Noted) -> str:
    if int(digits[12:]) >= _FIRST_KEPT_SERIAL:
        raise RowRejected(path, "id_15_of_another_century")
    number = identity_of_fifteen(digits)
    if number is None:
        raise RowRejected(path, "id_malformed")
    noted.append("id_15_converted")
    return number


def _plain(found: str, noted: Noted) -> str:
    half = all_half_width(found)
    if half != found:
        noted.append("half_width")
    plain = without_separators(half)
    if plain != half:
        noted.append("separators_removed")
    return plain


def _read(spec: dict[str, Any], what: str) -> tuple[Any, bool]:
    members_of(spec, ("column",), what=what, optional=("optional", "clean"))
    steps = steps_of(spec.get("clean", []), what)
    return reader(text(spec["column"], what=what), steps), bool(spec.get("optional", False))
