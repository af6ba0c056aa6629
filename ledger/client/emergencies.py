"""Opening records in an emergency, and what is owed afterwards (contracts page, EmergencyAccess)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.client.desk import Desk
from ledger.client.grounds import commit_case
from ledger.client.preparing import Hashed, Preparing, Signing, salted_reasons
from ledger.client.requests import pages_of
from ledger.core.action_file import PreparedAction
from ledger.core.action_summary import ZERO_ADDRESS
from ledger.core.codes import ReviewVerdict
from ledger.core.consent_documents import Reasons
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import to_hex


@dataclass(frozen=True, slots=True)
class NewEmergency:
    """What is opened: items in a region (code or prefix, digits), for a case, a reason's code and `hours` of life.

    `note`: reasons in words, without any name. `supervisor` and `second_agency_key`: addresses of the keys that sign
    besides, None if they do not. Without a supervisor it lives shorter.
    """

    case: str
    items: Sequence[int]
    region: str
    reason: int
    seconds: int
    note: str | None = None
    supervisor: str | None = None
    second_agency_key: str | None = None


class Emergencies:
    """The part of the client for emergencies. Messages are prepared, not sent."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._preparing = desk, Preparing(desk)

    def open(self, new: NewEmergency, signing: Signing) -> PreparedAction:
        """Return the opening; its digest is the emergency's id. The case's one salt is kept first."""
        notes: tuple[Hashed, ...] = () if new.note is None else (salted_reasons(new.note, new.reason),)
        members = {
            "supervisor": new.supervisor or ZERO_ADDRESS,
            "secondAgencyKey": new.second_agency_key or ZERO_ADDRESS,
            "caseRef": commit_case(new.case, self._desk.receipts),
            "items": tuple(sorted(set(new.items))),
            "region": int(new.region),
            "reason": new.reason,
            "noteHash": notes[0].hash if notes else ZERO32,
            "expiresAt": self._desk.transport.now() + new.seconds,
        }
        return self._preparing.action("OpenEmergency", signing, members, *notes)

    def co_sign(self, emergency: bytes, signing: Signing) -> PreparedAction:
        """Return the co-signature by a SUPERVISE key of the opener's agency."""
        return self._preparing.action("CoSignEmergency", signing, {"emergency": emergency})

    def end(self, emergency: bytes, signing: Signing) -> PreparedAction:
        """Return the end before its time; it counts from when the gateway has it."""
        return self._preparing.action("EndEmergency", signing, {"emergency": emergency})

    def review(self, emergency: bytes, verdict: ReviewVerdict, reasons: Reasons, signing: Signing) -> PreparedAction:
        """Return the review by a REVIEW key of the assigned agency."""
        members = {"emergency": emergency, "verdict": int(verdict), "documentHash": reasons.hash}
        return self._preparing.action("ReviewEmergency", signing, members, reasons)

    def notified(self, emergency: bytes, reasons: Reasons, signing: Signing) -> PreparedAction:
        """Return the statement that the persons concerned were told; the words say how."""
        members = {"emergency": emergency, "documentHash": reasons.hash}
        return self._preparing.action("NoteNotified", signing, members, reasons)

    def defer(self, emergency: bytes, until: int, reason: int, signing: Signing) -> PreparedAction:
        """Return the deferral of the notice to `until` (Unix seconds), for a reason's code."""
        members = {"emergency": emergency, "until": until, "reason": reason}
        return self._preparing.action("DeferNotice", signing, members)

    def destroyed(self, emergency: bytes, reasons: Reasons, signing: Signing) -> PreparedAction:
        """Return the statement that what was seen is destroyed; the words say what, the code how."""
        members = {"emergency": emergency, "documentHash": reasons.hash}
        return self._preparing.action("NoteDestroyed", signing, members, reasons)

    def keep(self, emergency: bytes, reasons: Reasons, signing: Signing) -> PreparedAction:
        """Return the statement that what was seen is kept; the reasons are the assessment that lets it be kept."""
        members = {"emergency": emergency, "assessment": reasons.hash}
        return self._preparing.action("KeepData", signing, members, reasons)

    def listed(self, query: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
        """Return the emergencies that the gateway lists for this agency, every page; its word."""
        return pages_of(self._desk, "/v1/emergencies", "emergencies", query)

    def told(self, emergency: bytes) -> Mapping[str, Any]:
        """Return what the gateway says of an emergency; raises NotFound."""
        return self._desk.transport.get(f"/v1/emergencies/{to_hex(emergency)}").members("emergency")
