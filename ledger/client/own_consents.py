"""A resident's own consents, as a gateway tells him: what each says is checked by its id and by what it names by hash.

What the gateway alone can say is which consents are his, and that nothing is left out: the answer is a signed Query
with their number.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ledger.client.desk import Desk
from ledger.client.grounds import Grounds, state
from ledger.client.promises import broken
from ledger.client.queries import answered, shaped
from ledger.core import queries
from ledger.core.canonical import encode
from ledger.core.codes import CaptureMode
from ledger.core.consent_documents import (
    ConsentText,
    Evidence,
    parse_consent_text,
    parse_evidence,
    why_not_evidence,
)
from ledger.core.hexadecimal import from_hex, to_address
from ledger.core.keccak import keccak256
from ledger.core.own_consents import ConsentState
from ledger.core.received import consent_id
from ledger.core.scope import Scope, parse_scope
from ledger.core.shapes import array, members_of, text, unsigned
from ledger.core.typed_messages import message_from_json, message_to_json
from ledger.errors import FormatError, PromiseBroken, SignatureError

_HASHES = ("consent", "subjectTag", "scopeHash", "textHash", "evidenceHash")
_NUMBERS = ("recipient", "holder", "categories", "purpose", "capturedBy", "captureMode", "validFrom", "validUntil")
_MAY_LACK = ("recordedAt", "withdrawnAt", "withdrawReason")
_MEMBERS = (
    *(*_HASHES, *_NUMBERS, *_MAY_LACK),
    *("state", "stands", "controller", "actions", "underWay", "supersededBy", "sound"),
)
_OF_MESSAGE = (*_HASHES[1:], *_NUMBERS, "controller")
_PAGE = ("query", "consents", "documents", "next")
Parsed = TypeVar("Parsed")


@dataclass(frozen=True, slots=True)
class ToldConsent:
    """A consent as it was told, checked, with its text as it was shown, its evidence and scope; None where not here."""

    told: Mapping[str, Any]
    text: ConsentText | None
    evidence: Evidence | None
    scope: Scope | None

    @property
    def id(self) -> bytes:
        """Id of the consent (32 bytes)."""
        return from_hex(self.told["consent"], 32)

    @property
    def guardian(self) -> int | None:
        """Relation of the guardian who consented (`GuardianRelation`), None if none did, as far as evidence is here."""
        return None if self.evidence is None or self.evidence.relation is None else int(self.evidence.relation)

    @property
    def second_witness(self) -> int | None:
        """Agency of the second witness, None without one, as far as evidence is here."""
        return None if self.evidence is None or self.evidence.witness is None else self.evidence.witness.agency


def own_consents(desk: Desk, grounds: Grounds) -> list[ToldConsent]:
    """Ask what the resident of `grounds` (authority SELF) consented to, newest first; each page a Query of its own.

    Raises LookRefused (the refusal is checked and kept), OpeningInvalid, PromiseBroken.
    """
    consents: list[ToldConsent] = []
    query = {"limit": "200"}
    while True:
        stated = state(grounds, desk.receipts)
        answer = desk.transport.get(queries.CONSENTS.path, query, stated.headers)
        members, said = answered(desk, answer, queries.CONSENTS, grounds, stated, _PAGE)
        page = shaped(array, members["consents"])
        if len(page) != said.message["resultCount"]:
            broken("the answer lists other consents than its Query counts")
        documents = _by_hash(shaped(array, members["documents"]))
        consents += [_own(desk, one, documents) for one in page]
        if members["next"] is None:
            return consents
        query["cursor"] = shaped(text, members["next"])


def _by_hash(documents: Sequence[Any]) -> dict[bytes, Any]:
    try:
        return {keccak256(encode(one)): one for one in documents}
    except FormatError as error:
        raise PromiseBroken(error.detail) from error


def _own(desk: Desk, value: object, documents: Mapping[bytes, Any]) -> ToldConsent:
    """Return a consent as it was told; raises PromiseBroken for one that is misshapen, or is not what it says."""
    told = _shape(value)
    own = ToldConsent(
        told,
        _document(documents, told["textHash"], parse_consent_text),
        _document(documents, told["evidenceHash"], parse_evidence),
        _document(documents, told["scopeHash"], parse_scope),
    )
    _check_message(told)
    _check_chain(desk, own)
    if told["sound"]:
        _check_sound(own)
    return own


def _shape(value: object) -> dict[str, Any]:
    told: dict[str, Any] = shaped(members_of, value, _MEMBERS)
    for name in _HASHES:
        shaped(from_hex, told[name], 32)
    for name in _NUMBERS:
        shaped(unsigned, told[name], 53)
    for name in _MAY_LACK:
        if told[name] is not None:
            shaped(unsigned, told[name], 53)
    shaped(to_address, told["controller"])
    if not isinstance(told["sound"], bool):
        broken("a consent is told as neither sound nor unsound")
    shaped(text, told["stands"])
    if told["state"] not in tuple(ConsentState):
        broken("a consent is told in a state that is none")
    if (told["supersededBy"] is not None) != (told["state"] == ConsentState.SUPERSEDED):
        broken("a consent is told as superseded by none, or by one as not superseded")
    if told["supersededBy"] is not None:
        shaped(from_hex, told["supersededBy"], 32)
    if (told["withdrawnAt"] is not None) != (told["state"] == ConsentState.WITHDRAWN):
        broken("a consent is told as withdrawn at no time, or at one as not withdrawn")
    return told


def _check_message(told: Mapping[str, Any]) -> None:
    """Compare what is told with the message that has the consent's id, where the gateway took it."""
    for action in shaped(array, told["actions"]):
        try:
            if action["action"] != "RecordConsent":
                continue
            message = message_from_json("RecordConsent", action["message"])
        except (FormatError, KeyError, TypeError):
            broken("an action about a consent is misshapen")
        if consent_id(message) != from_hex(told["consent"], 32):
            broken("the message of a consent is not the one that has its id")
        given = message_to_json("RecordConsent", message)
        if any(given[name] != told[name] for name in _OF_MESSAGE):
            broken("a consent is told as saying something else than its message")


