"""EmergencyAccess: emergencies, opened at once and answered for afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from web3.types import BlockIdentifier

from ledger.chain.contracts.binding import Call, TypedMessagesBinding
from ledger.types import AgencyId


@dataclass(frozen=True, slots=True)
class EmergencyInfo:
    """Where an emergency stands; all zero if there is none. Times in Unix seconds.

    `verdict` is the worst so far (1 justified, 2 with faults, 3 not justified, 0 none). `notice`: 0 owed, 1 deferred,
    2 given. `destruction`: 0 owed, 1 kept, 2 destroyed. `place`: among the opener's reviews that are not done yet.
    """

    agency: AgencyId
    reviewer: AgencyId
    expires_at: int
    unsigned_until: int
    ended_at: int
    co_signed: int
    verdict: int
    notice: int
    destruction: int
    place: int


class EmergencyAccess(TypedMessagesBinding):
    """Calls and views of EmergencyAccess; messages are those of `ledger.core.typed_messages`.

    The id of an emergency is the digest of the message that opened it.
    """

    NAME: ClassVar[str] = "EmergencyAccess"

    def open(
        self,
        message: Mapping[str, Any],
        signature: bytes,
        supervisor_signature: bytes = b"",
        second_agency_signature: bytes = b"",
    ) -> Call:
        """Open an emergency (`OpenEmergency`); anybody relays it.

        A signature is empty where the message names no such key.
        """
        signatures = (signature, supervisor_signature, second_agency_signature)
        return self._relay("OpenEmergency", message, signatures)

    def co_sign(self, message: Mapping[str, Any], signature: bytes) -> Call:
        """Co-sign an emergency that was opened without (`CoSignEmergency`); anybody relays it."""
        return self._relay("CoSignEmergency", message, (signature,))

    def end(self, message: Mapping[str, Any], signature: bytes) -> Call:
        """End an emergency before its time (`EndEmergency`); anybody relays it."""
        return self._relay("EndEmergency", message, (signature,))

    def review(self, message: Mapping[str, Any], signature: bytes) -> Call:
        """Review an emergency that is over (`ReviewEmergency`); anybody relays it."""
        return self._relay("ReviewEmergency", message, (signature,))

    def notified(self, message: Mapping[str, Any], signature: bytes) -> Call:
        """Say that the persons concerned were told (`NoteNotified`); anybody relays it."""
        return self._relay("NoteNotified", message, (signature,))

    def defer_notice(self, message: Mapping[str, Any], signature: bytes) -> Call:
        """Put off telling them (`DeferNotice`); anybody relays it."""
        return self._relay("DeferNotice", message, (signature,))

    def destroyed(self, message: Mapping[str, Any], signature: bytes) -> Call:
        """Say that what was seen was destroyed (`NoteDestroyed`); anybody relays it."""
        return self._relay("NoteDestroyed", message, (signature,))

    def keep(self, message: Mapping[str, Any], signature: bytes) -> Call:
        """Say that what was seen is kept, and by which assessment (`KeepData`); anybody relays it."""
        return self._relay("KeepData", message, (signature,))

    def is_live(self, emergency: bytes, *, block: BlockIdentifier) -> bool:
        """Say whether an emergency is not over and its agency active."""
        live: bool = self._view("isLive", emergency, block=block)
        return live

    def emergency_info(self, emergency: bytes, *, block: BlockIdentifier) -> EmergencyInfo:
        """Return where an emergency stands."""
        return EmergencyInfo(*self._view("emergencyInfo", emergency, block=block))

    def overdue_reviews(self, agency: int, *, block: BlockIdentifier) -> int:
        """Return how many reviews of an agency's emergencies are overdue."""
        overdue: int = self._view("overdueReviews", agency, block=block)
        return overdue

    def was_case_opened(self, agency: int, case_ref: bytes, *, block: BlockIdentifier) -> bool:
        """Say whether an agency has opened an emergency for a case."""
        opened: bool = self._view("wasCaseOpened", agency, case_ref, block=block)
        return opened
