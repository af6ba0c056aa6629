"""Codes as people type them: `P02`, `LB3`, `withdrawn`, or the number."""

from collections.abc import Sequence
from enum import IntEnum
from typing import TypeVar

from ledger.core.codes import (
    Authority,
    Basis,
    CaptureMode,
    DataCategory,
    GuardianRelation,
    Mark,
    Purpose,
    ReviewVerdict,
    Term,
    Tier,
    VoidReason,
    bitmap_of,
)
from ledger.domain import load_document
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


def parse_tier(text: str) -> Tier:
    """Return the tier of `T2X`, `E` or its number; raises UsageError."""
    return _code(Tier, text, "")


def parse_capture_mode(text: str) -> CaptureMode:
    """Return the capture mode of `own_key`, `guardian`, `witnessed_paper` … or its number; raises UsageError."""
    return _code(CaptureMode, text, "")


def parse_relation(text: str) -> GuardianRelation:
    """Return the relation of a guardian, as `parent`, or its number; raises UsageError."""
    return _code(GuardianRelation, text, "")


def parse_verdict(text: str) -> ReviewVerdict:
    """Return the verdict of `justified`, `faults`, `not_justified` or its number; raises UsageError."""
    return _code(ReviewVerdict, text, "")


def parse_void_reason(text: str) -> VoidReason:
    """Return the reason of `lost_in_restore`, `gateway_fault`, `key_compromise` or its number; raises UsageError."""
    return _code(VoidReason, text, "")


def parse_categories(texts: Sequence[str]) -> int:
    """Return the bitmap of `general`, `sensitive` or their numbers; raises UsageError."""
    return bitmap_of(_code(DataCategory, text, "") for text in texts)


def parse_terms(texts: Sequence[str]) -> int:
    """Return the bitmap of a grant's terms, as `no_onward`, or their bits; raises UsageError."""
    return bitmap_of(_code(Term, text, "") for text in texts)


def parse_reason(code_set: str, text: str) -> int:
    """Return the number of a reason of a code set, by its code or its number from 1; raises UsageError."""
    codes = {one["code"]: one["number"] for one in load_document(f"code_sets/{code_set}-1.json")["codes"]}
    name = text.strip().lower().replace("_", "-")
    if name in codes:
        return int(codes[name])
    if name.isascii() and name.isdigit() and 0 < int(name) < 1 << 16:
        return int(name)
    raise UsageError(f"{code_set} is one of: {', '.join(f'{number} {code}' for code, number in codes.items())}")


def parse_code(code_set: str, text: str) -> str:
    """Return a code of a code set whose codes are words; raises UsageError naming them."""
    codes = [one["code"] for one in load_document(f"code_sets/{code_set}-1.json")["codes"]]
    name = text.strip().lower().replace("_", "-")
    if name not in codes:
        raise UsageError(f"{code_set} is one of: {', '.join(codes)}")
    return name


def _code(kind: type[Code], text: str, prefix: str) -> Code:
    name = text.strip().upper().replace("-", "_")
    if name in kind.__members__:
        return kind.__members__[name]
    number = name.removeprefix(prefix)
    if number.isascii() and number.isdigit() and int(number) in set(kind):
        return kind(int(number))
    names = ", ".join(f"{prefix}{int(code):0{2 if prefix == 'P' else 1}d} {code.name.lower()}" for code in kind)
    raise UsageError(f"{kind.__name__.lower()} is one of: {names}")