def _check_chain(desk: Desk, own: ToldConsent) -> None:
    """Compare validity and capture, which the id does not cover, with the chain, where that is known here."""
    facts = desk.facts.chain.history.consents.get(own.id) if desk.facts.chain else None
    if facts is None:
        return
    on_chain = facts.valid_from, facts.valid_until, facts.capture_mode, facts.recipient, facts.purpose, facts.categories
    names = ("validFrom", "validUntil", "captureMode", "recipient", "purpose", "categories")
    if on_chain != tuple(own.told[name] for name in names):
        broken("a consent is told as saying something else than the chain")


def _check_sound(own: ToldConsent) -> None:
    """Check that text and evidence are here and bear the consent, as it is told that looks may rest on it."""
    told, shown = own.told, own.text
    if shown is None or own.evidence is None or told["captureMode"] == CaptureMode.STATUTORY_NOTICE:
        broken("a consent is told as bearing looks whose text or evidence is not here")
    said = {name: from_hex(told[name], 32) for name in _HASHES}
    signer = {"controller": told["controller"], "key": told["controller"], "captureMode": told["captureMode"]}
    if why_not_evidence(own.evidence, said | signer) or not shown.allows(told["purpose"], told["categories"]):
        broken("a consent is told as bearing looks that its text or evidence does not bear")


def _document(documents: Mapping[bytes, Any], name: str, parse: Callable[[object], Parsed]) -> Parsed | None:
    """Return a document by its hash, None where it is not here or is of another format: nothing rests on that."""
    found = documents.get(from_hex(name, 32))
    try:
        return None if found is None else parse(found)
    except (FormatError, SignatureError):
        return None
