"""Invariants of consents and grants, as a state machine against a real EVM (contracts page).

1 a grant is usable only if granted, in time, not revoked, its basis live, both agencies active; 2 what was revoked,
withdrawn or expired never becomes live again; 5 no key of one agency changes another agency's state; 8 state rebuilt
from events equals storage; 9 nothing in calldata, and so in events and storage, is derived from a resident without a
secret key, and no two consents share anything that tells persons apart. Of 7: withdrawal and revocation
are taken whatever other agencies' status is; what a pause stops is tried in `test_key_invariants`.
"""

import hashlib
import hmac
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from tests.contracts.machine import FEW, MANY, SELDOM, ChainMachine, on, words_of
from tests.contracts.offices import CONSENTED, GRANTED, ITEM, OWN_KEY, PAPER, PURPOSE, STATUTORY, Offices, consent_id
from tests.contracts.sandbox import DAY, NOBODY, Key

pytestmark = pytest.mark.contracts

PERSONS = ("990101199003070011", "990101195512310029")
WHICH = st.integers(0, 7)
SECRET = b"a key that only the key provider holds"


@dataclass
class ConsentModel:
    key: Key
    mode: int
    valid_from: int
    valid_until: int
    withdrawn: bool = False


@dataclass
class GrantModel:
    consent: bytes | None
    state: int = 1
    expires_at: int = 0


def newest(known: dict[bytes, Any], which: int) -> bytes:
    """The id of the newest, or of the one so many before it."""
    return list(known)[-1 - which % len(known)]


