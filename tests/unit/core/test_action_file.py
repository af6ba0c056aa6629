"""Action files: what is signed is what stands there, and nothing else is taken."""

from typing import Any

import pytest

from ledger.core.action_file import PreparedAction, check_documents, parse_action_file
from ledger.core.action_summary import WHAT_IT_DOES, summary_of, time_words
from ledger.core.canonical import decode, encode, encode_text
from ledger.core.keccak import keccak256
from ledger.core.signature import address_of, sign_digest
from ledger.core.typed_messages import MESSAGES, keyed_nonce
from ledger.errors import CanonicalJsonError, FormatError, SignatureError, UnsupportedFormat

pytestmark = pytest.mark.unit
OPENER, SUPERVISOR, STRANGER = (bytes([number]) * 32 for number in (1, 2, 3))
ZERO = "0x" + "00" * 20
CONTRACT = "0x" + "ab" * 20
NOTE = encode_text({"format": "gongzhi-reasons/1", "salt": "0x" + "11" * 32, "codes": [1], "words": "火警"})
OPEN = {
    "key": address_of(OPENER),
    "supervisor": address_of(SUPERVISOR),
    "secondAgencyKey": ZERO,
    "caseRef": bytes([7]) * 32,
    "items": (2, 3),
    "region": 990101,
    "reason": 1,
    "noteHash": keccak256(NOTE.encode()),
    "expiresAt": 1_800_000_000,
    "nonce": keyed_nonce(5, 0),
    "deadline": 1_799_999_000,
}
PREPARED = PreparedAction("OpenEmergency", 7, CONTRACT, OPEN, (NOTE,))


def signed(prepared: PreparedAction, *keys: bytes) -> PreparedAction:
    for key in keys:
        prepared = prepared.with_signature(sign_digest(prepared.digest, key))
    return prepared


def test_a_file_comes_back_as_it_was_written_with_each_signature_that_was_added() -> None:
    for prepared in (PREPARED, signed(PREPARED, OPENER), signed(PREPARED, SUPERVISOR, OPENER)):
        again = parse_action_file(prepared.encode())
        assert again == prepared
        assert again.encode() == prepared.encode()


def test_signatures_are_handed_over_in_the_contract_s_order_and_the_missing_ones_are_named() -> None:
    assert PREPARED.missing == (OPEN["key"], OPEN["supervisor"])
    half = signed(PREPARED, SUPERVISOR)
    assert half.missing == (OPEN["key"],)
    opener, supervisor, second = signed(half, OPENER).relayed_signatures
    assert (opener, supervisor) == tuple(sign_digest(PREPARED.digest, key) for key in (OPENER, SUPERVISOR))
    assert second == b""


def test_a_key_that_the_message_does_not_name_cannot_sign() -> None:
    with pytest.raises(SignatureError, match="does not name"):
        signed(PREPARED, STRANGER)


def edited(**members: Any) -> bytes:
    return encode(signed(PREPARED, OPENER).document | members)


def other_message(**members: Any) -> dict[str, Any]:
    return {**signed(PREPARED, OPENER).document["message"], **members}


def signers(place: int, **members: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = signed(PREPARED, OPENER).document["signers"]
    found[place] = found[place] | members
    return found


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        (edited(format="gongzhi-action/2"), UnsupportedFormat, "expected format"),
        (edited(note="x"), FormatError, "unknown member"),
        (edited(action="OpenDoors"), FormatError, "no typed message"),
        (edited(action=5), FormatError, "expected a string"),
        (edited(chainId=8), FormatError, "digest"),
        (edited(contract="0x" + "cd" * 20), FormatError, "digest"),
        (edited(contract="0xAB"), FormatError, "contract"),
        (edited(message=other_message(reason=2)), FormatError, "digest"),
        (edited(message=other_message(reason="2")), FormatError, "reason"),
        (edited(digest="0x" + "00" * 32), FormatError, "digest"),
        (edited(summary=["OpenEmergency: nothing of importance"]), FormatError, "summary"),
        (edited(signers=[]), FormatError, "signers"),
        (edited(signers=signers(0, key=address_of(STRANGER))), FormatError, "signers"),
        (edited(signers=signers(0, member="supervisor")), FormatError, "signers"),
        (edited(signers=signers(0, signature="0x00")), FormatError, "65 bytes"),
        (edited(signers=signers(1, signature=signers(0)[0]["signature"])), SignatureError, "another key"),
        (edited(documents=[NOTE, NOTE]), FormatError, "names no document"),
        (edited(documents=[encode_text({"format": "other"})]), FormatError, "names no document"),
        (edited(documents=[NOTE.replace(",", ", ")]), CanonicalJsonError, "canonical"),
        (edited(documents=[5]), FormatError, "expected a string"),
        (edited(documents=[NOTE] * 9), FormatError, "at most"),
    ],
)
def test_a_file_that_says_another_thing_than_it_signs_is_refused(
    content: bytes, error: type[FormatError], said: str
) -> None:
    with pytest.raises(error, match=said):
        parse_action_file(content)


