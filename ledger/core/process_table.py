"""The table of processes `gongzhi-process-table/1`: states, steps, who may take them, until when, who hears otherwise.

PERMANENT: a step names the table that it follows by its hash, so a version that was released is never edited. Source:
domain page, "Processes: a transition is a record of its own"; domain tables, "State machines".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Final, TypeVar

from ledger.core.canonical import document_hash
from ledger.core.codes import AgencyKind
from ledger.core.shapes import array, ascending_codes, format_members, from_one, members_of, text, titles
from ledger.process_errors import ProcessTableInvalid, StepNotListed

FORMAT: Final = "gongzhi-process-table/1"
Word = TypeVar("Word", bound=StrEnum)
MOST_STEPS: Final = 1_000
"""Of one process."""
_MEMBERS = ("format", "version", "title", "codeSets", "processes")
_PROCESS_MEMBERS = ("process", "initial", "states", "ends", "note", "steps")
_STEP_MEMBERS = ("from", "to", "mode", "agencyKinds", "party", "deadlines", "escalation")


class StepMode(StrEnum):
    """What a step does to the state."""

    MOVE = "move"
    """One agency moves the state."""
    EACH = "each"
    """Several agencies may say so, in any order: the first one moves the state, the others are noted."""
    NOTE = "note"
    """Noted; the state stays."""
    CHAIN = "chain"
    """It stands on chain: no record of it is taken."""


class Party(StrEnum):
    """Whose step it is, whatever kind of agency that is."""

    PUBLISHER = "publisher"
    """Who published the record that the process is about."""
    HOLDER = "holder"
    """Who is asked for records, or gave a grant."""
    READER = "reader"
    """Who asks, or was given it."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """By when a step is due, counted from when the state `since` was reached: in `hours`, or else in `working_days`.

    `level`: for records of this level alone; None for all.
    """

    since: str
    hours: int | None
    working_days: int | None
    level: int | None


@dataclass(frozen=True, slots=True)
class ListedStep:
    """A step of a process. `agency_kinds` and `party` may take it; both empty: nobody by a record, it stands on chain.

    `escalation` are the kinds of agencies that hear of it when nobody took it in time.
    """

    before: str
    after: str
    mode: StepMode
    agency_kinds: tuple[AgencyKind, ...]
    party: Party | None
    deadlines: tuple[Deadline, ...]
    escalation: tuple[AgencyKind, ...]


@dataclass(frozen=True)
class Process:
    """The state machine of one process: `states` in their usual order, `ends` those in which nothing more is owed."""

    name: str
    initial: str
    states: tuple[str, ...]
    ends: tuple[str, ...]
    note: Mapping[str, str]
    steps: tuple[ListedStep, ...]

    @cached_property
    def by_ends(self) -> Mapping[tuple[str, str], ListedStep]:
        """Every step by its state before and after."""
        return {(step.before, step.after): step for step in self.steps}

    def steps_from(self, state: str) -> tuple[ListedStep, ...]:
        """Return the steps that lead out of a state, in the table's order."""
        return tuple(step for step in self.steps if step.before == state)

    def reached_from(self, state: str, modes: Iterable[StepMode] = StepMode) -> frozenset[str]:
        """Return the states that steps of these modes lead to from a state, in any number; itself is among them."""
        wanted, found, ahead = frozenset(modes), {state}, [state]
        while ahead:
            after = {step.after for step in self.steps_from(ahead.pop()) if step.mode in wanted} - found
            found |= after
            ahead += after
        return frozenset(found)


@dataclass(frozen=True)
class ProcessTable:
    """A parsed table; `hash` is Keccak-256 (32 bytes) of its canonical document."""

    version: int
    title: Mapping[str, str]
    code_sets: tuple[str, ...]
    processes: Mapping[str, Process]
    document: Mapping[str, Any]
    hash: bytes

    def require_listed(self, process: str, before: str, after: str) -> None:
        """Raise StepNotListed, naming what is accepted, unless a record may state this step.

        Its words are codes of the table; what was given is not repeated.
        """
        known = self.processes.get(process)
        if known is None:
            raise StepNotListed(f"/process: not in the table; accepted: {', '.join(self.processes)}")
        step = known.by_ends.get((before, after))
        if step is not None and step.mode is not StepMode.CHAIN:
            return
        listed = [one for one in known.steps if one.mode is not StepMode.CHAIN]
        near = [one for one in listed if one.before == before] or listed
        accepted = ", ".join(f"{one.before} → {one.after}" for one in near) or "none, its steps stand on chain"
        raise StepNotListed(f"/from, /to: no step of process {process} that a record may state; accepted: {accepted}")


def parse_process_table(document: object) -> ProcessTable:
    """Return the table of a document (its parsed JSON).

    Raises UnsupportedFormat for another format name, FormatError for members and shapes that are not the format's, and
    ProcessTableInvalid, naming process and step, for a table that does not fit together: a state or step that is
    unknown or stands twice, a state that no step reaches or that no step leaves and is no end, a step that nobody may
    take, steps of mode `each` from one state to several.
    """
    members = format_members(document, FORMAT, _MEMBERS, what="process table")
    version = from_one(members["version"], 32, what="process table version")
    parsed = [_parse_process(one) for one in array(members["processes"], what="processes", most=MOST_STEPS)]
    processes = {process.name: process for process in parsed}
    if not parsed or len(processes) != len(parsed):
        raise ProcessTableInvalid("processes: expected at least one, each once")
    return ProcessTable(
        version=version,
        title=titles(members["title"], what="process table title"),
        code_sets=_texts(members["codeSets"], what="process table codeSets"),
        processes=processes,
        document=members,
        hash=document_hash(members),
    )


