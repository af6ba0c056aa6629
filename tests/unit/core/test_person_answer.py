"""Answers of key-holders: whole, of one sample, and of the gateway that signs them; anything else is refused."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.core.canonical import encode
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from ledger.core.person_answer import (
    ANSWER_FORMAT,
    Compared,
    ComparedLook,
    PersonsAnswer,
    parse_persons_answer,
    verify_answer,
)
from ledger.core.person_sample import ConsentedLook, PersonsSample
from ledger.core.signature import sign_digest
from ledger.core.statements import StatementDomain
from ledger.errors import FormatError, UnsupportedFormat
from ledger.person_errors import PersonsAnswerRefused
from tests.simulated_authorities import AuthorityLedger
from tests.simulated_consortium import address, number32, private_key

pytestmark = pytest.mark.unit
PINNED = "0x3c295ba2b33df765d96580b5a881db5afdf8219f5cf848f2f3bfdbd956e401db"
"""Made with eth-account's encode_typed_data."""
NAMES = ("consent", "another consent")


def anchored_after(*events: tuple[str, str, dict[str, Any]], seconds: int = 2) -> AuthorityLedger:
    """A ledger with two consents, then these events, and an entry anchored `seconds` after them."""
    ledger = AuthorityLedger()
    for name in NAMES:
        ledger.consent(name)
    ledger.mine(list(events))
    ledger.submit(9)
    ledger.anchor(seconds)
    return ledger


LEDGER = anchored_after()
CONSENTS = tuple(map(number32, NAMES))
LAST = len(LEDGER.entries)
HISTORY = LEDGER.chain.history()
LOOKS = tuple(
    ConsentedLook(4 + place, number32("record", place), 1, number32("root", place), consent)
    for place, consent in enumerate((*CONSENTS, CONSENTS[0]))
)
SAMPLE = PersonsSample(LEDGER.domain, 1, LAST, "thrown dice: 4 2 6 1", 9, LOOKS)


def compared(look: ConsentedLook, result: Compared = Compared.SAME) -> ComparedLook:
    place = look.sequence, look.record_id, look.version, look.consent
    return ComparedLook(*place, HISTORY.consents[look.consent].subject_tag, number32("digest"), result)


def signed(answer: PersonsAnswer, key: str = "gateway") -> PersonsAnswer:
    named = replace(answer, signer=address(key))
    return named.signed(sign_digest(keccak256(named.preimage), private_key(key)))


FOUND = tuple(map(compared, LOOKS))
ANSWER = signed(PersonsAnswer(LEDGER.domain, 1, SAMPLE.hash, LEDGER.now, FOUND, ""))


def test_an_answer_goes_through_a_file_and_is_believed_of_its_gateway() -> None:
    read = parse_persons_answer(encode(ANSWER.document))
    assert read == ANSWER
    verify_answer(read, SAMPLE, HISTORY)
    nobody = replace(SAMPLE, looks=())
    verify_answer(signed(replace(ANSWER, sample=nobody.hash, looks=())), nobody, HISTORY)


def test_what_is_signed_does_not_change() -> None:
    domain = StatementDomain(77, "0x" + "ab" * 20)
    look = ComparedLook(9, b"\1" * 32, 1, b"\2" * 32, b"\3" * 32, b"\4" * 32, Compared.SAME)
    answer = PersonsAnswer(domain, 1, b"\5" * 32, 1_800_000_000, (look,), address("gateway"))
    assert answer.preimage[:34] == b"\x19\x01" + domain.separator
    assert to_hex(keccak256(answer.preimage)) == PINNED


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (replace(ANSWER, sample=bytes(32)), "another sample"),
        (replace(ANSWER, gateway=2), "another sample"),
        (replace(ANSWER, domain=StatementDomain(1, LEDGER.domain.record_anchors)), "another sample"),
        (replace(ANSWER, looks=FOUND[:2]), "has 3 looks, the answer 2"),
        (replace(ANSWER, looks=(*FOUND, FOUND[0])), "has 3 looks, the answer 4"),
        (replace(ANSWER, looks=(FOUND[1], FOUND[0], FOUND[2])), "entry 4: the answer has another look"),
        (replace(ANSWER, looks=(*FOUND[:2], FOUND[1])), "entry 6: the answer has another look"),
        (replace(ANSWER, looks=(replace(FOUND[0], consent=CONSENTS[1]), *FOUND[1:])), "another look in its place"),
        (replace(ANSWER, looks=(replace(FOUND[0], subject_tag=bytes(32)), *FOUND[1:])), "another tag on chain"),
    ],
    ids=str,
)
def test_an_answer_that_is_not_of_the_whole_sample_is_refused_whoever_signs_it(
    answer: PersonsAnswer, said: str
) -> None:
    with pytest.raises(PersonsAnswerRefused, match=said):
        verify_answer(signed(answer), SAMPLE, HISTORY)


