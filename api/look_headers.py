"""What a look states that it is for, from its covered `Gongzhi-` headers (formats page, section 8)."""

from collections.abc import Mapping

from ledger.core.codes import Authority
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import from_hex
from ledger.errors import FormatError
from ledger.services.asked import Asked

AUTHORITIES: Mapping[str, Authority] = {
    "class1": Authority.CLASS1,
    "own": Authority.OWN,
    "audit": Authority.AUDIT,
    "grant": Authority.GRANT,
    "emergency": Authority.EMERGENCY,
    "self": Authority.SELF,
}
ID_OF_AUTHORITY: Mapping[Authority, str] = {
    Authority.GRANT: "grant",
    Authority.EMERGENCY: "emergency",
    Authority.SELF: "subject",
}
"""The header that names the grant, emergency or resident; it is there with this authority, and with no other."""
_NAMES = (
    *("item", "purpose", "basis", "basis-ref", "officer", "case"),
    *("authority", "grant", "emergency", "subject", "profile"),
)
_KNOWN = frozenset(f"gongzhi-{name}" for name in _NAMES)


def asked_by(headers: Mapping[str, str]) -> Asked:
    """Return what a look asks; raises FormatError for a missing, malformed or unknown `Gongzhi-` header."""
    unknown = sorted(name for name in headers if name.startswith("gongzhi-") and name not in _KNOWN)
    if unknown:
        raise FormatError(f"headers that this version does not know: {len(unknown)} beginning with Gongzhi-")
    authority = AUTHORITIES.get(headers.get("gongzhi-authority", "class1"))
    if authority is None:
        raise FormatError(f"Gongzhi-Authority: expected one of {', '.join(AUTHORITIES)}")
    named = {name: _commitment(headers, name) for name in ID_OF_AUTHORITY.values()}
    wanted = ID_OF_AUTHORITY.get(authority)
    for of_authority, name in ID_OF_AUTHORITY.items():
        if (named[name] is None) == (name == wanted):
            raise FormatError(f"Gongzhi-{name.title()}: there with authority {of_authority.name}, and with no other")
    return Asked(
        item=_number(headers, "item", 32),
        purpose=_number(headers, "purpose", 16),
        basis=_number(headers, "basis", 8),
        basis_reference=_commitment(headers, "basis-ref"),
        officer=_commitment(headers, "officer"),
        case_reference=_commitment(headers, "case"),
        authority=authority,
        authority_id=named["grant"] or named["emergency"] or ZERO32,
        profile=_commitment(headers, "profile"),
        subject_commitment=named["subject"],
    )


def refuse_stated(headers: Mapping[str, str]) -> None:
    """Raise FormatError if a submission carries a `Gongzhi-` header: it states nothing, and an auditor reads none."""
    stated = sorted(name.title() for name in headers if name.startswith("gongzhi-"))
    if stated:
        known = [name for name in stated if name.lower() in _KNOWN]
        others = [f"{len(stated) - len(known)} unknown ones"] if len(known) < len(stated) else []
        raise FormatError(f"a submission states nothing in headers: {', '.join(known + others)} cannot be sent with it")


def export_asked_by(headers: Mapping[str, str]) -> Asked:
    """Return what an export asks: authority AUDIT, and no item unless one is named; raises FormatError."""
    return asked_by({"gongzhi-item": "0", **headers, "gongzhi-authority": "audit"})


def query_asked_by(headers: Mapping[str, str]) -> Asked:
    """Return what a query about a person states: no item unless one is named; raises FormatError."""
    return asked_by({"gongzhi-item": "0", **headers})


def _number(headers: Mapping[str, str], name: str, bits: int) -> int:
    text = headers.get(f"gongzhi-{name}", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 10) or int(text) >> bits:
        raise FormatError(f"Gongzhi-{name.title()}: expected a number of {bits} bits")
    return int(text)


def _commitment(headers: Mapping[str, str], name: str) -> bytes | None:
    text = headers.get(f"gongzhi-{name}")
    return None if text is None else from_hex(text, 32, what=f"Gongzhi-{name.title()}")
