"""Looks under emergencies at the gateway: at once when received, while they live, in their region, and no further."""

import os
from typing import Any

import httpx
import pytest

from ledger.core.codes import Authority, Role
from ledger.core.hexadecimal import to_hex
from tests.api.consortium import Consortium, bound
from tests.api.members import FIRE_READER, OTHER, PUBLISHER, Key, draft, key, record_content
from tests.api.offices import DOCUMENTS, ITEM, OPENER, SHUT_ITEM, SUPERVISOR, Offices
from tests.api.test_looks import checked_disclosure, open_slots, path_of, refused

pytestmark = pytest.mark.api

UNSIGNED_SECONDS = 7_200
PROFILE = DOCUMENTS.policy.emergency_profile(2)
NEIGHBOUR = key("reader of a neighbour", OTHER, Role.READ)


@pytest.fixture
def offices(consortium: Consortium) -> Offices:
    return Offices(consortium)


def published(offices: Offices, **values: Any) -> bytes:
    """Publish one record of the conditional item; returns its id."""
    made = draft([record_content(**values)], offices.consortium.now, item=ITEM)
    answer = offices.consortium.publish(made, PUBLISHER)
    assert answer.status_code == 202, answer.text
    return made.committed[0].record_id


def look(
    offices: Offices, emergency: bytes, path: str = "/v1/records", caller: Key = FIRE_READER, **said: str
) -> httpx.Response:
    """Send a look under an emergency, for the case that it was opened for unless another or none is said."""
    case = to_hex(offices.cases.get(emergency, os.urandom(32)))
    headers = {"item": str(ITEM), "authority": "emergency", "emergency": to_hex(emergency)}
    return offices.consortium.look(caller, path, **{**headers, "basis": "4", "basis_ref": "", "case": case, **said})


def opened(offices: Offices, *signers: Key, **changes: Any) -> bytes:
    """Return an emergency that stands on chain."""
    return offices.mine(offices.open(*signers, **changes))


def test_a_received_emergency_opens_before_it_is_mined_and_goes_on_after(offices: Offices) -> None:
    record = published(offices)
    opening = offices.open()
    told = look(offices, opening.digest, path_of(record)).json()
    message = checked_disclosure(told)
    assert (message["authority"], message["authorityId"]) == (Authority.PENDING_EMERGENCY, opening.digest)
    assert (message["profile"], to_hex(message["caseRef"]), message["tier"]) == (
        PROFILE,
        to_hex(offices.cases[opening.digest]),
        9,
    )
    shown = next(one for one in DOCUMENTS.profiles if one.hash == PROFILE)
    assert open_slots(told["views"][0]) == set(shown.open)
    assert offices.mine(opening) == opening.digest
    message = checked_disclosure(look(offices, opening.digest, path_of(record)).json())
    assert (message["authority"], message["authorityId"]) == (Authority.EMERGENCY, opening.digest)


def test_a_pending_emergency_that_is_never_mined_ends_with_its_promise(offices: Offices) -> None:
    record, opening = published(offices), offices.open(OPENER, SUPERVISOR)
    offices.consortium.advance(400)
    assert look(offices, opening.digest, path_of(record)).status_code == 200
    offices.consortium.add_block()
    refused(look(offices, opening.digest, path_of(record)), 10, "emergency_not_live")


def test_without_a_co_signature_it_ends_sooner(offices: Offices) -> None:
    record, emergency = published(offices), opened(offices)
    offices.consortium.advance(UNSIGNED_SECONDS - 1)
    assert look(offices, emergency, path_of(record)).status_code == 200
    offices.consortium.advance(1)
    refused(look(offices, emergency, path_of(record)), 10, "emergency_not_live")


def test_a_received_co_signature_prolongs_it_and_its_end_ends_it_at_once(offices: Offices) -> None:
    record, emergency = published(offices), opened(offices)
    assert offices.on("CoSignEmergency", emergency, SUPERVISOR).code == "taken"
    offices.consortium.advance(UNSIGNED_SECONDS)
    assert look(offices, emergency, path_of(record)).status_code == 200
    signed = opened(offices, OPENER, SUPERVISOR)
    assert look(offices, signed, path_of(record)).status_code == 200
    ending = offices.on("EndEmergency", signed, OPENER)
    assert ending.code == "taken"
    refused(look(offices, signed, path_of(record)), 10, "emergency_not_live")
    offices.mine(ending)
    refused(look(offices, signed, path_of(record)), 10, "emergency_not_live")


def test_it_opens_its_region_and_leaves_the_rest_out(offices: Offices) -> None:
    inside, outside = published(offices), published(offices, region="990102001001")
    emergency = opened(offices)
    refused(look(offices, emergency, path_of(outside)), 10, "emergency_not_live")
    found = look(offices, emergency)
    assert [view["recordId"] for view in found.json()["views"]] == [to_hex(inside)]
    elsewhere = opened(offices, region=990102)
    refused(look(offices, elsewhere, path_of(inside)), 10, "emergency_not_live")


def test_it_opens_what_it_lists_and_never_what_is_not_shared(offices: Offices) -> None:
    published(offices)
    emergency = opened(offices)
    refused(look(offices, emergency, item="1"), 10, "emergency_not_live")
    refused(look(offices, emergency, item=str(SHUT_ITEM)), 4, "item_not_shared")


def test_it_is_of_its_agency_and_needs_its_basis_and_a_case(offices: Offices) -> None:
    record, emergency = published(offices), opened(offices)
    offices.consortium.add_block([("AgencyRegistry", "KeyBound", bound(NEIGHBOUR))])
    refused(look(offices, emergency, path_of(record), NEIGHBOUR), 5, "no_authority")
    refused(look(offices, os.urandom(32), path_of(record)), 5, "no_authority")
    refused(look(offices, emergency, path_of(record), case=""), 8, "basis_incomplete")
    duty = {"basis": "3", "basis_ref": to_hex(os.urandom(32))}
    refused(look(offices, emergency, path_of(record), **duty), 8, "basis_incomplete")


def test_it_opens_for_its_own_case_whether_it_is_mined_or_not(offices: Offices) -> None:
    record, opening = published(offices), offices.open()
    elsewhere = offices.open(OPENER, SUPERVISOR)
    for case in (os.urandom(32), offices.cases[elsewhere.digest]):
        refused(look(offices, opening.digest, path_of(record), case=to_hex(case)), 8, "basis_incomplete")
    emergency = offices.mine(opening)
    for path in (path_of(record), "/v1/records"):
        refused(look(offices, emergency, path, case=to_hex(os.urandom(32))), 8, "basis_incomplete")
        assert look(offices, emergency, path).status_code == 200


def test_it_opens_with_facts_that_are_stale_for_any_other_look(offices: Offices) -> None:
    record, emergency = published(offices), opened(offices)
    offices.consortium.clock.now += 1_000
    refused(offices.consortium.look(FIRE_READER, "/v1/records"), 14, "facts_stale")
    assert look(offices, emergency, path_of(record)).status_code == 200
    offices.consortium.note_checked()
    signed = opened(offices, OPENER, SUPERVISOR)
    offices.consortium.clock.now += 3_601
    refused(look(offices, signed, path_of(record)), 14, "facts_stale")