def test_documents_are_those_that_the_message_names_each_once() -> None:
    check_documents("OpenEmergency", OPEN, ())
    check_documents("OpenEmergency", OPEN, (NOTE,))
    with pytest.raises(FormatError, match="once only"):
        check_documents("OpenEmergency", OPEN, (NOTE, NOTE))


def test_a_message_is_told_in_words() -> None:
    assert PREPARED.summary == (
        "OpenEmergency: open records of these items at once, to be reviewed by another agency",
        f"key: {OPEN['key']}",
        f"supervisor: {OPEN['supervisor']}",
        "secondAgencyKey: none",
        "caseRef: 0x" + "07" * 32,
        "items: 2, 3",
        "region: 990101",
        "reason: 1",
        "noteHash: 0x" + keccak256(NOTE.encode()).hex(),
        "expiresAt: 2027-01-15 08:00:00Z",
        "deadline: 2027-01-15 07:43:20Z",
    )


DECIDE = {
    "key": ZERO,
    "request": bytes(32),
    "decision": 1,
    "itemVersion": 1,
    "profile": bytes([1]) * 32,
    "expiresAt": 0,
    "uses": 0,
    "terms": 0,
    "destroyBy": 0,
    "assessment": bytes(32),
    "reason": 0,
    "reasonHash": bytes(32),
    "nonce": 0,
    "deadline": 0,
}


@pytest.mark.parametrize(
    ("members", "line"),
    [
        ({}, "decision: 1 granted"),
        ({}, "uses: not limited"),
        ({}, "terms: none"),
        ({}, "destroyBy: none"),
        ({}, "expiresAt: 1970-01-01 00:00:00Z"),
        ({"destroyBy": 86_400}, "destroyBy: 1970-01-02 00:00:00Z"),
        ({"decision": 9}, "decision: 9"),
        ({"uses": 3}, "uses: 3"),
        ({"terms": 0b10101}, "terms: no onward sharing, statistics only, bit 4"),
    ],
)
def test_what_zero_means_is_said(members: dict[str, Any], line: str) -> None:
    assert line in summary_of("DecideAccess", {**DECIDE, **members})


def lines_of(action: str, **members: Any) -> tuple[str, ...]:
    """The lines of a message whose members are zero but for `members`."""
    zero = {"bytes32": bytes(32), "address": ZERO, "uint32[]": ()}
    return summary_of(action, {name: zero.get(kind, 0) for name, kind in MESSAGES[action].members} | members)


def test_codes_have_their_names_and_unknown_ones_their_number() -> None:
    assert {"basis: LB3 statutory duty of the agency", "purpose: 0"} <= set(lines_of("RequestAccess", basis=3))
    assert "mark: 4 erased" in lines_of("Mark", mark=4)
    assert "roles: SUBMIT, REQUEST" in lines_of("BindKey", roles=6)
    assert "allowedRoles: ADMIN" in lines_of("RegisterAgency", allowedRoles=1)
    consent = lines_of("RecordConsent", categories=6, captureMode=1)
    assert "categories: general personal data, class G, sensitive personal data, class S" in consent
    assert "captureMode: 1 own key" in consent
    assert "items: none" in lines_of("OpenEmergency")


def test_every_action_has_a_sentence_and_a_far_time_is_a_number() -> None:
    assert set(WHAT_IT_DOES) == set(MESSAGES)
    assert time_words(253_402_300_799) == "9999-12-31 23:59:59Z"
    assert time_words(253_402_300_800) == "253402300800"


def test_a_file_is_canonical_json() -> None:
    assert encode(decode(PREPARED.encode())) == PREPARED.encode()
