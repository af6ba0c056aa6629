"""Whether a consent is sound, by its text and evidence as they are held here. What was sound once stays so."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from ledger.core.access_facts import ConsentFacts
from ledger.core.canonical import decode
from ledger.core.consent_documents import ConsentText, parse_consent_text, parse_evidence
from ledger.core.consent_soundness import ConsentProof, why_not_sound
from ledger.core.history import History, Point
from ledger.core.keccak import keccak256
from ledger.errors import FormatError
from ledger.ports import Transaction

MOST_KEPT = 32_768
"""Consents that a process remembers as sound, by id and place on chain: a block that is replaced is judged again."""

Parsed = TypeVar("Parsed")

_SOUND: dict[tuple[bytes, Point], None] = {}
_TEXTS: dict[bytes, ConsentText] = {}
"""By hash; a text serves many consents."""
_READ: dict[bytes, bytes] = {}
"""Documents of consents that were read and not judged yet, by hash."""


def unread_proof(consent: ConsentFacts | None) -> tuple[bytes, ...]:
    """Return the hashes of text and evidence that have to be read to judge a consent, none where it is known sound."""
    if consent is None or (consent.id, consent.recorded) in _SOUND:
        return ()
    return tuple(one for one in _proof_of(consent) if one not in _READ)


def keep_proof(documents: Mapping[bytes, bytes | None]) -> None:
    """Keep texts and evidence that were read, by hash, so that `why_unsound` need not."""
    for document_hash, content in documents.items():
        if content is not None:
            _make_room(_READ)
            _READ[document_hash] = content


def why_unsound(transaction: Transaction, history: History, consent: ConsentFacts) -> str | None:
    """Return why no request, grant or look may rest on a consent, None if it is sound."""
    if (consent.id, consent.recorded) in _SOUND:
        return None
    documents = _read(transaction, _proof_of(consent))
    text = _TEXTS.get(consent.text_hash) or _parsed(documents, consent.text_hash, parse_consent_text)
    evidence = _parsed(documents, consent.evidence_hash, parse_evidence)
    is_witnessed = evidence is not None and evidence.witness is not None
    was_received = is_witnessed and bool(transaction.actions_about([consent.id], ("RecordConsent",)))
    why = why_not_sound(history, consent, ConsentProof(text, evidence, was_received))
    if why is None and text is not None:
        for document_hash in documents:
            _READ.pop(document_hash, None)
        _make_room(_TEXTS)
        _TEXTS[consent.text_hash] = text
        _make_room(_SOUND)
        _SOUND[(consent.id, consent.recorded)] = None
    return why


def _proof_of(consent: ConsentFacts) -> tuple[bytes, ...]:
    """Return the hashes of what is read to judge a consent: its evidence, and its text if it is not known."""
    return (consent.evidence_hash,) if consent.text_hash in _TEXTS else (consent.text_hash, consent.evidence_hash)


def _read(transaction: Transaction, hashes: Sequence[bytes]) -> Mapping[bytes, bytes]:
    """Return those of these documents that are here, by hash, in one statement at most."""
    kept = {one: content for one in hashes if (content := _READ.get(one)) is not None}
    unread = [one for one in hashes if one not in kept]
    found = {one: content for one, (_, content) in transaction.documents_named(unread).items()} if unread else {}
    keep_proof(found)
    return kept | found


def _parsed(documents: Mapping[bytes, bytes], document_hash: bytes, parse: Callable[[object], Parsed]) -> Parsed | None:
    """Return a document, None where it is not here or is of another format: who named it on chain may have lied."""
    content = documents.get(document_hash)
    if content is None or keccak256(content) != document_hash:
        return None
    try:
        return parse(decode(content))
    except FormatError:
        return None


def _make_room(kept: dict[Any, Any]) -> None:
    if len(kept) >= MOST_KEPT:
        kept.clear()
