"""Tell a resident what he consented to (policy page, "What a resident sees"): itself a Query entry.

Whose consents they are is known by the tags that were made here. A consent under another gateway's tag is told there;
one whose tag is forgotten (with the person's last record and live consent) by nobody.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.core.access_facts import ConsentFacts, consent_of
from ledger.core.canonical import JsonValue, decode
from ledger.core.codes import Authority
from ledger.core.hexadecimal import to_hex
from ledger.core.own_consents import OwnConsent, successor_of
from ledger.core.points import Point
from ledger.core.queries import CONSENTS
from ledger.errors import FormatError, LookRefused
from ledger.ports import Transaction
from ledger.rows import Action
from ledger.services.asked import Asked
from ledger.services.authenticate import Call
from ledger.services.consent_proofs import why_unsound
from ledger.services.describe_access import describe_consent
from ledger.services.find_document import scopes_of
from ledger.services.queries import refuse_query, sign_query
from ledger.services.sign import SignedStatement
from ledger.tag_rows import TagUse


@dataclass(frozen=True, slots=True)
class OwnConsentsPage:
    """The signed Query, consents newest first, the documents that they name, and how many older are left."""

    query: SignedStatement
    consents: Sequence[Mapping[str, Any]]
    documents: Sequence[JsonValue]
    left: int | None
    """None on the last page."""


def list_own_consents(call: Call, asked: Asked, left: int | None, limit: int) -> OwnConsentsPage | LookRefused:
    """Answer at most `limit` consents of the resident who asks; a refusal is returned.

    `left`: how many are left to be told, the oldest; all if None. A number, since the request is kept and exported: a
    place would tell which consents are of one person.
    With text, evidence and scope of each, as far as they are here. Raises FormatError without authority SELF: then
    nobody says whose consents are asked for.
    """
    resident = asked.subject
    if asked.authority != Authority.SELF or resident is None:
        raise FormatError("Gongzhi-Authority: consents are listed to the resident himself, with authority self")
    refused = refuse_query(call, asked, CONSENTS, about=lambda: resident)
    if refused is not None:
        return refused
    own = _own_consents(call, resident)
    rest = own if left is None else own[max(len(own) - left, 0) :]
    page = rest[:limit]
    described = [_described(call, one, own) for one in page]
    older = len(rest) - len(page)
    documents = _documents(call.transaction, page)
    return OwnConsentsPage(sign_query(call, asked, CONSENTS, len(page)), described, documents, older or None)


def _own_consents(call: Call, token: bytes) -> list[OwnConsent]:
    """Return every consent under a tag of a person, newest first: those on their way before those on chain."""
    tags = {one.tag: one.use for one in call.transaction.tags_of_person(token)}
    mined = [consent for consent in _mined(call, tags) if call.as_of.covers(consent.recorded)]
    known = {consent.id for consent in mined}
    taken = [one for one in _taken(call, tags) if one.id not in known]
    consents = [*mined, *taken]
    withdrawals = {
        action.about: action
        for action in call.transaction.actions_about([one.id for one in consents], ("WithdrawConsent",))
    }
    scopes = scopes_of(call.transaction, {one.scope_hash for one in consents})
    own = [
        OwnConsent(
            one,
            is_on_chain=(is_mined := place < len(mined)),
            # What was taken was judged before it was promised.
            is_sound=not is_mined or _is_sound(call, one, tags[one.subject_tag]),
            scope=scopes.get(one.scope_hash),
            **_withdrawal(call, one, withdrawals.get(one.id)),
        )
        for place, one in enumerate(consents)
    ]
    return sorted(own, key=lambda one: (one.facts.recorded, one.facts.id), reverse=True)


def _is_sound(call: Call, consent: ConsentFacts, use: TagUse) -> bool:
    """Say whether looks may rest on a consent: a tag that was made for another use opens nothing."""
    fits = TagUse(consent.subject_tag, consent.recipient, consent.purpose) == use
    return fits and why_unsound(call.transaction, call.history, consent) is None


def _mined(call: Call, tags: Iterable[bytes]) -> Iterator[ConsentFacts]:
    for tag in tags:
        consent = call.history.subject_tags.get(tag)
        if consent is not None:
            yield call.history.consents[consent]


def _taken(call: Call, tags: Collection[bytes]) -> Iterator[ConsentFacts]:
    """Yield the consents that were received and stand in no followed block, placed behind every block."""
    for number, action in enumerate(call.transaction.actions_under_way("RecordConsent", call.facts_block)):
        place = Point(call.facts_block + 1, number, action.received_at)
        consent = consent_of({"consent": to_hex(action.about), **action.message}, place)
        if consent.subject_tag in tags:
            yield consent


def _withdrawal(call: Call, consent: ConsentFacts, received: Action | None) -> dict[str, int]:
    """Return when and why a consent was withdrawn: it counts from when the gateway had it."""
    if received is not None:
        return {"withdrawn_at": received.received_at, "withdraw_reason": received.message["reason"]}
    if consent.withdrawn is not None and call.as_of.covers(consent.withdrawn):
        return {"withdrawn_at": consent.withdrawn.time, "withdraw_reason": consent.withdraw_reason}
    return {}


def _described(call: Call, one: OwnConsent, own: Sequence[OwnConsent]) -> Mapping[str, Any]:
    successor = successor_of(one, own, call.now)
    said = dict(describe_consent(call, one.facts))
    if not one.is_on_chain:
        recording = next((action for action in said["actions"] if action["action"] == "RecordConsent"), None)
        said |= {"stands": "received" if recording is None else recording["state"], "recordedAt": None}
    state = one.state(successor, call.now)
    return said | {
        "state": state.value,
        "withdrawnAt": one.withdrawn_at,
        "withdrawReason": one.withdraw_reason,
        "supersededBy": to_hex(successor.facts.id) if successor is not None and state == "superseded" else None,
        "sound": one.is_sound,
    }


def _documents(transaction: Transaction, page: Sequence[OwnConsent]) -> list[JsonValue]:
    """Return text, evidence and scope of consents, each once; one that is not here, or is no JSON, is left out."""
    facts = [one.facts for one in page]
    named = dict.fromkeys(one for fact in facts for one in (fact.text_hash, fact.evidence_hash, fact.scope_hash))
    found = transaction.documents_named(list(named)) if named else {}
    return [document for one in named if one in found for document in _parsed(found[one][1])]


def _parsed(content: bytes) -> list[JsonValue]:
    try:
        return [decode(content)]
    except FormatError:
        return []
