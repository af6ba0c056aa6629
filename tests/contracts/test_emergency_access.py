"""EmergencyAccess: who opens, co-signs and ends, and for how long."""

from typing import Any

import pytest

from ledger.chain.artifacts import deploy_data
from ledger.chain.contracts.emergency_access import EmergencyInfo
from ledger.core.codes import Role
from tests.contracts.offices import ITEM, OPEN_ITEM, OTHER_ITEM, SHUT_ITEM, Offices, word
from tests.contracts.sandbox import DAY, Refused, Sandbox

pytestmark = pytest.mark.contracts

HOUR = 3600


@pytest.fixture
def sandbox(offices: Offices) -> Sandbox:
    return offices.sandbox


def live(sandbox: Sandbox, emergency: bytes) -> bool:
    return sandbox.emergencies.is_live(emergency, block="latest")


def test_an_emergency_opens_with_one_signature_and_lives_shorter(sandbox: Sandbox, offices: Offices) -> None:
    alarm = offices.alarm()
    outcome = sandbox.send(alarm.call)
    _, name, args = outcome.events[0]
    identifier, expires_at = "0x" + alarm.identifier.hex(), alarm.message["expiresAt"]
    assert (name, args) == (
        "EmergencyOpened",
        {
            "emergency": identifier,
            "agency": offices.reader.agency,
            "caseRef": "0x" + alarm.message["caseRef"].hex(),
            **{member: alarm.message[member] for member in ("key", "supervisor", "region", "reason")},
            "secondAgency": 0,
            "noteHash": "0x" + word("note").hex(),
            "expiresAt": expires_at,
            "unsignedUntil": outcome.time + 2 * HOUR,
            "reviewer": offices.reviewers.agency,
            "reviewDueAt": expires_at + 15 * DAY,
        },
    )
    listed = [event[1:] for event in outcome.events[1:]]
    assert listed == [("EmergencyItemOpened", {"emergency": identifier, "item": item}) for item in (OPEN_ITEM, ITEM)]
    info = sandbox.emergencies.emergency_info(alarm.identifier, block="latest")
    parties = offices.reader.agency, offices.reviewers.agency
    assert info == EmergencyInfo(*parties, expires_at, outcome.time + 2 * HOUR, 0, 0, 0, 0, 0, 0)
    assert sandbox.emergencies.was_case_opened(offices.reader.agency, alarm.message["caseRef"], block="latest")
    sandbox.sleep(outcome.time + 2 * HOUR - 1 - sandbox.now)
    assert live(sandbox, alarm.identifier)
    sandbox.sleep(1)
    assert not live(sandbox, alarm.identifier)


def test_co_signed_at_once_it_lives_to_its_end(sandbox: Sandbox, offices: Offices) -> None:
    alarm = offices.alarm(supervisor=offices.supervisor)
    sandbox.send(alarm.call)
    assert sandbox.emergencies.emergency_info(alarm.identifier, block="latest").co_signed == 1
    sandbox.sleep(alarm.message["expiresAt"] - 1 - sandbox.now)
    assert live(sandbox, alarm.identifier)
    sandbox.sleep(1)
    assert not live(sandbox, alarm.identifier)


def test_co_signed_in_time_it_lives_on(sandbox: Sandbox, offices: Offices) -> None:
    emergency = offices.opened()
    sandbox.sleep(HOUR)
    outcome = sandbox.send(offices.about("CoSignEmergency", emergency))
    expected = {"emergency": "0x" + emergency.hex(), "key": offices.supervisor.address}
    assert outcome.event == ("EmergencyCoSigned", expected)
    sandbox.refuses("AlreadyCoSigned", offices.about("CoSignEmergency", emergency))
    sandbox.sleep(2 * HOUR)
    assert live(sandbox, emergency)


def test_a_co_signature_comes_from_a_supervisor_of_the_opener_and_in_time(sandbox: Sandbox, offices: Offices) -> None:
    emergency = offices.opened()
    sandbox.refuses("NotParty", offices.about("CoSignEmergency", emergency, offices.second))
    sandbox.refuses("KeyNotEntitled", offices.about("CoSignEmergency", emergency, offices.opener))
    sandbox.sleep(2 * HOUR)
    sandbox.refuses("EmergencyOver", offices.about("CoSignEmergency", emergency))
    sandbox.refuses("EmergencyUnknown", offices.about("CoSignEmergency", word("no emergency")))


def test_no_key_is_its_own_supervisor(sandbox: Sandbox, offices: Offices) -> None:
    both = sandbox.binding(offices.reader, sandbox.key(), [Role.EMERGENCY, Role.SUPERVISE])
    sandbox.refuses("RolesExclusive", both)
    sandbox.refuses("KeyNotEntitled", offices.alarm(supervisor=offices.opener).call)
    sandbox.refuses("NotParty", offices.alarm(supervisor=offices.second).call)


def test_signatures_of_supervisor_and_second_agency_are_their_own(sandbox: Sandbox, offices: Offices) -> None:
    for place in (1, 2):
        alarm = offices.alarm(supervisor=offices.supervisor, second=offices.second)
        signatures = [
            sandbox.sign("OpenEmergency", alarm.message, key)[0]
            for key in (offices.opener, offices.supervisor, offices.second)
        ]
        signatures[place] = signatures[0]
        sandbox.refuses("SignatureInvalid", sandbox.emergencies.open(alarm.message, *signatures))


