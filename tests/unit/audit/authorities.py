"""Looks under authorities that audits judge: what tests of honest and of lying gateways share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ledger.core.codes import Authority
from tests.simulated_authorities import (
    DAY,
    NOBODY,
    SHARED,
    AuthorityLedger,
)
from tests.simulated_consortium import number32
from tests.simulated_stream import StreamEntry
from tests.unit.audit.auditing import Audited, audit

GATEWAY_1 = "gateway 1"
Lie = Callable[[AuthorityLedger], None]


def audited(ledger: AuthorityLedger, folder: Path, **options: Any) -> Audited:
    """Anchor what waits and audit an honest export of it."""
    if ledger.unanchored:
        ledger.anchor()
    return audit(ledger, folder, **options)


def withdrawal(consent: bytes) -> tuple[str, dict[str, Any], str]:
    return "WithdrawConsent", {"consent": consent, "reason": 1}, "publisher"


def opening(ledger: AuthorityLedger, **changes: Any) -> dict[str, Any]:
    """The members of an OpenEmergency message by the reader."""
    said = {"supervisor": NOBODY, "secondAgencyKey": NOBODY, "caseRef": number32("case of today"), "items": (SHARED,)}
    about = {"region": 990101, "reason": 1, "noteHash": number32("note"), "expiresAt": ledger.now + 3 * DAY}
    return said | about | changes


def pending_emergency(ledger: AuthorityLedger, key: str = "reader-emergency", **changes: Any) -> bytes:
    """Receive the opening of an emergency; returns the id that it gets."""
    entry = ledger.receive("OpenEmergency", opening(ledger, **changes), key, "", "")
    action: bytes = entry.message["action"]
    return action


def pending_look(ledger: AuthorityLedger, emergency: bytes, number: int = 2, **other: Any) -> StreamEntry:
    said = {"authority": int(Authority.PENDING_EMERGENCY), "caseRef": number32("case of today"), **other}
    return ledger.emergency_look(emergency, number, **said)


def require_found(lie: Lie, check: str, found: str, folder: Path) -> None:
    """Require that an audit of the ledger with this lie fails by this check, and blames the gateway alone."""
    ledger = AuthorityLedger()
    lie(ledger)
    report = audited(ledger, folder)
    report.require(check, GATEWAY_1, found)
    assert report.blamed == {GATEWAY_1}
