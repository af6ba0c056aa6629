"""AccessLedger: requests for records of conditional items, and what was decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from web3.types import BlockIdentifier

from ledger.chain.contracts.binding import Call, PausableBinding
from ledger.types import AgencyId


@dataclass(frozen=True, slots=True)
class AccessInfo:
    """Where a request or grant stands; all zero if there is none.

    State 1 requested, 2 granted, 3 refused, 4 withdrawn, 5 revoked, 6 closed; `expires_at` in Unix seconds; `consent`
    is zero unless the basis is 1.
    """

    reader: AgencyId
    holder: AgencyId
    item: int
    item_version: int
    purpose: int
    basis: int
    state: int
    expires_at: int
    consent: bytes


class AccessLedger(PausableBinding):
    """Calls and views of AccessLedger; messages are those of `ledger.core.typed_messages`.

    The id of a request, and of the grant that comes of it, is the digest of its message.
    """

    NAME: ClassVar[str] = "AccessLedger"

    def request(self, message: Mapping[str, Any], signature: bytes) -> Call:
        """Ask for records (`RequestAccess`); anybody relays it."""
        return self._relay("RequestAccess", message, (signature,))

    def decide(self, message: Mapping[str, Any], signature: bytes) -> Call:
        """Grant or refuse a request (`DecideAccess`); anybody relays it."""
        return self._relay("DecideAccess", message, (signature,))

    def revoke(self, message: Mapping[str, Any], signature: bytes) -> Call:
        """End a grant as its holder (`RevokeGrant`); anybody relays it."""
        return self._relay("RevokeGrant", message, (signature,))

    def withdraw(self, message: Mapping[str, Any], signature: bytes) -> Call:
        """Take back a request that was not decided (`WithdrawRequest`); anybody relays it."""
        return self._relay("WithdrawRequest", message, (signature,))

    def close(self, message: Mapping[str, Any], signature: bytes) -> Call:
        """End a grant as its reader (`CloseGrant`); anybody relays it."""
        return self._relay("CloseGrant", message, (signature,))

    def is_usable(self, grant: bytes, *, block: BlockIdentifier) -> bool:
        """Say whether a grant is granted, in time, not ended, its consent live and both agencies active."""
        usable: bool = self._view("isUsable", grant, block=block)
        return usable

    def access_info(self, identifier: bytes, *, block: BlockIdentifier) -> AccessInfo:
        """Return where a request or grant stands."""
        return AccessInfo(*self._view("accessInfo", identifier, block=block))
