"""Catalogue: what two agencies agree on stands for ever; versions follow one another."""

from dataclasses import dataclass
from typing import Any

import pytest

from ledger.chain.contracts.binding import Call
from ledger.chain.contracts.catalogue import ItemState, ItemVersion, VersionedDocument
from ledger.core.codes import Role
from ledger.core.keccak import keccak256
from ledger.types import AgencyId
from tests.contracts.sandbox import DATA_BUREAU, NOBODY, Member, Sandbox

pytestmark = pytest.mark.contracts

ITEM = 3
SUSPENDED = 2


@dataclass
class Offices:
    """The catalogue authority and another agency that is responsible for items."""

    authority: Member
    responsible: Member


@pytest.fixture
def offices(sandbox: Sandbox) -> Offices:
    authority = sandbox.register(kind=DATA_BUREAU)
    sandbox.govern(sandbox.catalogue.set_catalogue_authority(authority.agency))
    return Offices(authority, sandbox.register())


def terms(**changes: Any) -> dict[str, Any]:
    """The terms of an item that everybody could agree on."""
    return {
        "item": ITEM,
        "version": 1,
        "shareClass": 1,
        "schemaHash": keccak256(b"schema"),
        "publisherKinds": 1 << 22,
        "readerKinds": 1 << 8 | 1 << 3,
        "purposes": 1 << 2,
        "maskPolicyHash": keccak256(b"mask policy"),
        "class1Profile": keccak256(b"profile"),
        "updateEverySeconds": 86_400,
        "checkDays": 2,
        "answerDays": 10,
        "deliverDays": 20,
        "documentHash": keccak256(b"item"),
    } | changes


def agreed(sandbox: Sandbox, offices: Offices, **changes: Any) -> Call:
    """The publication of an item that both agencies have signed."""
    members = terms(**changes)
    members.setdefault("responsible", offices.responsible.agency)
    members.setdefault("authorityAdmin", offices.authority.admin.address)
    return sandbox.relayed("PublishItem", offices.responsible.admin, offices.authority.admin, **members)


def retirement(sandbox: Sandbox, offices: Offices, item: int = ITEM) -> Call:
    """The retirement of an item that both agencies have signed."""
    members = {"authorityAdmin": offices.authority.admin.address, "item": item}
    return sandbox.relayed("RetireItem", offices.responsible.admin, offices.authority.admin, **members)


def test_the_governor_names_the_catalogue_authority(sandbox: Sandbox) -> None:
    member = sandbox.register()
    assert sandbox.catalogue.catalogue_authority(block="latest") == 0
    outcome = sandbox.govern(sandbox.catalogue.set_catalogue_authority(member.agency))
    assert outcome.event == ("CatalogueAuthoritySet", {"agency": member.agency})
    assert sandbox.catalogue.catalogue_authority(block="latest") == member.agency


def test_nobody_else_names_it(sandbox: Sandbox) -> None:
    member = sandbox.register()
    call = sandbox.catalogue.set_catalogue_authority(member.agency)
    sandbox.refuses("NotGovernor", call, member.admin.address)


def test_the_catalogue_authority_is_an_active_agency(sandbox: Sandbox) -> None:
    member = sandbox.register()
    sandbox.govern(sandbox.registry.set_status(member.agency, SUSPENDED))
    for agency, status in ((member.agency, SUSPENDED), (99, 0)):
        call = sandbox.catalogue.set_catalogue_authority(agency)
        line = sandbox.refuses("AgencyNotActive", call, sandbox.governor)
        assert line == f"AgencyNotActive(agency={agency}, status={status})"


def test_two_agencies_publish_an_item_together(sandbox: Sandbox, offices: Offices) -> None:
    outcome = sandbox.send(agreed(sandbox, offices))
    responsible = offices.responsible.agency
    expected = {name: "0x" + value.hex() if isinstance(value, bytes) else value for name, value in terms().items()}
    assert outcome.event == ("ItemPublished", expected | {"responsible": responsible})
    state = sandbox.catalogue.item_state(ITEM, block="latest")
    assert state == ItemState(AgencyId(responsible), 1, False)
    assert sandbox.catalogue.item(ITEM, 1, block="latest") == ItemVersion(
        responsible=AgencyId(responsible),
        share_class=1,
        publisher_kinds=1 << 22,
        reader_kinds=1 << 8 | 1 << 3,
        purposes=1 << 2,
        update_every_seconds=86_400,
        check_days=2,
        answer_days=10,
        deliver_days=20,
        schema_hash=keccak256(b"schema"),
        mask_policy_hash=keccak256(b"mask policy"),
        class1_profile=keccak256(b"profile"),
        document_hash=keccak256(b"item"),
    )


