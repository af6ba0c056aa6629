"""What a resident sees of a look: by whose consent it was, of a guardian or before witnesses, never by a name."""

import json
import os
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from ledger.client.rights import resident_s_grounds
from ledger.client.transport import Transport
from ledger.core.codes import Authority, CaptureMode, GuardianRelation, Role, ShareClass
from ledger.core.consent_documents import Evidence, SecondWitness
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.keccak import keccak256
from ledger.core.subjects import canonical_id
from ledger.errors import PromiseBroken
from tests.api.consortium import bound
from tests.api.members import AUTHORITY, CHAIN_ID, COMMUNITY, FIRE_READER, OTHER, PUBLISHER, READER_OF_COMMUNITY, key
from tests.api.offices import NOBODY, Act, Offices
from tests.api.persons import CARE, PLANTED, opening
from tests.api.test_client_asks_about_persons import Altering
from tests.api.test_client_at_the_api import Desks
from tests.api.test_consent_attacks import record_of_a_person
from tests.api.test_grants import (
    CARE_PROFILE,
    CARE_TEXT,
    care_consent,
    care_look,
    caring,
    granted_by_consent,
    offices,
)
from tests.api.test_looks import path_of
from tests.api.test_no_covert_looks import sharing_care
from tests.api.test_own_consents import PERSON, tag_of, withdrawn
from tests.api.test_who_looked import own_look, who_looked

pytestmark = pytest.mark.api
__all__ = ["caring", "offices"]
WITNESS = key("street witness", OTHER, Role.READ)


def by_guardian(caring: Offices, tag: str) -> Act:
    return care_consent(caring, PERSON, tag=tag, captureMode=2)


def by_paper(caring: Offices, tag: str) -> Act:
    return before_witnesses(caring, tag, CaptureMode.WITNESSED_PAPER, keccak256(b"a scan"))


def by_help(caring: Offices, tag: str) -> Act:
    return before_witnesses(caring, tag, CaptureMode.ASSISTED, None)


def by_own_key(caring: Offices, tag: str) -> Act:
    return care_consent(caring, PERSON, tag=tag)


def before_witnesses(caring: Offices, tag: str, mode: CaptureMode, paper: bytes | None) -> Act:
    caring.consortium.add_block([("AgencyRegistry", "KeyBound", bound(WITNESS))])
    evidence = Evidence(os.urandom(32), mode, from_hex(tag, 32), CARE_TEXT.hash, paper=paper)
    signature = WITNESS.sign_digest(evidence.witnessed_digest)
    evidence = replace(evidence, witness=SecondWitness(OTHER, WITNESS.address, signature))
    said = {"captureMode": int(mode), "capturedBy": COMMUNITY, "controller": NOBODY, "nonce": 1 << 70}
    return care_consent(caring, PUBLISHER, tag=tag, evidence=evidence, **said)


def granted_on(caring: Offices, consent: bytes) -> bytes:
    asked = caring.request(item=CARE, purpose=7, basis=1, basisRef=consent, profile=CARE_PROFILE)
    return caring.mine(caring.decide(caring.mine(asked), profile=CARE_PROFILE, uses=0))


def looks_told(caring: Offices) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = who_looked(caring.consortium, opening()).json()["looks"]
    return told


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (by_guardian, {"captureMode": 2, "guardian": GuardianRelation.PARENT, "capturedBy": 0, "secondWitness": None}),
        (by_paper, {"captureMode": 3, "guardian": None, "capturedBy": COMMUNITY, "secondWitness": OTHER}),
        (by_help, {"captureMode": 4, "guardian": None, "capturedBy": COMMUNITY, "secondWitness": OTHER}),
        (by_own_key, {"captureMode": 1, "guardian": None, "capturedBy": 0, "secondWitness": None}),
    ],
)
def test_a_look_by_a_consent_says_who_gave_it(caring: Offices, given: Any, expected: dict[str, Any]) -> None:
    record = record_of_a_person(caring)
    consent = caring.mine(given(caring, tag_of(caring, PLANTED)))
    assert care_look(caring, granted_on(caring, consent), path_of(record)).status_code == 200
    assert own_look(caring.consortium, path_of(record)).status_code == 200
    publisher, granted = looks_told(caring)
    assert publisher["consent"] is None
    assert granted["consent"] == expected | {"consent": to_hex(consent)}


