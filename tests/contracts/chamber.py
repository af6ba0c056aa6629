"""A Council of five members with threshold three that governs its contracts, and what its members sign.

Digests are computed by eth-account from the type as the contracts page spells it, so no code of ours is in them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from eth_account.messages import encode_typed_data

from ledger.chain.contracts.binding import Call
from ledger.core.keccak import keccak256
from ledger.core.signature import sign_digest
from tests.contracts.sandbox import DATA_BUREAU, DAY, FOUNDERS, Key, Member, Outcome, Sandbox

HOUR = 3600
LONGEST_DELAY = 72 * HOUR
_DOMAIN = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]
_TYPES = {
    "CouncilAction": [
        {"name": "calls", "type": "Call[]"},
        {"name": "salt", "type": "bytes32"},
        {"name": "epoch", "type": "uint64"},
        {"name": "expiry", "type": "uint64"},
    ],
    "Call": [{"name": "target", "type": "address"}, {"name": "data", "type": "bytes"}],
}
_CANCEL_TYPES = {"CancelAction": [{"name": "action", "type": "bytes32"}, {"name": "epoch", "type": "uint64"}]}

Action = Mapping[str, Any]
Approvals = Sequence[Mapping[str, Any]]


class Chamber:
    """The Council of a sandbox that was deployed `by_council`; member i has the key of founder i."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.council = sandbox.council
        self.members = [Member(number, key) for number, key in enumerate(FOUNDERS, start=1)]
        self._salts = 0

    # what members approve
    def action(self, *calls: Call, **changes: Any) -> dict[str, Any]:
        """Return an action of the current epoch that can be executed for a year."""
        self._salts += 1
        members = {
            "calls": [{"target": call.to, "data": call.data} for call in calls],
            "salt": keccak256(b"salt %d" % self._salts),
            "epoch": self.council.epoch(block="latest"),
            "expiry": self.sandbox.now + 365 * DAY,
        }
        return members | changes

    def digest(self, action: Action) -> bytes:
        """Return an action's id."""
        return self._digest(_TYPES, "CouncilAction", action)

    def cancellation(self, action: bytes, epoch: int = 1) -> bytes:
        """Return what members sign to cancel an action."""
        return self._digest(_CANCEL_TYPES, "CancelAction", {"action": action, "epoch": epoch})

    def _digest(self, types: Mapping[str, Any], primary: str, message: Mapping[str, Any]) -> bytes:
        domain = {
            "name": "Gongzhi Council",
            "version": "1",
            "chainId": self.sandbox.chain_id,
            "verifyingContract": self.council.address,
        }
        full = {"types": {"EIP712Domain": _DOMAIN, **types}, "primaryType": primary, "domain": domain}
        shown = encode_typed_data(full_message={**full, "message": dict(message)})
        return keccak256(b"\x19" + shown.version + shown.header + shown.body)

    def approvals(self, digest: bytes, *members: Member) -> list[dict[str, Any]]:
        """Return approvals by members in the order given; by the first three if none is."""
        return [approval(digest, member.agency, member.admin) for member in members or self.members[:3]]

    # what is sent
    def scheduling(self, action: Action, *members: Member) -> Call:
        """Return the schedule of an action, approved by members."""
        return self.council.schedule(action, self.approvals(self.digest(action), *members))

    def execution(self, action: Action, *members: Member) -> Call:
        """Return the execution of an action, approved by members."""
        return self.council.execute(action, self.approvals(self.digest(action), *members))

    def cancelling(self, action: Action, *members: Member) -> Call:
        """Return the cancellation of an action, approved by members."""
        identifier = self.digest(action)
        digest = self.cancellation(identifier, self.council.epoch(block="latest"))
        return self.council.cancel(identifier, self.approvals(digest, *members))

    def founding(self, action: Action, *members: Member) -> Call:
        """Return the execution of an action of the founding, approved by all founders if none is named."""
        return self.council.execute_founding(action, self.approvals(self.digest(action), *members or self.members))

    def scheduled(self, *calls: Call, **changes: Any) -> dict[str, Any]:
        """Schedule an action; return it."""
        action = self.action(*calls, **changes)
        self.sandbox.send(self.scheduling(action))
        return action

    def carried(self, *calls: Call) -> Outcome:
        """Schedule an action, wait for the longest delay, execute it; return what became of it."""
        action = self.scheduled(*calls)
        self.sandbox.sleep(LONGEST_DELAY)
        return self.sandbox.send(self.execution(action))

    # the founding
    def registrations(self) -> list[Call]:
        """Return the registrations of the founders' agencies, data bureaus all."""
        return [self.sandbox.registration(member.admin, kind=DATA_BUREAU) for member in self.members]

    def completion(self) -> Call:
        """Return the end of the founding."""
        return self.council.complete_founding(self.sandbox.addresses["AgencyRegistry"])

    def found(self) -> Outcome:
        """Register the founders' agencies and complete the founding."""
        return self.sandbox.send(self.founding(self.action(*self.registrations(), self.completion())))


def approval(digest: bytes, agency: int, key: Key) -> dict[str, Any]:
    """Return an approval by any key for any agency."""
    return {"agency": agency, "key": key.address, "signature": sign_digest(digest, key.private)}
