"""Invariants of emergencies, as a state machine against a real EVM (contracts page, invariants 2, 3, 5, 7, 8).

3 every ended emergency has exactly one assigned reviewer, never the opener's agency, also where another one takes over
from a suspended reviewer; 2 an emergency that ended never lives again, whoever is suspended and restored; 5 no key of
one agency acts on another agency's; 8 state rebuilt from events equals storage. Of 7: with any number of overdue
reviews an emergency opens when a second agency signs; what a pause stops is tried in `test_key_invariants`.
"""

from dataclasses import dataclass

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, multiple, rule, run_state_machine_as_test

from ledger.core.codes import Role
from ledger.core.hexadecimal import to_hex
from tests.contracts.machine import FEW, MANY, SELDOM, ChainMachine, on
from tests.contracts.offices import ITEM, OPEN_ITEM, SHUT_ITEM, SUSPENDED, Offices, word
from tests.contracts.sandbox import DAY

pytestmark = pytest.mark.contracts

UNSIGNED, REVIEW_WITHIN, LIMIT = 7200, 15 * DAY, 2
REVIEWERS = 1
"""The place of the agency that is assigned first among those that are suspended and restored."""
NOTES = ("NoteNotified", "NoteDestroyed", "KeepData")


@dataclass
class Model:
    who: str
    reviewer: int
    case: int
    expires_at: int
    unsigned_until: int
    review_due_at: int
    co_signed: bool
    ended_at: int = 0
    verdict: int = 0
    notice: int = 0
    destruction: int = 0

    def over_at(self) -> int:
        return self.ended_at or (self.expires_at if self.co_signed else self.unsigned_until)


