"""Files `gongzhi-council-approval/1` and `gongzhi-council-cancellation/1`: one member's word about one action.

PERMANENT. Canonical JSON, exact members `{"format","action","agency","key","signature"}`: the action's id (32 bytes),
the member agency's number, the ADMIN key that signed (address) and its signature (65 bytes). An approval signs the
action's id, a cancellation the digest of `CancelAction`; so neither can stand for the other. Whether the key speaks for
the agency is for the chain to say.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from ledger.core.canonical import decode, encode
from ledger.core.council_action import CouncilAction
from ledger.core.hexadecimal import from_hex, to_address, to_hex
from ledger.core.shapes import format_members, from_one
from ledger.core.signature import SIGNATURE_BYTES, recover
from ledger.council_errors import ApprovalForeign
from ledger.errors import FormatError, SignatureError

APPROVAL_FORMAT: Final = "gongzhi-council-approval/1"
CANCELLATION_FORMAT: Final = "gongzhi-council-cancellation/1"
_MEMBERS: Final = ("format", "action", "agency", "key", "signature")


@dataclass(frozen=True)
class Approval:
    """A member's signature under an action, or under its cancellation (`cancels`); `action` has 32 bytes."""

    action: bytes
    agency: int
    key: str
    signature: bytes
    cancels: bool = False

    @property
    def document(self) -> dict[str, Any]:
        """The JSON value of the file."""
        return {
            "format": CANCELLATION_FORMAT if self.cancels else APPROVAL_FORMAT,
            "action": to_hex(self.action),
            "agency": self.agency,
            "key": self.key,
            "signature": to_hex(self.signature),
        }

    def encode(self) -> bytes:
        """Return the file's bytes: canonical JSON."""
        return encode(self.document)


def parse_approval(data: bytes | str) -> Approval:
    """Return the approval or cancellation of a file; raises UnsupportedFormat or FormatError."""
    value = decode(data)
    cancels = isinstance(value, dict) and value.get("format") == CANCELLATION_FORMAT
    name = CANCELLATION_FORMAT if cancels else APPROVAL_FORMAT
    members = format_members(value, name, _MEMBERS, what="council approval")
    return Approval(
        from_hex(members["action"], 32, what="approval action"),
        from_one(members["agency"], 32, what="approval agency"),
        to_address(members["key"], what="approval key"),
        from_hex(members["signature"], SIGNATURE_BYTES, what="approval signature"),
        cancels,
    )


def bundle_of(action: CouncilAction, approvals: Iterable[Approval], *, cancels: bool = False) -> tuple[Approval, ...]:
    """Return approvals as the Council takes them: each of this action, by the key it names, ascending by agency.

    Raises ApprovalForeign for one of another action (or a cancellation among approvals), SignatureError for a signature
    by another key, FormatError where an agency speaks twice.
    """
    digest = action.cancel_digest if cancels else action.id
    ordered = sorted(approvals, key=lambda approval: approval.agency)
    for place, approval in enumerate(ordered):
        if approval.action != action.id or approval.cancels != cancels:
            wanted = "cancellation" if cancels else "approval"
            raise ApprovalForeign(f"what agency {approval.agency} signed is no {wanted} of action {to_hex(action.id)}")
        if recover(digest, approval.signature) != approval.key:
            raise SignatureError(f"the approval of agency {approval.agency} is signed by another key than it names")
        if place and ordered[place - 1].agency == approval.agency:
            raise FormatError(f"agency {approval.agency} speaks twice; a member has one vote")
    return tuple(ordered)
