"""Salted documents: for the parties of what names them, and for auditors.

A scope may name a record, evidence a paper, reasons a household; their hashes stand on chain. Whoever held the document
to such a hash could join what the salts keep apart, so nobody gets it by the hash alone. Catalogue documents, consent
texts and calendars are for everybody.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.action_errors import DocumentMissing
from ledger.core.canonical import decode
from ledger.core.codes import Role
from ledger.core.consent_documents import EVIDENCE_FORMAT, REASONS_FORMAT
from ledger.core.hexadecimal import to_hex
from ledger.core.scope import SCOPE_FORMAT
from ledger.errors import FormatError, NotFound
from ledger.ports import Transaction
from ledger.rows import Action
from ledger.services.authenticate import Call
from ledger.services.find_document import find_document
from ledger.services.relay_judging import NAMED_DOCUMENTS

SALTED_FORMATS = frozenset((SCOPE_FORMAT, EVIDENCE_FORMAT, REASONS_FORMAT))
_AGENCIES = ("holder", "recipient", "capturedBy")


def public_document(transaction: Transaction, document_hash: bytes) -> tuple[str, bytes]:
    """Return (media type, bytes) of a document that is for everybody; raises NotFound, for a salted one too."""
    media_type, content = find_document(transaction, document_hash)
    if _is_salted(content):
        raise NotFound("no document with this hash is here for everybody")
    return media_type, content


def document_of(call: Call, document_hash: bytes, about: bytes) -> tuple[str, bytes]:
    """Return (media type, bytes) of a document that an action on a consent, request or emergency names.

    `about` is the id of that object. For agencies that have a part in it and for auditors; raises NotFound for others
    and for what no action that was taken here names, NotEntitled for who is no member.
    """
    call.require_member()
    actions = call.transaction.actions_about([about])
    named = {action.message[member] for action in actions for member in NAMED_DOCUMENTS.get(action.name, ())}
    entitled = call.agency in _parties(call, about, actions) or call.has_role(Role.AUDIT)
    if to_hex(document_hash) not in named or not entitled:
        raise NotFound("nothing in which this agency has a part names a document with this hash")
    return find_document(call.transaction, document_hash)


def refuse_unheld(transaction: Transaction, name: str, message: Mapping[str, Any], given: Mapping[bytes, str]) -> None:
    """Raise DocumentMissing where a message names a salted document that is kept here and did not come along.

    Who names what others brought would become a party to it without ever having held it.
    """
    for member in NAMED_DOCUMENTS.get(name, ()):
        found = None if message[member] in given else transaction.document(message[member])
        if found is not None and _is_salted(found[1]):
            raise DocumentMissing(f"the document that {member} names must come along")


def _parties(call: Call, about: bytes, actions: Sequence[Action]) -> set[int]:
    history = call.history
    parties = {action.agency for action in actions}
    parties |= {action.message[member] for action in actions for member in _AGENCIES if member in action.message}
    access, emergency = history.accesses.get(about), history.emergencies.get(about)
    if access is not None:
        parties |= {access.reader, access.holder}
    if emergency is not None:
        parties |= {emergency.agency, emergency.reviewer(call.as_of), emergency.second_agency}
    return parties - {0}


def _is_salted(content: bytes) -> bool:
    try:
        document = decode(content)
    except FormatError:
        return False
    return isinstance(document, dict) and document.get("format") in SALTED_FORMATS
