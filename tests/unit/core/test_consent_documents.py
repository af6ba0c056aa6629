"""Hashed documents of a consent: text, evidence with its second witness, reasons."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.core.canonical import decode, encode
from ledger.core.codes import CaptureMode, GuardianRelation
from ledger.core.consent_documents import (
    Evidence,
    SecondWitness,
    check_evidence,
    parse_consent_text,
    parse_evidence,
    parse_reasons,
    parse_unwitnessed,
)
from ledger.core.keccak import keccak256
from ledger.core.signature import address_of, sign_digest
from ledger.errors import FormatError, SignatureError, UnsupportedFormat
from tests.unit.core.consents import TAG, consent_message, consent_text

pytestmark = pytest.mark.unit

SALT, WITNESS_KEY, OTHER_KEY = b"\x5a" * 32, b"\x07" * 32, b"\x08" * 32
TEXT_HASH = parse_consent_text(consent_text()).hash


def reasons(**changes: Any) -> dict[str, Any]:
    return {
        "format": "gongzhi-reasons/1",
        "salt": "0x" + "5a" * 32,
        "codes": [2, 5],
        "words": "申请范围大于职责所需",
        **changes,
    }


def witnessed(mode: CaptureMode, paper: bytes | None, private_key: bytes = WITNESS_KEY) -> Evidence:
    bare = Evidence(SALT, mode, TAG, TEXT_HASH, paper=paper)
    signature = sign_digest(bare.witnessed_digest, private_key)
    return replace(bare, witness=SecondWitness(12, address_of(WITNESS_KEY), signature))


OWN = Evidence(SALT, CaptureMode.OWN_KEY, TAG, TEXT_HASH)
GUARDED = Evidence(SALT, CaptureMode.GUARDIAN, TAG, TEXT_HASH, relation=GuardianRelation.PARENT)
PAPER = witnessed(CaptureMode.WITNESSED_PAPER, b"\x0a" * 32)
ASSISTED = witnessed(CaptureMode.ASSISTED, None)
NOTICED = Evidence(SALT, CaptureMode.STATUTORY_NOTICE, TAG, TEXT_HASH)


def test_a_text_survives_parsing_and_its_hash_is_of_the_canonical_bytes() -> None:
    parsed = parse_consent_text(consent_text())
    assert parsed.document == consent_text()
    assert parsed.hash == keccak256(encode(consent_text()))
    general = consent_text(categories=[1], necessity=None)
    assert parse_consent_text(general).document == general


def test_hashes_of_known_documents_never_change() -> None:
    assert TEXT_HASH.hex() == "21c48fdcf2b277f863205e6795b2b755c024fc9f0e9289b01c1a9b2440de8cd4"
    assert OWN.hash.hex() == "e6a378143750c6c9d467088e2444b348c6a4ccbc3627df3c14c4bc8116f36570"
    assert PAPER.witnessed_digest.hex() == "df47b014e8752420cda9d4d8eccb9b9da00a92ba0c0f50eb276494adb04f80e8"
    assert parse_reasons(reasons()).hash.hex() == "56b3b6f61a8a39e56fae84717277a8a4016a13dff3aafe1931e64b0318d48692"


def test_a_text_allows_the_purposes_and_categories_that_it_speaks_of() -> None:
    both = parse_consent_text(consent_text())
    assert both.allows(7, 0b110)
    assert both.allows(7, 0b100)
    assert not both.allows(5, 0b110)
    general = parse_consent_text(consent_text(categories=[1], necessity=None))
    assert general.allows(7, 0b010)
    assert not general.allows(7, 0b110)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"version": 0},
        {"text": {"zh": "同意"}},
        {"purposes": []},
        {"purposes": [99]},
        {"categories": []},
        {"categories": [2, 1]},
        {"recipientKinds": []},
        {"necessity": None},
        {"categories": [1]},
        {"method": None},
        {"retention": None},
        {"rights": "…"},
        {"contact": None},
        {"person": "…"},
    ],
)
def test_a_text_of_another_shape_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        parse_consent_text(consent_text(**changes))


@pytest.mark.parametrize("evidence", [OWN, GUARDED, PAPER, ASSISTED, NOTICED])
def test_evidence_of_every_mode_survives_parsing(evidence: Evidence) -> None:
    assert parse_evidence(decode(encode(evidence.document))) == evidence
    assert evidence.hash == keccak256(encode(evidence.document))


@pytest.mark.parametrize(
    "evidence",
    [
        replace(PAPER, witness=None),
        replace(ASSISTED, witness=None),
        replace(OWN, witness=PAPER.witness),
        replace(GUARDED, relation=None),
        replace(OWN, relation=GuardianRelation.PARENT),
        replace(PAPER, paper=None),
        replace(ASSISTED, paper=b"\x0a" * 32),
    ],
)
def test_evidence_holds_exactly_what_its_mode_asks_for(evidence: Evidence) -> None:
    with pytest.raises(FormatError, match="there for"):
        parse_evidence(evidence.document)


@pytest.mark.parametrize(
    "changed",
    [
        {"salt": bytes(32)},
        {"subject_tag": bytes(32)},
        {"text_hash": bytes(32)},
        {"paper": bytes(32)},
    ],
)
def test_the_second_witness_signs_everything_else_in_the_evidence(changed: dict[str, Any]) -> None:
    with pytest.raises(SignatureError):
        parse_evidence(replace(PAPER, **changed).document)


def test_a_witness_whose_signature_is_by_another_key_is_refused() -> None:
    with pytest.raises(SignatureError, match="another key"):
        parse_evidence(witnessed(CaptureMode.ASSISTED, None, OTHER_KEY).document)


@pytest.mark.parametrize(
    "changes",
    [
        {"salt": "0x00"},
        {"captureMode": 0},
        {"captureMode": 6},
        {"subjectTag": None},
        {"textHash": ""},
        {"witness": {"agency": 0, "key": address_of(WITNESS_KEY), "signature": "0x" + "00" * 65}},
        {"witness": {"agency": 1, "key": "0x00", "signature": "0x" + "00" * 65}},
        {"witness": {"agency": 1, "key": address_of(WITNESS_KEY), "signature": "0x"}},
        {"witness": []},
        {"relation": 99},
        {"paper": "0x00"},
        {"guardian": None},
    ],
)
def test_evidence_of_another_shape_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        parse_evidence({**OWN.document, **changes})


def test_evidence_is_taken_with_its_own_consent_only() -> None:
    message = consent_message(captureMode=int(CaptureMode.WITNESSED_PAPER), textHash=TEXT_HASH, evidenceHash=PAPER.hash)
    check_evidence(PAPER, message)
    check_evidence(OWN, {**message, "captureMode": 1, "evidenceHash": OWN.hash})
    for member, value in {"evidenceHash": bytes(32), "captureMode": 4, "subjectTag": SALT, "textHash": SALT}.items():
        with pytest.raises(FormatError, match=member):
            check_evidence(PAPER, {**message, member: value})
    for member in ("key", "controller"):
        with pytest.raises(FormatError, match="second person"):
            check_evidence(PAPER, {**message, member: address_of(WITNESS_KEY)})


def test_reasons_survive_parsing() -> None:
    parsed = parse_reasons(reasons())
    assert parsed.document == reasons()
    assert parsed.hash == keccak256(encode(reasons()))


@pytest.mark.parametrize(
    "changes",
    [
        {"salt": "0x"},
        {"codes": []},
        {"codes": [5, 2]},
        {"codes": [2, 2]},
        {"codes": [0]},
        {"codes": list(range(1, 18))},
        {"words": ""},
        {"words": "字" * 2001},
        {"words": None},
        {"by": 1},
    ],
)
def test_reasons_of_another_shape_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        parse_reasons(reasons(**changes))


@pytest.mark.parametrize("signed", [PAPER, ASSISTED])
def test_evidence_waits_for_its_second_witness(signed: Evidence) -> None:
    bare = replace(signed, witness=None)
    waiting = parse_unwitnessed(decode(encode(bare.document)))
    assert waiting == bare
    assert waiting.witnessed_digest == signed.witnessed_digest


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        (PAPER, "once they are signed"),
        (OWN, "no second witness"),
        (replace(PAPER, witness=None, paper=None), "evidence paper"),
        (replace(ASSISTED, witness=None, paper=bytes(32)), "evidence paper"),
    ],
)
def test_evidence_that_has_no_witness_to_wait_for_is_refused(evidence: Evidence, said: str) -> None:
    with pytest.raises(FormatError, match=said):
        parse_unwitnessed(evidence.document)


@pytest.mark.parametrize("parse", [parse_consent_text, parse_evidence, parse_reasons])
def test_a_document_of_another_format_is_refused(parse: Any) -> None:
    with pytest.raises(UnsupportedFormat):
        parse({"format": "gongzhi-anything/1"})