def _parse_process(value: object) -> Process:
    members = members_of(value, _PROCESS_MEMBERS, what="process")
    what = f"process {text(members['process'], what='process name')}"
    process = Process(
        name=members["process"],
        initial=text(members["initial"], what=f"{what} initial"),
        states=_texts(members["states"], what=f"{what} states"),
        ends=_texts(members["ends"], what=f"{what} ends"),
        note=titles(members["note"], what=f"{what} note"),
        steps=tuple(_parse_step(one, what) for one in array(members["steps"], what=f"{what} steps", most=MOST_STEPS)),
    )
    _check_states(process, what)
    for step in process.steps:
        _check_step(step, process, what)
    return process


def _parse_step(value: object, what: str) -> ListedStep:
    members = members_of(value, _STEP_MEMBERS, what=f"{what} step")
    before, after = (text(members[name], what=f"{what} step {name}") for name in ("from", "to"))
    what = f"{what} step {before} → {after}"
    party = members["party"]
    deadlines = array(members["deadlines"], what=f"{what} deadlines", most=MOST_STEPS)
    return ListedStep(
        before=before,
        after=after,
        mode=_word(StepMode, members["mode"], what=f"{what} mode"),
        agency_kinds=ascending_codes(AgencyKind, members["agencyKinds"], what=f"{what} agencyKinds"),
        party=None if party is None else _word(Party, party, what=f"{what} party"),
        deadlines=tuple(_parse_deadline(one, before, f"{what} deadline") for one in deadlines),
        escalation=ascending_codes(AgencyKind, members["escalation"], what=f"{what} escalation"),
    )


def _parse_deadline(value: object, before: str, what: str) -> Deadline:
    members = members_of(value, (), what=what, optional=("hours", "workingDays", "since", "level"))
    if ("hours" in members) is ("workingDays" in members):
        raise ProcessTableInvalid(f"{what}: expected hours or workingDays, one of them")
    return Deadline(
        since=text(members.get("since", before), what=f"{what} since"),
        hours=from_one(members["hours"], 16, what=f"{what} hours") if "hours" in members else None,
        working_days=from_one(members["workingDays"], 16, what=f"{what} workingDays")
        if "workingDays" in members
        else None,
        level=from_one(members["level"], 16, what=f"{what} level") if "level" in members else None,
    )


def _check_states(process: Process, what: str) -> None:
    """Raise ProcessTableInvalid unless states, ends and steps fit together."""
    states, ends = set(process.states), set(process.ends)
    named = {process.initial, *ends, *(state for step in process.steps for state in (step.before, step.after))}
    if not states or len(states) != len(process.states) or len(ends) != len(process.ends):
        raise ProcessTableInvalid(f"{what}: expected at least one state, and each state and end once")
    if not named <= states:
        raise ProcessTableInvalid(f"{what}: a step, the initial state or an end is not among its states")
    if len(process.by_ends) != len(process.steps):
        raise ProcessTableInvalid(f"{what}: a step stands twice")
    _refuse_some(states - process.reached_from(process.initial), f"{what}: no step leads to")
    stuck = {state for state in states - ends if not process.steps_from(state)}
    _refuse_some(stuck, f"{what}: no step leads out of, though no end,")
    several: dict[str, set[str]] = {}
    for step in process.steps:
        if step.mode is StepMode.EACH:
            several.setdefault(step.before, set()).add(step.after)
    _refuse_some({state for state, after in several.items() if len(after) > 1}, f"{what}: two steps of mode each from")


def _check_step(step: ListedStep, process: Process, what: str) -> None:
    """Raise ProcessTableInvalid unless somebody may take a step where a record states it, and its clocks run."""
    what = f"{what} step {step.before} → {step.after}"
    if (step.mode is StepMode.CHAIN) is bool(step.agency_kinds or step.party):
        raise ProcessTableInvalid(
            f"{what}: agencyKinds or party say who may take it, and only where it is not on chain"
        )
    if step.mode is StepMode.EACH and step.before == step.after:
        raise ProcessTableInvalid(f"{what}: of mode each, and leads nowhere")
    if any(deadline.since not in process.states for deadline in step.deadlines):
        raise ProcessTableInvalid(f"{what}: a deadline counts from a state that the process does not have")
    if bool(step.escalation) is not bool(step.deadlines):
        raise ProcessTableInvalid(f"{what}: deadlines and escalation go together")


def _refuse_some(states: Iterable[str], what: str) -> None:
    found = sorted(states)
    if found:
        raise ProcessTableInvalid(f"{what} {', '.join(found)}")


def _texts(value: object, *, what: str) -> tuple[str, ...]:
    return tuple(text(one, what=what) for one in array(value, what=what, most=MOST_STEPS))


def _word(words: type[Word], value: object, *, what: str) -> Word:
    """Return the word of an enumeration; raises ProcessTableInvalid, naming the accepted ones."""
    try:
        return words(text(value, what=what))
    except ValueError:
        raise ProcessTableInvalid(f"{what}: expected one of {', '.join(words)}") from None
