"""A small table of processes, and transitions of it, for tests of the engine."""

from typing import Any

from ledger.core.codes import AgencyKind
from ledger.core.process_fold import Transition
from ledger.core.process_table import Process, ProcessTable, parse_process_table

WORDS = {"zh": "流程", "en": "process"}
START, HOUR = 1_767_225_600, 3600
"""2026-01-01T08:00+08:00, a Thursday."""
COMMUNITY, FIRE, POLICE, VOLUNTEERS = 22, 8, 3, 32
KINDS = [POLICE, FIRE, COMMUNITY]


def step(before: str, after: str, **more: Any) -> dict[str, Any]:
    """A step that fire, police and community may take."""
    usual = {"mode": "move", "agencyKinds": KINDS, "party": None, "deadlines": [], "escalation": []}
    return {"from": before, "to": after, **usual, **more}


STEPS = [
    step("told", "sent", party="publisher", deadlines=[{"hours": 1}], escalation=[20, 21]),
    step(
        "sent",
        "seen",
        mode="each",
        deadlines=[{"hours": 2}, {"hours": 1, "level": 1}, {"workingDays": 1, "since": "told"}],
        escalation=[21],
    ),
    step("sent", "back"),
    step(
        "seen",
        "done",
        deadlines=[{"workingDays": 1, "since": "sent"}, {"hours": 1, "level": 2}],
        escalation=[21],
    ),
    step("back", "sent"),
    step("done", "paid", mode="chain", agencyKinds=[]),
    step("done", "void", mode="chain", agencyKinds=[]),
    step("paid", "filed", agencyKinds=[], party="holder"),
    step(
        "paid",
        "paid",
        mode="note",
        agencyKinds=[],
        party="reader",
        deadlines=[{"hours": 1, "since": "told"}],
        escalation=[1],
    ),
    step("seen", "back"),
]
STATES = ["told", "sent", "seen", "back", "done", "paid", "void", "filed"]
ENDS = ["void", "filed"]


def process(**changes: Any) -> dict[str, Any]:
    """The document of the process `errand`."""
    usual = {"process": "errand", "initial": "told", "states": STATES, "ends": ENDS, "note": WORDS, "steps": STEPS}
    return {**usual, **changes}


def document(*processes: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A table of processes, of the errand alone if none is given."""
    usual = {"format": "gongzhi-process-table/1", "version": 1, "title": WORDS, "codeSets": ["process/2"]}
    return {**usual, "processes": [*processes] or [process()], **changes}


TABLE: ProcessTable = parse_process_table(document())
ERRAND: Process = TABLE.processes["errand"]


def said(
    before: str, after: str, at: int = START, number: int = 1, agency_kind: int | None = FIRE, **more: Any
) -> Transition:
    """A transition, by agency 8 of the fire brigade if nothing is said."""
    known = None if agency_kind is None else AgencyKind(agency_kind)
    usual = {"process": "errand", "publisher": agency_kind or FIRE, "agency_kind": known}
    return Transition(record_id=bytes([number]) * 32, before=before, after=after, at=at, **{**usual, **more})
