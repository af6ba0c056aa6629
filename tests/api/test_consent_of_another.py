"""Attacks with the consent of another person: a question about somebody, asked on what somebody else consented to."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import psycopg
import pytest

from api.app import create_app
from ledger.core.codes import EntryType, Purpose
from ledger.core.hexadecimal import to_hex
from ledger.services.gateway import SubjectRules
from tests.api.consortium import Consortium
from tests.api.members import FIRE, FIRE_READER, PUBLISHER, key
from tests.api.offices import Offices
from tests.api.persons import CARE, OTHER_ID, PLANTED, ask, entries_of, opening, publish_care
from tests.api.serving import served
from tests.api.test_grants import CARE_TEXT, care_consent, caring, offices
from tests.api.test_looks import path_of, refused
from tests.api.test_who_looked import as_resident, subject_of

pytestmark = pytest.mark.api
__all__ = ["caring", "offices"]
QUESTIONS = ("/v1/coverage", "/v1/subject-tokens")
RIGHTS_TEXT = replace(CARE_TEXT, purposes=(Purpose.RIGHTS_AND_AUDIT,))


def question(consortium: Consortium, consent: bytes, identity: str, path: str = "/v1/coverage") -> httpx.Response:
    """Ask about a person on a consent."""
    return ask(consortium, FIRE_READER, path, opening(identity), basis="1", basis_ref=to_hex(consent))


@pytest.mark.parametrize("path", QUESTIONS)
def test_a_question_rests_on_the_consent_of_the_person_asked_about_and_of_nobody_else(
    caring: Offices, path: str
) -> None:
    consent = caring.mine(care_consent(caring, key("a resident", 0)))
    assert question(caring.consortium, consent, PLANTED, path).status_code == 200
    answered = len(entries_of(caring.consortium, EntryType.QUERY))
    refused(question(caring.consortium, consent, OTHER_ID, path), 8, "basis_incomplete")
    assert len(entries_of(caring.consortium, EntryType.QUERY)) == answered
    assert [one["reason"] for one in entries_of(caring.consortium, EntryType.REFUSAL)] == [8]


@pytest.mark.parametrize("path", QUESTIONS)
def test_no_question_rests_on_a_consent_whose_person_nobody_knows(caring: Offices, path: str) -> None:
    consent = caring.mine(care_consent(caring, key("a resident", 0)))
    with psycopg.connect(caring.consortium.dsn) as connection:
        connection.execute("DELETE FROM subject_tags")
    refused(question(caring.consortium, consent, PLANTED, path), 8, "basis_incomplete")


def test_a_consent_of_another_person_is_no_basis_where_something_else_is_the_basis(caring: Offices) -> None:
    consent = caring.mine(care_consent(caring, key("a resident", 0)))
    answer = ask(caring.consortium, FIRE_READER, "/v1/coverage", opening(OTHER_ID), basis_ref=to_hex(consent))
    assert answer.status_code == 200


@pytest.fixture
def thrifty(caring: Offices) -> Iterator[Consortium]:
    """The same consortium at a gateway that answers two queries a day."""
    gateway = replace(caring.consortium.gateway, subject_rules=SubjectRules(queries_per_day=2))
    with served(create_app(gateway, caring.consortium.settings)) as client:
        yield replace(caring.consortium, gateway=gateway, client=client)


def test_who_tries_whose_a_consent_is_is_counted_and_learns_nothing_over_the_quota(
    caring: Offices, thrifty: Consortium
) -> None:
    consent = caring.mine(care_consent(caring, key("a resident", 0)))
    refused(question(thrifty, consent, OTHER_ID), 8, "basis_incomplete")
    assert question(thrifty, consent, PLANTED).status_code == 200
    for identity in (PLANTED, OTHER_ID):
        refused(question(thrifty, consent, identity), 13, "quota_exhausted")


def rights_consent(caring: Offices, identity: str, person: str) -> bytes:
    """Record a person's consent by which fire serves him in his rights."""
    about, more = opening(identity), {"recipient": FIRE}
    tag = ask(caring.consortium, PUBLISHER, "/v1/subject-tags", about, more=more, item="", purpose="12").json()
    act = care_consent(caring, key(person, 0), tag=tag["subjectTag"], purpose=12, text=RIGHTS_TEXT)
    return caring.mine(act)


def by_resident(caring: Offices, path: str, consent: bytes, **more: Any) -> httpx.Response:
    """Send what the resident PLANTED asks through fire, on a consent."""
    said = {"basis": "1", "basis-ref": to_hex(consent), **more}
    return as_resident(caring.consortium, path, opening(), FIRE_READER, **said)


def test_a_resident_looks_on_no_consent_of_another_person(caring: Offices) -> None:
    record = publish_care(caring.consortium, subject_of(caring.consortium, opening()))
    own = rights_consent(caring, PLANTED, "a resident")
    of_another = rights_consent(caring, OTHER_ID, "another resident")
    for path, item in (
        (path_of(record), str(CARE)),
        ("/v1/records", str(CARE)),
        ("/v1/looks", ""),
        ("/v1/subject-consents", ""),
    ):
        assert by_resident(caring, path, own, item=item).status_code == 200, path
        refused(by_resident(caring, path, of_another, item=item), 8, "basis_incomplete")
