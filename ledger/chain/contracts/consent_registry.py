"""ConsentRegistry: consents of residents, which nobody can join on chain."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from web3.types import BlockIdentifier

from ledger.chain.contracts.binding import Call, PausableBinding
from ledger.types import Address, AgencyId


@dataclass(frozen=True, slots=True)
class ConsentInfo:
    """What is known of a consent; times in Unix seconds. State 1 recorded, 2 withdrawn, 0 = no such consent."""

    recipient: AgencyId
    holder: AgencyId
    purpose: int
    capture_mode: int
    state: int
    valid_from: int
    valid_until: int
    controller: Address
    captured_by: AgencyId


class ConsentRegistry(PausableBinding):
    """Calls and views of ConsentRegistry; messages are those of `ledger.core.typed_messages`."""

    NAME: ClassVar[str] = "ConsentRegistry"

    def record(self, message: Mapping[str, Any], signature: bytes) -> Call:
        """Record a consent (`RecordConsent`); anybody relays it."""
        return self._relay("RecordConsent", message, (signature,))

    def withdraw(self, message: Mapping[str, Any], signature: bytes) -> Call:
        """Withdraw a consent for ever (`WithdrawConsent`); anybody relays it."""
        return self._relay("WithdrawConsent", message, (signature,))

    def consent_info(self, consent: bytes, *, block: BlockIdentifier) -> ConsentInfo:
        """Return what is known of a consent; all zero if there is none."""
        info = ConsentInfo(*self._view("consentInfo", consent, block=block))
        return replace(info, controller=Address(info.controller.lower()))

    def is_live(self, consent: bytes, *, block: BlockIdentifier) -> bool:
        """Say whether a consent is recorded, in time and not withdrawn."""
        live: bool = self._view("isLive", consent, block=block)
        return live

    def is_tag_used(self, subject_tag: bytes, *, block: BlockIdentifier) -> bool:
        """Say whether a tag (32 bytes) stands in a consent already."""
        used: bool = self._view("isTagUsed", subject_tag, block=block)
        return used