def test_a_look_that_states_its_consent_itself_says_who_gave_it(offices: Offices) -> None:
    sharing_care(offices, ShareClass.UNCONDITIONAL)
    record = record_of_a_person(offices)
    consent = offices.mine(by_guardian(offices, tag_of(offices, PLANTED)))
    said = {"item": str(CARE), "purpose": "7", "basis": "1", "basis_ref": to_hex(consent)}
    answer = offices.consortium.look(FIRE_READER, path_of(record), **said)
    assert answer.status_code == 200, answer.text
    (told,) = looks_told(offices)
    assert (told["authority"], told["basis"]) == (Authority.CLASS1, 1)
    assert (told["consent"]["consent"], told["consent"]["guardian"]) == (to_hex(consent), GuardianRelation.PARENT)


def test_a_look_keeps_its_consent_after_that_is_withdrawn(caring: Offices) -> None:
    record = record_of_a_person(caring)
    consent, grant = granted_by_consent(caring, PERSON)
    assert care_look(caring, grant, path_of(record)).status_code == 200
    caring.mine(withdrawn(caring, consent))
    assert [look["consent"]["consent"] for look in looks_told(caring)] == [to_hex(consent)]


def test_a_look_whose_evidence_is_lost_says_what_the_chain_says(caring: Offices) -> None:
    record = record_of_a_person(caring)
    consent = caring.mine(by_guardian(caring, tag_of(caring, PLANTED)))
    assert care_look(caring, granted_on(caring, consent), path_of(record)).status_code == 200
    evidence = caring.consortium.gateway_history().consents[consent].evidence_hash
    with psycopg.connect(caring.consortium.dsn) as connection:
        connection.execute("UPDATE documents SET content = %s WHERE document_hash = %s", (b"{}", evidence))
    (told,) = looks_told(caring)
    assert (told["consent"]["captureMode"], told["consent"]["guardian"]) == (2, None)
    assert "parent" not in json.dumps(told)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('"captureMode":2', '"captureMode":1', "otherwise than the chain"),
        ('"capturedBy":0', '"capturedBy":2', "otherwise than the chain"),
        ('"secondWitness":null', '"secondWitness":-1', "unsigned"),
        ('"guardian":1', '"guardian":1,"name":"x"', "unknown"),
        ('"captureMode":2', '"captureMode":null', "unsigned"),
    ],
)
def test_a_consent_that_is_told_otherwise_than_it_was_given_is_a_broken_promise(
    caring: Offices, tmp_path: Path, old: str, new: str, found: str
) -> None:
    record = record_of_a_person(caring)
    consent = caring.mine(by_guardian(caring, tag_of(caring, PLANTED)))
    assert care_look(caring, granted_on(caring, consent), path_of(record)).status_code == 200
    grounds = resident_s_grounds(0, canonical_id("resident-id", PLANTED))
    with ExitStack() as stack:
        office = Desks(caring.consortium, tmp_path, stack).open(READER_OF_COMMUNITY)
        (look,) = office.subjects.looks(grounds).looks
        assert look["consent"]["guardian"] == GuardianRelation.PARENT
        http = httpx.Client(transport=Altering(caring.consortium.client, old, new))
        options: Any = {"clock": lambda: caring.consortium.now, "sleep": lambda _: None, "http": http}
        office.desk.transport = Transport(f"https://{AUTHORITY}", READER_OF_COMMUNITY, CHAIN_ID, **options)
        with pytest.raises(PromiseBroken, match=found):
            office.subjects.looks(grounds)
