"""The fold of transitions: which step counts, which loses by order, which is illegal, which is late, what is owed."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.codes import AgencyKind
from ledger.core.process_fold import (
    Judged,
    ProcessState,
    Reason,
    Surroundings,
    Transition,
    Verdict,
    fold,
    fold_all,
)
from ledger.core.process_table import Party, StepMode
from ledger.domain.process_table import shipped_process_table
from tests.unit.core.processes import COMMUNITY, ERRAND, FIRE, HOUR, POLICE, START, TABLE, VOLUNTEERS, said

pytestmark = pytest.mark.unit

SHIPPED = shipped_process_table()
BY_US = Surroundings(START, {Party.PUBLISHER: FIRE, Party.HOLDER: FIRE, Party.READER: FIRE})


def folded(*transitions: Transition, around: Surroundings | None = BY_US) -> ProcessState:
    return fold(ERRAND, transitions, around)


def verdicts(state: ProcessState) -> list[tuple[Verdict, Reason | None]]:
    return [(one.verdict, one.reason) for one in state.judged]


def test_nothing_said_is_the_initial_state() -> None:
    state = folded()
    assert (state.state, state.since, state.is_end, state.judged) == ("told", START, False, ())
    assert fold(ERRAND, ()).since is None


def test_steps_in_order_move_the_state() -> None:
    state = folded(said("told", "sent", START + 60), said("sent", "seen", START + 90), said("seen", "done", START + 99))
    assert (state.state, state.since) == ("done", START + 99)
    assert [one.verdict for one in state.judged] == [Verdict.TAKEN, Verdict.ACKNOWLEDGED, Verdict.TAKEN]
    assert not any(one.is_late for one in state.judged)


@pytest.mark.parametrize(
    ("transition", "reason"),
    [
        (said("told", "seen"), Reason.NOT_LISTED),
        (said("nowhere", "sent"), Reason.NOT_LISTED),
        (said("done", "paid"), Reason.ON_CHAIN),
        (said("sent", "back", agency_kind=VOLUNTEERS), Reason.NOT_ENTITLED),
        (said("seen", "done"), Reason.NOT_REACHED),
        (said("sent", "seen"), Reason.NOT_REACHED),
        (said("told", "sent", process="journey"), Reason.UNKNOWN_PROCESS),
    ],
)
def test_an_illegal_step_changes_nothing_and_stays_visible(transition: Transition, reason: Reason) -> None:
    state = folded(transition)
    assert verdicts(state) == [(Verdict.ILLEGAL, reason)]
    assert (state.state, state.since, state.visits) == ("told", START, {"told": 1})


def test_of_two_steps_from_one_state_the_one_that_was_anchored_first_counts() -> None:
    state = folded(said("told", "sent"), said("sent", "back", number=2), said("sent", "back", number=3))
    assert state.state == "back"
    assert verdicts(state)[2] == (Verdict.CONFLICTING, Reason.MOVED_ON)
    late = folded(said("told", "sent"), said("sent", "back"), said("sent", "seen", number=3, agency_kind=POLICE))
    assert (late.state, verdicts(late)[2]) == ("back", (Verdict.CONFLICTING, Reason.MOVED_ON))


def test_a_step_that_names_another_one_before_it_than_led_here_loses() -> None:
    here = said("told", "sent", number=2)
    other = said("sent", "back", previous=bytes([9]) * 32)
    assert verdicts(folded(here, other))[1] == (Verdict.CONFLICTING, Reason.OTHER_PREVIOUS)
    assert folded(here, said("sent", "back", previous=here.record_id)).state == "back"
    assert folded(said("told", "sent", previous=bytes([9]) * 32)).state == "sent"


def test_a_step_may_name_any_of_the_acknowledgements_that_led_here() -> None:
    first, second = said("sent", "seen", number=2), said("sent", "seen", number=3, agency_kind=POLICE)
    for previous in (first, second):
        done = said("seen", "done", number=4, previous=previous.record_id)
        assert folded(said("told", "sent"), first, second, done).state == "done"


def test_an_acknowledgement_counts_after_the_state_moved_on_and_until_it_is_entered_again() -> None:
    way = [said("told", "sent"), said("sent", "seen", START + 60, 2), said("seen", "done", START + 90, 3)]
    state = folded(*way, said("sent", "seen", START + 120, 4, POLICE))
    assert (state.state, state.judged[3].verdict) == ("done", Verdict.ACKNOWLEDGED)
    again = [said("told", "sent"), said("sent", "seen"), said("seen", "back"), said("back", "sent")]
    state = folded(*again, said("sent", "seen", START + 5))
    assert (state.state, state.since, state.judged[4].verdict) == ("seen", START + 5, Verdict.ACKNOWLEDGED)
    assert state.visits == {"told": 1, "sent": 2, "seen": 2, "back": 1}


FIRST_ROUND = ["reported", "received", "assigned"]
SECOND_ROUND = [*FIRST_ROUND, "acknowledged", "on-site", "handled", "bounced", "assigned"]


def incident(states: Sequence[str], steps: Sequence[tuple[str, str]]) -> list[tuple[Verdict, Reason | None]]:
    """What is found of steps of an incident that went through states before."""
    taken = [*pairwise(states), *steps]
    ways = [
        said(before, after, START + place, place + 1, agency_kind=None, process="incident")
        for place, (before, after) in enumerate(taken)
    ]
    return verdicts(fold(SHIPPED.processes["incident"], ways, BY_US))[-len(steps) :]


@pytest.mark.parametrize("states", [FIRST_ROUND, SECOND_ROUND], ids=["first round", "second round"])
def test_a_state_that_is_entered_again_leaves_all_behind_that_several_noted_after_it(states: list[str]) -> None:
    acknowledged, on_site = ("assigned", "acknowledged"), ("acknowledged", "on-site")
    noted = (Verdict.ACKNOWLEDGED, None)
    assert incident(states, [on_site, acknowledged]) == [(Verdict.ILLEGAL, Reason.NOT_REACHED), noted]
    assert incident(states, [acknowledged, on_site, acknowledged, on_site]) == [noted] * 4


def test_a_step_of_one_that_another_round_took_away_lost_by_order() -> None:
    handled = ("handled", "bounced")
    assert incident(SECOND_ROUND, [handled]) == [(Verdict.CONFLICTING, Reason.MOVED_ON)]
    lost = (Verdict.CONFLICTING, Reason.MOVED_ON)
    assert incident([*FIRST_ROUND, "acknowledged", "escalated"], [("acknowledged", "on-site")]) == [lost]


def test_a_state_that_several_acknowledge_began_with_the_earliest_of_them() -> None:
    acks = [said("sent", "seen", START + 90, 2), said("sent", "seen", START + 60, 3, POLICE)]
    around = Surroundings(START, level=2)
    assert folded(said("told", "sent"), *acks).since == START + 60
    state = folded(said("told", "sent"), *acks, said("seen", "done", START + HOUR + 61, 4), around=around)
    assert (state.judged[3].due_at, state.judged[3].is_late) == (START + HOUR + 60, True)


def test_a_step_of_a_party_is_that_party_s_and_what_is_not_known_is_not_held_against_it() -> None:
    other = said("told", "sent", agency_kind=POLICE, publisher=99)
    kinds_only = said("sent", "back", agency_kind=None, publisher=99)
    assert folded(other).state == "sent"
    assert folded(said("told", "sent"), kinds_only).state == "back"
    paid = [said("told", "sent"), said("sent", "seen"), said("seen", "done")]
    of_holder = said("paid", "filed", agency_kind=POLICE, publisher=99)
    assert verdicts(folded(*paid, of_holder))[3] == (Verdict.ILLEGAL, Reason.NOT_ENTITLED)
    assert folded(*paid, of_holder, around=Surroundings(START)).state == "filed"
    assert folded(*paid, said("paid", "filed", agency_kind=None)).state == "filed"
    assert verdicts(folded(*paid, said("paid", "filed", agency_kind=None, publisher=99)))[3][1] is Reason.NOT_ENTITLED


def test_steps_on_chain_are_taken_as_done_where_a_record_begins_behind_them() -> None:
    way = [said("told", "sent"), said("sent", "seen"), said("seen", "done")]
    state = folded(*way, said("paid", "filed", START + 9))
    assert (state.state, state.implied, state.is_end) == ("filed", ("paid",), True)
    assert folded(*way, said("paid", "paid")).since is None
    assert verdicts(folded(said("told", "sent"), said("paid", "filed")))[1] == (Verdict.ILLEGAL, Reason.NOT_REACHED)


def test_where_the_chain_is_known_only_what_it_says_is_done() -> None:
    way = [said("told", "sent"), said("sent", "seen"), said("seen", "done")]
    filed = said("paid", "filed", START + 9)
    unpaid = folded(*way, filed, around=replace(BY_US, on_chain={}))
    assert (unpaid.state, unpaid.implied, verdicts(unpaid)[3]) == ("done", (), (Verdict.ILLEGAL, Reason.NOT_REACHED))
    paid = replace(BY_US, on_chain={"paid": START + 5})
    assert (folded(*way, filed, around=paid).state, folded(*way, filed, around=paid).implied) == ("filed", ("paid",))
    assert folded(*way, said("paid", "paid"), around=paid).since == START + 5


def test_what_is_noted_moves_nothing_and_is_owed_until_then() -> None:
    way = [said("told", "sent"), said("sent", "seen"), said("seen", "done")]
    seen = fold(ERRAND, [*way, said("paid", "paid", number=7), said("paid", "paid", number=8)], BY_US)
    assert (seen.state, verdicts(seen)[3:], seen.owed) == ("paid", [(Verdict.ACKNOWLEDGED, None)] * 2, ())
    refused = said("paid", "paid", agency_kind=POLICE, publisher=99)
    owed = folded(*way, said("paid", "filed", agency_kind=None, publisher=99), refused)
    assert owed.owed == ()
    waiting = fold(ERRAND, [*way, said("paid", "paid", number=7)], BY_US)
    assert waiting.visits["paid"] == 1


def test_late_is_what_was_signed_after_its_deadline_and_it_counts_all_the_same() -> None:
    state = folded(said("told", "sent", START + HOUR + 1), said("sent", "seen", START + HOUR + 1 + 2 * HOUR))
    assert [(one.is_late, one.due_at) for one in state.judged] == [
        (True, START + HOUR),
        (False, START + 3 * HOUR + 1),
    ]
    assert state.state == "seen"
    assert folded(said("told", "sent", START + HOUR)).judged[0].is_late is False


def test_the_level_of_a_record_and_working_days_decide_when_a_step_is_due() -> None:
    way = [said("told", "sent"), said("sent", "seen", START + HOUR + 1), said("seen", "done", START + 2 * 86_400)]
    usual = folded(*way)
    high = folded(*way, around=Surroundings(START, level=1))
    assert [one.is_late for one in usual.judged] == [False, False, True]
    assert [one.is_late for one in high.judged] == [False, True, True]
    # A day after a Thursday is Friday, to its last second at UTC+8.
    assert usual.judged[2].due_at == 1_767_369_599


def test_where_it_is_not_known_when_a_state_began_nothing_that_counts_from_it_is_judged() -> None:
    state = folded(said("told", "sent", START + 9 * HOUR), around=Surroundings(None))
    assert (state.judged[0].due_at, state.judged[0].is_late) == (None, False)
    assert [one.due_at for one in state.owed] == [START + 11 * HOUR]
    assert not Judged(said("told", "seen"), Verdict.ILLEGAL, Reason.NOT_LISTED, START - 1).is_late


def test_what_is_owed_escalates_when_nobody_does_it_in_time() -> None:
    state = folded()
    assert [(one.step.after, one.due_at) for one in state.owed] == [("sent", START + HOUR)]
    assert state.overdue(START + HOUR) == ()
    (late,) = state.overdue(START + HOUR + 1)
    assert late.step.escalation == (AgencyKind.DISTRICT, AgencyKind.STREET)


def test_transitions_of_one_record_are_folded_process_by_process() -> None:
    states, unknown = fold_all(TABLE, [said("told", "sent"), said("a", "b", process="journey")])
    assert [(state.process, state.state) for state in states] == [("errand", "sent")]
    assert [(one.verdict, one.reason) for one in unknown] == [(Verdict.ILLEGAL, Reason.UNKNOWN_PROCESS)]
    assert fold_all(TABLE, []) == ((), ())


# Properties.

KINDS = (FIRE, POLICE, COMMUNITY)
TIMES = st.integers(START, START + 4 * 86_400)


@st.composite
def acknowledgements(draw: st.DrawFn) -> list[Transition]:
    """Acknowledgements of several bodies, after the errand was sent."""
    times = draw(st.lists(TIMES, min_size=1, max_size=6))
    return [said("sent", "seen", at, place + 10, draw(st.sampled_from(KINDS))) for place, at in enumerate(times)]


def by_id(state: ProcessState) -> dict[bytes, Judged]:
    return {one.transition.record_id: one for one in state.judged}


@settings(max_examples=100, deadline=None, derandomize=True)
@given(acknowledgements(), st.randoms(use_true_random=False), st.integers(0, 12))
def test_acknowledgements_of_several_bodies_commute(acks: list[Transition], chance: Random, place: int) -> None:
    done = said("seen", "done", START + 2 * 86_400, 99)
    first, shuffled = list(acks), list(acks)
    chance.shuffle(shuffled)
    around = Surroundings(START, level=2)
    for order in (first, shuffled):
        # The state moves on between them, anywhere behind the first one, or not at all.
        if place % 2:
            order.insert(1 + place % len(acks), done)
    one, other = (folded(said("told", "sent"), *order, around=around) for order in (first, shuffled))
    assert (one.state, one.since, one.visits, one.owed) == (other.state, other.since, other.visits, other.owed)
    assert by_id(one) == by_id(other)


BODIES_STEPS = st.sampled_from(
    [(one.before, one.after) for one in SHIPPED.processes["incident"].steps if one.mode is StepMode.EACH]
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(BODIES_STEPS, min_size=1, max_size=8), st.integers(1, 3))
def test_what_several_bodies_say_is_judged_in_every_round_as_in_the_first(
    steps: list[tuple[str, str]], rounds: int
) -> None:
    again = SECOND_ROUND[len(FIRST_ROUND) :]
    assert incident([*FIRST_ROUND, *again * rounds], steps) == incident(FIRST_ROUND, steps)


def any_step(draw: st.DrawFn, place: int) -> Transition:
    states = [*ERRAND.states, "nowhere"]
    before, after = draw(st.sampled_from(states)), draw(st.sampled_from(states))
    return said(before, after, draw(TIMES), place % 250 + 1, draw(st.sampled_from([*KINDS, VOLUNTEERS, None])))


@st.composite
def any_steps(draw: st.DrawFn) -> Sequence[Transition]:
    """Whatever comes: listed steps more often than others."""
    listed = [(step.before, step.after) for step in ERRAND.steps]
    found = []
    for place in range(draw(st.integers(0, 12))):
        one = any_step(draw, place)
        if draw(st.booleans()):
            before, after = draw(st.sampled_from(listed))
            one = said(before, after, one.at, place + 1, draw(st.sampled_from(KINDS)))
        found.append(one)
    return found


@settings(max_examples=150, deadline=None, derandomize=True)
@given(any_steps())
def test_steps_that_do_not_count_change_nothing_and_everything_stays_visible(steps: Sequence[Transition]) -> None:
    state = folded(*steps)
    assert [one.transition for one in state.judged] == list(steps)
    counted = folded(*[one.transition for one in state.judged if one.reason is None])
    assert (counted.state, counted.since, counted.visits) == (state.state, state.since, state.visits)
    assert all(one.reason is None for one in counted.judged)
    for one in state.judged:
        if one.reason is None:
            step = ERRAND.by_ends[one.transition.before, one.transition.after]
            assert step.mode is not StepMode.CHAIN
            assert one.verdict in (Verdict.TAKEN, Verdict.ACKNOWLEDGED)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(SHIPPED.processes)), st.lists(st.integers(0, 5), max_size=12))
def test_whoever_follows_the_released_table_is_never_refused(name: str, choices: list[int]) -> None:
    process, state, way = SHIPPED.processes[name], SHIPPED.processes[name].initial, []
    for choice in choices:
        steps = [one for one in process.steps_from(state) if one.mode in (StepMode.MOVE, StepMode.EACH)]
        if not steps:
            break
        step = steps[choice % len(steps)]
        way.append(said(step.before, step.after, START + len(way), len(way) + 1, agency_kind=None, process=name))
        state = step.after
    found = fold(process, way, Surroundings(START))
    assert (found.state, {one.reason for one in found.judged} - {None}) == (state, set())


def test_no_step_out_of_an_end_counts_that_the_table_does_not_list() -> None:
    for process in SHIPPED.processes.values():
        for end in process.ends:
            way = said(end, process.initial, process=process.name, agency_kind=None)
            if (end, process.initial) not in process.by_ends:
                assert fold(process, [way]).judged[0].reason is Reason.NOT_LISTED