def test_an_agency_that_is_both_signs_once(sandbox: Sandbox, offices: Offices) -> None:
    authority = offices.authority
    members = terms(authorityAdmin=NOBODY, responsible=authority.agency)
    sandbox.send(sandbox.relayed("PublishItem", authority.admin, **members))
    assert sandbox.catalogue.item_state(ITEM, block="latest").latest_version == 1
    sandbox.send(sandbox.relayed("RetireItem", authority.admin, authorityAdmin=NOBODY, item=ITEM))
    assert sandbox.catalogue.item_state(ITEM, block="latest").retired


def test_an_item_of_another_agency_needs_the_authoritys_signature(sandbox: Sandbox, offices: Offices) -> None:
    line = sandbox.refuses("AuthoritySignatureRequired", agreed(sandbox, offices, authorityAdmin=NOBODY))
    assert f"authority={offices.authority.agency}, responsible={offices.responsible.agency}" in line


def test_the_authoritys_signer_is_its_admin_and_has_signed(sandbox: Sandbox, offices: Offices) -> None:
    reader = sandbox.bind(offices.authority, Role.READ)
    for other in (reader, offices.responsible.admin, sandbox.key()):
        members = terms(responsible=offices.responsible.agency, authorityAdmin=other.address)
        call = sandbox.relayed("PublishItem", offices.responsible.admin, other, **members)
        sandbox.refuses("NotAdmin", call)
        unsigned = sandbox.relayed("PublishItem", offices.responsible.admin, sandbox.key(), **members)
        sandbox.refuses("SignatureInvalid", unsigned)


def test_the_responsible_agencys_signer_is_its_admin(sandbox: Sandbox, offices: Offices) -> None:
    submitter = sandbox.bind(offices.responsible, Role.SUBMIT)
    for other in (submitter, offices.authority.admin, sandbox.register().admin):
        members = terms(responsible=offices.responsible.agency, authorityAdmin=offices.authority.admin.address)
        call = sandbox.relayed("PublishItem", other, offices.authority.admin, **members)
        sandbox.refuses("NotAdmin", call)


def test_nothing_is_published_before_there_is_an_authority(sandbox: Sandbox) -> None:
    member = sandbox.register()
    members = terms(responsible=member.agency)
    alone = sandbox.relayed("PublishItem", member.admin, authorityAdmin=NOBODY, **members)
    sandbox.refuses("AuthoritySignatureRequired", alone)
    stranger = sandbox.key()
    with_stranger = sandbox.relayed("PublishItem", member.admin, stranger, authorityAdmin=stranger.address, **members)
    sandbox.refuses("NotAdmin", with_stranger)
    nobodys = terms(responsible=0, authorityAdmin=NOBODY)
    sandbox.refuses("NotAdmin", sandbox.relayed("PublishItem", member.admin, **nobodys))


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("ItemNumberMissing", {"item": 0}),
        ("ShareClassUnknown", {"shareClass": 0}),
        ("ShareClassUnknown", {"shareClass": 4}),
        ("Class1ProfileMismatch", {"class1Profile": bytes(32)}),
        ("Class1ProfileMismatch", {"shareClass": 2}),
        ("SchemaHashMissing", {"schemaHash": bytes(32)}),
        ("DocumentHashMissing", {"documentHash": bytes(32)}),
        ("KindsInvalid", {"publisherKinds": 0}),
        ("KindsInvalid", {"publisherKinds": 1}),
        ("KindsInvalid", {"publisherKinds": 1 << 53}),
        ("KindsInvalid", {"readerKinds": 1}),
        ("KindsInvalid", {"readerKinds": 1 << 53}),
        ("PurposesInvalid", {"purposes": 1}),
        ("PurposesInvalid", {"purposes": 1 << 53}),
    ],
)
def test_terms_out_of_range_are_refused(
    sandbox: Sandbox, offices: Offices, error: str, changes: dict[str, Any]
) -> None:
    sandbox.refuses(error, agreed(sandbox, offices, **changes))


