"""The Council: each rule of its members, approvals, delays and epochs finds who told a history against it."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.core.governance_rules import (
    PAUSE,
    REGISTER_AGENCY,
    REPUDIATE,
    RESTORE_ADMIN,
    REVOKE_KEY,
    SET_ALLOWED_ROLES,
    SET_AUTHORITY,
    SET_CONTRACT,
    SET_STATUS,
)
from ledger.core.hexadecimal import to_hex
from tests.simulated_consortium import address, number32
from tests.simulated_council import DAY, GOVERNED, GovernedChain, Told, admin, bound, deployed, founded, registered
from tests.unit.audit.governing import (
    CALENDAR,
    MEMBERS,
    PARAMETER,
    SECOND,
    Lie,
    allowed,
    anchored,
    members,
    parameter,
    paused,
    repudiated,
    require,
    revoked,
    status,
)

pytestmark = pytest.mark.unit


def everything_a_council_does(chain: GovernedChain) -> None:
    """One act of every kind, a cancelled action, a second epoch."""
    chain.act(("AgencyRegistry", REGISTER_AGENCY), registered(4), bound(admin(4), 4), waits=DAY)
    chain.act(("AgencyRegistry", SET_STATUS), status(4), waits=DAY, agencies=(2, 3))
    chain.act(("AgencyRegistry", SET_ALLOWED_ROLES), allowed(4, 1), waits=DAY, agencies=(1, 2, 3))
    chain.act(("Catalogue", SET_AUTHORITY), ("Catalogue", "CatalogueAuthoritySet", {"agency": 2}), waits=DAY)
    chain.act(PARAMETER, parameter(), waits=2 * DAY)
    chain.mine([bound(address("long ago"), 3)])
    chain.act(("AgencyRegistry", REVOKE_KEY), revoked(address("long ago"), chain.now - 40 * DAY), waits=0)
    chain.act(("AgencyRegistry", REVOKE_KEY), revoked(admin(4)), waits=0)
    chain.act(("AgencyRegistry", RESTORE_ADMIN), bound(address("restored"), 4), waits=DAY)
    chain.mine([revoked(address("reader"), chain.now - 10 * DAY), revoked(SECOND)])
    chain.act(("Catalogue", PAUSE), paused(chain.now + 20 * DAY, agency=0), waits=0)
    chain.act(("Catalogue", PAUSE), paused(0, agency=0), waits=0)
    chain.mine([CALENDAR, anchored()])
    chain.act(("RecordAnchors", REPUDIATE), repudiated())
    cancelled, schedule = chain.scheduled(PARAMETER, waits=2 * DAY)
    chain.mine([schedule])
    chain.mine([("Council", "ActionCancelled", chain.step(cancelled, 1, (1, 3)))])
    chain.act(MEMBERS, members(2, (1, 2, 3), 3))
    chain.act(PARAMETER, parameter(90), waits=2 * DAY, epoch=2, agencies=(1, 2, 3))


def test_a_legal_history_holds_and_every_check_has_judged_something() -> None:
    chain = founded()
    everything_a_council_does(chain)
    tally = chain.judged()
    assert tally.failures == []
    judged = {"council.members", "council.founding", "council.approvals", "council.delay", "council.execution"}
    judged |= {"council.acts", "key.roles", "parameter.bounds", "pause.limits", "pause.kept"}
    assert set(tally.passed) == judged | {"directory.contracts", "batch.repudiated"}
    assert list(tally.notices) == ["batch 1 of gateway 1 was repudiated in block 29 for reason 3"]


# --- the Council's steps ---


def too_few_scheduled(chain: GovernedChain) -> None:
    _, schedule = chain.scheduled(PARAMETER, waits=2 * DAY, agencies=(1,))
    chain.mine([schedule])


def too_few_executed(chain: GovernedChain) -> None:
    action, schedule = chain.scheduled(PARAMETER, waits=2 * DAY)
    chain.mine([schedule])
    chain.mine([chain.executed(action, 1, (3,)), parameter()], seconds=2 * DAY)


def too_few_cancelled(chain: GovernedChain) -> None:
    action, schedule = chain.scheduled(PARAMETER, waits=2 * DAY)
    chain.mine([schedule])
    chain.mine([("Council", "ActionCancelled", chain.step(action, 1, (2,)))])


def one_agency_twice(chain: GovernedChain) -> None:
    keys = [admin(2), SECOND]
    _, schedule = chain.scheduled(PARAMETER, waits=2 * DAY, agencies=(2, 2), keys=keys)
    chain.mine([schedule])


def a_stranger_approves(chain: GovernedChain) -> None:
    chain.act(("AgencyRegistry", REGISTER_AGENCY), registered(4), bound(admin(4), 4), waits=DAY)
    chain.act(PARAMETER, parameter(), waits=2 * DAY, agencies=(1, 4))


def another_agencys_key_approves(chain: GovernedChain) -> None:
    _, schedule = chain.scheduled(PARAMETER, waits=2 * DAY, keys=[admin(1), admin(3)])
    chain.mine([schedule])


def a_key_without_the_role_approves(chain: GovernedChain) -> None:
    _, schedule = chain.scheduled(PARAMETER, waits=2 * DAY, agencies=(1, 3), keys=[admin(1), address("reader")])
    chain.mine([schedule])


def a_revoked_key_executes(chain: GovernedChain) -> None:
    action, schedule = chain.scheduled(PARAMETER, waits=2 * DAY)
    chain.mine([schedule])
    chain.mine([revoked(admin(2))])
    chain.mine([chain.executed(action), parameter()], seconds=2 * DAY)


def a_suspended_agency_approves(chain: GovernedChain) -> None:
    chain.act(("AgencyRegistry", SET_STATUS), status(2), waits=DAY, agencies=(1, 3))
    chain.act(PARAMETER, parameter(), waits=2 * DAY)


def the_epoch_is_over(chain: GovernedChain) -> None:
    action, schedule = chain.scheduled(PARAMETER, waits=2 * DAY)
    chain.mine([schedule])
    chain.act(MEMBERS, members(2, (1, 2, 3), 2))
    chain.mine([chain.executed(action), parameter()])


def an_epoch_that_was_not_approved(chain: GovernedChain) -> None:
    action, schedule = chain.scheduled(PARAMETER, waits=2 * DAY)
    chain.mine([schedule])
    chain.act(MEMBERS, members(2, (1, 2, 3), 2))
    chain.mine([chain.executed(action, 2), parameter()])


def too_soon(chain: GovernedChain) -> None:
    chain.act(PARAMETER, parameter(), waits=2 * DAY - 1)


def the_longest_delay_is_left_out(chain: GovernedChain) -> None:
    _, schedule = chain.scheduled(PARAMETER, ("SystemDirectory", SET_CONTRACT), waits=2 * DAY)
    chain.mine([schedule])


def an_unknown_call_is_hurried(chain: GovernedChain) -> None:
    _, schedule = chain.scheduled(("Catalogue", "own()"), waits=2 * DAY)
    chain.mine([schedule])


def an_action_without_calls_is_hurried(chain: GovernedChain) -> None:
    _, schedule = chain.scheduled(waits=2 * DAY)
    chain.mine([schedule])


def executed_before_it_is_due(chain: GovernedChain) -> None:
    action, schedule = chain.scheduled(PARAMETER, waits=2 * DAY)
    chain.mine([schedule])
    chain.mine([chain.executed(action), parameter()], seconds=2 * DAY - 1)


def executed_after_its_expiry(chain: GovernedChain) -> None:
    action, schedule = chain.scheduled(PARAMETER, waits=2 * DAY)
    chain.mine([schedule])
    chain.mine([chain.executed(action), parameter()], seconds=32 * DAY)


def executed_twice(chain: GovernedChain) -> None:
    action = chain.act(PARAMETER, parameter(), waits=2 * DAY)
    chain.mine([chain.executed(action), parameter()])


def executed_after_a_cancellation(chain: GovernedChain) -> None:
    action, schedule = chain.scheduled(PARAMETER, waits=2 * DAY)
    chain.mine([schedule])
    chain.mine([("Council", "ActionCancelled", chain.step(action))])
    chain.mine([chain.executed(action), parameter()], seconds=2 * DAY)


def executed_and_never_scheduled(chain: GovernedChain) -> None:
    chain.mine([chain.executed(to_hex(number32("x")))])


def cancelled_and_never_scheduled(chain: GovernedChain) -> None:
    chain.mine([("Council", "ActionCancelled", chain.step(to_hex(number32("x"))))])


def scheduled_twice(chain: GovernedChain) -> None:
    _, schedule = chain.scheduled(PARAMETER, waits=2 * DAY)
    chain.mine([schedule, schedule])


@pytest.mark.parametrize(
    ("lie", "check", "found"),
    [
        (too_few_scheduled, "council.approvals", "1 of 2 approvals"),
        (too_few_executed, "council.approvals", "1 of 2 approvals"),
        (too_few_cancelled, "council.approvals", "1 of 2 approvals"),
        (one_agency_twice, "council.approvals", "an agency counts twice"),
        (a_stranger_approves, "council.approvals", "agency 4 is no member"),
        (another_agencys_key_approves, "council.approvals", "agency 2: the key is bound to agency 3, not 2"),
        (a_key_without_the_role_approves, "council.approvals", "agency 3: the key does not have role ADMIN"),
        (a_revoked_key_executes, "council.approvals", "agency 2: the key was revoked"),
        (a_suspended_agency_approves, "council.approvals", "agency 2: agency 2 is not active"),
        (the_epoch_is_over, "council.approvals", "epoch 1 was not the one of that moment"),
        (an_epoch_that_was_not_approved, "council.execution", "scheduled for epoch 1, executed in epoch 2"),
        (too_soon, "council.delay", "172799 seconds"),
        (the_longest_delay_is_left_out, "council.delay", "172800 seconds"),
        (an_unknown_call_is_hurried, "council.delay", "172800 seconds"),
        (an_action_without_calls_is_hurried, "council.delay", "172800 seconds"),
        (executed_before_it_is_due, "council.execution", "executable at"),
        (executed_after_its_expiry, "council.execution", "expired at"),
        (executed_twice, "council.execution", "it ended by execution in block 6"),
        (executed_after_a_cancellation, "council.execution", "it ended by cancellation in block 6"),
        (executed_and_never_scheduled, "council.execution", "it was never scheduled"),
        (cancelled_and_never_scheduled, "council.execution", "it was never scheduled"),
        (scheduled_twice, "council.execution", "it was scheduled before"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_an_illegal_step_is_found_by_its_check_alone(lie: Lie, check: str, found: str) -> None:
    require(founded(), lie, check, found)


# --- members and founding ---


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (members(3), "epoch 3 in place 2"),
        (members(2, (), 0), "no list"),
        (members(2, (0, 1), 2), "no list"),
        (members(2, (1, 1), 2), "no list"),
        (members(2, tuple(range(1, 66)), 40), "no list"),
        (members(2, (1, 2), 1), "threshold 1 of 2"),
        (members(2, (1, 2), 3), "threshold 3 of 2"),
    ],
)
def test_members_that_no_epoch_can_have_are_found(told: Told, found: str) -> None:
    require(founded(), lambda chain: chain.act(MEMBERS, told), "council.members", found)


def test_founders_speak_for_the_first_agencies() -> None:
    chain = deployed()
    chain.events[0] = replace(chain.events[0], args=members(1, (1, 2, 4), 2)[2])
    assert [failure.actual for failure in chain.judged().failures] == ["founders of other agencies than 1 to 3"]


def test_a_council_without_members_is_none() -> None:
    chain = deployed()
    del chain.events[0]
    assert [failure.actual for failure in chain.judged().failures] == ["there are none"]
    chain.mine([chain.executed(to_hex(number32("x")))])
    assert "council.approvals" in {failure.check for failure in chain.judged().failures}


def test_a_founding_that_is_not_complete_is_told() -> None:
    tally = deployed().judged()
    assert tally.failures == []
    assert any("the founding is not complete" in notice for notice in tally.notices)


def before_the_founding(agencies: tuple[int, ...], keys: list[str] | None = None) -> Lie:
    def act(chain: GovernedChain) -> None:
        action, schedule = chain.scheduled(PARAMETER, waits=0, agencies=(1, 2, 3))
        other: dict[str, Any] = {} if keys is None else {"keys": keys}
        chain.mine([schedule, chain.executed(action, 1, agencies, **other), parameter()])
        chain.found()

    return act


@pytest.mark.parametrize(
    ("lie", "check", "found"),
    [
        (before_the_founding((1, 2)), "council.approvals", "2 of 3 approvals"),
        (before_the_founding((1, 2, 3), [admin(1), admin(2), SECOND]), "council.approvals", "other keys than those"),
    ],
    ids=["too few", "other keys"],
)
def test_before_the_founding_all_founders_approve(lie: Lie, check: str, found: str) -> None:
    chain = deployed()
    lie(chain)
    assert any((one.check, found in one.actual) == (check, True) for one in chain.judged().failures)


def test_what_all_founders_approve_needs_no_delay() -> None:
    chain = deployed()
    before_the_founding((1, 2, 3))(chain)
    assert chain.judged().failures == []


def changed(chain: GovernedChain, name: str, **args: Any) -> None:
    place = next(place for place, event in enumerate(chain.events) if event.name == name)
    chain.events[place] = replace(chain.events[place], args={**chain.events[place].args, **args})


def founded_with_another_registry(chain: GovernedChain) -> None:
    changed(chain, "FoundingCompleted", registry=GOVERNED["Catalogue"].address)


def founded_by_a_key_that_is_no_admin(chain: GovernedChain) -> None:
    place = next(place for place, event in enumerate(chain.events) if event.args.get("key") == admin(2))
    args = {**chain.events[place].args, "key": address("somebody")}
    chain.events[place] = replace(chain.events[place], args=args)


def founded_twice(chain: GovernedChain) -> None:
    told = ("Council", "FoundingCompleted", {"registry": GOVERNED["AgencyRegistry"].address})
    chain.act(("Council", "completeFounding(address)"), told)


@pytest.mark.parametrize(
    ("lie", "found"),
    [
        (founded_with_another_registry, "is not the trusted one"),
        (founded_by_a_key_that_is_no_admin, "agency 2: the key is not bound to any agency"),
        (founded_twice, "it was complete before"),
    ],
)
def test_a_founding_that_could_not_be_is_found(lie: Lie, found: str) -> None:
    require(founded(), lie, "council.founding", found)


def test_a_council_for_development_need_not_wait_and_that_is_told() -> None:
    chain = founded("anvil")
    too_soon(chain)
    chain.act(PARAMETER, parameter(), waits=0)
    tally = chain.judged()
    assert tally.failures == []
    assert "a Council for development: its actions need not wait for their delays" in tally.notices