class AccessMachine(ChainMachine):
    def __init__(self) -> None:
        super().__init__()
        self.recorded: dict[bytes, ConsentModel] = {}
        self.grants: dict[bytes, GrantModel] = {}
        self.active = {"reader": True, "holder": True}
        self.dead: set[bytes] = set()
        self.carried: list[set[bytes]] = []
        self.periods = 0

    @initialize()
    def begin(self) -> None:
        """Every example begins with a grant that rests on a consent."""
        self.record(OWN_KEY, -1, PERSONS[0])
        self.ask(0, False)
        self.decide(0, 2, True, False)

    def consent_live(self, identifier: bytes) -> bool:
        consent = self.recorded[identifier]
        return not consent.withdrawn and consent.valid_from <= self.now < consent.valid_until

    def usable(self, identifier: bytes) -> bool:
        grant = self.grants[identifier]
        in_force = grant.state == 2 and self.now < grant.expires_at and all(self.active.values())
        return in_force and (grant.consent is None or self.consent_live(grant.consent))

    @rule(
        mode=st.sampled_from([OWN_KEY, PAPER]),
        start=st.sampled_from([-1, -1, -1, 0, 1]),
        person=st.sampled_from(PERSONS),
    )
    def record(self, mode: int, start: int, person: str) -> None:
        offices = self.offices
        key = self.sandbox.key() if mode == OWN_KEY else offices.witness
        days = 12 + self.periods % 9
        members = {
            "subjectTag": self.tag(person),
            "recipient": offices.reader.agency,
            "holder": offices.holder.agency,
            "categories": 2,
            "purpose": PURPOSE,
            **{name: offices.fresh(name) for name in ("scopeHash", "textHash", "evidenceHash", "salt")},
            "controller": key.address if mode == OWN_KEY else NOBODY,
            "capturedBy": 0 if mode == OWN_KEY else offices.holder.agency,
            "captureMode": mode,
            "validFrom": max(0, self.now + start * DAY),
            "validUntil": self.now + (start + days) * DAY,
        }
        _, call = self.signed("RecordConsent", key, first=0 if mode == OWN_KEY else None, **members)
        expected = all(self.active.values()) and self.now + 1 < members["validUntil"]
        if not self.tried(call, expected, "record"):
            return
        identifier = consent_id(members)
        self.carried.append(words_of(call))
        self.recorded[identifier] = ConsentModel(key, mode, members["validFrom"], members["validUntil"])

    def tag(self, person: str) -> bytes:
        """The tag of a person for one consent more, by the formats page: keyed, with a period that is counted on."""
        self.periods += 1
        internal = hmac.digest(SECRET, person.encode(), "sha256")
        parts = (self.offices.reader.agency, PURPOSE, self.periods)
        return hmac.digest(SECRET, internal + b"".join(part.to_bytes(4, "big") for part in parts), "sha256")

    @rule(which=WHICH, stranger=SELDOM)
    def withdraw_consent(self, which: int, stranger: bool) -> None:
        consent = newest(self.recorded, which)
        model = self.recorded[consent]
        key = self.offices.decider if stranger else model.key
        _, call = self.signed("WithdrawConsent", key, consent=consent, reason=1)
        if self.tried(call, not stranger and not model.withdrawn, "withdraw consent"):
            model.withdrawn = True
            mine = list(self.recorded).index(consent)
            self.carried[mine] |= words_of(call)

    @rule(which=WHICH, by_duty=SELDOM)
    def ask(self, which: int, by_duty: bool) -> None:
        consent = None if by_duty else newest(self.recorded, which)
        members = {
            "holder": self.offices.holder.agency,
            "item": ITEM,
            "itemVersion": 1,
            "purpose": PURPOSE,
            "basis": STATUTORY if consent is None else CONSENTED,
            "basisRef": consent or self.offices.fresh("duty"),
            "scopeHash": self.offices.fresh("scope"),
            "profile": self.offices.fresh("profile"),
            "until": self.now + 9 * DAY,
        }
        request, call = self.signed("RequestAccess", self.offices.requester, **members)
        if self.tried(call, all(self.active.values()), "request"):
            self.grants[request] = GrantModel(consent)

    @rule(which=WHICH, days=st.integers(1, 14), grant=st.sampled_from([True, True, True, False]), foreign=SELDOM)
    def decide(self, which: int, days: int, grant: bool, foreign: bool) -> None:
        request = newest(self.grants, which)
        model, expires_at = self.grants[request], self.now + days * DAY
        decision = GRANTED if grant else 2
        members = dict.fromkeys(("itemVersion", "expiresAt", "uses", "terms", "destroyBy", "reason"), 0)
        members |= dict.fromkeys(("profile", "assessment", "reasonHash"), bytes(32))
        terms = {"itemVersion": 1, "profile": self.offices.fresh("profile"), "expiresAt": expires_at}
        members |= terms if grant else {"reason": 1}
        key = self.offices.requester if foreign else self.offices.decider
        _, call = self.signed("DecideAccess", key, request=request, decision=decision, **members)
        self.now += 1
        basis = model.consent is None or (
            self.consent_live(model.consent) and expires_at <= self.recorded[model.consent].valid_until
        )
        self.now -= 1
        expected = model.state == 1 and not foreign and self.active["holder"] and (basis or not grant)
        if self.tried(call, expected, "decide"):
            model.state, model.expires_at = (2, expires_at) if grant else (3, 0)

    @rule(which=WHICH, act=st.sampled_from(["RevokeGrant", "WithdrawRequest", "CloseGrant"]), foreign=SELDOM)
    def end(self, which: int, act: str, foreign: bool) -> None:
        request = newest(self.grants, which)
        model = self.grants[request]
        before, after, party, members = {
            "RevokeGrant": (2, 5, "holder", {"grant": request, "reason": 1}),
            "WithdrawRequest": (1, 4, "reader", {"request": request}),
            "CloseGrant": (2, 6, "reader", {"grant": request, "outcome": 1}),
        }[act]
        keys = {"holder": self.offices.decider, "reader": self.offices.requester}
        key = keys["reader" if party == "holder" else "holder"] if foreign else keys[party]
        _, call = self.signed(act, key, **members)
        if self.tried(call, model.state == before and not foreign and self.active[party], act):
            model.state = after

    @rule(party=st.sampled_from(["reader", "holder"]), suspend=SELDOM)
    def suspend_or_restore(self, party: str, suspend: bool) -> None:
        if suspend != self.active[party]:
            return
        self.active[party] = not self.active[party]
        member = getattr(self.offices, party)
        call = self.sandbox.registry.set_status(member.agency, 1 if self.active[party] else 2)
        self.tried(call, True, "set status", self.sandbox.governor)

    @rule(seconds=st.sampled_from([1, 3600, 3600, DAY, 3 * DAY]))
    def wait(self, seconds: int) -> None:
        self.pass_time(seconds)

    @invariant()
    def a_grant_is_usable_exactly_when_everything_holds(self) -> None:
        for identifier in list(self.grants)[-6:]:
            assert self.sandbox.access.is_usable(identifier, block="latest") == self.usable(identifier)
        for identifier in list(self.recorded)[-3:]:
            assert self.sandbox.consents.is_live(identifier, block="latest") == self.consent_live(identifier)

    @invariant()
    def what_ended_never_lives_again(self) -> None:
        for identifier, grant in self.grants.items():
            if grant.state > 2 or (grant.state == 2 and self.now >= grant.expires_at):
                self.dead.add(identifier)
        self.dead |= {identifier for identifier, consent in self.recorded.items() if consent.withdrawn}
        for identifier in list(self.dead)[-2:]:
            assert not self.sandbox.access.is_usable(identifier, block="latest")
            assert not self.sandbox.consents.is_live(identifier, block="latest")

    def teardown(self) -> None:
        """State rebuilt from the events equals storage, and the model."""
        consents, accesses = rebuilt(self)
        assert consents.keys() == {to_hex(identifier) for identifier in self.recorded}
        assert accesses.keys() == {to_hex(identifier) for identifier in self.grants}
        for identifier, consent in self.recorded.items():
            info = self.sandbox.consents.consent_info(identifier, block="latest")
            told = (info.recipient, info.holder, info.purpose, info.capture_mode, info.state)
            told = (*told, info.valid_from, info.valid_until, info.controller, info.captured_by)
            assert told == consents[to_hex(identifier)]
            assert info.state == (2 if consent.withdrawn else 1)
        for identifier, grant in self.grants.items():
            access = self.sandbox.access.access_info(identifier, block="latest")
            told = (access.reader, access.holder, access.item, access.item_version, access.state, access.expires_at)
            assert (*told, to_hex(access.consent)) == accesses[to_hex(identifier)]
            assert access.state == grant.state
        self.nothing_tells_persons_apart()
        super().teardown()

    def nothing_tells_persons_apart(self) -> None:
        """Two consents share small numbers and the witness's key, and no word is a digest of an identity number."""
        witness = bytes(12) + bytes.fromhex(self.offices.witness.address[2:])
        for one, other in combinations(self.carried, 2):
            long = {word for word in one & other if any(word[:16]) or int.from_bytes(word, "big") >> 64}
            assert {word for word in long if any(word[1:])} <= {witness}
        for person in PERSONS:
            guesses = {keccak256(person.encode()), hashlib.sha256(person.encode()).digest()}
            guesses |= {person.encode().ljust(32, b"\0"), hmac.digest(SECRET, person.encode(), "sha256")}
            assert not any(words & guesses for words in self.carried)


