"""Invariants of keys, streams and pauses, as a state machine against a real EVM (contracts page).

4 the head of a stream equals the fold of the events, its sequences have no gap; 5 no key of one agency changes another
agency's state; 7 a paused system still does what pause never stops; 8 keys and agencies rebuilt from events equal
storage; 10 no key has a role that its agency was not allowed when it was bound.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from ledger.core.anchor import GENESIS_HEAD, next_head
from ledger.core.codes import Role
from ledger.core.hexadecimal import to_hex
from ledger.core.typed_messages import PAUSABLE
from tests.contracts.machine import FEW, FOREVER, MANY, SELDOM, ChainMachine, on
from tests.contracts.offices import Consented, Offices
from tests.contracts.sandbox import DAY, Key

pytestmark = pytest.mark.contracts

PARTIES = ("holder", "reader")
ALL = (1 << 13) - 1
PLAIN = Role.SUBMIT.bit | Role.READ.bit | Role.GUARDIAN.bit | Role.ANCHOR.bit
"""Roles that need no officer and no second ADMIN."""
WHICH = st.integers(0, 7)
PARTY = st.sampled_from(PARTIES)
PAUSE = 3 * DAY
OVERDUE_REVIEW_LIMIT = 2


@dataclass
class KeyModel:
    key: Key
    party: str
    roles: int
    allowed: int
    valid_until: int
    state: int = 1


class KeyMachine(ChainMachine):
    def __init__(self) -> None:
        super().__init__()
        self.keys: list[KeyModel] = []
        self.allowed = dict.fromkeys(PARTIES, ALL)
        self.active = dict.fromkeys(PARTIES, True)
        self.paused = dict.fromkeys(PAUSABLE, 0)
        self.last_pause: dict[tuple[str, str], int] = {}
        self.sequences = dict.fromkeys(PARTIES, 1)
        self.roots = 0
        self.emergencies = 0

    @initialize()
    def begin(self) -> None:
        """Each agency has a key for everything plain, and the chain what protective acts are about."""
        self.consents: list[Consented] = [self.offices.consented() for _ in range(2)]
        self.now = self.sandbox.now
        for party in PARTIES:
            self.bind(party, PLAIN, 90, False)

    def admin(self, party: str) -> Key:
        key: Key = getattr(self.offices, party).admin
        return key

    def agency(self, party: str) -> int:
        number: int = getattr(self.offices, party).agency
        return number

    def is_paused(self, contract: str) -> bool:
        return self.now + 1 < self.paused[contract]

    def is_usable(self, model: KeyModel, at: int | None = None) -> bool:
        return model.state == 1 and (at or self.now + 1) < model.valid_until

    def key(self, which: int) -> KeyModel:
        return self.keys[-1 - which % len(self.keys)]

    @rule(
        party=PARTY,
        roles=st.sampled_from([PLAIN, PLAIN, Role.READ.bit, Role.GUARDIAN.bit, Role.SUBMIT.bit, 0, 1 << 13]),
        days=st.sampled_from([1, 30, 90]),
        foreign=SELDOM,
    )
    def bind(self, party: str, roles: int, days: int, foreign: bool) -> None:
        """An ADMIN binds a key to an agency; where `foreign`, one of the other agency tries it."""
        key, until = self.sandbox.key(), self.now + days * DAY
        admin = self.admin(PARTIES[1 - PARTIES.index(party)] if foreign else party)
        members = {"agency": self.agency(party), "roles": roles, "validFrom": 0, "validUntil": until}
        _, call = self.signed("BindKey", admin, key, None, officer=bytes(32), **members)
        allowed = self.allowed[party]
        fits = 0 < roles < 1 << 13 and not roles & ~allowed
        expected = fits and not foreign and self.active[party] and not self.is_paused("AgencyRegistry")
        if self.tried(call, expected, "bind"):
            self.keys.append(KeyModel(key, party, roles, allowed, until))

    @rule(party=PARTY, without=st.sampled_from([0, Role.GUARDIAN.bit, Role.SUBMIT.bit | Role.ANCHOR.bit]))
    def allow(self, party: str, without: int) -> None:
        self.allowed[party] = ALL & ~without
        call = self.sandbox.registry.set_allowed_roles(self.agency(party), self.allowed[party])
        self.tried(call, True, "set allowed roles", self.sandbox.governor)

    @rule(which=WHICH, act=st.sampled_from(["RetireKey", "RevokeKey"]), foreign=SELDOM)
    def end(self, which: int, act: str, foreign: bool) -> None:
        """Ending a key is never paused, nor is it another agency's."""
        model = self.key(which)
        admin = self.admin(PARTIES[1 - PARTIES.index(model.party)] if foreign else model.party)
        more = {"reason": 1, "suspectFrom": 0} if act == "RevokeKey" else {}
        _, call = self.signed(act, admin, key=model.key.address, **more)
        alive = model.state == 1 or (act == "RevokeKey" and model.state == 2)
        if self.tried(call, alive and not foreign, act):
            model.state = 3 if act == "RevokeKey" else 2

    @rule(which=WHICH, contract=st.sampled_from(PAUSABLE))
    def pause(self, which: int, contract: str) -> None:
        model = self.key(which)
        _, call = self.signed(f"Pause{contract}", model.key)
        last = self.last_pause.get((model.party, contract))
        entitled = self.is_usable(model) and model.roles & Role.GUARDIAN.bit and self.active[model.party]
        expected = bool(entitled) and (last is None or self.now + 1 >= last + 30 * DAY)
        if self.tried(call, expected, "pause"):
            self.last_pause[model.party, contract] = self.now
            self.paused[contract] = max(self.paused[contract], self.now + PAUSE)

    @rule(contract=st.sampled_from(PAUSABLE), days=st.sampled_from([0, 1, 29, 31]))
    def pause_as_governor(self, contract: str, days: int) -> None:
        until = self.now + days * DAY if days else 0
        call = self.sandbox.bindings[contract].pause_as_governor(until)
        if self.tried(call, days <= 30, "pause as governor", self.sandbox.governor):
            self.paused[contract] = until

    @rule(party=PARTY, suspend=SELDOM)
    def suspend_or_restore(self, party: str, suspend: bool) -> None:
        if suspend != self.active[party]:
            return
        self.active[party] = not suspend
        call = self.sandbox.registry.set_status(self.agency(party), 2 if suspend else 1)
        self.tried(call, True, "set status", self.sandbox.governor)

    @rule(which=WHICH, leaves=st.integers(1, 9), gap=SELDOM)
    def anchor(self, which: int, leaves: int, gap: bool) -> None:
        """Anchoring is never paused, and each batch begins where the stream ended."""
        model = self.key(which)
        self.roots += 1
        first = self.sequences[model.party] + (1 if gap else 0)
        call = self.sandbox.anchors.anchor(self.offices.fresh("root"), leaves, first)
        entitled = self.is_usable(model) and model.roles & Role.ANCHOR.bit and self.active[model.party]
        if self.tried(call, bool(entitled) and not gap, "anchor", model.key.address):
            self.sequences[model.party] += leaves

    @rule(which=WHICH)
    def mark(self, which: int) -> None:
        """Marking is never paused."""
        model = self.key(which)
        about = {"recordId": self.offices.fresh("record"), "version": 1, "mark": 1, "reason": 1}
        _, call = self.signed("Mark", model.key, **about)
        entitled = self.is_usable(model) and model.roles & Role.SUBMIT.bit and self.active[model.party]
        self.tried(call, bool(entitled), "mark")

    @rule()
    def withdraw_consent(self) -> None:
        """Whoever consented withdraws, paused or not."""
        if self.consents:
            consent = self.consents.pop()
            _, call = self.signed("WithdrawConsent", consent.key, consent=consent.identifier, reason=1)
            self.tried(call, True, "withdraw")

    @rule()
    def open_emergency(self) -> None:
        """An emergency is opened, paused or not; never so many that overdue reviews ask for a second agency."""
        if self.emergencies > OVERDUE_REVIEW_LIMIT:
            return
        about: dict[str, Any] = {"caseRef": self.offices.fresh("case"), "items": (5,), "region": 990101, "reason": 1}
        more = {"noteHash": self.offices.fresh("note"), "expiresAt": self.now + 3600}
        _, call = self.signed("OpenEmergency", self.offices.opener, None, None, **about, **more)
        if self.tried(call, self.active["reader"], "open emergency"):
            self.emergencies += 1

    @rule()
    def request(self) -> None:
        """A request is what a pause stops."""
        scope, profile = self.offices.fresh("scope"), self.offices.fresh("profile")
        about = {"holder": self.agency("holder"), "item": 5, "itemVersion": 1, "purpose": 2, "basis": 3}
        more = {"basisRef": scope, "scopeHash": scope, "profile": profile, "until": FOREVER}
        _, call = self.signed("RequestAccess", self.offices.requester, **about, **more)
        self.tried(call, all(self.active.values()) and not self.is_paused("AccessLedger"), "request")

    @rule(seconds=st.sampled_from([1, 3600, DAY, 3 * DAY, 20 * DAY]))
    def wait(self, seconds: int) -> None:
        self.pass_time(seconds)

    @invariant()
    def the_chain_says_what_the_model_says(self) -> None:
        for model in self.keys[-4:]:
            info = self.sandbox.registry.key_info(model.key.address, block="latest")
            told = (info.agency, info.roles, info.state, info.valid_until)
            assert told == (self.agency(model.party), model.roles, model.state, model.valid_until)
            assert not info.roles & ~model.allowed
        contract = PAUSABLE[self.roots % len(PAUSABLE)]
        assert self.sandbox.bindings[contract].paused_until(block="latest") == self.paused[contract]

    def teardown(self) -> None:
        self.no_key_has_a_role_that_was_not_allowed()
        for party in PARTIES:
            head, batch, sequence = GENESIS_HEAD, 0, 1
            for _, args in self.told("Anchored"):
                if args["gateway"] == self.agency(party):
                    assert (args["batch"], args["firstSequence"]) == (batch + 1, sequence)
                    batch, root = batch + 1, bytes.fromhex(args["root"][2:])
                    head = next_head(head, args["gateway"], batch, root, args["leafCount"], sequence)
                    sequence += args["leafCount"]
                    assert args["head"] == to_hex(head)
            stream = self.sandbox.anchors.head(self.agency(party), block="latest")
            assert (stream.head, stream.batch_count, stream.next_sequence) == (head, batch, sequence)
        super().teardown()

    def no_key_has_a_role_that_was_not_allowed(self) -> None:
        """By the events alone: what was allowed stood before the binding, and is not looked up afterwards."""
        allowed = {self.agency(party): ALL for party in PARTIES}
        ended = {"KeyRetired": 2, "KeyRevoked": 3}
        keys: dict[str, list[int]] = {}
        for name, args in self.told("AllowedRolesSet", "KeyBound", *ended):
            if name == "AllowedRolesSet":
                allowed[args["agency"]] = args["allowedRoles"]
            elif name == "KeyBound":
                assert not args["roles"] & ~allowed[args["agency"]]
                assert args["key"] not in keys
                keys[args["key"]] = [args["agency"], args["roles"], 1]
            else:
                keys[args["key"]][2] = ended[name]
        for key, told in keys.items():
            info = self.sandbox.registry.key_info(key, block="latest")
            assert [info.agency, info.roles, info.state] == told


def test_keys_streams_and_pauses_keep_their_invariants(offices: Offices) -> None:
    with on(KeyMachine, offices):
        run_state_machine_as_test(KeyMachine, settings=FEW)


@pytest.mark.slow
def test_keys_streams_and_pauses_keep_their_invariants_over_thousands_of_steps(offices: Offices) -> None:
    with on(KeyMachine, offices):
        run_state_machine_as_test(KeyMachine, settings=MANY)
