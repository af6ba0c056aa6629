"""Looks under grants and consents, as the history and the received actions know them then; what bounds any look."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.core.codes import Authority, Purpose, Refusal
from ledger.core.decision import Permitted, Refused
from ledger.core.look import Look, bounding_profile, consent_id, moment, objects_of, scopes_named
from ledger.core.mask_policy import MaskPolicy, PolicyProfile
from tests.simulated_authorities import (
    CLOSED,
    ELSEWHERE,
    GRANTED,
    IN_EMERGENCY,
    PROFILES,
    SEEN_BY_RESIDENT,
    SHARED,
    AuthorityLedger,
)
from tests.simulated_consortium import PUBLISHER, READER, RIVAL, number32
from tests.unit.core.looks import class1, decided, granted, in_emergency, received

pytestmark = pytest.mark.unit
MISMATCH, NOT_USABLE = Refused(Refusal.GRANT_MISMATCH), Refused(Refusal.GRANT_NOT_USABLE)
INCOMPLETE = Refused(Refusal.BASIS_INCOMPLETE)
NO_AUTHORITY = Refused(Refusal.NO_AUTHORITY)
MAY = Permitted(Authority.GRANT, 1)


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
    bounding = {history.accesses[grant].scope_hash, history.consents[consent].scope_hash}
    assert scopes_named(history, by_consent) == bounding
    assert scopes_named(history, granted(ledger, grant)) == {history.accesses[grant].scope_hash}
    assert scopes_named(history, class1(ledger)) == set()
    assert objects_of(history, granted(ledger, grant)) == (grant,)
    assert objects_of(history, class1(ledger)) == ()
    assert objects_of(history, in_emergency(ledger, number32("emergency"))) == (number32("emergency"),)
    assert consent_id(history, class1(ledger, basis=1)) == number32("duty")
    assert consent_id(history, granted(ledger, number32("unknown"), basis=1)) == number32("duty")


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


def test_a_granted_profile_bounds_only_where_the_mask_policy_lists_it_for_the_purpose() -> None:
    ledger = AuthorityLedger()
    listed = tuple(PolicyProfile(one.tier, one.purpose, one.hash) for one in PROFILES)
    policy, without = MaskPolicy(SHARED, 1, listed), MaskPolicy(SHARED, 1, listed[:1])
    grant = ledger.grant()
    assert bound(ledger, granted(ledger, grant), policy) == GRANTED.hash
    assert bound(ledger, granted(ledger, grant), without) is None
    assert bound(ledger, granted(ledger, grant), None) is None
    other_purpose = ledger.grant("of residents", profile="0x" + SEEN_BY_RESIDENT.hash.hex())
    assert bound(ledger, granted(ledger, other_purpose), policy) is None
    of_no_item = ledger.grant("of no item", {"item": 99})
    assert bound(ledger, granted(ledger, of_no_item), policy) is None


def test_nothing_bounds_a_look_that_may_open_nothing() -> None:
    ledger = AuthorityLedger()
    request = ledger.ask()
    assert bound(ledger, granted(ledger, request), None) is None
    assert bound(ledger, granted(ledger, number32("unknown")), None) is None
    assert bound(ledger, in_emergency(ledger, ledger.emergency()), None) is None
    assert bound(ledger, class1(ledger, item=99), None) is None
