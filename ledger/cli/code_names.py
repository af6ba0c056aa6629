"""Codes as people type them: `P02`, `LB3`, `withdrawn`, or the number."""

from enum import IntEnum
from typing import TypeVar

from ledger.core.codes import Authority, Basis, Mark, Purpose
from ledger.errors import UsageError

Code = TypeVar("Code", bound=IntEnum)


def parse_purpose(text: str) -> Purpose:
    """Return the purpose of `P02`, `2` or its name; raises UsageError."""
    return _code(Purpose, text, "P")


def parse_basis(text: str) -> Basis:
    """Return the basis of `LB3`, `3` or its name; raises UsageError."""
    return _code(Basis, text, "LB")


def parse_mark(text: str) -> Mark:
    """Return the mark of `withdrawn`, `corrected`, `disputed`, `erased`, `hold` or its number; raises UsageError."""
    return _code(Mark, text, "")


def parse_authority(text: str) -> Authority:
    """Return the authority of `class1`, `own`, `audit`, `grant` or `emergency`; raises UsageError."""
    authority = _code(Authority, text, "")
    if authority in (Authority.PENDING_EMERGENCY, Authority.SELF):
        raise UsageError("a look is made under class1, own, audit, grant or emergency; a resident's by `rights access`")
    return authority


def _code(kind: type[Code], text: str, prefix: str) -> Code:
    name = text.strip().upper().replace("-", "_")
    if name in kind.__members__:
        return kind.__members__[name]
    number = name.removeprefix(prefix)
    if number.isascii() and number.isdigit() and int(number) in set(kind):
        return kind(int(number))
    names = ", ".join(f"{prefix}{int(code):0{2 if prefix == 'P' else 1}d} {code.name.lower()}" for code in kind)
    raise UsageError(f"{kind.__name__.lower()} is one of: {names}")
