"""No look is covert: whatever its authority and purpose, the resident is told of it at once."""

import os
from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest

from ledger.core.codes import Authority, EntryType, Purpose, ShareClass, Tier
from ledger.core.hexadecimal import to_hex
from tests.api import test_emergencies as emergencies
from tests.api.consortium import Consortium
from tests.api.members import BEGINNING, FIRE_READER, PROPERTY_KEY, key
from tests.api.offices import Offices
from tests.api.persons import (
    CARE,
    CARE_DOCUMENTS,
    OTHER_ID,
    args_of,
    ask,
    care_content,
    care_draft,
    entries_of,
    opening,
    publish_care,
)
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


@pytest.mark.parametrize("is_known", [True, False])
def test_a_version_that_names_another_ends_the_list_of_the_looks_before_it_and_leaves_their_entries(
    offices: Offices, is_known: bool
) -> None:
    consortium = sharing_care(offices, ShareClass.CONDITIONAL).consortium
    mine = subject_of(consortium, opening())
    first = care_content(mine)
    published = care_draft(consortium, first)
    assert consortium.publish(published).status_code == 202
    assert by_publisher(offices, first.record_id) == 200
    assert told_versions(consortium) == [1]
    another = subject_of(consortium, opening(OTHER_ID)) if is_known else to_hex(os.urandom(32))
    for version, subject in ((2, another), (3, mine)):
        following = replace(
            first,
            version=version,
            previous=published.committed[0].record_root,
            salt_secret=os.urandom(32),
            originals={**first.originals, "/subject": subject},
        )
        published = care_draft(consortium, following)
        assert consortium.publish(published).status_code == 202
        # Not even naming him again brings the looks before back.
        assert told_versions(consortium) == []
    assert by_publisher(offices, first.record_id) == 200
    assert told_versions(consortium) == [3]
    # What shows it: the looks are entries still, and the signed count of his list fell though nothing was erased.
    assert len(entries_of(consortium, EntryType.DISCLOSURE)) == 2
    counts = [one["resultCount"] for one in entries_of(consortium, EntryType.QUERY) if one["purpose"] == 12]
    assert counts == [1, 0, 0, 1]


def told_versions(consortium: Consortium) -> list[int]:
    """The versions of his records at which somebody looked, as a resident is told."""
    return [look["version"] for look in who_looked(consortium, opening()).json()["looks"]]


def test_looks_at_what_a_member_may_neither_read_nor_publish_and_questions_are_in_no_list_that_it_shows(
    offices: Offices,
) -> None:
    consortium = sharing_care(offices, ShareClass.CONDITIONAL).consortium
    record = publish_care(consortium, subject_of(consortium, opening()))
    assert by_publisher(offices, record) == 200
    assert ask(consortium, FIRE_READER, "/v1/coverage", opening()).status_code == 200
    assert told_versions(consortium) == [1]
    elsewhere = who_looked(consortium, opening(), PROPERTY_KEY).json()
    assert (CARE in elsewhere["items"], elsewhere["looks"]) == (False, [])
