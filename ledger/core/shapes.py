"""Exact members and shapes of JSON objects: nothing unknown is ever ignored."""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.errors import FormatError


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
