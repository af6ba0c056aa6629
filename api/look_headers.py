"""What a look states that it is for, from its covered `Gongzhi-` headers (formats page, section 8)."""

from collections.abc import Mapping

from ledger.core.codes import Authority
from ledger.core.hexadecimal import from_hex
from ledger.errors import FormatError
from ledger.services.disclose import Asked

AUTHORITIES: Mapping[str, Authority] = {
    "class1": Authority.CLASS1,
    "own": Authority.OWN,
    "audit": Authority.AUDIT,
}
_KNOWN = frozenset(
    f"gongzhi-{name}" for name in ("item", "purpose", "basis", "basis-ref", "officer", "case", "authority")
)


def asked_by(headers: Mapping[str, str]) -> Asked:
    """Return what a look asks; raises FormatError for a missing, malformed or unknown `Gongzhi-` header."""
    unknown = sorted(name for name in headers if name.startswith("gongzhi-") and name not in _KNOWN)
    if unknown:
        raise FormatError(f"headers that this version does not know: {len(unknown)} beginning with Gongzhi-")
    authority = AUTHORITIES.get(headers.get("gongzhi-authority", "class1"))
    if authority is None:
        raise FormatError(f"Gongzhi-Authority: expected one of {', '.join(AUTHORITIES)}")
    return Asked(
        item=_number(headers, "item", 32),
        purpose=_number(headers, "purpose", 16),
        basis=_number(headers, "basis", 8),
        basis_reference=_commitment(headers, "basis-ref"),
        officer=_commitment(headers, "officer"),
        case_reference=_commitment(headers, "case"),
        authority=authority,
    )


def export_asked_by(headers: Mapping[str, str]) -> Asked:
    """Return what an export asks: authority AUDIT, and no item unless one is named; raises FormatError."""
    return asked_by({"gongzhi-item": "0", **headers, "gongzhi-authority": "audit"})


def _number(headers: Mapping[str, str], name: str, bits: int) -> int:
    text = headers.get(f"gongzhi-{name}", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 10) or int(text) >> bits:
        raise FormatError(f"Gongzhi-{name.title()}: expected a number of {bits} bits")
    return int(text)


def _commitment(headers: Mapping[str, str], name: str) -> bytes | None:
    text = headers.get(f"gongzhi-{name}")
    return None if text is None else from_hex(text, 32, what=f"Gongzhi-{name.title()}")
