"""Looks under emergencies that stand on chain, and under those that were received and are not mined yet."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.core.codes import Authority, Refusal
from ledger.core.decision import Permitted, Refused
from ledger.core.look import Look
from ledger.core.received import ReceivedAction
from ledger.core.stored import SearchKeys
from tests.simulated_authorities import CLOSED, DAY, HOUR, SHARED, AuthorityLedger
from tests.simulated_consortium import PUBLISHER, READER, RIVAL, address, number32
from tests.unit.core.looks import KEYS, decided, in_emergency, received

pytestmark = pytest.mark.unit
INCOMPLETE, NOT_LIVE = Refused(Refusal.BASIS_INCOMPLETE), Refused(Refusal.EMERGENCY_NOT_LIVE)
NO_AUTHORITY = Refused(Refusal.NO_AUTHORITY)
OPENS = Permitted(Authority.EMERGENCY, 1)


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


def test_a_received_co_signature_that_the_chain_never_took_prolongs_nothing_beyond_its_promised_block() -> None:
    ledger = AuthorityLedger()
    emergency = ledger.emergency()
    unsigned_until, look = ledger.now - 2 + 2 * HOUR, in_emergency(ledger, emergency)
    signed = received("CoSignEmergency", emergency, unsigned_until - 1, key=address("reader-supervises"))
    ledger.mine([], seconds=signed.include_by - ledger.now)
    assert decided(ledger, look, received=[signed]) == OPENS
    # While the chain stands still the promise is not broken.
    assert decided(ledger, look, at=ledger.now + HOUR, received=[signed]) == OPENS
    ledger.mine([], seconds=1)
    assert decided(ledger, look, received=[signed]) == NOT_LIVE


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
        ({}, {"case_ref": number32("another case")}, INCOMPLETE),
        ({"caseRef": "0x" + "22" * 32}, {}, INCOMPLETE),
        ({"caseRef": "0x" + "22" * 32}, {"case_ref": b"\x22" * 32}, OPENS),
    ],
    ids=str,
)
def test_a_look_opens_what_its_emergency_opens_and_no_more(
    opened: dict[str, Any], look: dict[str, Any], reason: Permitted | Refused
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
        "caseRef": number32("case"),
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
        ({}, {"case_ref": number32("another case")}, INCOMPLETE),
        ({"caseRef": number32("another case")}, {}, INCOMPLETE),
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


def test_a_case_is_opened_again_only_with_a_supervisor() -> None:
    ledger = AuthorityLedger()
    ledger.emergency("before")
    ledger.emergency("of another", agency=RIVAL, caseRef="0x" + number32("another case").hex())
    again = opening(ledger)
    assert decided(ledger, pending(ledger), received=[again]) == NO_AUTHORITY
    assert decided(ledger, pending(ledger), received=[again], block=len(ledger.blocks) - 3) == PENDING
    signed = received("CoSignEmergency", number32("emergency"), ledger.now, key=address("reader-supervises"))
    assert decided(ledger, pending(ledger), received=[again, signed]) == NO_AUTHORITY
    of_others = opening(ledger, caseRef=number32("another case"))
    assert decided(ledger, pending(ledger, case_ref=number32("another case")), received=[of_others]) == PENDING
    supervised = opening(ledger, supervisor=address("reader-supervises"))
    assert decided(ledger, pending(ledger), received=[supervised]) == PENDING
