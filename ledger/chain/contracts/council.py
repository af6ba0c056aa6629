"""Council: actions that member agencies approve, delayed by what they call (contracts page)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from eth_utils.address import to_checksum_address
from web3.types import BlockIdentifier

from ledger.chain.contracts.binding import Call, ContractBinding
from ledger.errors import FormatError
from ledger.types import Address, AgencyId

NOT_SCHEDULED, SCHEDULED, EXECUTED, CANCELLED = range(4)


@dataclass(frozen=True, slots=True)
class ActionState:
    """Where an action stands: `state` 0 never scheduled, 1 scheduled, 2 executed, 3 cancelled; time in Unix seconds.

    One that has expired, or whose epoch is over, stays 1.
    """

    state: int
    executable_at: int


class Council(ContractBinding):
    """Calls and views of Council.

    An action is a mapping of `calls` (a sequence of mappings `target`, `data`), `salt`, `epoch` and `expiry` (Unix
    seconds); an approval is one of `agency`, `key` and `signature`. Bytes are bytes, addresses are `0x` hex. Writes
    raise FormatError for another shape.
    """

    NAME: ClassVar[str] = "Council"

    def schedule(self, action: Mapping[str, Any], approvals: Sequence[Mapping[str, Any]]) -> Call:
        """Schedule an action with at least `threshold` approvals, ascending by agency; anybody sends it."""
        return self._write("schedule", _action(action), _approvals(approvals))

    def execute(self, action: Mapping[str, Any], approvals: Sequence[Mapping[str, Any]]) -> Call:
        """Execute a scheduled action whose delay is over, with approvals that are judged anew; anybody sends it."""
        return self._write("execute", _action(action), _approvals(approvals))

    def cancel(self, action: bytes, approvals: Sequence[Mapping[str, Any]]) -> Call:
        """Cancel the scheduled action of this digest, with approvals of `CancelAction`; anybody sends it."""
        return self._write("cancel", action, _approvals(approvals))

    def execute_founding(self, action: Mapping[str, Any], approvals: Sequence[Mapping[str, Any]]) -> Call:
        """Execute an action of the founding at once, with the approvals of all founders; anybody sends it."""
        return self._write("executeFounding", _action(action), _approvals(approvals))

    def set_members(self, agencies: Sequence[int], threshold: int) -> Call:
        """Set members (ascending) and threshold, which begins an epoch; only as a call of an action."""
        return self._write("setMembers", tuple(agencies), threshold)

    def complete_founding(self, registry: str) -> Call:
        """Complete the founding with an AgencyRegistry; only as a call of an action of the founding."""
        return self._write("completeFounding", to_checksum_address(registry))

    def members(self, *, block: BlockIdentifier) -> tuple[AgencyId, ...]:
        """Return the members of the epoch, ascending."""
        return tuple(AgencyId(agency) for agency in self._view("members", block=block))

    def threshold(self, *, block: BlockIdentifier) -> int:
        """Return how many approvals an action needs."""
        threshold: int = self._view("threshold", block=block)
        return threshold

    def epoch(self, *, block: BlockIdentifier) -> int:
        """Return the number of the epoch, from 1."""
        epoch: int = self._view("epoch", block=block)
        return epoch

    def founders(self, *, block: BlockIdentifier) -> tuple[Address, ...]:
        """Return the keys of the founders, in the order of their agencies' numbers."""
        return tuple(Address(founder.lower()) for founder in self._view("founders", block=block))

    def development(self, *, block: BlockIdentifier) -> bool:
        """Say whether no action is delayed, which is for development only."""
        development: bool = self._view("development", block=block)
        return development

    def registry(self, *, block: BlockIdentifier) -> Address | None:
        """Return the AgencyRegistry in which members' keys are looked up, None before the founding is complete."""
        registry: str = self._view("registry", block=block)
        return Address(registry.lower()) if int(registry, 16) else None

    def delay_of(self, target: str, selector: bytes, *, block: BlockIdentifier) -> int:
        """Return the delay (seconds) of a call of a function by its selector (4 bytes)."""
        delay: int = self._view("delayOf", to_checksum_address(target), selector, block=block)
        return delay

    def action_state(self, action: bytes, *, block: BlockIdentifier) -> ActionState:
        """Return where the action of this digest stands."""
        return ActionState(*self._view("actionState", action, block=block))


def _action(action: Mapping[str, Any]) -> tuple[Any, ...]:
    try:
        calls = [(to_checksum_address(call["target"]), call["data"]) for call in action["calls"]]
        return calls, action["salt"], action["epoch"], action["expiry"]
    except KeyError as missing:
        raise FormatError(f"council action: member {missing} is missing") from None


def _approvals(approvals: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    try:
        return [(each["agency"], to_checksum_address(each["key"]), each["signature"]) for each in approvals]
    except KeyError as missing:
        raise FormatError(f"council approval: member {missing} is missing") from None