@pytest.mark.parametrize("who", ["opener", "supervisor"])
def test_the_opener_ends_it_before_its_time(sandbox: Sandbox, offices: Offices, who: str) -> None:
    emergency = offices.opened()
    sandbox.refuses("NotParty", offices.about("EndEmergency", emergency, offices.second))
    sandbox.refuses("KeyNotEntitled", offices.about("EndEmergency", emergency, offices.requester))
    key = getattr(offices, who)
    outcome = sandbox.send(offices.about("EndEmergency", emergency, key))
    assert outcome.event == ("EmergencyEnded", {"emergency": "0x" + emergency.hex(), "key": key.address})
    assert not live(sandbox, emergency)
    assert sandbox.emergencies.emergency_info(emergency, block="latest").ended_at == outcome.time
    sandbox.refuses("EmergencyOver", offices.about("EndEmergency", emergency))
    sandbox.refuses("EmergencyOver", offices.about("CoSignEmergency", emergency))


def test_an_emergency_rests_while_its_agency_is_not_active(sandbox: Sandbox, offices: Offices) -> None:
    emergency = offices.opened()
    offices.suspend(offices.reader)
    assert not live(sandbox, emergency)
    sandbox.refuses("KeyNotEntitled", offices.alarm().call)


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("CaseRefMissing", {"caseRef": bytes(32)}),
        ("ItemCountInvalid", {"items": ()}),
        ("ItemCountInvalid", {"items": tuple(range(1, 18))}),
        ("ItemsNotAscending", {"items": (ITEM, OPEN_ITEM)}),
        ("ItemsNotAscending", {"items": (ITEM, ITEM)}),
        ("ItemsNotAscending", {"items": (0,)}),
        ("ItemNotOpen", {"items": (ITEM, 77)}),
        ("ItemNotOpen", {"items": (ITEM, SHUT_ITEM)}),
        ("RegionInvalid", {"region": 0}),
        ("RegionInvalid", {"region": 10**15}),
        ("ReasonMissing", {"reason": 0}),
        ("ExpiryInvalid", {"expiresAt": 9}),
        ("ExpiryInvalid", {"expiresAt": 1 << 40}),
    ],
)
def test_an_emergency_that_says_nothing_possible_is_refused(
    sandbox: Sandbox, offices: Offices, error: str, changes: dict[str, Any]
) -> None:
    sandbox.refuses(error, offices.alarm(**changes).call)


def test_only_an_emergency_key_opens(sandbox: Sandbox, offices: Offices) -> None:
    for key in (offices.supervisor, offices.requester, sandbox.key()):
        sandbox.refuses("KeyNotEntitled", offices.alarm(key=key).call)


def test_what_became_unshared_or_retired_does_not_open(sandbox: Sandbox, offices: Offices) -> None:
    sandbox.send(offices.item(ITEM, 2, shareClass=3))
    retire = {"authorityAdmin": "0x" + "0" * 40, "item": OTHER_ITEM}
    sandbox.send(sandbox.relayed("RetireItem", offices.authority.admin, **retire))
    for item in (ITEM, OTHER_ITEM):
        sandbox.refuses("ItemNotOpen", offices.alarm(items=(item,)).call)


def test_sixteen_items_open_at_once(sandbox: Sandbox, offices: Offices) -> None:
    items = tuple(range(20, 36))
    for item in items:
        sandbox.send(offices.item(item))
    outcome = sandbox.send(offices.alarm(items=items).call)
    assert [event[2]["item"] for event in outcome.events[1:]] == list(items)


def test_the_same_case_opens_again_only_with_a_co_signature(sandbox: Sandbox, offices: Offices) -> None:
    case = word("case")
    offices.opened(caseRef=case)
    line = sandbox.refuses("CoSignatureRequired", offices.alarm(caseRef=case).call)
    assert line == f"CoSignatureRequired(agency={offices.reader.agency}, caseRef=0x{case.hex()})"
    offices.opened(caseRef=case, supervisor=offices.supervisor)
    sandbox.refuses("CoSignatureRequired", offices.alarm(caseRef=case).call)
    offices.opened()


def test_lives_are_bounded_by_the_parameters(sandbox: Sandbox, offices: Offices) -> None:
    sandbox.govern(sandbox.parameters.set("emergencyLife", HOUR))
    sandbox.refuses("ExpiryInvalid", offices.alarm(expiresAt=sandbox.now + 2 * HOUR).call)
    emergency = offices.opened(expiresAt=sandbox.now + HOUR)
    info = sandbox.emergencies.emergency_info(emergency, block="latest")
    assert info.unsigned_until == info.expires_at


def test_the_emergencies_name_the_contracts_that_they_ask(sandbox: Sandbox) -> None:
    for view, name in (("registry", "AgencyRegistry"), ("catalogue", "Catalogue"), ("parameters", "Parameters")):
        assert sandbox.emergencies._view(view, block="latest").lower() == sandbox.addresses[name]


@pytest.mark.parametrize("missing", range(3))
def test_emergencies_are_not_deployed_beside_an_address_without_code(sandbox: Sandbox, missing: int) -> None:
    addresses = [sandbox.addresses[name] for name in ("AgencyRegistry", "Catalogue", "Parameters")]
    addresses[missing] = sandbox.relay
    with pytest.raises(Refused, match="ContractMissing"):
        sandbox.create(deploy_data("EmergencyAccess", *addresses))