@pytest.mark.parametrize("share_class", [2, 3])
def test_conditional_and_unshared_items_have_no_class_1_profile(
    sandbox: Sandbox, offices: Offices, share_class: int
) -> None:
    changes = {"shareClass": share_class, "class1Profile": bytes(32), "readerKinds": 0, "purposes": 0}
    sandbox.send(agreed(sandbox, offices, **changes))
    assert sandbox.catalogue.item(ITEM, 1, block="latest").share_class == share_class


def test_versions_follow_one_another_and_older_ones_stay_as_they_were(sandbox: Sandbox, offices: Offices) -> None:
    for version in (0, 2):
        sandbox.refuses("VersionNotNext", agreed(sandbox, offices, version=version))
    sandbox.send(agreed(sandbox, offices))
    for version in (1, 3):
        sandbox.refuses("VersionNotNext", agreed(sandbox, offices, version=version))
    first = sandbox.catalogue.item(ITEM, 1, block="latest")
    sandbox.send(agreed(sandbox, offices, version=2, purposes=1 << 5))
    assert sandbox.catalogue.item(ITEM, 1, block="latest") == first
    assert sandbox.catalogue.item(ITEM, 2, block="latest").purposes == 1 << 5
    assert sandbox.catalogue.item_state(ITEM, block="latest").latest_version == 2


def test_an_item_stays_with_its_responsible_agency(sandbox: Sandbox, offices: Offices) -> None:
    sandbox.send(agreed(sandbox, offices))
    other = Offices(offices.authority, sandbox.register())
    sandbox.refuses("ResponsibleChanged", agreed(sandbox, other, version=2))


def test_a_retired_item_is_neither_published_nor_retired_again(sandbox: Sandbox, offices: Offices) -> None:
    sandbox.send(agreed(sandbox, offices))
    outcome = sandbox.send(retirement(sandbox, offices))
    assert outcome.event == ("ItemRetired", {"item": ITEM})
    assert sandbox.catalogue.item_state(ITEM, block="latest").retired
    sandbox.refuses("ItemAlreadyRetired", retirement(sandbox, offices))
    sandbox.refuses("ItemAlreadyRetired", agreed(sandbox, offices, version=2))


def test_an_item_is_retired_by_both_agencies_only(sandbox: Sandbox, offices: Offices) -> None:
    sandbox.send(agreed(sandbox, offices))
    strangers = Offices(offices.authority, sandbox.register())
    sandbox.refuses("NotAdmin", retirement(sandbox, strangers))
    members = {"authorityAdmin": NOBODY, "item": ITEM}
    alone = sandbox.relayed("RetireItem", offices.responsible.admin, offices.authority.admin, **members)
    sandbox.refuses("AuthoritySignatureRequired", alone)
    sandbox.refuses("ItemUnknown", retirement(sandbox, offices, item=ITEM + 1))


@pytest.mark.parametrize(
    ("message", "event", "view"),
    [("SetDutyList", "DutyListSet", "duty_list"), ("SetCalendar", "CalendarSet", "calendar")],
)
def test_the_authority_replaces_duty_list_and_calendar(
    sandbox: Sandbox, offices: Offices, message: str, event: str, view: str
) -> None:
    read = getattr(sandbox.catalogue, view)
    assert read(block="latest") == VersionedDocument(0, bytes(32))
    admin, document = offices.authority.admin, keccak256(b"document")
    for version in (1, 2):
        call = sandbox.relayed(message, admin, version=version, documentHash=document)
        outcome = sandbox.send(call)
        told = {"version": version, "documentHash": "0x" + document.hex()}
        assert outcome.event == (event, told)
        assert read(block="latest") == VersionedDocument(version, document)
    again = sandbox.relayed(message, admin, version=2, documentHash=document)
    assert sandbox.refuses("VersionNotNext", again) == "VersionNotNext(version=2, next=3)"
    empty = sandbox.relayed(message, admin, version=3, documentHash=bytes(32))
    sandbox.refuses("DocumentHashMissing", empty)
    stranger = offices.responsible.admin
    others = sandbox.relayed(message, stranger, version=3, documentHash=document)
    sandbox.refuses("NotAdmin", others)
