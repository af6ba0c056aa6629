"""Take a signed message for relay: judge it, promise its block, and hand it to the outbox, all in one transaction.

Who acts on an object holds its lock alone until the entry is committed, and the entry is drawn after the lock; a look
holds the lock shared. So the order of entries says whether a look knew of an action (ADR 7, cut at once).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.action_errors import ContractPaused, NonceUnusable
from ledger.core.canonical import decode_canonical
from ledger.core.codes import EntryType, Role
from ledger.core.hexadecimal import from_hex
from ledger.core.keccak import keccak256
from ledger.core.points import ANCHORS
from ledger.core.received import ABOUT, STOPPED_BY_PAUSE, ReceivedAction, about_of
from ledger.core.shapes import array, members_of, text
from ledger.core.signature import SIGNATURE_BYTES, recover
from ledger.core.typed_messages import (
    COUNT_BITS,
    MESSAGES,
    message_digest,
    message_from_json,
    message_to_json,
)
from ledger.errors import FormatError, NotEntitled, NotFound, StaleStatement, StoreError
from ledger.rows import Action, NewEntry, NewTransaction, OutboxTransaction
from ledger.services import relay_access, relay_consent, relay_emergency, relay_mark, relay_review
from ledger.services.action_row import row_of
from ledger.services.authenticate import Call
from ledger.services.erase import withhold_marked
from ledger.services.named_documents import refuse_unheld
from ledger.services.refuse import refuse_unseen_chain
from ledger.services.relay_judging import NAMED_DOCUMENTS, ZERO_ADDRESS, Judged, standing
from ledger.services.sign import anchor_by, append_own_entry

MOST_DOCUMENTS = 8
MEDIA_TYPE = "application/json"
JUDGES: Mapping[str, Callable[[Judged], None]] = {
    **relay_mark.JUDGES,
    **relay_consent.JUDGES,
    **relay_access.JUDGES,
    **relay_emergency.JUDGES,
    **relay_review.JUDGES,
}
"""What judges each message that this gateway relays."""
_BOOKKEEPING = ("key", "nonce", "deadline")


@dataclass(frozen=True, slots=True)
class Relay:
    """Who pays for relayed messages, and how a message becomes a call.

    `encode` takes the message's name, the message and its signatures, and gives contract address and call data;
    `contracts` gives the address of each contract by its name.
    """

    sender: str
    encode: Callable[[str, Mapping[str, Any], Sequence[bytes]], tuple[str, bytes]]
    contracts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ActionState:
    """A relayed action, the Received statement that promised its block, and its row in the outbox."""

    action: Action
    received: NewEntry
    transaction: OutboxTransaction


@dataclass(frozen=True, slots=True)
class _Signed:
    """A message with its signatures as they came, parsed; `documents` are texts by their hash."""

    name: str
    message: Mapping[str, Any]
    signatures: tuple[bytes, ...]
    documents: Mapping[bytes, str]
    digest: bytes


def take_action(call: Call, relay: Relay, body: object) -> ActionState:
    """Take a message that its keys have signed, or return what was answered when it came first.

    `body` is `{"action", "message", "signatures", "documents"}`. Any member may hand over what others have signed.
    Raises FormatError or SignatureError (shape), NotEntitled and what is below it (keys, roles, agencies),
    StaleStatement (deadline before the promised block), Conflict and what is below it (what it bears on, its nonce),
    SubmissionRefused and what is below it (everything else that the contract would refuse, documents), NotFound, and
    ChainError (the chain's head is not seen).
    """
    members = members_of(body, ("action", "message", "signatures"), what="action", optional=("documents",))
    name = text(members["action"], what="action")
    if name not in ABOUT:
        raise FormatError("action: no message that a gateway relays has this name")
    message = message_from_json(name, members["message"])
    signatures = _signatures(name, message, members["signatures"])
    texts = array(members.get("documents", []), what="documents", most=MOST_DOCUMENTS)
    documents: dict[bytes, str] = {
        keccak256(text(one, what="document").encode("utf-8", "surrogatepass")): one for one in texts
    }
    digest = message_digest(name, message, call.gateway.domain.chain_id, _address(call, relay, name))
    return _taken(call, relay, _Signed(name, message, signatures, documents, digest))


def take_mark(call: Call, relay: Relay, body: object) -> ActionState:
    """Take a Mark message as `/v1/marks` has it, with one signature; raises as `take_action`."""
    members = members_of(body, ("message", "signature"), what="mark")
    action = {"action": "Mark", "message": members["message"], "signatures": [members["signature"]]}
    return take_action(call, relay, action)


def find_action(call: Call, digest: bytes) -> ActionState:
    """Return an action of the caller's agency, or one that it handed over, or any to an AUDIT key.

    Raises NotEntitled or NotFound.
    """
    call.require_member()
    action = call.transaction.action(digest)
    if action is None:
        raise NotFound("no action of this agency with this digest")
    state = _state(call, digest)
    if call.agency not in (action.agency, state.received.agency) and not call.has_role(Role.AUDIT):
        raise NotFound("no action of this agency with this digest")
    return state


def received_action(action: Action, sequence: int | None = None) -> ReceivedAction:
    """Return a stored action as decisions take it."""
    message = message_from_json(action.name, action.message)
    return ReceivedAction(
        action.digest, action.name, message, action.received_at, action.include_by, sequence, action.agency
    )


def _address(call: Call, relay: Relay, name: str) -> str:
    """Return the contract for which a message is signed now: of those that succeed one another, the one in force."""
    contract = MESSAGES[name].contract
    if contract == ANCHORS:
        return call.domain.record_anchors
    if contract not in relay.contracts:
        raise NotFound(f"this deployment has no {contract}")
    return relay.contracts[contract]


def _signatures(name: str, message: Mapping[str, Any], value: object) -> tuple[bytes, ...]:
    signers = MESSAGES[name].signers
    given = array(value, what="signatures")
    if len(given) != len(signers):
        raise FormatError(f"signatures: expected {len(signers)}, by {', '.join(signers)}")
    lengths = [0 if message[signer] == ZERO_ADDRESS else SIGNATURE_BYTES for signer in signers]
    if lengths[0] == 0:
        raise FormatError(f"{name} {signers[0]}: expected a key, not the zero address")
    return tuple(
        from_hex(one, length, what=f"signature of {signer}")
        for one, length, signer in zip(given, lengths, signers, strict=True)
    )


def _taken(call: Call, relay: Relay, signed: _Signed) -> ActionState:
    call.require_member()
    about = about_of(signed.name, signed.message, signed.digest)
    call.transaction.lock_about(about)
    if call.transaction.action(signed.digest) is None:
        include_by = anchor_by(call)
        documents = _parsed_documents(signed)
        _judge(call, signed, Judged(call, signed.name, signed.message, signed.digest, about, documents, include_by))
        _take(call, relay, signed, about, include_by)
    return _state(call, signed.digest)


def _judge(call: Call, signed: _Signed, judged: Judged) -> None:
    refuse_unseen_chain(call.history, call.transaction.seen_state().checked_at, call.now, call.as_of)
    for signer, signature in zip(MESSAGES[signed.name].signers, signed.signatures, strict=True):
        if signature and recover(signed.digest, signature) != signed.message[signer]:
            raise NotEntitled(f"SignatureInvalid: the signature of {signer} is by another key than the message names")
    if signed.message["deadline"] < judged.include_by:
        raise StaleStatement("the deadline lies before the time by which the gateway promises a block")
    _refuse_paused(call, signed.name)
    refuse_unheld(call.transaction, signed.name, signed.message, signed.documents)
    JUDGES[signed.name](judged)
    _judge_nonce(call, signed)


def _refuse_paused(call: Call, name: str) -> None:
    contract = MESSAGES[name].contract
    until = call.history.governance.paused_until(contract, call.as_of) if name in STOPPED_BY_PAUSE else 0
    if until > call.now:
        raise ContractPaused(f"ModulePaused: {contract} takes no {name} until {until}")


def _judge_nonce(call: Call, signed: _Signed) -> None:
    contract, key, nonce = MESSAGES[signed.name].contract, signed.message["key"], signed.message["nonce"]
    if call.transaction.action_with_nonce(contract, key, nonce) is not None:
        raise NonceUnusable("the key has signed another message with this nonce")
    if nonce % (1 << COUNT_BITS) == 0:
        return
    before = call.transaction.action_with_nonce(contract, key, nonce - 1)
    if before is None or not standing(call, [before]):
        raise NonceUnusable("the message before this one in its lane was not relayed here, or failed")


def _parsed_documents(signed: _Signed) -> Mapping[str, Any]:
    named = {signed.message[member]: member for member in NAMED_DOCUMENTS.get(signed.name, ())}
    parsed = {}
    for document_hash, content in signed.documents.items():
        member = named.get(document_hash)
        if member is None:
            raise FormatError("documents: one whose hash the message does not name")
        parsed[member] = NAMED_DOCUMENTS[signed.name][member](decode_canonical(content.encode("utf-8")))
    return parsed


def _take(call: Call, relay: Relay, signed: _Signed, about: bytes, include_by: int) -> None:
    name, message, digest, transaction = signed.name, signed.message, signed.digest, call.transaction
    received = {
        "gateway": call.gateway.agency,
        "action": digest,
        "receivedAt": call.now,
        "includeBy": include_by,
        "anchorBy": include_by,
    }
    entry_id, _ = append_own_entry(call, EntryType.RECEIVED, received)
    for document_hash, content in signed.documents.items():
        transaction.add_document(document_hash, MEDIA_TYPE, content.encode("utf-8"), call.now)
    _, data = relay.encode(name, message, signed.signatures)
    to = _address(call, relay, name)
    intent = f"relay:{digest.hex()}"
    transaction.add_transaction(NewTransaction(intent, relay.sender, to, data), call.now)
    said = message_to_json(name, message)
    agency = _agency_of(call, message["key"])
    if name == "Mark":
        withhold_marked(transaction, agency, message)
    transaction.add_action(
        Action(
            digest=digest,
            agency=agency,
            contract=MESSAGES[name].contract,
            function=MESSAGES[name].function,
            intent=intent,
            entry_id=entry_id,
            received_at=call.now,
            include_by=include_by,
            summary={member: value for member, value in said.items() if member not in _BOOKKEEPING},
            name=name,
            message=said,
            signatures=signed.signatures,
            about=about,
        )
    )


def _agency_of(call: Call, key: str) -> int:
    facts = call.history.keys.get(key)
    return call.agency if facts is None else facts.agency


def _state(call: Call, digest: bytes) -> ActionState:
    action = call.transaction.action(digest)
    received = None if action is None else call.transaction.entry_by_id(action.entry_id)
    row = None if action is None else row_of(call, action)
    if action is None or received is None or row is None:
        raise StoreError("an action without its entry or its outbox row")
    return ActionState(action, received.entry, row)
