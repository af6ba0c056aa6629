"""The released table of processes: every state machine of the design, in the words of its code sets."""

from itertools import pairwise

import pytest

from ledger.cli.code_set_files import code_set_named
from ledger.client.submissions import prepare
from ledger.core.commitment import RecordContent
from ledger.core.process_table import Process, StepMode
from ledger.core.schema import Schema, parse_schema
from ledger.domain import load_document
from ledger.domain.process_table import PROCESS_TABLE, refuse_unlisted_step, shipped_process_table
from ledger.domain.released import released_documents
from ledger.process_errors import StepNotListed
from ledger.services.sample_records import record_type

pytestmark = pytest.mark.unit

TABLE = shipped_process_table()
DESIGN = {
    "consent": "draft active withdrawn expired superseded",
    "request": "requested checked answered refused returned delivered accepted closed disputed",
    "grant": "active suspended revoked expired exhausted",
    "emergency": "active extended ended notified destroyed",
    "incident": "reported received assigned acknowledged on-site handled verified closed"
    " bounced delayed merged false-alarm escalated",
    "hazard": "found listed assigned fixing fixed checked confirmed closed reopened",
    "warning": "issued adjusted lifted",
    "supply": "in available issued due-check due-rotate scrapped",
    "rights": "filed verified done refused reviewed",
    "breach": "found contained reported notified reviewed",
    "obligation": "due destroyed returned notified",
    "care-alert": "raised acknowledged on-site handled closed false-alarm",
    "dispute": "filed accepted mediating settled failed closed",
    "task": "assigned acknowledged started done checked closed",
}
"""States as domain page and domain tables list them, and those of types for which they list none."""
WAYS = {
    "incident": "reported received assigned acknowledged on-site handled verified closed",
    "hazard": "found listed assigned fixing fixed checked confirmed closed reopened assigned",
    "warning": "issued adjusted adjusted lifted",
    "supply": "in available due-check available due-rotate issued",
    "rights": "filed verified done reviewed",
    "breach": "found contained reported notified reviewed",
    "request": "requested checked answered delivered accepted closed",
    "emergency": "active extended ended notified destroyed",
    "consent": "draft active superseded",
}
"""The way through each machine that the design draws."""
PUBLISHED_BY_COMMANDS = {
    *(("request", "requested", "checked"), ("request", "answered", "delivered"), ("rights", "filed", "verified")),
    *(("rights", "verified", "done"), ("rights", "verified", "refused"), ("obligation", "due", "destroyed")),
    *(("obligation", "due", "returned"), ("obligation", "due", "notified")),
}
EVERY = [pytest.param(process, id=name) for name, process in TABLE.processes.items()]


def test_every_state_machine_of_the_design_is_in_the_table() -> None:
    assert set(TABLE.processes) == set(DESIGN)
    for name, states in DESIGN.items():
        assert set(states.split()) <= set(TABLE.processes[name].states), name


@pytest.mark.parametrize("name", WAYS)
def test_the_way_that_the_design_draws_can_be_gone(name: str) -> None:
    process, way = TABLE.processes[name], WAYS[name].split()
    assert process.initial == way[0]
    assert [pair for pair in pairwise(way) if pair not in process.by_ends] == []


@pytest.mark.parametrize("process", EVERY)
def test_every_state_is_reached_and_an_end_is_left_only_where_that_is_meant(process: Process) -> None:
    assert process.reached_from(process.initial) == set(process.states)
    meant = {("closed", "reopened"), ("done", "reviewed"), ("refused", "reviewed")}
    left = {(step.before, step.after) for step in process.steps if step.before in process.ends}
    assert left <= meant
    for state in process.states:
        assert process.reached_from(state) & set(process.ends), state


def test_words_of_the_table_are_codes_of_its_code_sets_and_each_code_is_used() -> None:
    processes, states = (code_set_named(name) for name in TABLE.code_sets)
    assert (processes.reference, states.reference) == ("process/2", "process-step/2")
    assert list(TABLE.processes) == list(processes.accepted)
    assert {state for process in TABLE.processes.values() for state in process.states} == set(states.accepted)


def test_codes_of_the_first_version_still_mean_what_they_meant() -> None:
    for name in ("process", "process-step"):
        first, second = (code_set_named(f"{name}/{version}").by_code for version in (1, 2))
        assert set(first) <= set(second)
    assert code_set_named("process/1").codes[0].title == code_set_named("process/2").by_code["request"].title


def test_the_steps_that_commands_publish_are_in_the_table() -> None:
    for process, before, after in PUBLISHED_BY_COMMANDS:
        TABLE.require_listed(process, before, after)


@pytest.mark.parametrize("process", EVERY)
def test_whoever_acknowledges_is_one_of_several_and_what_is_on_chain_is_nobody_s_record(process: Process) -> None:
    for step in process.steps:
        if step.after in ("acknowledged", "on-site"):
            assert step.mode is StepMode.EACH, step
    if process.name in ("consent", "grant", "emergency"):
        assert {step.mode for step in process.steps} == {StepMode.CHAIN}


def test_deadlines_are_those_that_the_design_gives() -> None:
    found = {
        (process.name, step.before, step.after, deadline.since): (deadline.hours, deadline.working_days, deadline.level)
        for process in TABLE.processes.values()
        for step in process.steps
        for deadline in step.deadlines
    }
    assert found["request", "requested", "checked", "requested"] == (None, 2, None)
    assert found["request", "answered", "delivered", "answered"] == (None, 20, None)
    assert found["rights", "verified", "done", "filed"] == (None, 10, None)
    assert found["hazard", "fixing", "fixed", "assigned"] == (24, None, 1)
    assert found["dispute", "filed", "accepted", "filed"] == (72, None, None)
    assert found["incident", "assigned", "acknowledged", "assigned"] == (1, None, None)


@pytest.mark.parametrize("process", EVERY)
def test_every_process_says_in_both_languages_what_to_know_of_it(process: Process) -> None:
    assert process.note["zh"].strip()
    assert process.note["en"].strip()


def test_the_table_is_released() -> None:
    assert PROCESS_TABLE in released_documents()


def transition(version: int) -> Schema:
    return record_type(f"transition-{version}", load_document).schema


def told(process: str, before: str, after: str) -> dict[str, object]:
    return {"/process": process, "/from": before, "/to": after}


def test_a_step_that_is_not_in_the_table_is_refused_before_it_is_signed() -> None:
    values = {"/region": "990101001003", "/occurredAt": 1, "/at": 1, "/synthetic": True}
    values |= {"/subjectRecordId": "0x" + "00" * 32, **told("hazard", "found", "closed")}
    given = {path: values.get(path) for path in transition(2).original_paths}
    with pytest.raises(StepNotListed, match="accepted: found → listed"):
        prepare(transition(2), RecordContent(bytes(32), 1, bytes(32), bytes(32), given))
    given["/to"] = "listed"
    assert prepare(transition(2), RecordContent(bytes(32), 1, bytes(32), bytes(32), given)).version == 1


def test_nothing_is_asked_of_other_records_and_of_steps_in_codes_of_the_first_version() -> None:
    step = told("request", "delivered", "requested")
    refuse_unlisted_step(transition(1), step)
    refuse_unlisted_step(parse_schema(load_document("schemas/incident-2.json")), step)
    with pytest.raises(StepNotListed):
        refuse_unlisted_step(transition(2), step)
