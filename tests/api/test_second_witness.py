"""Consents that an agency takes for a person: evidence comes along, and another person of an agency stood by."""

import os
from dataclasses import replace

import pytest

from ledger.core.codes import CaptureMode, Role
from ledger.core.consent_documents import SecondWitness
from tests.api.consortium import Consortium, bound
from tests.api.members import COMMUNITY, FIRE, FIRE_READER, PROPERTY, PROPERTY_KEY, PUBLISHER, STRANGER, Key, key
from tests.api.offices import NOBODY, TEXT, Act, Offices, fresh_evidence

pytestmark = pytest.mark.api
OTHER_PERSON = key("community witness", COMMUNITY, Role.READ)


@pytest.fixture
def offices(consortium: Consortium) -> Offices:
    made = Offices(consortium)
    consortium.add_block([("AgencyRegistry", "KeyBound", bound(OTHER_PERSON))])
    return made


def assisted(offices: Offices, witness: Key, agency: int) -> Act:
    """Record a consent that the community took, with evidence that this key witnessed for this agency."""
    said = {
        "subjectTag": os.urandom(32),
        "textHash": TEXT.hash,
        "controller": NOBODY,
        "capturedBy": COMMUNITY,
        "captureMode": int(CaptureMode.ASSISTED),
        "nonce": int.from_bytes(os.urandom(24), "big") << 64,
    }
    bare = fresh_evidence(said)
    signature = witness.sign_digest(bare.witnessed_digest)
    evidence = replace(bare, witness=SecondWitness(agency, witness.address, signature))
    return offices.consent(PUBLISHER, evidence=evidence, **said)


def test_a_consent_is_taken_where_another_person_of_an_agency_stood_by(offices: Offices) -> None:
    assert assisted(offices, OTHER_PERSON, COMMUNITY).code == "taken"
    assert assisted(offices, FIRE_READER, FIRE).code == "taken"


@pytest.mark.parametrize(
    ("witness", "agency"),
    [(PUBLISHER, COMMUNITY), (STRANGER, COMMUNITY), (FIRE_READER, COMMUNITY), (OTHER_PERSON, FIRE)],
)
def test_the_signer_and_keys_of_no_or_another_agency_are_no_second_witness(
    offices: Offices, witness: Key, agency: int
) -> None:
    refused = assisted(offices, witness, agency)
    assert refused.code == "witness_unfit"
    assert "second witness" in refused.answer.json()["detail"]


def test_a_key_that_ended_or_ends_before_the_promised_block_is_no_second_witness(offices: Offices) -> None:
    consortium = offices.consortium
    short = key("leaving witness", COMMUNITY, Role.READ)
    args = bound(short) | {"validUntil": consortium.now + 60}
    retired = {"key": OTHER_PERSON.address, "agency": COMMUNITY}
    consortium.add_block([("AgencyRegistry", "KeyBound", args), ("AgencyRegistry", "KeyRetired", retired)])
    assert assisted(offices, OTHER_PERSON, COMMUNITY).code == "witness_unfit"
    assert assisted(offices, short, COMMUNITY).code == "witness_unfit"


def test_a_key_of_a_suspended_agency_is_no_second_witness(offices: Offices) -> None:
    offices.consortium.add_block([("AgencyRegistry", "AgencyStatusSet", {"agency": PROPERTY, "status": 2})])
    assert assisted(offices, PROPERTY_KEY, PROPERTY).code == "witness_unfit"


@pytest.mark.parametrize("mode", [CaptureMode.OWN_KEY, CaptureMode.GUARDIAN, CaptureMode.STATUTORY_NOTICE])
def test_no_consent_is_taken_without_its_evidence(offices: Offices, mode: CaptureMode) -> None:
    said = {"captureMode": int(mode), "evidenceHash": b"\7" * 32}
    if mode is CaptureMode.STATUTORY_NOTICE:
        said |= {"controller": NOBODY, "capturedBy": COMMUNITY, "nonce": 1 << 90}
        assert offices.consent(PUBLISHER, **said).code == "document_missing"
    else:
        assert offices.consent(key("person", 0), **said).code == "document_missing"
