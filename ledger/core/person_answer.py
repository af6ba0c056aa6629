"""What a key-holder found of a sample of looks: `gongzhi-persons-answer/1` (formats page, section 9).

PERMANENT. For each look of the sample, in its order: the consent's tag, the commitment of the record's `/subject`, and
whether record and consent are of the same person. It is signed by an API_SIGN key of the gateway, in the domain of its
statements:

    PersonsCompared(uint32 gateway,bytes32 sample,bytes32 looks,uint64 comparedAt)

`sample` is the hash of the sample, `looks` Keccak-256 of the canonical `looks`. Token, period, salt and whatever else
would say of whom two looks are stay with the key-holder.

| result | meaning |
|---|---|
| same | the record's own `/subject`, opened and found under its root, gives the consent's tag |
| other | it gives another tag: the record is about another person, or about nobody |
| erased | the record was erased: there is nothing to open any more |
| unopened | the record is not here as it was disclosed, or what is sealed does not give its root |
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from ledger.core.canonical import decode, encode
from ledger.core.codes import Role
from ledger.core.eip712 import ZERO32, signing_preimage, type_hash, word
from ledger.core.entitlement import CLOCK_SKEW_SECONDS
from ledger.core.hexadecimal import from_hex, to_address, to_hex
from ledger.core.history import AsOf, History
from ledger.core.keccak import keccak256
from ledger.core.person_sample import MOST_DRAWN, ConsentedLook, PersonsSample
from ledger.core.shapes import array, format_members, from_one, members_of, text, unsigned
from ledger.core.signature import recover
from ledger.core.statements import StatementDomain
from ledger.errors import FormatError, SignatureError
from ledger.person_errors import PersonsAnswerRefused

ANSWER_FORMAT: Final = "gongzhi-persons-answer/1"
_TYPE = type_hash("PersonsCompared(uint32 gateway,bytes32 sample,bytes32 looks,uint64 comparedAt)")
_MEMBERS = ("format", "chainId", "contract", "gateway", "sample", "comparedAt", "looks", "signer", "signature")
_LOOK = ("sequence", "recordId", "version", "consent", "subjectTag", "subjectDigest", "result")
_UNSIGNED = bytes(65)


class Compared(StrEnum):
    """What was found of one look."""

    SAME = "same"
    OTHER = "other"
    ERASED = "erased"
    UNOPENED = "unopened"


@dataclass(frozen=True, slots=True)
class ComparedLook:
    """A look of the sample, the tag of its consent, the commitment of the record's `/subject`, and what was found.

    `subject_digest` is zero where the record was not opened, or has no `/subject`.
    """

    sequence: int
    record_id: bytes
    version: int
    consent: bytes
    subject_tag: bytes
    subject_digest: bytes
    result: Compared

    @property
    def members(self) -> dict[str, Any]:
        """The JSON members."""
        return {
            "sequence": self.sequence,
            "recordId": to_hex(self.record_id),
            "version": self.version,
            "consent": to_hex(self.consent),
            "subjectTag": to_hex(self.subject_tag),
            "subjectDigest": to_hex(self.subject_digest),
            "result": self.result.value,
        }

    def is_of(self, look: ConsentedLook) -> bool:
        """Say whether this is about a look of a sample."""
        mine = self.sequence, self.record_id, self.version, self.consent
        return mine == (look.sequence, look.record_id, look.version, look.consent)


@dataclass(frozen=True)
class PersonsAnswer:
    """An answer to the sample with this hash; `compared_at` in Unix seconds, by the clock of who compared."""

    domain: StatementDomain
    gateway: int
    sample: bytes
    compared_at: int
    looks: tuple[ComparedLook, ...]
    signer: str
    signature: bytes = _UNSIGNED

    @property
    def document(self) -> dict[str, Any]:
        """The document as JSON members."""
        return {
            "format": ANSWER_FORMAT,
            "chainId": self.domain.chain_id,
            "contract": self.domain.record_anchors,
            "gateway": self.gateway,
            "sample": to_hex(self.sample),
            "comparedAt": self.compared_at,
            "looks": [look.members for look in self.looks],
            "signer": self.signer,
            "signature": to_hex(self.signature),
        }

    @cached_property
    def preimage(self) -> bytes:
        """The 66 bytes whose Keccak-256 is signed."""
        looks = keccak256(encode([look.members for look in self.looks]))
        said = word(self.gateway) + self.sample + looks + word(self.compared_at)
        return signing_preimage(self.domain.separator, keccak256(_TYPE + said))

    def signed(self, signature: bytes) -> "PersonsAnswer":
        """Return the answer with its signature (65 bytes)."""
        return replace(self, signature=signature)


def parse_persons_answer(data: bytes) -> PersonsAnswer:
    """Return the answer of a `gongzhi-persons-answer/1` file; raises FormatError or UnsupportedFormat."""
    members = format_members(decode(data), ANSWER_FORMAT, _MEMBERS, what="answer")
    chain_id = unsigned(members["chainId"], 53, what="answer chainId")
    return PersonsAnswer(
        StatementDomain(chain_id, to_address(members["contract"], what="answer contract")),
        unsigned(members["gateway"], 32, what="answer gateway"),
        from_hex(members["sample"], 32, what="answer sample"),
        unsigned(members["comparedAt"], 53, what="answer comparedAt"),
        tuple(map(_look, array(members["looks"], what="answer looks", most=MOST_DRAWN))),
        to_address(members["signer"], what="answer signer"),
        from_hex(members["signature"], 65, what="answer signature"),
    )


def verify_answer(answer: PersonsAnswer, sample: PersonsSample, history: History) -> None:
    """Raise PersonsAnswerRefused unless an answer is whole, of this sample, and signed by the sample's gateway.

    Every look of the sample stands in it once, with the tag that its consent has on chain; the signer held API_SIGN for
    the gateway when it compared, which was after the sample's last entry was anchored and is not after this chain
    ends: an answer is anchored nowhere, so its own time is believed between these alone, and never from when its key
    was called suspect. That what it says is true, nothing here shows: who cannot make tags believes it.
    """
    if (answer.domain, answer.gateway, answer.sample) != (sample.domain, sample.gateway, sample.hash):
        raise PersonsAnswerRefused("the answer is of another sample")
    if len(answer.looks) != len(sample.looks):
        raise PersonsAnswerRefused(f"the sample has {len(sample.looks)} looks, the answer {len(answer.looks)}")
    for compared, look in zip(answer.looks, sample.looks, strict=True):
        if not compared.is_of(look):
            raise PersonsAnswerRefused(f"entry {look.sequence}: the answer has another look in its place")
        consent = history.consents.get(look.consent)
        if consent is None or consent.subject_tag != compared.subject_tag:
            raise PersonsAnswerRefused(f"entry {look.sequence}: its consent has another tag on chain")
    _verify_signature(answer, sample, history)


def _verify_signature(answer: PersonsAnswer, sample: PersonsSample, history: History) -> None:
    try:
        signer = recover(keccak256(answer.preimage), answer.signature)
    except SignatureError as error:
        raise PersonsAnswerRefused(f"its signature is none: {error.detail}") from None
    if signer != answer.signer:
        raise PersonsAnswerRefused("it is not signed by the key that it names: it was altered, or another signed it")
    at = _moment(answer.compared_at, sample, history)
    refusal = history.why_not_entitled(signer, Role.API_SIGN, answer.gateway, AsOf(at))
    if refusal is not None:
        raise PersonsAnswerRefused(f"its signer is no API_SIGN key of gateway {answer.gateway}: {refusal}")
    if 0 < history.keys[signer].suspect_from <= at:
        raise PersonsAnswerRefused("its key was called suspect since before it was signed, and nothing shows its time")


def _moment(compared_at: int, sample: PersonsSample, history: History) -> int:
    """Return when an answer was made (Unix seconds), not before its sample could be drawn."""
    last = sample.last_sequence
    stream = history.anchors.get(sample.gateway, [])
    anchored = next((one.point.time for one in stream if last < one.first_sequence + one.leaf_count), None)
    if anchored is None:
        raise PersonsAnswerRefused(f"the last entry of its sample, {last}, is not anchored on this chain")
    if compared_at < anchored - CLOCK_SKEW_SECONDS:
        raise PersonsAnswerRefused("it says that it was made before the last entry of its sample was anchored")
    if history.first_block_after(compared_at - CLOCK_SKEW_SECONDS - 1) is None:
        raise PersonsAnswerRefused("it says that it was made after this chain ends: take the chain as it is now")
    return max(compared_at, anchored)


def _look(value: object) -> ComparedLook:
    members: Mapping[str, Any] = members_of(value, _LOOK, what="look of an answer")
    look = ComparedLook(
        from_one(members["sequence"], 53, what="look sequence"),
        from_hex(members["recordId"], 32, what="look recordId"),
        from_one(members["version"], 32, what="look version"),
        from_hex(members["consent"], 32, what="look consent"),
        from_hex(members["subjectTag"], 32, what="look subjectTag"),
        from_hex(members["subjectDigest"], 32, what="look subjectDigest"),
        _result(members["result"]),
    )
    if look.result is Compared.SAME and look.subject_digest == ZERO32:
        raise FormatError("look of an answer: the same person is found in a /subject, whose commitment is not zero")
    return look


def _result(value: object) -> Compared:
    try:
        return Compared(text(value, what="look result"))
    except ValueError:
        raise FormatError(f"look result: expected one of {', '.join(Compared)}") from None