class EmergencyMachine(ChainMachine):
    emergencies = Bundle("emergencies")

    @initialize(target=emergencies)
    def begin(self) -> object:
        """Every example begins with an emergency whose review another agency took over, and kept."""
        self.bind_keys()
        opened = self.open("reader", 9, 24, ITEM, False, False)
        assert isinstance(opened, bytes)
        self.end(opened, False)
        self.suspend_or_restore(REVIEWERS, True)
        self.review(opened, 1, "other")
        self.suspend_or_restore(REVIEWERS, False)
        self.review(opened, 3, "other")
        self.review(opened, 2, "assigned")
        return opened

    def bind_keys(self) -> None:
        """The reviewing agency opens emergencies too, and the substitute reviews those."""
        offices, bind = self.offices, self.sandbox.bind
        self.openers = {"reader": offices.opener, "reviewers": bind(offices.reviewers, Role.EMERGENCY)}
        self.supervisors = {"reader": offices.supervisor, "reviewers": bind(offices.reviewers, Role.SUPERVISE)}
        self.reviewers = {
            offices.reviewers.agency: offices.reviewer,
            offices.substitute.agency: bind(offices.substitute, Role.REVIEW),
        }
        self.own = {who: bind(getattr(offices, who), Role.REVIEW) for who in ("reader", "reviewers")}
        self.now = self.sandbox.now
        self.opened: dict[bytes, Model] = {}
        self.over: set[bytes] = set()
        self.active = dict.fromkeys((offices.reader.agency, offices.reviewers.agency, offices.substitute.agency), True)
        self.agency_of = {"reader": offices.reader.agency, "reviewers": offices.reviewers.agency}

    def acts(self, who: str) -> bool:
        """Whether the agency that opened may act."""
        return self.active[self.agency_of[who]]

    def assigned(self, who: str) -> int | None:
        """The agency that the parameters assign to review what this one opens, None if there is none now."""
        able = (agency for agency in self.reviewers if agency != self.agency_of[who] and self.active[agency])
        return next(able, None)

    def overdue(self, who: str) -> int:
        waiting = [model for model in self.opened.values() if model.who == who and not model.verdict]
        return sum(model.review_due_at <= self.now for model in waiting)

    @rule(
        target=emergencies,
        who=st.sampled_from(["reader", "reader", "reviewers"]),
        case=st.integers(0, 5),
        hours=st.sampled_from([1, 2, 24, 72, 80]),
        item=st.sampled_from([ITEM, ITEM, ITEM, SHUT_ITEM]),
        signed=st.booleans(),
        seconded=st.booleans(),
    )
    def open(self, who: str, case: int, hours: int, item: int, signed: bool, seconded: bool) -> object:
        offices = self.offices
        expires_at, opens_at = self.now + hours * 3600, self.now + 1
        members = {
            "caseRef": word(f"case {case}"),
            "items": (OPEN_ITEM, item),
            "region": 990101,
            "reason": 1,
            "noteHash": bytes(32),
            "expiresAt": expires_at,
        }
        keys = (self.openers[who], self.supervisors[who] if signed else None, offices.second if seconded else None)
        emergency, call = self.signed("OpenEmergency", *keys, **members)
        self.now += 1
        again = any(model.who == who and model.case == case for model in self.opened.values())
        expected = item != SHUT_ITEM and expires_at <= opens_at + 3 * DAY and (signed or not again)
        expected = expected and (seconded or self.overdue(who) <= LIMIT)
        reviewer = self.assigned(who)
        expected = expected and self.acts(who) and reviewer is not None
        self.now -= 1
        if not self.tried(call, expected, "open") or reviewer is None:
            return multiple()
        until = min(expires_at, opens_at + UNSIGNED)
        self.opened[emergency] = Model(who, reviewer, case, expires_at, until, expires_at + REVIEW_WITHIN, signed)
        return emergency

    @rule(emergency=emergencies, foreign=SELDOM)
    def co_sign(self, emergency: bytes, foreign: bool) -> None:
        model = self.opened[emergency]
        key = self.offices.second if foreign else self.supervisors[model.who]
        _, call = self.signed("CoSignEmergency", key, emergency=emergency)
        expected = not foreign and self.acts(model.who) and not model.co_signed and self.now + 1 < model.over_at()
        if self.tried(call, expected, "co-sign"):
            model.co_signed = True

    @rule(emergency=emergencies, foreign=SELDOM)
    def end(self, emergency: bytes, foreign: bool) -> None:
        model = self.opened[emergency]
        key = self.offices.second if foreign else self.openers[model.who]
        _, call = self.signed("EndEmergency", key, emergency=emergency)
        if self.tried(call, not foreign and self.acts(model.who) and self.now + 1 < model.over_at(), "end"):
            model.ended_at = self.now

    @rule(
        emergency=emergencies,
        verdict=st.integers(1, 3),
        by=st.sampled_from(["assigned", "assigned", "own", "other", "other"]),
    )
    def review(self, emergency: bytes, verdict: int, by: str) -> None:
        model = self.opened[emergency]
        other = next(agency for agency in self.reviewers if agency != model.reviewer)
        agency = {"assigned": model.reviewer, "own": self.agency_of[model.who], "other": other}[by]
        key = self.own[model.who] if by == "own" else self.reviewers[agency]
        members = {"emergency": emergency, "verdict": verdict, "documentHash": word("review")}
        _, call = self.signed("ReviewEmergency", key, **members)
        takes_over = not self.active[model.reviewer] and agency == self.assigned(model.who)
        expected = self.active[agency] and (agency == model.reviewer or takes_over)
        expected = expected and self.now + 1 >= model.over_at() and (verdict > 1 or not model.verdict)
        if self.tried(call, expected, "review"):
            model.verdict, model.reviewer = max(model.verdict, verdict), agency

    @rule(emergency=emergencies, act=st.sampled_from([*NOTES, "DeferNotice"]), foreign=SELDOM)
    def answer(self, emergency: bytes, act: str, foreign: bool) -> None:
        model, document = self.opened[emergency], word("document")
        members: dict[str, object] = {"documentHash": document}
        if act != "NoteNotified":
            deferral = {"until": self.now + DAY, "reason": 1}
            members = {"NoteDestroyed": members, "KeepData": {"assessment": document}, "DeferNotice": deferral}[act]
        key = self.offices.second if foreign else self.supervisors[model.who]
        _, call = self.signed(act, key, emergency=emergency, **members)
        free = {
            "NoteNotified": model.notice < 2,
            "DeferNotice": model.notice < 2,
            "NoteDestroyed": model.destruction < 2,
            "KeepData": model.destruction == 0,
        }[act]
        in_time = act == "DeferNotice" or self.now + 1 >= model.over_at()
        if not self.tried(call, not foreign and self.acts(model.who) and free and in_time, act):
            return
        if act in ("NoteNotified", "DeferNotice"):
            model.notice = 2 if act == "NoteNotified" else 1
        else:
            model.destruction = 2 if act == "NoteDestroyed" else 1

    @rule(which=st.integers(0, 2), suspend=SELDOM)
    def suspend_or_restore(self, which: int, suspend: bool) -> None:
        agency = list(self.active)[which]
        if suspend != self.active[agency]:
            return
        self.active[agency] = not suspend
        call = self.sandbox.registry.set_status(agency, SUSPENDED if suspend else 1)
        self.tried(call, True, "status", sender=self.sandbox.governor)

    @rule(seconds=st.sampled_from([1, 3600, 7200, DAY, 16 * DAY, 18 * DAY]))
    def wait(self, seconds: int) -> None:
        self.pass_time(seconds)

    @invariant()
    def what_is_over_never_lives_again(self) -> None:
        for emergency, model in list(self.opened.items())[-3:]:
            live = self.now < model.over_at() and self.acts(model.who)
            assert self.sandbox.emergencies.is_live(emergency, block="latest") == live
        self.over |= {emergency for emergency, model in self.opened.items() if self.now >= model.over_at()}
        for emergency in list(self.over)[-1:]:
            assert not self.sandbox.emergencies.is_live(emergency, block="latest")

    @invariant()
    def overdue_reviews_are_counted_exactly(self) -> None:
        agency = self.offices.reader.agency
        assert self.sandbox.emergencies.overdue_reviews(agency, block="latest") == self.overdue("reader")

    def teardown(self) -> None:
        """Each has one reviewer, never its opener; state rebuilt from the events equals storage, and the model."""
        books = rebuilt(self)
        assert books.keys() == {to_hex(emergency) for emergency in self.opened}
        for emergency, model in self.opened.items():
            info = self.sandbox.emergencies.emergency_info(emergency, block="latest")
            assert info.reviewer == model.reviewer != info.agency
            told = {
                "agency": info.agency,
                "reviewer": info.reviewer,
                "expiresAt": info.expires_at,
                "unsignedUntil": info.unsigned_until,
                "ended": info.ended_at != 0,
                "coSigned": info.co_signed,
                "verdict": info.verdict,
                "notice": info.notice,
                "destruction": info.destruction,
            }
            assert told == books[to_hex(emergency)]
            assert (info.ended_at, info.verdict) == (model.ended_at, model.verdict)
            assert (info.notice, info.destruction) == (model.notice, model.destruction)
        super().teardown()


