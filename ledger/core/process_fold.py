"""The state of a process: the fold of its transitions in anchored order (domain page, "Processes").

`fold` is total: whatever transitions come, each is judged and kept. A step that the table does not allow changes
nothing, a step that came after another took its state away loses by order, and both stay visible with a reason. Steps
of mode `each` commute: in whatever order several agencies acknowledge, state, verdicts and lateness are the same.
Whether a step was late is computed from the deadlines of the table, never stored.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from ledger.core.calendar import WEEKENDS_ONLY, Calendar
from ledger.core.codes import AgencyKind
from ledger.core.process_table import ListedStep, Party, Process, ProcessTable, StepMode

HOUR_SECONDS: Final = 3600


class Verdict(StrEnum):
    """What became of a transition."""

    TAKEN = "taken"
    """It moved the state."""
    ACKNOWLEDGED = "acknowledged"
    """One of several that may say so: it counts, and in whatever order."""
    CONFLICTING = "conflicting"
    """It may stand in the table, but another one was anchored before it: it changes nothing."""
    ILLEGAL = "illegal"
    """The table has no such step there: it changes nothing."""


class Reason(StrEnum):
    """Why a transition changes nothing. Codes are only ever appended."""

    UNKNOWN_PROCESS = "unknown_process"
    NOT_LISTED = "not_listed"
    ON_CHAIN = "on_chain"
    NOT_ENTITLED = "not_entitled"
    NOT_REACHED = "not_reached"
    MOVED_ON = "moved_on"
    OTHER_PREVIOUS = "other_previous"


CONFLICTS: Final = frozenset({Reason.MOVED_ON, Reason.OTHER_PREVIOUS})
"""Reasons for which a step lost by order; for every other one it was illegal."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A step as a record states it. Ids are 32 bytes; `at` is when its submission was signed, in Unix seconds.

    `publisher` is the agency that took the step, `agency_kind` its kind (None: not known, so not judged). `table` is
    the hash of the table that it says it follows.
    """

    record_id: bytes
    process: str
    before: str
    after: str
    at: int
    publisher: int
    agency_kind: AgencyKind | None = None
    previous: bytes | None = None
    table: bytes | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a process is judged by besides its table.

    `started_at`: when the initial state began (Unix seconds; None: not known, and what counts from it is not judged).
    `parties`: agencies by what they are to the record; `level`: of the record. Both may lack what is not known.
    `on_chain`: states that steps on chain led to, with when (Unix seconds); None: the chain is not known, and
    such steps are taken as done where a record begins behind them.
    """

    started_at: int | None = None
    parties: Mapping[Party, int] = field(default_factory=dict)
    level: int | None = None
    calendar: Calendar = WEEKENDS_ONLY
    on_chain: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A transition with its verdict. `due_at` (Unix seconds) is None where no deadline runs or its start is unknown."""

    transition: Transition
    verdict: Verdict
    reason: Reason | None = None
    due_at: int | None = None

    @property
    def is_late(self) -> bool:
        """Whether it counts, and was signed after it was due."""
        return self.reason is None and self.due_at is not None and self.transition.at > self.due_at


@dataclass(frozen=True, slots=True)
class Owed:
    """A step out of the state that stands, with a deadline: `due_at` in Unix seconds."""

    step: ListedStep
    due_at: int


@dataclass(frozen=True, slots=True)
class ProcessState:
    """Where a process stands. `since`: when its state was reached (Unix seconds), None where that is not known.

    `visits` counts how often each state was entered, the initial one too: how often it bounced is among them. `implied`
    are states that steps on chain must have led to. `owed` are the steps that have a deadline now; none at an end.
    """

    process: str
    state: str
    since: int | None
    is_end: bool
    judged: tuple[Judged, ...]
    visits: Mapping[str, int]
    implied: tuple[str, ...]
    owed: tuple[Owed, ...]

    def overdue(self, now: int) -> tuple[Owed, ...]:
        """Return what was due before `now` (Unix seconds) and is not done: it escalates to `step.escalation`."""
        return tuple(one for one in self.owed if one.due_at < now)


@dataclass(slots=True)
class _Visit:
    """A stay in a state: when it was entered, by each that said so, and the transitions that lead to it."""

    state: str
    entered_at: list[int]
    led_here: set[bytes]


@dataclass(slots=True)
class _Walk:
    """What was walked so far. `left`: states that a step of mode `each` left, to which stay, in this round.

    `passed`: states that were reached; in this round, where steps of mode `each` lead there from its beginning. A round
    begins when a state is entered by any other step.
    """

    process: Process
    around: Surroundings
    visits: list[_Visit]
    latest: dict[str, _Visit]
    left: dict[str, _Visit] = field(default_factory=dict)
    passed: set[str] = field(default_factory=set)
    implied: list[str] = field(default_factory=list)

    @property
    def here(self) -> _Visit:
        return self.visits[-1]

    def enter(self, state: str, at: int | None, by: bytes | None, *, of_several: bool = False) -> None:
        visit = _Visit(state, [] if at is None else [at], set() if by is None else {by})
        self.visits.append(visit)
        self.latest[state] = visit
        behind = {state} if of_several else self.process.reached_from(state, {StepMode.EACH})
        for one in behind:
            self.left.pop(one, None)
        self.passed -= behind
        self.passed.add(state)


def fold(process: Process, transitions: Iterable[Transition], around: Surroundings | None = None) -> ProcessState:
    """Return the state that transitions of one subject lead to, given in anchored order; nothing is raised."""
    around = around or Surroundings()
    walk = _Walk(process, around, [], {})
    walk.enter(process.initial, around.started_at, None)
    told: list[tuple[Judged, Mapping[str, _Visit]]] = []
    for transition in transitions:
        # The stays as they are now; who else said that it entered them is known at the end.
        told.append((_judge(walk, transition), dict(walk.latest)))
    judged = [_with_due(process, one, stays, around) for one, stays in told]
    done = {(one.transition.before, one.transition.after) for one in judged if one.reason is None}
    return ProcessState(
        process=process.name,
        state=walk.here.state,
        since=min(walk.here.entered_at, default=None),
        is_end=walk.here.state in process.ends,
        judged=tuple(judged),
        visits=_counted(walk.visits),
        implied=tuple(walk.implied),
        owed=tuple(_owed(process, walk, done)),
    )


def fold_all(
    table: ProcessTable, transitions: Sequence[Transition], around: Surroundings | None = None
) -> tuple[tuple[ProcessState, ...], tuple[Judged, ...]]:
    """Fold the transitions of one subject, process by process in the table's order.

    Returns the states of the processes that have a transition, and the transitions of processes that the table lacks.
    """
    states = tuple(
        fold(process, [one for one in transitions if one.process == name], around)
        for name, process in table.processes.items()
        if any(one.process == name for one in transitions)
    )
    unknown = [one for one in transitions if one.process not in table.processes]
    return states, tuple(_refused(one, Reason.UNKNOWN_PROCESS) for one in unknown)


def _judge(walk: _Walk, transition: Transition) -> Judged:
    if transition.process != walk.process.name:
        return _refused(transition, Reason.UNKNOWN_PROCESS)
    step = walk.process.by_ends.get((transition.before, transition.after))
    if step is None:
        return _refused(transition, Reason.NOT_LISTED)
    if step.mode is StepMode.CHAIN:
        return _refused(transition, Reason.ON_CHAIN)
    if not _may(step, transition, walk.around):
        return _refused(transition, Reason.NOT_ENTITLED)
    if step.mode is StepMode.EACH and step.before in walk.left:
        return _noted_of_several(walk, transition)
    missing = _not_there(walk, step)
    if missing is not None:
        return _refused(transition, missing)
    if step.mode is StepMode.NOTE:
        return Judged(transition, Verdict.ACKNOWLEDGED)
    return _moved(walk, step, transition)


def _not_there(walk: _Walk, step: ListedStep) -> Reason | None:
    """Bring the walk to where a step begins by steps on chain, if it is not there; return why not if that cannot be."""
    before = step.before
    if walk.here.state == before:
        return None
    done = walk.around.on_chain
    if before in walk.process.reached_from(walk.here.state, {StepMode.CHAIN}) and (done is None or before in done):
        walk.enter(before, None if done is None else done[before], None)
        walk.implied.append(before)
        return None
    # What one of several says too early in a round did not lose to anybody; what another step says there may have.
    was_there = before in (walk.passed if step.mode is StepMode.EACH else walk.latest)
    return Reason.MOVED_ON if was_there else Reason.NOT_REACHED


def _moved(walk: _Walk, step: ListedStep, transition: Transition) -> Judged:
    if step.mode is StepMode.EACH:
        walk.enter(step.after, transition.at, transition.record_id, of_several=True)
        walk.left[step.before] = walk.here
        return Judged(transition, Verdict.ACKNOWLEDGED)
    led_here = walk.here.led_here
    if transition.previous is not None and led_here and transition.previous not in led_here:
        return _refused(transition, Reason.OTHER_PREVIOUS)
    walk.enter(step.after, transition.at, transition.record_id)
    return Judged(transition, Verdict.TAKEN)


def _noted_of_several(walk: _Walk, transition: Transition) -> Judged:
    visit = walk.left[transition.before]
    visit.entered_at.append(transition.at)
    visit.led_here.add(transition.record_id)
    return Judged(transition, Verdict.ACKNOWLEDGED)


def _refused(transition: Transition, reason: Reason) -> Judged:
    return Judged(transition, Verdict.CONFLICTING if reason in CONFLICTS else Verdict.ILLEGAL, reason)


def _may(step: ListedStep, transition: Transition, around: Surroundings) -> bool:
    """Say whether an agency may take a step; what is not known of it speaks for it."""
    known = transition.agency_kind
    of_kind = step.agency_kinds if known is None else known in step.agency_kinds
    party = None if step.party is None else around.parties.get(step.party, transition.publisher)
    return bool(of_kind) or party == transition.publisher


def _with_due(process: Process, judged: Judged, stays: Mapping[str, _Visit], around: Surroundings) -> Judged:
    if judged.reason is not None:
        return judged
    step = process.by_ends[judged.transition.before, judged.transition.after]
    return replace(judged, due_at=_due_at(step, stays, around))


def _due_at(step: ListedStep, stays: Mapping[str, _Visit], around: Surroundings) -> int | None:
    """Return the earliest deadline of a step that runs for a record of this level, from the stays as they were."""
    dues = []
    for deadline in step.deadlines:
        visit = stays.get(deadline.since)
        start = None if visit is None else min(visit.entered_at, default=None)
        if start is None or deadline.level not in (None, around.level):
            continue
        if deadline.hours is not None:
            dues.append(start + deadline.hours * HOUR_SECONDS)
        else:
            dues.append(around.calendar.deadline(start, deadline.working_days or 0))
    return min(dues, default=None)


def _owed(process: Process, walk: _Walk, done: set[tuple[str, str]]) -> Iterable[Owed]:
    for step in process.steps_from(walk.here.state):
        due_at = _due_at(step, walk.latest, walk.around)
        if due_at is not None and not (step.mode is StepMode.NOTE and (step.before, step.after) in done):
            yield Owed(step, due_at)


def _counted(visits: Sequence[_Visit]) -> Mapping[str, int]:
    counted: dict[str, int] = {}
    for visit in visits:
        counted[visit.state] = counted.get(visit.state, 0) + 1
    return counted