def test_a_consent_that_the_chain_does_not_have_is_refused() -> None:
    unknown = replace(LOOKS[0], consent=number32("no consent"))
    sample = replace(SAMPLE, looks=(unknown,))
    found = replace(FOUND[0], consent=unknown.consent)
    answer = signed(replace(ANSWER, sample=sample.hash, looks=(found,)))
    with pytest.raises(PersonsAnswerRefused, match="another tag on chain"):
        verify_answer(answer, sample, HISTORY)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (replace(ANSWER, looks=(compared(LOOKS[0], Compared.OTHER), *FOUND[1:])), "it was altered"),
        (replace(ANSWER, looks=(replace(FOUND[0], subject_digest=bytes(32)), *FOUND[1:])), "it was altered"),
        (replace(ANSWER, compared_at=ANSWER.compared_at + 1), "it was altered"),
        (replace(signed(ANSWER, "publisher"), signer=ANSWER.signer), "it was altered"),
        (ANSWER.signed(bytes(65)), "its signature is none"),
        (signed(ANSWER, "nobody"), "no API_SIGN key of gateway 1"),
        (signed(ANSWER, "publisher"), "no API_SIGN key of gateway 1"),
        (signed(ANSWER, "other-gateway"), "no API_SIGN key of gateway 1"),
        (signed(replace(ANSWER, compared_at=0)), "before the last entry of its sample was anchored"),
        (signed(replace(ANSWER, compared_at=LEDGER.now - 31)), "before the last entry of its sample was anchored"),
        (signed(replace(ANSWER, compared_at=LEDGER.now + 31)), "after this chain ends"),
    ],
    ids=str,
)
def test_an_answer_that_the_gateway_did_not_sign_is_refused(answer: PersonsAnswer, said: str) -> None:
    with pytest.raises(PersonsAnswerRefused, match=said):
        verify_answer(answer, SAMPLE, HISTORY)


@pytest.mark.parametrize("seconds", [-30, 30])
def test_clocks_may_differ_by_the_usual_skew(seconds: int) -> None:
    verify_answer(signed(replace(ANSWER, compared_at=ANSWER.compared_at + seconds)), SAMPLE, HISTORY)


def test_a_sample_that_reaches_further_than_the_chain_is_not_answered() -> None:
    further = replace(SAMPLE, last_sequence=LAST + 1)
    with pytest.raises(PersonsAnswerRefused, match=f"last entry of its sample, {LAST + 1}, is not anchored"):
        verify_answer(signed(replace(ANSWER, sample=further.hash)), further, HISTORY)


REVOKED = {"key": address("gateway"), "agency": 1, "reason": 1, "suspectFrom": 0}
ENDS = {
    "revoked": ("AgencyRegistry", "KeyRevoked", REVOKED),
    "retired": ("AgencyRegistry", "KeyRetired", {"key": address("gateway"), "agency": 1}),
}


@pytest.mark.parametrize("said", [Compared.OTHER, Compared.SAME])
@pytest.mark.parametrize("end", ENDS)
def test_who_has_a_key_that_ended_convicts_and_acquits_nobody(end: str, said: Compared) -> None:
    ledger = anchored_after(ENDS[end], seconds=86_400)
    history, ended = ledger.chain.history(), ledger.now - 86_400
    answer = replace(ANSWER, looks=tuple(compared(look, said) for look in LOOKS))
    for at in (ended - 60, ended - 1, ended, ledger.now - 30, ledger.now):
        with pytest.raises(PersonsAnswerRefused, match=f"before the last entry|the key was {end}"):
            verify_answer(signed(replace(answer, compared_at=at)), SAMPLE, history)


def test_a_key_that_ended_within_the_skew_is_judged_when_the_sample_could_be_drawn() -> None:
    ledger = anchored_after(ENDS["revoked"])
    with pytest.raises(PersonsAnswerRefused, match="the key was revoked"):
        verify_answer(signed(replace(ANSWER, compared_at=ledger.now - 10)), SAMPLE, ledger.chain.history())


@pytest.mark.parametrize("since", [-1, 0, 1])
def test_what_a_key_signed_since_it_was_called_suspect_is_not_believed(since: int) -> None:
    ledger = anchored_after()
    answer = signed(replace(ANSWER, compared_at=ledger.now))
    ledger.mine([("AgencyRegistry", "KeyRevoked", REVOKED | {"suspectFrom": ledger.now + since})], 600)
    if since > 0:
        verify_answer(answer, SAMPLE, ledger.chain.history())
        return
    with pytest.raises(PersonsAnswerRefused, match="called suspect since before it was signed"):
        verify_answer(answer, SAMPLE, ledger.chain.history())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"token": "0x"}, "answer"),
        ({"signature": "0x"}, "answer signature"),
        ({"looks": {}}, "answer looks"),
        ({"looks": [FOUND[0].members | {"period": 1}]}, "look of an answer"),
        ({"looks": [FOUND[0].members | {"result": "yes"}]}, "look result: expected one of same, other"),
        ({"looks": [FOUND[0].members | {"result": ["same"]}]}, "look result"),
        ({"looks": [FOUND[0].members | {"subjectDigest": to_hex(ZERO32)}]}, "whose commitment is not zero"),
    ],
)
def test_a_file_of_another_shape_is_no_answer(change: dict[str, Any], said: str) -> None:
    with pytest.raises(FormatError, match=said):
        parse_persons_answer(encode(ANSWER.document | change))


def test_another_format_is_unsupported() -> None:
    assert ANSWER_FORMAT == "gongzhi-persons-answer/1"
    with pytest.raises(UnsupportedFormat):
        parse_persons_answer(encode(ANSWER.document | {"format": "gongzhi-persons-answer/2"}))