def rebuilt(machine: EmergencyMachine) -> dict[str, dict[str, object]]:
    """Emergencies by id, folded from the events alone."""
    books: dict[str, dict[str, object]] = {}
    simple = {
        "EmergencyCoSigned": ("coSigned", 1),
        "EmergencyEnded": ("ended", True),
        "NoticeGiven": ("notice", 2),
        "NoticeDeferred": ("notice", 1),
        "DataDestroyed": ("destruction", 2),
        "DataKept": ("destruction", 1),
    }
    for name, args in machine.told("EmergencyOpened", "EmergencyReviewed", "ReviewerReplaced", *simple):
        if name == "EmergencyOpened":
            names = ("agency", "reviewer", "expiresAt", "unsignedUntil")
            books[args["emergency"]] = {member: args[member] for member in names} | {
                "ended": False,
                "coSigned": int(int(args["supervisor"], 16) != 0),
                **dict.fromkeys(("verdict", "notice", "destruction"), 0),
            }
            continue
        book = books[args["emergency"]]
        if name == "EmergencyReviewed":
            assert args["reviewer"] == book["reviewer"]
            book["verdict"] = max(book["verdict"], args["verdict"])
        elif name == "ReviewerReplaced":
            assert book["agency"] != args["reviewer"] != book["reviewer"]
            book["reviewer"] = args["reviewer"]
        else:
            member, value = simple[name]
            book[member] = value
    return books


def test_emergencies_keep_their_invariants(offices: Offices) -> None:
    with on(EmergencyMachine, offices):
        run_state_machine_as_test(EmergencyMachine, settings=FEW)


@pytest.mark.slow
def test_emergencies_keep_their_invariants_over_thousands_of_steps(offices: Offices) -> None:
    with on(EmergencyMachine, offices):
        run_state_machine_as_test(EmergencyMachine, settings=MANY)
