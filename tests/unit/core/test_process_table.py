"""The table of processes: what it says, and which tables and steps are refused."""

from typing import Any

import pytest

from ledger.core.hexadecimal import to_hex
from ledger.core.process_table import Deadline, Party, StepMode, parse_process_table
from ledger.errors import FormatError, UnsupportedFormat
from ledger.process_errors import ProcessTableInvalid, StepNotListed
from tests.unit.core.processes import ERRAND, STATES, STEPS, TABLE, WORDS, document, process, step

pytestmark = pytest.mark.unit


def test_a_table_says_who_may_take_a_step_until_when_and_who_hears_otherwise() -> None:
    seen = ERRAND.by_ends["sent", "seen"]
    assert (seen.mode, [int(kind) for kind in seen.agency_kinds], seen.party) == (StepMode.EACH, [3, 8, 22], None)
    assert seen.deadlines == (
        Deadline("sent", 2, None, None),
        Deadline("sent", 1, None, 1),
        Deadline("told", None, 1, None),
    )
    assert [int(kind) for kind in ERRAND.by_ends["told", "sent"].escalation] == [20, 21]
    assert ERRAND.by_ends["paid", "filed"].party is Party.HOLDER
    assert (TABLE.version, TABLE.title, TABLE.code_sets) == (1, WORDS, ("process/2",))
    assert to_hex(TABLE.hash) == to_hex(parse_process_table(document()).hash)
    assert TABLE.hash != parse_process_table(document(version=2)).hash


def test_states_are_reached_by_steps_of_the_modes_that_are_asked_for() -> None:
    assert ERRAND.reached_from("told") == set(STATES)
    assert ERRAND.reached_from("done", {StepMode.CHAIN}) == {"done", "paid", "void"}
    assert ERRAND.reached_from("void") == {"void"}


def without(number: int, **changes: Any) -> list[dict[str, Any]]:
    """The steps of the errand, one of them changed."""
    return [{**one, **changes} if place == number else one for place, one in enumerate(STEPS)]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"states": []}, "at least one state"),
        ({"states": [*STATES, "told"]}, "each state and end once"),
        ({"ends": ["void", "void", "filed"]}, "each state and end once"),
        ({"initial": "begun"}, "is not among its states"),
        ({"ends": ["void", "filed", "over"]}, "is not among its states"),
        ({"steps": [*STEPS, step("seen", "over")]}, "is not among its states"),
        ({"steps": [*STEPS, step("seen", "done")]}, "a step stands twice"),
        ({"states": [*STATES, "adrift", "lost"], "steps": [*STEPS, step("lost", "done")]}, "leads to adrift, lost"),
        ({"ends": ["filed"]}, "no step leads out of, though no end, void"),
        ({"steps": [*STEPS, step("sent", "done", mode="each")]}, "two steps of mode each from sent"),
        ({"steps": without(0, agencyKinds=[], party=None)}, "told → sent: agencyKinds or party say who"),
        ({"steps": without(5, agencyKinds=[8])}, "done → paid: agencyKinds or party say who"),
        ({"steps": without(5, party="holder")}, "done → paid: agencyKinds or party say who"),
        ({"steps": without(8, mode="each")}, "paid → paid: of mode each, and leads nowhere"),
        ({"steps": without(0, deadlines=[{"hours": 1, "since": "begun"}])}, "a state that the process does not have"),
        ({"steps": without(0, escalation=[])}, "deadlines and escalation go together"),
        ({"steps": without(2, escalation=[21])}, "deadlines and escalation go together"),
        ({"steps": without(0, deadlines=[{}])}, "hours or workingDays"),
        ({"steps": without(0, deadlines=[{"hours": 1, "workingDays": 1}])}, "hours or workingDays"),
        ({"steps": without(0, mode="jump")}, "expected one of move, each, note, chain"),
        ({"steps": without(0, party="mayor")}, "expected one of publisher, holder, reader"),
    ],
)
def test_a_table_that_does_not_fit_together_is_refused_by_process_and_place(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ProcessTableInvalid, match=says) as refused:
        parse_process_table(document(process(**changes)))
    assert refused.value.code == "process_table_invalid"
    assert refused.value.detail.startswith("process errand")


@pytest.mark.parametrize("processes", [[], [process(), process()]])
def test_a_table_without_a_process_or_with_one_twice_is_refused(processes: list[Any]) -> None:
    with pytest.raises(ProcessTableInvalid, match="each once"):
        parse_process_table(document(processes=processes))


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        document(version=0),
        document(more=1),
        document(process(states="told")),
        document(process(steps=without(0, mode=1))),
        document(process(steps=without(0, agencyKinds=[8, 3]))),
        document(process(steps=without(0, agencyKinds=[9999]))),
        document(process(steps=without(0, deadlines=[{"hours": 0}]))),
        document(process(steps=without(0, deadlines=[{"minutes": 5}]))),
    ],
)
def test_members_and_shapes_that_are_not_the_format_s_are_refused(wrong: Any) -> None:
    with pytest.raises(FormatError) as refused:
        parse_process_table(wrong)
    assert not isinstance(refused.value, ProcessTableInvalid)


def test_another_format_is_refused_as_such() -> None:
    with pytest.raises(UnsupportedFormat):
        parse_process_table(document(format="gongzhi-process-table/2"))


def test_a_step_that_a_record_may_state_passes() -> None:
    TABLE.require_listed("errand", "told", "sent")
    TABLE.require_listed("errand", "paid", "paid")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("journey", "told", "sent"), "/process: not in the table; accepted: errand"),
        (("errand", "sent", "done"), "process errand that a record may state; accepted: sent → seen, sent → back"),
        (("errand", "done", "paid"), "accepted: told → sent, sent → seen, sent → back, seen → done, back → sent, paid"),
        (("errand", "张三", "sent"), "accepted: told → sent"),
    ],
)
def test_another_step_is_refused_with_the_accepted_ones_and_without_what_was_given(
    given: tuple[str, str, str], says: str
) -> None:
    with pytest.raises(StepNotListed) as refused:
        TABLE.require_listed(*given)
    assert says in refused.value.detail
    assert "张三" not in refused.value.detail
    assert refused.value.code == "step_not_listed"


def test_of_a_process_that_stands_on_chain_no_step_is_a_record() -> None:
    chained = process(
        process="deed",
        states=["told", "void"],
        ends=["void"],
        steps=[step("told", "void", mode="chain", agencyKinds=[])],
    )
    with pytest.raises(StepNotListed, match="accepted: none, its steps stand on chain"):
        parse_process_table(document(chained)).require_listed("deed", "told", "void")
