"""No look is covert: whatever its authority and purpose, the resident is told of it at once."""

from collections.abc import Callable

import psycopg
import pytest

from ledger.core.codes import Authority, EntryType, Purpose, ShareClass, Tier
from ledger.core.hexadecimal import to_hex
from tests.api import test_emergencies as emergencies
from tests.api.consortium import Consortium
from tests.api.members import BEGINNING, FIRE_READER, key
from tests.api.offices import Offices
from tests.api.persons import CARE, CARE_DOCUMENTS, OTHER_ID, args_of, opening, publish_care
from tests.api.test_grants import care_look, granted_by_consent
from tests.api.test_looks import path_of
from tests.api.test_who_looked import as_resident, audit_page, own_look, subject_of, who_looked

pytestmark = pytest.mark.api
CLASS1_PROFILE = next(one.profile for one in CARE_DOCUMENTS.policy.profiles if one.tier == Tier.T2X)
ANOTHER_PURPOSE = 60_000


@pytest.fixture
def offices(consortium: Consortium) -> Offices:
    return Offices(consortium)


def sharing_care(offices: Offices, share_class: ShareClass) -> Offices:
    """Share care records, of which the design makes class 2, in this class."""
    args = args_of(CARE_DOCUMENTS) | {"shareClass": int(share_class)}
    if share_class is ShareClass.UNCONDITIONAL:
        args["class1Profile"] = to_hex(CLASS1_PROFILE)
    with offices.consortium.store.begin() as opened:
        for document_hash, content in CARE_DOCUMENTS.documents.items():
            opened.add_document(document_hash, "application/json", content, BEGINNING)
    offices.consortium.add_block([("Catalogue", "ItemPublished", args)])
    return offices


def by_class_1(offices: Offices, record: bytes) -> int:
    return offices.consortium.look(FIRE_READER, path_of(record), item=str(CARE), purpose="7").status_code


def by_grant(offices: Offices, record: bytes) -> int:
    _, grant = granted_by_consent(offices, key("a resident", 0))
    status: int = care_look(offices, grant, path_of(record)).status_code
    return status


def by_emergency(offices: Offices, record: bytes) -> int:
    return in_emergency(offices, record, offices.mine(offices.open(items=(CARE,))))


def by_pending_emergency(offices: Offices, record: bytes) -> int:
    return in_emergency(offices, record, offices.open(items=(CARE,)).digest)


def in_emergency(offices: Offices, record: bytes, emergency: bytes) -> int:
    return emergencies.look(offices, emergency, path_of(record), item=str(CARE), purpose="2").status_code


def by_himself(offices: Offices, _: bytes) -> int:
    return as_resident(offices.consortium, "/v1/records", opening(), item=str(CARE)).status_code


def by_auditor(offices: Offices, _: bytes) -> int:
    return audit_page(offices.consortium).status_code


def by_publisher(offices: Offices, record: bytes) -> int:
    return own_look(offices.consortium, path_of(record)).status_code


LOOKS: dict[Authority, Callable[[Offices, bytes], int]] = {
    Authority.CLASS1: by_class_1,
    Authority.GRANT: by_grant,
    Authority.EMERGENCY: by_emergency,
    Authority.PENDING_EMERGENCY: by_pending_emergency,
    Authority.SELF: by_himself,
    Authority.AUDIT: by_auditor,
    Authority.OWN: by_publisher,
}


@pytest.mark.parametrize("authority", Authority)
def test_every_look_at_a_person_is_told_to_him_whatever_its_authority_and_purpose(
    offices: Offices, authority: Authority
) -> None:
    share_class = ShareClass.UNCONDITIONAL if authority is Authority.CLASS1 else ShareClass.CONDITIONAL
    consortium = sharing_care(offices, share_class).consortium
    record = publish_care(consortium, subject_of(consortium, opening()))
    publish_care(consortium, subject_of(consortium, opening(OTHER_ID)))
    assert LOOKS[authority](offices, record) == 200
    for purpose in (None, *map(int, Purpose), ANOTHER_PURPOSE):
        if purpose is not None:
            say_purpose(consortium, purpose)
        told = who_looked(consortium, opening()).json()["looks"]
        assert [(look["authority"], look["recordId"]) for look in told] == [(authority, to_hex(record))]
        assert purpose in (None, told[0]["purpose"])


def say_purpose(consortium: Consortium, purpose: int) -> None:
    """Let the Disclosures say another purpose: the catalogue may list any for an item."""
    with psycopg.connect(consortium.dsn) as connection:
        changed = connection.execute(
            "UPDATE entries SET message = jsonb_set(message::jsonb, '{purpose}', to_jsonb(%s::int)) "
            "WHERE entry_type = %s",
            (purpose, EntryType.DISCLOSURE),
        )
        assert changed.rowcount == 1