def rebuilt(machine: AccessMachine) -> tuple[dict[str, tuple[object, ...]], dict[str, tuple[object, ...]]]:
    """Consents and requests by id, folded from the events alone."""
    consents: dict[str, list[object]] = {}
    accesses: dict[str, list[object]] = {}
    members = ("recipient", "holder", "purpose", "captureMode", "validFrom", "validUntil", "controller", "capturedBy")
    ends = {"GrantRevoked": 5, "RequestWithdrawn": 4, "GrantClosed": 6, "AccessRefused": 3}
    for name, args in machine.told("ConsentRecorded", "ConsentWithdrawn"):
        if name == "ConsentRecorded":
            values = [args[member] for member in members]
            consents[args["consent"]] = [*values[:4], 1, *values[4:]]
        else:
            consents[args["consent"]][4] = 2
    for name, args in machine.told("AccessRequested", "AccessGranted", *ends):
        identifier = args.get("request") or args["grant"]
        if name == "AccessRequested":
            consent = args["basisRef"] if args["basis"] == CONSENTED else to_hex(bytes(32))
            parties = (args["reader"], args["holder"], args["item"], args["itemVersion"])
            accesses[identifier] = [*parties, 1, 0, consent]
        elif name == "AccessGranted":
            accesses[identifier][3:6] = [args["itemVersion"], 2, args["expiresAt"]]
        else:
            accesses[identifier][4] = ends[name]
    return (
        {identifier: tuple(values) for identifier, values in consents.items()},
        {identifier: tuple(values) for identifier, values in accesses.items()},
    )


def test_grants_and_consents_keep_their_invariants(offices: Offices) -> None:
    with on(AccessMachine, offices):
        run_state_machine_as_test(AccessMachine, settings=FEW)


@pytest.mark.slow
def test_grants_and_consents_keep_their_invariants_over_thousands_of_steps(offices: Offices) -> None:
    with on(AccessMachine, offices):
        run_state_machine_as_test(AccessMachine, settings=MANY)
