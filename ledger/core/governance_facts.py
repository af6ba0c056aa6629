"""What the chain says of how the consortium governs itself, folded from the events of Council, directory and pauses.

Nothing is judged here: an auditor finds whether what stands here was legal (`ledger/core/audit/governance.py`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from ledger.core.points import AsOf, ChainEvent, Point, anchors_number
from ledger.errors import HistoryError

GOVERNOR: Final = 0
"""The `agency` of a pause that the governor set."""


@dataclass(frozen=True, slots=True)
class MembersFacts:
    """The members of an epoch, ascending, and how many of them an action needs."""

    epoch: int
    agencies: tuple[int, ...]
    threshold: int
    point: Point
    transaction: str


@dataclass(frozen=True, slots=True)
class CouncilStep:
    """A step of an action: its id (0x hex), the epoch that the event says, and who approved by which key, in order."""

    action: str
    epoch: int
    agencies: tuple[int, ...]
    keys: tuple[str, ...]
    point: Point
    transaction: str


@dataclass(frozen=True, slots=True)
class ScheduledStep(CouncilStep):
    """The step that scheduled an action; times in Unix seconds, `calls` are (target address, selector), in order."""

    executable_at: int
    expiry: int
    calls: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ContractFacts:
    """A contract that the directory names from `point` on: address, and Keccak-256 of its runtime code (0x hex)."""

    name: str
    address: str
    code_hash: str
    previous: str
    point: Point
    transaction: str


@dataclass(frozen=True, slots=True)
class PauseFacts:
    """A pause of one contract until a time (Unix seconds; 0 lifts it), by an agency or the governor (0)."""

    agency: int
    until: int
    point: Point
    transaction: str


@dataclass(frozen=True, slots=True)
class RepudiationFacts:
    """A batch that its gateway and the governor repudiate, for this reason, by the `contract` of this name.

    A RecordAnchors repudiates what stands in it or in one that it succeeds, and nothing that stands in a later one.
    """

    contract: str
    gateway: int
    batch: int
    reason: int
    point: Point
    transaction: str

    def reaches(self, contract: str) -> bool:
        """Say whether this repudiates a batch that stands in the RecordAnchors of this name."""
        return (anchors_number(contract) or 0) <= (anchors_number(self.contract) or 0)


@dataclass(frozen=True, slots=True)
class FoundingFacts:
    """Where the founding was completed, and with which registry."""

    registry: str
    point: Point
    transaction: str


Facts = TypeVar("Facts", MembersFacts, ContractFacts, PauseFacts)


class GovernanceFacts:
    """All of it, each list in the order of the chain."""

    def __init__(self) -> None:
        self.members: list[MembersFacts] = []
        self.foundings: list[FoundingFacts] = []
        self.scheduled: list[ScheduledStep] = []
        self.executed: list[CouncilStep] = []
        self.cancelled: list[CouncilStep] = []
        self.contracts: list[ContractFacts] = []
        self.pauses: dict[str, list[PauseFacts]] = {}
        """By contract name."""
        self.repudiations: list[RepudiationFacts] = []

    def members_at(self, as_of: AsOf) -> MembersFacts | None:
        """Return the members of the epoch at that moment, None before the first."""
        return _newest(self.members, as_of)

    def contract(self, name: str, as_of: AsOf) -> ContractFacts | None:
        """Return the contract that the directory named so at that moment, None if it named none."""
        return _newest([facts for facts in self.contracts if facts.name == name], as_of)

    def paused_until(self, contract: str, as_of: AsOf) -> int:
        """Return until when (Unix seconds) a contract was paused as of that moment, 0 if it never was."""
        pause = _newest(self.pauses.get(contract, []), as_of)
        return pause.until if pause else 0

    def repudiation(self, gateway: int, batch: int, contract: str) -> RepudiationFacts | None:
        """Return the first repudiation of a batch that stands in the RecordAnchors of this name, None if none is."""
        found = (one for one in self.repudiations if (one.gateway, one.batch) == (gateway, batch))
        return next((one for one in found if one.reaches(contract)), None)


def _newest(facts: Sequence[Facts], as_of: AsOf) -> Facts | None:
    return next((one for one in reversed(facts) if as_of.covers(one.point)), None)


Fold = Callable[[GovernanceFacts, Point, ChainEvent], None]


def _members(facts: GovernanceFacts, point: Point, event: ChainEvent) -> None:
    args = event.args
    members = MembersFacts(args["epoch"], tuple(args["agencies"]), args["threshold"], point, event.transaction)
    facts.members.append(members)


def _founded(facts: GovernanceFacts, point: Point, event: ChainEvent) -> None:
    facts.foundings.append(FoundingFacts(event.args["registry"], point, event.transaction))


def _scheduled(facts: GovernanceFacts, point: Point, event: ChainEvent) -> None:
    args = event.args
    if len(args["targets"]) != len(args["selectors"]):
        raise HistoryError(f"block {event.block} schedules an action with more targets than functions, or fewer")
    calls = tuple(zip(args["targets"], args["selectors"], strict=True))
    step = ScheduledStep(*_step(point, event), args["executableAt"], args["expiry"], calls)
    facts.scheduled.append(step)


def _executed(facts: GovernanceFacts, point: Point, event: ChainEvent) -> None:
    facts.executed.append(CouncilStep(*_step(point, event)))


def _cancelled(facts: GovernanceFacts, point: Point, event: ChainEvent) -> None:
    facts.cancelled.append(CouncilStep(*_step(point, event)))


def _step(point: Point, event: ChainEvent) -> tuple[str, int, tuple[int, ...], tuple[str, ...], Point, str]:
    args = event.args
    if len(args["agencies"]) != len(args["keys"]):
        raise HistoryError(f"block {event.block} has {event.name} with more agencies than keys, or fewer")
    return args["action"], args["epoch"], tuple(args["agencies"]), tuple(args["keys"]), point, event.transaction


def _contract(facts: GovernanceFacts, point: Point, event: ChainEvent) -> None:
    args = event.args
    entry = ContractFacts(args["name"], args["at"], args["codeHash"], args["previous"], point, event.transaction)
    facts.contracts.append(entry)


def _pause(facts: GovernanceFacts, point: Point, event: ChainEvent) -> None:
    pause = PauseFacts(event.args["agency"], event.args["until"], point, event.transaction)
    facts.pauses.setdefault(event.contract, []).append(pause)


def _repudiated(facts: GovernanceFacts, point: Point, event: ChainEvent) -> None:
    args = event.args
    facts.repudiations.append(
        RepudiationFacts(event.contract, args["gateway"], args["batch"], args["reason"], point, event.transaction)
    )


PAUSABLE: Final = ("AgencyRegistry", "Catalogue", "ConsentRegistry", "AccessLedger")
"""Contracts that can be paused."""
GOVERNANCE_FOLDS: Final[Mapping[tuple[str, str], Fold]] = {
    ("Council", "MembersSet"): _members,
    ("Council", "FoundingCompleted"): _founded,
    ("Council", "ActionScheduled"): _scheduled,
    ("Council", "ActionExecuted"): _executed,
    ("Council", "ActionCancelled"): _cancelled,
    ("SystemDirectory", "ContractSet"): _contract,
    ("RecordAnchors", "BatchRepudiated"): _repudiated,
    **{(contract, "PauseSet"): _pause for contract in PAUSABLE},
}
"""What each event states, by contract and name."""
