"""Invariants of the Council, as a state machine against a real EVM (contracts page).

6 approvals counted are distinct members of one epoch, each by a key that is a usable ADMIN of it at that moment.
Besides: nothing is executed before its delay, after its expiry or its epoch, or a second time; 8 what the Council says
of itself equals what its events say.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from ledger.chain.contracts.binding import Call
from ledger.core.codes import Role
from ledger.core.hexadecimal import to_hex
from tests.contracts.chamber import HOUR, Chamber, approval
from tests.contracts.machine import FEW, MANY, SELDOM, ChainMachine
from tests.contracts.sandbox import DAY

pytestmark = pytest.mark.contracts

SCHEDULED, EXECUTED, CANCELLED = 1, 2, 3
WHICH = st.integers(0, 5)
ANYBODY = st.lists(st.integers(0, 6), min_size=1, max_size=5)
MEMBERS = st.permutations(range(5)).map(lambda some: sorted(some[:3]))
VOTERS = st.one_of(MEMBERS, MEMBERS, MEMBERS, ANYBODY)
"""Places of who approves: members 0 to 4, 5 a stranger to the Council, 6 a second key of member 0."""


@dataclass
class ActionModel:
    action: dict[str, Any]
    delay: int
    members: tuple[int, ...] = ()
    threshold: int = 0
    state: int = 0
    executable_at: int = 0


class CouncilMachine(ChainMachine):
    chamber: ClassVar[Chamber]

    def __init__(self) -> None:
        super().__init__()
        self.epoch, self.threshold = 1, 3
        self.in_council = {1, 2, 3, 4, 5}
        self.usable = dict.fromkeys(range(1, 7), True)
        self.actions: list[ActionModel] = []
        self.salts: set[tuple[int, bytes]] = set()
        self.values = 600

    @initialize()
    def begin(self) -> None:
        """Agency 6 is registered and no member; agency 1 has a second ADMIN key."""
        sandbox = self.sandbox
        stranger = sandbox.register()
        second = sandbox.bind(self.chamber.members[0], Role.ADMIN)
        self.voters = [(member.agency, member.admin) for member in self.chamber.members]
        self.voters += [(stranger.agency, stranger.admin), (1, second)]
        self.now = sandbox.now
        self.propose(0, 60)
        self.schedule(0, [0, 1, 2], False)

    def newest(self, which: int) -> ActionModel:
        return self.actions[-1 - which % len(self.actions)]

    def approvals(self, digest: bytes, voters: list[int], *, forged: bool = False) -> list[dict[str, Any]]:
        signed = b"\0" * 32 if forged else digest
        return [approval(signed, *self.voters[voter]) for voter in voters]

    def enough(self, voters: list[int]) -> bool:
        """Whether these are distinct members of this epoch, in order, with usable keys, and the threshold."""
        agencies = [self.voters[voter][0] for voter in voters]
        distinct = agencies == sorted(set(agencies)) and set(agencies) <= self.in_council
        return distinct and all(self.usable[each] for each in agencies) and len(agencies) >= self.threshold

    @rule(what=st.integers(0, 3), days=st.sampled_from([1, 4, 4, 60]))
    def propose(self, what: int, days: int) -> None:
        self.values += 1
        call, delay = self.call(what)
        action = self.chamber.action(call, expiry=self.now + days * DAY)
        members, threshold = (), 0
        if what == 1:
            members, threshold = self.following()
        self.actions.append(ActionModel(action, delay, members, threshold))

    def following(self) -> tuple[tuple[int, ...], int]:
        """The members that an action would set: all five, or four of them."""
        members = (1, 2, 3, 4) if len(self.in_council) == 5 else (1, 2, 3, 4, 5)
        return members, 3

    def call(self, what: int) -> tuple[Call, int]:
        if what == 1:
            return self.chamber.council.set_members(*self.following()), 72 * HOUR
        if what == 2:
            return self.sandbox.registry.set_allowed_roles(6, (1 << 13) - 1), 24 * HOUR
        return self.sandbox.parameters.set("anchorDelay", self.values), 48 * HOUR

    @rule(which=WHICH, voters=VOTERS, forged=SELDOM)
    def schedule(self, which: int, voters: list[int], forged: bool) -> None:
        model = self.newest(which)
        call = self.chamber.council.schedule(
            model.action, self.approvals(self.chamber.digest(model.action), voters, forged=forged)
        )
        epoch, salt = model.action["epoch"], model.action["salt"]
        executable_at = self.now + 1 + model.delay
        expected = self.enough(voters) and not forged and epoch == self.epoch and (epoch, salt) not in self.salts
        if self.tried(call, expected and executable_at < model.action["expiry"], "schedule"):
            self.salts.add((epoch, salt))
            model.state, model.executable_at = SCHEDULED, executable_at

    @rule(which=WHICH, voters=VOTERS, forged=SELDOM)
    def execute(self, which: int, voters: list[int], forged: bool) -> None:
        model = self.newest(which)
        call = self.chamber.council.execute(
            model.action, self.approvals(self.chamber.digest(model.action), voters, forged=forged)
        )
        in_time = model.executable_at <= self.now + 1 < model.action["expiry"]
        expected = model.state == SCHEDULED and in_time and model.action["epoch"] == self.epoch
        if self.tried(call, expected and self.enough(voters) and not forged and self.fits(model), "execute"):
            model.state = EXECUTED
            if model.members:
                self.epoch, self.threshold, self.in_council = self.epoch + 1, model.threshold, set(model.members)

    def fits(self, model: ActionModel) -> bool:
        """New members are active agencies."""
        return all(self.usable[member] for member in model.members)

    @rule(which=WHICH, voters=VOTERS, as_approval=SELDOM)
    def cancel(self, which: int, voters: list[int], as_approval: bool) -> None:
        model = self.newest(which)
        identifier = self.chamber.digest(model.action)
        digest = identifier if as_approval else self.chamber.cancellation(identifier, self.epoch)
        call = self.chamber.council.cancel(identifier, self.approvals(digest, voters))
        expected = model.state == SCHEDULED and self.enough(voters) and not as_approval
        if self.tried(call, expected, "cancel"):
            model.state = CANCELLED

    @rule(agency=st.integers(1, 5), suspend=st.booleans())
    def suspend_or_restore(self, agency: int, suspend: bool) -> None:
        if self.usable[agency] != suspend:
            return
        self.usable[agency] = not suspend
        call = self.sandbox.registry.set_status(agency, 2 if suspend else 1)
        self.tried(call, True, "set status", self.sandbox.governor)

    @rule(seconds=st.sampled_from([1, 6 * HOUR, 24 * HOUR, 48 * HOUR, 72 * HOUR]))
    def wait(self, seconds: int) -> None:
        self.pass_time(seconds)

    @invariant()
    def the_council_says_what_the_model_says(self) -> None:
        council = self.chamber.council
        assert council.members(block="latest") == tuple(sorted(self.in_council))
        assert (council.epoch(block="latest"), council.threshold(block="latest")) == (self.epoch, self.threshold)
        for model in self.actions[-3:]:
            told = council.action_state(self.chamber.digest(model.action), block="latest")
            assert (told.state, told.executable_at) == (model.state, model.executable_at)

    def teardown(self) -> None:
        """What was counted, by the events alone: distinct members of the epoch that stood, at least the threshold."""
        members, threshold, epoch = [1, 2, 3, 4, 5], 3, 1
        states: dict[str, int] = {}
        ends = {"ActionExecuted": EXECUTED, "ActionCancelled": CANCELLED}
        for name, args in self.told("ActionScheduled", *ends, "MembersSet"):
            if name == "MembersSet":
                assert args["epoch"] == epoch + 1
                members, threshold, epoch = args["agencies"], args["threshold"], args["epoch"]
                continue
            counted = args["agencies"]
            assert counted == sorted(set(counted))
            assert set(counted) <= set(members)
            assert len(args["keys"]) == len(counted) >= threshold
            assert args["epoch"] == epoch
            assert states.get(args["action"], 0) == (0 if name == "ActionScheduled" else SCHEDULED)
            states[args["action"]] = ends.get(name, SCHEDULED)
        by_model = {to_hex(self.chamber.digest(each.action)): each.state for each in self.actions if each.state}
        assert states == by_model
        super().teardown()


def run(chamber: Chamber, how_many: Any) -> None:
    CouncilMachine.chamber, CouncilMachine.sandbox = chamber, chamber.sandbox
    run_state_machine_as_test(CouncilMachine, settings=how_many)


def test_approvals_that_count_are_distinct_members_of_one_epoch(chamber: Chamber) -> None:
    run(chamber, FEW)


@pytest.mark.slow
def test_approvals_that_count_are_distinct_members_of_one_epoch_over_thousands_of_steps(chamber: Chamber) -> None:
    run(chamber, MANY)
