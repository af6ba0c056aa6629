"""What the facts of a look stand on at this gateway: received actions, scope documents, and whom a consent is about."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from ledger.core.access_facts import ConsentFacts
from ledger.core.codes import Authority, Basis
from ledger.core.look import Ground, Look, consent_id, objects_of, scopes_named
from ledger.core.received import AT_ONCE, ReceivedAction, received_facts
from ledger.core.typed_messages import message_from_json
from ledger.look_rows import MOST_ABOUTS, MOST_DOCUMENTS, ForeseenLook, LookRest
from ledger.ports import Transaction
from ledger.rows import Action, StoredRecord
from ledger.services.asked import Asked, look_of
from ledger.services.authenticate import Call, Caller, nonce_of
from ledger.services.consent_proofs import keep_proof, unread_proof, why_unsound
from ledger.services.find_document import keep_scopes, scopes_of, unread_scopes
from ledger.tag_rows import TagUse

NO_VERSION = 0
"""An item version that no item has."""
RESTS_ON_NOTHING = frozenset({Authority.CLASS1, Authority.OWN, Authority.AUDIT})
"""Authorities of looks that rest on no action, unless their basis is a consent."""


def received_action(action: Action) -> ReceivedAction:
    """Return a kept action as the decision takes it."""
    message = message_from_json(action.name, action.message)
    times = action.received_at, action.include_by
    return ReceivedAction(action.digest, action.name, message, *times, agency=action.agency)


def ground_of(call: Call, look: Look) -> Ground:
    """Return the ground of a look.

    What it rests on is locked (shared) first: an action that ends it is either seen here, or its entry comes after this
    look's. So the order of the entries shows an auditor what the look knew.
    """
    received = received_facts(map(received_action, _actions_about(call, objects_of(call.history, look))))
    scopes = scopes_of(call.transaction, scopes_named(call.history, look))

    def is_sound(consent: ConsentFacts) -> bool:
        return why_unsound(call.transaction, call.history, consent) is None

    return Ground(call.history, received, scopes.get, is_sound)


def _actions_about(call: Call, objects: Sequence[bytes]) -> Sequence[Action]:
    if not objects:
        return ()
    # Two statements: one alone would read what was there before it waited for the lock.
    call.transaction.share_about(objects)
    return call.transaction.actions_about(objects, AT_ONCE)


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the records of a look must be about: by the resident's internal token, else by the tag of a consent."""

    token: bytes | None
    tag: TagUse | None

    def token_in(self, transaction: Transaction) -> bytes | None:
        """Return the internal token, None of nobody and of a tag that was not made here, or for another use."""
        if self.tag is None:
            return self.token
        made = transaction.subject_tag(self.tag.tag)
        return made.token if made is not None and made.use == self.tag else None

    def records_about(self, transaction: Transaction, records: Sequence[StoredRecord]) -> Set[bytes]:
        """Return the ids of those record versions that are about the person, in one statement at most."""
        versions = {record.record_id: record.version for record in records}
        if self.tag is not None:
            return transaction.records_about_tag(self.tag, versions)
        return frozenset() if self.token is None else transaction.records_about(self.token, versions)


def record_of_look(call: Call, asked: Asked, record_id: bytes, version: int | None) -> tuple[StoredRecord, bool] | None:
    """Return a record version, the newest if None, and whether it is about the look's person; None if it is not here.

    What the look rests on is locked and read in the same statement, but for a resident who looks himself.
    """
    transaction, person = call.transaction, person_of_look(call, asked)
    rest = _rest_of(call, asked) if call.foreseen is None else call.foreseen.rest
    if person.token is not None or rest == LookRest():
        alone = transaction.record(record_id, version)
        return None if alone is None else (alone, bool(person.records_about(transaction, [alone])))
    found = transaction.record_of_look(record_id, version, rest)
    if found is None:
        return None
    record, is_about_person, documents = found
    scopes = scopes_named(call.history, look_of(call, asked, NO_VERSION))
    keep_scopes({one: content for one, content in documents.items() if one in scopes})
    keep_proof({one: content for one, content in documents.items() if one not in scopes})
    return record, is_about_person


def foreseen_look(caller: Caller, asked: Asked, record_id: bytes, version: int | None) -> ForeseenLook | None:
    """Return what a look at a record version (the newest if None) will read.

    None where a resident looks himself, where uses of a grant are counted, and where it rests on too much.
    """
    if asked.authority == Authority.SELF or _counts_uses(caller, asked):
        return None
    rest = _rest_of(caller, asked)
    if len(rest.abouts) > MOST_ABOUTS or len(rest.documents) > MOST_DOCUMENTS:
        return None
    return ForeseenLook(record_id, version, rest, nonce_of(caller.request))


def _counts_uses(caller: Caller, asked: Asked) -> bool:
    access = caller.history.accesses.get(asked.authority_id) if asked.authority == Authority.GRANT else None
    return access is not None and access.grant is not None and access.grant.uses > 0


def _rest_of(caller: Caller, asked: Asked) -> LookRest:
    if asked.authority in RESTS_ON_NOTHING and asked.basis != Basis.CONSENT:
        return LookRest()
    # A consent is named by what was asked, whichever item version the record has.
    history, look = caller.history, look_of(caller, asked, NO_VERSION)
    consent = _consent_of(caller, look)
    scopes, proof = unread_scopes(scopes_named(history, look)), unread_proof(consent)
    return LookRest(_use_of(consent), objects_of(history, look), (*scopes, *proof))


def person_of_look(call: Call, asked: Asked) -> Person:
    """Return the person that records must be about: of the consent, or the resident who looks himself."""
    if asked.authority == Authority.SELF:
        return Person(asked.subject, None)
    if call.foreseen is not None:
        return Person(None, call.foreseen.rest.tag)
    return Person(None, _use_of(_consent_of(call, look_of(call, asked, NO_VERSION))))


def is_consent_of_another(call: Call, look: Look, token: bytes) -> bool:
    """Say whether what is asked about a person (internal token), or by him, rests on the consent of another one.

    A tag that is not here, or was made for another use, is of nobody: then it is another's too.
    """
    person = Person(None, _use_of(_consent_of(call, look)))
    return person.tag is not None and person.token_in(call.transaction) != token


def _use_of(consent: ConsentFacts | None) -> TagUse | None:
    return None if consent is None else TagUse(consent.subject_tag, consent.recipient, consent.purpose)


def _consent_of(call: Caller, look: Look) -> ConsentFacts | None:
    return call.history.consents.get(consent_id(call.history, look) or b"")
