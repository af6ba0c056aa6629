"""Attacks that fail: looks without an emergency that bears them out, and actions that were held back or replayed.

Each was signed and anchored by the gateway; the auditor finds it by the named check and blames the gateway.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from ledger.core.eip712 import ZERO32
from ledger.core.signature import sign_digest
from ledger.core.typed_messages import MESSAGES, message_digest
from tests.simulated_authorities import (
    CLOSED,
    DAY,
    GRANTED,
    HOUR,
    SHARED,
    AuthorityLedger,
)
from tests.simulated_consortium import CONTRACTS, RIVAL, number32, private_key
from tests.unit.audit.authorities import (
    Lie,
    pending_emergency,
    pending_look,
    require_found,
)

pytestmark = pytest.mark.unit


# --- emergencies ---


def emergency_in_another_region(ledger: AuthorityLedger) -> None:
    ledger.emergency_look(ledger.emergency(region=990102), 2)


def emergency_for_another_item(ledger: AuthorityLedger) -> None:
    ledger.emergency_look(ledger.emergency(items=(99,)), 2)


def emergency_of_another_agency(ledger: AuthorityLedger) -> None:
    ledger.emergency_look(ledger.emergency(agency=RIVAL), 2)


def emergency_that_is_over(ledger: AuthorityLedger) -> None:
    emergency = ledger.emergency()
    ledger.end_emergency(emergency)
    ledger.emergency_look(emergency, 2)


def emergency_whose_end_was_received(ledger: AuthorityLedger) -> None:
    emergency = ledger.emergency()
    ledger.receive("EndEmergency", {"emergency": emergency}, "reader-supervises")
    ledger.emergency_look(emergency, 2)


def emergency_unsigned_beyond_its_life(ledger: AuthorityLedger) -> None:
    emergency = ledger.emergency()
    ledger.mine([], seconds=2 * HOUR)
    ledger.emergency_look(emergency, 2)


def emergency_co_signed_too_late(ledger: AuthorityLedger) -> None:
    emergency = ledger.emergency()
    ledger.mine([], seconds=2 * HOUR)
    ledger.receive("CoSignEmergency", {"emergency": emergency}, "reader-supervises")
    ledger.emergency_look(emergency, 2)


def emergency_co_signed_by_its_opener(ledger: AuthorityLedger) -> None:
    emergency = ledger.emergency()
    ledger.receive("CoSignEmergency", {"emergency": emergency}, "reader-emergency")
    ledger.mine([], seconds=2 * HOUR)
    ledger.emergency_look(emergency, 2)


def emergency_without_a_case(ledger: AuthorityLedger) -> None:
    entry = ledger.emergency_look(ledger.emergency(), 2, said={"basis": "3"}, basis=3)
    assert entry.message["basis"] == 3


def emergency_of_another_case(ledger: AuthorityLedger) -> None:
    ledger.emergency_look(ledger.emergency(), 2, caseRef=number32("another case"))


def pending_emergency_of_another_case(ledger: AuthorityLedger) -> None:
    pending_look(ledger, pending_emergency(ledger), caseRef=number32("another case"))


def class_3_by_emergency(ledger: AuthorityLedger) -> None:
    ledger.submit(5, item=CLOSED)
    ledger.anchor()
    emergency = ledger.emergency(items=(SHARED, CLOSED))
    ledger.emergency_look(emergency, 5, said={"item": str(CLOSED)}, item=CLOSED)


def opened_beyond_the_emergency_profile(ledger: AuthorityLedger) -> None:
    ledger.emergency_look(ledger.emergency(), 2, shown=GRANTED)


def pending_emergency_that_nobody_opened(ledger: AuthorityLedger) -> None:
    pending_look(ledger, number32("never received"))


def pending_emergency_by_a_key_that_may_not(ledger: AuthorityLedger) -> None:
    pending_look(ledger, pending_emergency(ledger, "reader"))


def pending_emergency_that_was_received_later(ledger: AuthorityLedger) -> None:
    entry = pending_look(ledger, number32("not yet"))
    emergency = pending_emergency(ledger)
    ledger.unanchored.remove(entry)
    pending_first = pending_look(ledger, emergency)
    ledger.unanchored.remove(pending_first)
    ledger.unanchored.insert(0, pending_first)


def same_case_again_and_again(ledger: AuthorityLedger) -> None:
    ledger.emergency()
    pending_look(ledger, pending_emergency(ledger, caseRef=number32("case")))


def pending_emergency_beyond_its_promise(ledger: AuthorityLedger) -> None:
    emergency = pending_emergency(ledger)
    ledger.mine([], seconds=301)
    pending_look(ledger, emergency)


def pending_emergency_never_mined(ledger: AuthorityLedger) -> None:
    pending_look(ledger, pending_emergency(ledger))
    ledger.anchor()
    ledger.mine([], seconds=290)
    ledger.mine([], seconds=20)


# --- actions ---


def revocation_held_back(ledger: AuthorityLedger) -> None:
    ledger.receive("RevokeGrant", {"grant": ledger.grant(), "reason": 1}, "publisher-decides")
    ledger.anchor()
    ledger.mine([], seconds=290)
    ledger.mine([], seconds=20)


def decision_replayed_from_another_deployment(ledger: AuthorityLedger) -> None:
    request = ledger.ask()
    terms = {"decision": 1, "itemVersion": 1, "profile": GRANTED.hash, "expiresAt": ledger.now + DAY, "uses": 0}
    rest = {"terms": 0, "destroyBy": 0, "assessment": ZERO32, "reason": 0, "reasonHash": ZERO32}
    entry = ledger.receive("DecideAccess", {"request": request, **terms, **rest}, "publisher-decides")
    assert entry.action is not None
    address_there = CONTRACTS[MESSAGES["DecideAccess"].contract].address
    elsewhere = message_digest("DecideAccess", entry.action.message, 990_002, address_there)
    signature = sign_digest(elsewhere, private_key("publisher-decides"))
    entry.action = replace(entry.action, signatures=(signature,))


LIES: list[tuple[Lie, str, str]] = [
    (emergency_in_another_region, "look.decision", "emergency_not_live"),
    (emergency_for_another_item, "look.decision", "emergency_not_live"),
    (emergency_of_another_agency, "look.decision", "no_authority"),
    (emergency_that_is_over, "look.decision", "emergency_not_live"),
    (emergency_whose_end_was_received, "look.decision", "emergency_not_live"),
    (emergency_unsigned_beyond_its_life, "look.decision", "emergency_not_live"),
    (emergency_co_signed_too_late, "look.decision", "emergency_not_live"),
    (emergency_co_signed_by_its_opener, "look.decision", "emergency_not_live"),
    (emergency_without_a_case, "look.decision", "basis_incomplete"),
    (emergency_of_another_case, "look.decision", "basis_incomplete"),
    (pending_emergency_of_another_case, "look.decision", "basis_incomplete"),
    (class_3_by_emergency, "look.decision", "item_not_shared"),
    (opened_beyond_the_emergency_profile, "look.profile", "slots beyond"),
    (pending_emergency_that_nobody_opened, "look.decision", "no_authority"),
    (pending_emergency_by_a_key_that_may_not, "look.decision", "no_authority"),
    (pending_emergency_that_was_received_later, "look.decision", "no_authority"),
    (same_case_again_and_again, "look.decision", "no_authority"),
    (pending_emergency_beyond_its_promise, "look.decision", "emergency_not_live"),
    (pending_emergency_never_mined, "action.included", "held back"),
    (revocation_held_back, "action.included", "held back"),
    (decision_replayed_from_another_deployment, "action.signature", "another key"),
]


@pytest.mark.parametrize(("lie", "check", "found"), LIES, ids=[lie.__name__ for lie, _, _ in LIES])
def test_an_attack_is_found_by_its_check_and_blames_the_gateway(
    lie: Lie, check: str, found: str, tmp_path: Path
) -> None:
    require_found(lie, check, found, tmp_path)
