"""Looks under grants, consents and emergencies, as the history and the received actions know them then."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.core.codes import Authority, Purpose, Refusal
from ledger.core.decision import Permitted, Refused
from ledger.core.look import Look, bounding_profile, consent_id, moment, objects_of
from ledger.core.mask_policy import MaskPolicy, PolicyProfile
from ledger.core.received import ReceivedAction
from ledger.core.stored import SearchKeys
from tests.simulated_authorities import (
    CLOSED,
    DAY,
    ELSEWHERE,
    GRANTED,
    HOUR,
    IN_EMERGENCY,
    PROFILES,
    SEEN_BY_RESIDENT,
    SHARED,
    AuthorityLedger,
)
from tests.simulated_consortium import PUBLISHER, READER, RIVAL, address, number32
from tests.unit.core.looks import KEYS, class1, decided, granted, in_emergency

pytestmark = pytest.mark.unit
MISMATCH, NOT_USABLE = Refused(Refusal.GRANT_MISMATCH), Refused(Refusal.GRANT_NOT_USABLE)
INCOMPLETE, NOT_LIVE = Refused(Refusal.BASIS_INCOMPLETE), Refused(Refusal.EMERGENCY_NOT_LIVE)
NO_AUTHORITY = Refused(Refusal.NO_AUTHORITY)
MAY = Permitted(Authority.GRANT, 1)
OPENS = Permitted(Authority.EMERGENCY, 1)


def received(name: str, about: bytes, at: int, agency: int = READER, **message: Any) -> ReceivedAction:
    member = {"WithdrawConsent": "consent", "RevokeGrant": "grant", "CloseGrant": "grant"}.get(name, "emergency")
    return ReceivedAction(about, name, {member: about, **message}, at, at + 300, 1, agency)


# --- grants ---


def test_a_grant_is_usable_from_its_block_to_its_end() -> None:
    ledger = AuthorityLedger()
    request = ledger.ask()
    asked = len(ledger.blocks) - 1
    ledger.decide(request, expiresAt=ledger.now + 100)
    expires_at, look = ledger.now + 98, granted(ledger, request)
    assert decided(ledger, look) == MAY
    assert decided(ledger, look, block=asked) == NOT_USABLE
    assert decided(ledger, look, block=asked - 1) == NO_AUTHORITY
    assert [decided(ledger, look, at=at) for at in (expires_at - 1, expires_at)] == [MAY, NOT_USABLE]
    assert decided(ledger, granted(ledger, number32("another"))) == NO_AUTHORITY


@pytest.mark.parametrize("event", ["GrantRevoked", "GrantClosed"])
def test_a_grant_that_was_revoked_or_closed_stays_unusable(event: str) -> None:
    ledger = AuthorityLedger()
    grant = ledger.grant()
    before = len(ledger.blocks) - 1
    ledger.end_grant(grant, event)
    assert decided(ledger, granted(ledger, grant)) == NOT_USABLE
    assert decided(ledger, granted(ledger, grant), block=before) == MAY


@pytest.mark.parametrize("name", ["RevokeGrant", "CloseGrant"])
def test_a_received_end_of_a_grant_counts_before_it_is_mined(name: str) -> None:
    ledger = AuthorityLedger()
    grant = ledger.grant()
    assert decided(ledger, granted(ledger, grant), received=[received(name, grant, ledger.now)]) == NOT_USABLE
    other = received(name, number32("another"), ledger.now)
    assert decided(ledger, granted(ledger, grant), received=[other]) == MAY


def test_a_grant_of_a_suspended_holder_is_not_usable_and_a_suspended_reader_has_no_key() -> None:
    for agency, reason in ((PUBLISHER, NOT_USABLE), (READER, Refused(Refusal.KEY_NOT_ENTITLED))):
        ledger = AuthorityLedger()
        grant = ledger.grant()
        ledger.mine([("AgencyRegistry", "AgencyStatusSet", {"agency": agency, "status": 2})])
        assert decided(ledger, granted(ledger, grant)) == reason


@pytest.mark.parametrize(
    ("asked", "look", "reason"),
    [
        ({"reader": RIVAL}, {}, MISMATCH),
        ({"item": CLOSED}, {}, MISMATCH),
        ({"purpose": 7}, {}, MISMATCH),
        ({"basis": 7}, {}, MISMATCH),
        ({"holder": RIVAL}, {}, MISMATCH),
        ({}, {"basis": 7}, MISMATCH),
        ({}, {"item": CLOSED}, Refused(Refusal.ITEM_NOT_SHARED)),
        ({"scopeHash": "0x" + ELSEWHERE.hash.hex()}, {}, Refused(Refusal.OUT_OF_SCOPE)),
        ({"scopeHash": "0x" + number32("unknown").hex()}, {}, Refused(Refusal.OUT_OF_SCOPE)),
    ],
    ids=str,
)
def test_a_look_that_the_grant_does_not_speak_of_is_refused(
    asked: dict[str, Any], look: dict[str, Any], reason: Refused
) -> None:
    ledger = AuthorityLedger()
    grant = ledger.grant("request", asked)
    assert decided(ledger, granted(ledger, grant, **look)) == reason


def test_a_request_carries_its_reference_so_looks_need_not() -> None:
    ledger = AuthorityLedger()
    look = granted(ledger, ledger.grant(), basis_ref=bytes(32))
    assert decided(ledger, look) == MAY


# --- consents ---


def test_a_grant_by_consent_is_as_live_as_its_consent() -> None:
    ledger = AuthorityLedger()
    consent = ledger.consent(validUntil=ledger.now + 100)
    ends_at = ledger.now + 98
    look = granted(ledger, ledger.grant_by_consent(consent), basis=1, basis_ref=bytes(32))
    assert [decided(ledger, look, at=at) for at in (ends_at - 1, ends_at)] == [MAY, INCOMPLETE]
    assert decided(ledger, look, received=[received("WithdrawConsent", consent, ledger.now)]) == INCOMPLETE
    before = len(ledger.blocks) - 1
    ledger.withdraw_consent(consent)
    assert decided(ledger, look) == INCOMPLETE
    assert decided(ledger, look, block=before) == MAY


@pytest.mark.parametrize(
    "changes",
    [
        {"recipient": RIVAL},
        {"holder": RIVAL},
        {"purpose": 7},
        {"categories": 0b100},
        {"scopeHash": "0x" + ELSEWHERE.hash.hex()},
        {"scopeHash": "0x" + number32("unknown").hex()},
        {"validFrom": 1 << 39},
    ],
    ids=str,
)
def test_a_consent_to_something_else_is_no_basis(changes: dict[str, Any]) -> None:
    ledger = AuthorityLedger()
    grant = ledger.grant_by_consent(ledger.consent(**changes))
    assert decided(ledger, granted(ledger, grant, basis=1), categories=0b010) == INCOMPLETE


def test_a_class_1_look_may_rest_on_the_consent_that_it_names() -> None:
    ledger = AuthorityLedger()
    consent = ledger.consent()
    look = class1(ledger, basis=1, basis_ref=consent)
    assert decided(ledger, look) == Permitted(Authority.CLASS1, 1)
    assert decided(ledger, replace(look, basis_ref=number32("unknown"))) == INCOMPLETE
    assert decided(ledger, replace(look, basis_ref=bytes(32))) == INCOMPLETE
    recorded = next(event.block for event in ledger.events if event.name == "ConsentRecorded")
    assert decided(ledger, look, block=recorded - 1) == INCOMPLETE


def test_what_a_look_rests_on_is_named() -> None:
    ledger = AuthorityLedger()
    consent = ledger.consent()
    grant = ledger.grant_by_consent(consent)
    history = ledger.history()
    by_consent = granted(ledger, grant, basis=1, basis_ref=number32("said"))
    assert objects_of(history, by_consent) == (grant, consent)
    assert objects_of(history, granted(ledger, grant)) == (grant,)
    assert objects_of(history, class1(ledger)) == ()
    assert objects_of(history, in_emergency(ledger, number32("emergency"))) == (number32("emergency"),)
    assert consent_id(history, class1(ledger, basis=1)) == number32("duty")
    assert consent_id(history, granted(ledger, number32("unknown"), basis=1)) == number32("duty")


# --- emergencies ---


def test_an_emergency_lives_shorter_without_a_co_signature() -> None:
    ledger = AuthorityLedger()
    emergency = ledger.emergency()
    opened, unsigned_until, expires_at = ledger.now, ledger.now - 2 + 2 * HOUR, ledger.now - 2 + 3 * DAY
    look = in_emergency(ledger, emergency)
    assert [decided(ledger, look, at=at) for at in (opened, unsigned_until - 1, unsigned_until)] == [
        *(OPENS, OPENS),
        NOT_LIVE,
    ]
    before = len(ledger.blocks) - 1
    ledger.co_sign(emergency)
    assert [decided(ledger, look, at=at) for at in (expires_at - 1, expires_at)] == [OPENS, NOT_LIVE]
    assert decided(ledger, look, at=unsigned_until, block=before) == NOT_LIVE
    assert decided(ledger, look, block=before - 1) == NO_AUTHORITY


def test_an_emergency_that_was_opened_with_a_supervisor_is_co_signed() -> None:
    ledger = AuthorityLedger()
    emergency = ledger.emergency(supervisor=address("reader-supervises"))
    assert decided(ledger, in_emergency(ledger, emergency), at=ledger.now + 2 * DAY) == OPENS


def test_a_received_co_signature_counts_if_it_came_in_time_from_a_supervisor_of_the_agency() -> None:
    ledger = AuthorityLedger()
    emergency = ledger.emergency()
    unsigned_until, look = ledger.now - 2 + 2 * HOUR, in_emergency(ledger, emergency)

    def later(key: str, at: int) -> Permitted | Refused:
        signed = received("CoSignEmergency", emergency, at, key=address(key))
        return decided(ledger, look, at=unsigned_until + 5, received=[signed])

    assert later("reader-supervises", unsigned_until - 1) == OPENS
    assert later("reader-supervises", unsigned_until) == NOT_LIVE
    assert later("reader-emergency", unsigned_until - 1) == NOT_LIVE
    assert later("reader", unsigned_until - 1) == NOT_LIVE
    signed = received("CoSignEmergency", emergency, ledger.now, key=address("reader-supervises"))
    assert decided(ledger, look, at=ledger.now + 3 * DAY, received=[signed]) == NOT_LIVE


def test_an_end_counts_from_its_block_and_from_its_receipt() -> None:
    ledger = AuthorityLedger()
    emergency = ledger.emergency(supervisor=address("reader-supervises"))
    look, before = in_emergency(ledger, emergency), len(ledger.blocks) - 1
    assert decided(ledger, look, received=[received("EndEmergency", emergency, ledger.now)]) == NOT_LIVE
    ledger.end_emergency(emergency)
    assert decided(ledger, look) == NOT_LIVE
    # A gateway's clock may lie behind the chain's: what it knew of the end counts all the same.
    assert decided(ledger, look, at=ledger.now - 1) == NOT_LIVE
    signed = received("CoSignEmergency", emergency, ledger.now - 1, key=address("reader-supervises"))
    assert decided(ledger, look, at=ledger.now - 1, received=[signed]) == NOT_LIVE
    assert decided(ledger, look, block=before) == OPENS


@pytest.mark.parametrize(
    ("opened", "look", "reason"),
    [
        ({}, {"item": CLOSED}, Refused(Refusal.ITEM_NOT_SHARED)),
        ({"items": (CLOSED,)}, {}, NOT_LIVE),
        ({"region": 990102}, {}, NOT_LIVE),
        ({"agency": RIVAL}, {}, NO_AUTHORITY),
        ({}, {"basis": 3, "basis_ref": number32("duty")}, INCOMPLETE),
        ({}, {"case_ref": bytes(32)}, INCOMPLETE),
    ],
    ids=str,
)
def test_a_look_that_the_emergency_does_not_open_is_refused(
    opened: dict[str, Any], look: dict[str, Any], reason: Refused
) -> None:
    ledger = AuthorityLedger()
    emergency = ledger.emergency(**opened)
    assert decided(ledger, in_emergency(ledger, emergency, **look)) == reason


def test_a_record_outside_of_the_region_is_refused() -> None:
    ledger = AuthorityLedger()
    look = in_emergency(ledger, ledger.emergency())
    for region in ("990102001001", None):
        assert decided(ledger, look, keys=SearchKeys(region, *_rest(KEYS))) == NOT_LIVE


def _rest(keys: SearchKeys) -> tuple[Any, ...]:
    return keys.occurred_at, keys.recorded_at, keys.record_class, keys.level


# --- emergencies that are not mined yet ---


def opening(ledger: AuthorityLedger, at: int | None = None, **changes: Any) -> ReceivedAction:
    message = {
        "key": address("reader-emergency"),
        "supervisor": "0x" + "00" * 20,
        "items": (SHARED,),
        "region": 990101,
        "expiresAt": ledger.now + 3 * DAY,
    }
    received_at = ledger.now if at is None else at
    about = number32("emergency")
    return ReceivedAction(about, "OpenEmergency", message | changes, received_at, received_at + 300, 1, READER)


def pending(ledger: AuthorityLedger, **other: Any) -> Look:
    return in_emergency(ledger, number32("emergency"), authority=Authority.PENDING_EMERGENCY, **other)


PENDING = Permitted(Authority.PENDING_EMERGENCY, 1)


def test_a_received_emergency_opens_at_once_until_its_promised_block_is_over() -> None:
    ledger = AuthorityLedger()
    opened = opening(ledger)
    assert decided(ledger, pending(ledger), received=[opened]) == PENDING
    assert decided(ledger, pending(ledger)) == NO_AUTHORITY
    # While the chain stands still, break-glass does not block.
    assert decided(ledger, pending(ledger), received=[opened], at=ledger.now + 2 * HOUR - 1) == PENDING
    assert decided(ledger, pending(ledger), received=[opened], at=ledger.now + 2 * HOUR) == NOT_LIVE
    ledger.mine([], seconds=300)
    assert decided(ledger, pending(ledger), received=[opened]) == PENDING
    ledger.mine([], seconds=1)
    assert decided(ledger, pending(ledger), received=[opened]) == NOT_LIVE


def test_a_received_emergency_that_was_mined_is_pending_no_more() -> None:
    ledger = AuthorityLedger()
    opened = opening(ledger)
    ledger.emergency()
    assert decided(ledger, pending(ledger), received=[opened]) == NO_AUTHORITY
    assert decided(ledger, pending(ledger), received=[opened], block=len(ledger.blocks) - 2) == PENDING


@pytest.mark.parametrize(
    ("opened", "look", "reason"),
    [
        ({"key": address("reader")}, {}, NO_AUTHORITY),
        ({"key": address("rival-emergency")}, {}, NO_AUTHORITY),
        ({"items": (CLOSED,)}, {}, NOT_LIVE),
        ({"region": 990102}, {}, NOT_LIVE),
        ({}, {"reader": PUBLISHER, "reader_key": address("publisher-reads")}, Refused(Refusal.PURPOSE_NOT_ALLOWED)),
        ({}, {"item": CLOSED}, Refused(Refusal.ITEM_NOT_SHARED)),
    ],
    ids=str,
)
def test_a_pending_emergency_opens_no_more_than_a_mined_one(
    opened: dict[str, Any], look: dict[str, Any], reason: Refused
) -> None:
    ledger = AuthorityLedger()
    assert decided(ledger, pending(ledger, **look), received=[opening(ledger, **opened)]) == reason


def test_a_pending_emergency_of_another_agency_opens_nothing() -> None:
    ledger = AuthorityLedger()
    of_another = replace(opening(ledger), agency=RIVAL)
    assert decided(ledger, pending(ledger), received=[of_another]) == NO_AUTHORITY


def test_a_pending_emergency_lives_longer_with_a_supervisor_and_ends_when_it_is_ended() -> None:
    ledger = AuthorityLedger()
    later = ledger.now + DAY
    with_supervisor = opening(ledger, supervisor=address("reader-supervises"))
    assert decided(ledger, pending(ledger), received=[with_supervisor], at=later) == PENDING
    assert decided(ledger, pending(ledger), received=[with_supervisor], at=ledger.now + 3 * DAY) == NOT_LIVE
    for key, expected in (("reader-supervises", PENDING), ("reader-emergency", NOT_LIVE)):
        signed = received("CoSignEmergency", number32("emergency"), ledger.now + 5, key=address(key))
        assert decided(ledger, pending(ledger), received=[opening(ledger), signed], at=later) == expected
    too_long = opening(ledger, supervisor=address("reader-supervises"), expiresAt=ledger.now + 365 * DAY)
    assert decided(ledger, pending(ledger), received=[too_long], at=ledger.now + 3 * DAY) == NOT_LIVE
    ended = received("EndEmergency", number32("emergency"), ledger.now)
    assert decided(ledger, pending(ledger), received=[opening(ledger), ended]) == NOT_LIVE


# --- what bounds a look ---


def bound(ledger: AuthorityLedger, look: Look, policy: MaskPolicy | None) -> bytes | None:
    history = ledger.history()
    return bounding_profile(history, look, moment(history, len(ledger.blocks) - 1, ledger.now), lambda _: policy)


def test_the_profile_that_bounds_a_look_is_that_of_its_authority() -> None:
    ledger = AuthorityLedger()
    policy = MaskPolicy(SHARED, 1, tuple(PolicyProfile(one.tier, one.purpose, one.hash) for one in PROFILES))
    grant = ledger.grant()
    emergency = in_emergency(ledger, ledger.emergency())
    by_resident = class1(ledger, item=SHARED, authority=Authority.SELF, purpose=Purpose.RIGHTS_AND_AUDIT)
    assert bound(ledger, class1(ledger), policy) == ledger.items[1][1].hash
    assert bound(ledger, granted(ledger, grant), policy) == GRANTED.hash
    assert bound(ledger, emergency, policy) == IN_EMERGENCY.hash
    assert bound(ledger, replace(emergency, authority=Authority.PENDING_EMERGENCY), policy) == IN_EMERGENCY.hash
    assert bound(ledger, by_resident, policy) == SEEN_BY_RESIDENT.hash
    for authority in (Authority.OWN, Authority.AUDIT):
        assert bound(ledger, class1(ledger, authority=authority), policy) == bytes(32)


def test_nothing_bounds_a_look_that_may_open_nothing() -> None:
    ledger = AuthorityLedger()
    request = ledger.ask()
    assert bound(ledger, granted(ledger, request), None) is None
    assert bound(ledger, granted(ledger, number32("unknown")), None) is None
    assert bound(ledger, in_emergency(ledger, ledger.emergency()), None) is None
    assert bound(ledger, class1(ledger, item=99), None) is None
