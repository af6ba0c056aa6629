"""Exact members and shapes of JSON objects: nothing unknown is ever ignored."""

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from itertools import pairwise
from typing import Any, TypeVar

from ledger.errors import FormatError, UnsupportedFormat

Code = TypeVar("Code", bound=IntEnum)


def members_of(value: object, names: Sequence[str], *, what: str, optional: Sequence[str] = ()) -> dict[str, Any]:
    """Return `value` if it is an object with exactly `names` (and perhaps `optional` ones).

    Raises FormatError naming `what` and a missing member. An unknown one is not named: its name came from outside, and
    may be anything, a person's name too.
    """
    if not isinstance(value, dict):
        raise FormatError(f"{what}: expected an object")
    for name in names:
        if name not in value:
            raise FormatError(f"{what}: member {name!r} is missing")
    if len(value) != len(names):
        for name in value:
            if name not in names and name not in optional:
                raise FormatError(f"{what}: an unknown member, beside {', '.join((*names, *optional))}")
    return value


def unsigned(value: object, bits: int, *, what: str) -> int:
    """Return `value` if it is an unsigned integer of `bits` bits (at most 2^53-1 in JSON); raises FormatError."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << bits:
        raise FormatError(f"{what}: expected an unsigned integer of {bits} bits")
    return value


def text(value: object, *, what: str) -> str:
    """Return `value` if it is a string; raises FormatError."""
    if not isinstance(value, str):
        raise FormatError(f"{what}: expected a string")
    return value


def array(value: object, *, what: str, most: int | None = None) -> list[Any]:
    """Return `value` if it is an array of at most `most` members; raises FormatError."""
    if not isinstance(value, list) or (most is not None and len(value) > most):
        raise FormatError(f"{what}: expected an array" + (f" of at most {most}" if most is not None else ""))
    return value


def titles(value: object, *, what: str) -> Mapping[str, str]:
    """Return `value` if it is `{"zh": text, "en": text}`; raises FormatError."""
    members = members_of(value, ("zh", "en"), what=what)
    for language in ("zh", "en"):
        text(members[language], what=f"{what} {language}")
    return members


def format_members(
    document: object, name: str, members: Sequence[str], *, what: str, optional: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the members of a document of format `name`: all of `members` (`format` among them), and any `optional`.

    Raises UnsupportedFormat for another format name, FormatError as `members_of`.
    """
    if isinstance(document, dict) and document.get("format", name) != name:
        raise UnsupportedFormat(f"{what}: expected format {name}")
    return members_of(document, members, what=what, optional=optional)


def from_one(value: object, bits: int, *, what: str) -> int:
    """Return `value` if it is an integer of `bits` bits that counts from 1; raises FormatError."""
    number = unsigned(value, bits, what=what)
    if number == 0:
        raise FormatError(f"{what}: counts from 1")
    return number


def code_of(of: Callable[[int], Code], value: object, *, what: str) -> Code:
    """Return the code of `of` with this number; raises FormatError where this version knows none."""
    try:
        return of(unsigned(value, 16, what=what))
    except ValueError:
        raise FormatError(f"{what}: a code that this version does not know") from None


def ascending_codes(of: Callable[[int], Code], value: object, *, what: str) -> tuple[Code, ...]:
    """Return the codes of an array of at most 64 numbers, ascending, each once; raises FormatError."""
    codes = tuple(code_of(of, code, what=what) for code in array(value, what=what, most=64))
    if any(later <= earlier for earlier, later in pairwise(codes)):
        raise FormatError(f"{what}: expected ascending codes, each once")
    return codes
