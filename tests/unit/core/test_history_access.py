"""The fold of consents, requests, grants and emergencies: each event once, of something known, and ends for good."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.hexadecimal import from_hex
from ledger.core.history import AsOf, Block, ChainEvent, Dated, History, Point
from ledger.errors import HistoryError
from tests.simulated_consortium import address, number32

pytestmark = pytest.mark.unit
Told = tuple[str, str, dict[str, Any]]
ID, NOBODY, KEY = "0x" + "c1" * 32, "0x" + "00" * 20, address("k")
RAW = bytes.fromhex(ID[2:])
HASH = "0x" + number32("hash").hex()
OPENED_AT, UNSIGNED_UNTIL, EXPIRES_AT = 110, 150, 190


def consents(name: str, **args: Any) -> Told:
    return "ConsentRegistry", name, {"consent": ID, **args}


def accesses(name: str, **args: Any) -> Told:
    return "AccessLedger", name, args


def emergencies(name: str, **args: Any) -> Told:
    return "EmergencyAccess", name, {"emergency": ID, **args}


RECORDED = consents(
    "ConsentRecorded",
    recipient=8,
    holder=7,
    subjectTag=HASH,
    categories=6,
    purpose=2,
    scopeHash=HASH,
    textHash=HASH,
    evidenceHash=HASH,
    controller=KEY,
    capturedBy=0,
    captureMode=1,
    validFrom=100,
    validUntil=180,
)
WITHDRAWN = consents("ConsentWithdrawn", reason=4)
REQUESTED = accesses(
    "AccessRequested",
    request=ID,
    reader=8,
    holder=7,
    key=KEY,
    item=6,
    itemVersion=1,
    purpose=2,
    basis=3,
    basisRef=HASH,
    scopeHash=HASH,
    profile=HASH,
    until=500,
)
GRANTED = accesses(
    "AccessGranted",
    request=ID,
    key=KEY,
    itemVersion=1,
    profile=HASH,
    expiresAt=180,
    uses=5,
    terms=1,
    destroyBy=0,
    assessment=HASH,
)
REFUSED = accesses("AccessRefused", request=ID, key=KEY, reason=2, reasonHash=HASH)
REQUEST_WITHDRAWN = accesses("RequestWithdrawn", request=ID)
REVOKED = accesses("GrantRevoked", grant=ID, reason=1)
CLOSED = accesses("GrantClosed", grant=ID, outcome=2)
OPENED = emergencies(
    "EmergencyOpened",
    agency=8,
    caseRef=HASH,
    key=KEY,
    supervisor=NOBODY,
    secondAgency=0,
    region=990101,
    reason=1,
    noteHash=HASH,
    expiresAt=EXPIRES_AT,
    unsignedUntil=UNSIGNED_UNTIL,
    reviewer=2,
    reviewDueAt=400,
)
ITEM = emergencies("EmergencyItemOpened", item=6)
SIGNED, ENDED = emergencies("EmergencyCoSigned", key=KEY), emergencies("EmergencyEnded")
REVIEWED = emergencies("EmergencyReviewed", reviewer=2, verdict=1, documentHash=HASH)
REPLACED = emergencies("ReviewerReplaced", reviewer=3)
NOTIFIED = emergencies("NoticeGiven", documentHash=HASH)
DEFERRED = emergencies("NoticeDeferred", until=600, reason=2)
DESTROYED, KEPT = emergencies("DataDestroyed", documentHash=HASH), emergencies("DataKept", assessment=HASH)


def folded(*blocks: tuple[int, list[Told]]) -> History:
    """Fold blocks of a time and events."""
    history, parent = History(), "0x"
    for number, (time, told) in enumerate(blocks):
        logs = [ChainEvent(number, place, "0x", *one) for place, one in enumerate(told)]
        history.append(Block(number, f"0x{number:02x}", parent, time), logs)
        parent = f"0x{number:02x}"
    return history


@pytest.mark.parametrize(
    ("before", "event"),
    [
        ([RECORDED], RECORDED),
        ([RECORDED, WITHDRAWN], WITHDRAWN),
        ([REQUESTED], REQUESTED),
        ([REQUESTED, GRANTED], GRANTED),
        ([REQUESTED, GRANTED], REFUSED),
        ([REQUESTED, GRANTED], REQUEST_WITHDRAWN),
        ([REQUESTED, REFUSED], GRANTED),
        ([REQUESTED, REFUSED], REFUSED),
        ([REQUESTED, REQUEST_WITHDRAWN], GRANTED),
        ([REQUESTED, REQUEST_WITHDRAWN], REQUEST_WITHDRAWN),
        ([REQUESTED, GRANTED, REVOKED], REVOKED),
        ([REQUESTED, GRANTED, REVOKED], CLOSED),
        ([REQUESTED, GRANTED, CLOSED], CLOSED),
        ([REQUESTED, GRANTED, CLOSED], REVOKED),
        ([OPENED], OPENED),
        ([OPENED, ITEM], ITEM),
        ([OPENED, SIGNED], SIGNED),
        ([OPENED, ENDED], ENDED),
        ([OPENED, NOTIFIED], NOTIFIED),
        ([OPENED, DESTROYED], DESTROYED),
        ([OPENED, KEPT], KEPT),
        ([OPENED, DESTROYED], KEPT),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)
def test_what_happens_once_only_contradicts_when_it_happens_again(before: list[Told], event: Told) -> None:
    folded((OPENED_AT, before))
    with pytest.raises(HistoryError, match="a second time"):
        folded((OPENED_AT, [*before, event]))


@pytest.mark.parametrize(
    "event",
    [
        *(WITHDRAWN, GRANTED, REFUSED, REQUEST_WITHDRAWN, REVOKED, CLOSED),
        *(ITEM, SIGNED, ENDED, REVIEWED, REPLACED, NOTIFIED, DEFERRED, DESTROYED, KEPT),
    ],
    ids=lambda event: event[1],
)
def test_an_event_of_something_unknown_contradicts(event: Told) -> None:
    with pytest.raises(HistoryError, match="unknown"):
        folded((OPENED_AT, [event]))


@pytest.mark.parametrize("event", [REVOKED, CLOSED], ids=lambda event: event[1])
def test_a_grant_that_was_never_given_does_not_end(event: Told) -> None:
    with pytest.raises(HistoryError, match="never given"):
        folded((OPENED_AT, [REQUESTED, event]))


@pytest.mark.parametrize("event", [SIGNED, ENDED], ids=lambda event: event[1])
def test_an_emergency_that_is_over_is_neither_co_signed_nor_ended(event: Told) -> None:
    folded((OPENED_AT, [OPENED]), (UNSIGNED_UNTIL - 1, [event]))
    with pytest.raises(HistoryError, match="is over"):
        folded((OPENED_AT, [OPENED]), (UNSIGNED_UNTIL, [event]))
    with pytest.raises(HistoryError, match=r"is over|a second time"):
        folded((OPENED_AT, [OPENED, ENDED]), (OPENED_AT + 1, [event]))


def test_a_notice_that_was_given_is_not_put_off() -> None:
    with pytest.raises(HistoryError, match="defers a notice"):
        folded((OPENED_AT, [OPENED, NOTIFIED, DEFERRED]))


@pytest.mark.parametrize(
    ("event", "member", "value"),
    [
        (RECORDED, "categories", -1),
        (RECORDED, "subjectTag", "0x00"),
        (RECORDED, "controller", "nobody"),
        (REQUESTED, "key", 5),
        (REQUESTED, "until", "later"),
        (OPENED, "supervisor", "0x"),
        (OPENED, "region", True),
    ],
    ids=str,
)
def test_a_misshapen_member_is_told(event: Told, member: str, value: object) -> None:
    contract, name, args = event
    with pytest.raises(HistoryError, match=f"{name} in block 0: {member}"):
        folded((OPENED_AT, [(contract, name, args | {member: value})]))


def test_the_chain_tells_of_a_consent() -> None:
    history = folded((100, []), (OPENED_AT, [RECORDED]), (130, [WITHDRAWN]))
    consent = history.consents[RAW]
    assert (consent.recipient, consent.holder, consent.categories, consent.purpose) == (8, 7, 6, 2)
    assert (consent.controller, consent.captured_by, consent.capture_mode, consent.withdraw_reason) == (KEY, 0, 1, 4)
    assert [consent.is_live(AsOf(at)) for at in (109, 110, 129, 130)] == [False, True, True, False]
    unending = folded((90, [RECORDED])).consents[RAW]
    assert [unending.is_live(AsOf(at)) for at in (99, 100, 179, 180)] == [False, True, True, False]


def test_the_chain_tells_of_a_request_and_its_refusal_or_withdrawal() -> None:
    asked = folded((OPENED_AT, [REQUESTED]), (120, [REFUSED])).accesses[RAW]
    assert (asked.reader, asked.holder, asked.item, asked.purpose, asked.basis, asked.until) == (8, 7, 6, 2, 3, 500)
    assert (asked.refused, asked.refusal_reason, asked.deciding_key) == (Point(1, 0, 120), 2, KEY)
    assert asked.reason_hash == number32("hash")
    assert not asked.is_granted(AsOf(500))
    withdrawn = folded((OPENED_AT, [REQUESTED]), (120, [REQUEST_WITHDRAWN])).accesses[RAW]
    assert withdrawn.withdrawn == Point(1, 0, 120)


def test_the_chain_tells_of_a_grant_and_its_end() -> None:
    granted = folded((OPENED_AT, [REQUESTED]), (120, [GRANTED]), (130, [CLOSED])).accesses[RAW]
    assert granted.grant is not None
    assert (granted.grant.uses, granted.grant.expires_at, granted.grant.terms, granted.outcome) == (5, 180, 1, 2)
    assert [granted.is_usable(AsOf(at)) for at in (119, 120, 129, 130)] == [False, True, True, False]
    assert granted.is_granted(AsOf(130))
    revoked = folded((OPENED_AT, [REQUESTED, GRANTED, REVOKED])).accesses[RAW]
    assert [revoked.is_usable(AsOf(110, Point(0, place, 110))) for place in range(3)] == [False, True, False]


def test_the_chain_tells_of_an_emergency_and_what_follows() -> None:
    told = [REVIEWED, REPLACED, DEFERRED, NOTIFIED, KEPT, DESTROYED]
    history = folded((OPENED_AT, [OPENED, ITEM]), (120, [SIGNED]), (130, [ENDED]), (140, told))
    emergency = history.emergencies[RAW]
    assert (emergency.agency, emergency.region, emergency.items, emergency.review_due_at) == (8, 990101, {6}, 400)
    assert [emergency.ends_at(AsOf(at)) for at in (110, 120, 130)] == [UNSIGNED_UNTIL, EXPIRES_AT, 130]
    assert [emergency.is_live(AsOf(at)) for at in (109, 110, 129, 130)] == [False, True, True, False]
    assert [emergency.reviewer(AsOf(at)) for at in (109, 110, 139, 140)] == [0, 2, 2, 3]
    assert [(one.reviewer, one.verdict, one.point) for one in emergency.reviews] == [(2, 1, Point(3, 0, 140))]
    assert emergency.deferrals == [Dated(Point(3, 2, 140), (600, 2))]
    assert (emergency.notified, emergency.kept) == (Point(3, 3, 140), Point(3, 4, 140))
    assert emergency.destroyed == Point(3, 5, 140)
    supervised = (*OPENED[:2], OPENED[2] | {"supervisor": KEY})
    assert folded((OPENED_AT, [supervised])).emergencies[RAW].ends_at(AsOf(OPENED_AT)) == EXPIRES_AT


def test_calendars_and_duty_lists_are_kept_with_their_dates() -> None:
    history = folded(
        (100, [("Catalogue", "CalendarSet", {"version": 1, "documentHash": HASH})]),
        (110, [("Catalogue", "DutyListSet", {"version": 2, "documentHash": HASH})]),
    )
    assert history.calendars == [Dated(Point(0, 0, 100), (1, number32("hash")))]
    assert history.duty_lists == [Dated(Point(1, 0, 110), (2, number32("hash")))]


EVERYTHING = [RECORDED, WITHDRAWN, REQUESTED, GRANTED, REFUSED, REQUEST_WITHDRAWN, REVOKED, CLOSED]
EVERYTHING += [OPENED, ITEM, SIGNED, ENDED, REVIEWED, REPLACED, NOTIFIED, DEFERRED, DESTROYED, KEPT]
STEPS = st.lists(st.tuples(st.integers(0, 25), st.sampled_from(EVERYTHING)), min_size=3, max_size=25)


@settings(max_examples=300)
@given(STEPS)
def test_what_ended_never_becomes_live_again(steps: list[tuple[int, Told]]) -> None:
    history, time, number, parent = History(), 95, 0, "0x"
    lived: dict[str, list[bool]] = {"consent": [], "grant": [], "emergency": []}
    for seconds, told in steps:
        time += seconds
        history.append(Block(number, f"0x{number:02x}", parent, time), [])
        with suppress(HistoryError):  # No chain of ours writes it; the fold refuses it and goes on.
            history.apply(ChainEvent(number, 0, "0x", *told))
        as_of = history.at_block(number)
        for name, things in (("consent", history.consents), ("emergency", history.emergencies)):
            lived[name].append(RAW in things and things[RAW].is_live(as_of))
        lived["grant"].append(RAW in history.accesses and history.accesses[RAW].is_usable(as_of))
        number, parent = number + 1, f"0x{number:02x}"
    for name, states in lived.items():
        changes = [state for place, state in enumerate(states) if place == 0 or states[place - 1] != state]
        begun = changes.count(True)
        assert begun <= 1, f"{name} became live {begun} times"


def test_a_tag_stays_used_when_its_consent_is_withdrawn() -> None:
    assert folded((OPENED_AT, [])).subject_tags == {}
    tag, consent = (from_hex(RECORDED[2][name]) for name in ("subjectTag", "consent"))
    assert folded((OPENED_AT, [RECORDED, WITHDRAWN])).subject_tags == {tag: consent}
