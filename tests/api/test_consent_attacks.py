"""Attacks on consents at the gateway: what somebody tries who wants to see a person without that person's consent."""

import os
from dataclasses import replace

import pytest

from ledger.core.hexadecimal import to_hex
from tests.api.consortium import Consortium
from tests.api.members import FIRE_READER, key
from tests.api.offices import Offices
from tests.api.persons import CARE, OTHER_ID, care_content, care_draft, opening
from tests.api.test_grants import by_consent, care_look, caring, granted_by_consent, offices
from tests.api.test_looks import path_of, refused
from tests.api.test_who_looked import as_resident, subject_of

pytestmark = pytest.mark.api
__all__ = ["caring", "offices"]


def corrected_to_another_person(consortium: Consortium) -> bytes:
    """Publish a record about one person, then its correction, which is about the person of consents; returns its id."""
    mine, of_another = (subject_of(consortium, about) for about in (opening(), opening(OTHER_ID)))
    wrong = care_content(of_another)
    made = care_draft(consortium, wrong)
    assert consortium.publish(made).status_code == 202
    right = replace(
        wrong,
        version=2,
        previous=made.committed[0].record_root,
        salt_secret=os.urandom(32),
        originals=dict(wrong.originals) | {"/subject": mine},
    )
    assert consortium.publish(care_draft(consortium, right)).status_code == 202
    return wrong.record_id


@pytest.mark.parametrize("path", ["", "/bundle"])
def test_a_consent_opens_no_earlier_version_that_named_another_person(caring: Offices, path: str) -> None:
    consortium = caring.consortium
    record = corrected_to_another_person(consortium)
    _, grant = granted_by_consent(caring, key("a resident", 0))
    consortium.anchor_all()
    said = by_consent(grant)
    where = path_of(record) + path
    assert consortium.look(FIRE_READER, where, {"version": 2}, **said).status_code == 200
    refused(consortium.look(FIRE_READER, where, {"version": 1}, **said), 8, "basis_incomplete")
    assert care_look(caring, grant, where).status_code == 200


@pytest.mark.parametrize("path", ["", "/bundle"])
def test_a_resident_sees_no_earlier_version_that_named_another_person(caring: Offices, path: str) -> None:
    consortium = caring.consortium
    record = corrected_to_another_person(consortium)
    consortium.anchor_all()
    where = path_of(record) + path
    assert as_resident(consortium, where, opening(), query={"version": 2}, item=str(CARE)).status_code == 200
    # The one whom the wrong version named has no part in the record any more.
    for identity, version in ((opening(), 1), (opening(OTHER_ID), 1), (opening(OTHER_ID), 2)):
        answer = as_resident(consortium, where, identity, query={"version": version}, item=str(CARE))
        refused(answer, 5, "no_authority")
    page = as_resident(consortium, "/v1/records", opening(), item=str(CARE)).json()
    assert [(view["recordId"], view["version"]) for view in page["views"]] == [(to_hex(record), 2)]
