"""Take a signed mark for relay: judge it, promise its block, and hand it to the outbox, all in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.core.codes import EntryType, Mark, Role
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.shapes import members_of
from ledger.core.signature import recover
from ledger.core.typed_messages import message_digest, message_from_json
from ledger.errors import Conflict, FormatError, NotEntitled, NotFound, StaleStatement, StoreError
from ledger.ports import Transaction
from ledger.rows import Action, NewEntry, NewTransaction, OutboxTransaction
from ledger.services.authenticate import Call
from ledger.services.refuse import entitlement_error, refuse_unseen_chain
from ledger.services.sign import anchor_by, append_own_entry

_CONTRACT, _FUNCTION, _MESSAGE = "RecordAnchors", "mark", "Mark"
_MARKS = frozenset(Mark)


@dataclass(frozen=True, slots=True)
class Relay:
    """Who pays for relayed messages, and how a message becomes a call.

    `encode` takes the message's name, the message and its signatures, and gives contract address and call data.
    """

    sender: str
    encode: Callable[[str, Mapping[str, Any], Sequence[bytes]], tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class ActionState:
    """A relayed action, the Received statement that promised its block, and its row in the outbox."""

    action: Action
    received: NewEntry
    transaction: OutboxTransaction


def take_mark(call: Call, relay: Relay, body: object) -> ActionState:
    """Take a Mark message that its key has signed, or return what was answered when it came first.

    Raises FormatError or SignatureError (shape), NotEntitled (key, role, agency), StaleStatement (deadline before the
    promised block), Conflict (the mark stands on chain already), ChainError (the chain's head is not seen).
    """
    members = members_of(body, ("message", "signature"), what="mark")
    message = message_from_json(_MESSAGE, members["message"])
    signature = from_hex(members["signature"], 65, what="signature")
    domain = call.gateway.domain
    digest = message_digest(_MESSAGE, message, domain.chain_id, domain.record_anchors)
    if call.transaction.action(digest) is None:
        _judge(call, message, recover(digest, signature))
        _take(call, relay, message, signature, digest)
    return _state(call.transaction, digest)


def find_action(call: Call, digest: bytes) -> ActionState:
    """Return an action of the caller's agency, or of any to an AUDIT key; raises NotEntitled or NotFound."""
    call.require_member()
    action = call.transaction.action(digest)
    if action is None or (action.agency != call.agency and not call.has_role(Role.AUDIT)):
        raise NotFound("no action of this agency with this digest")
    return _state(call.transaction, digest)


def _judge(call: Call, message: Mapping[str, Any], signer: str) -> None:
    refuse_unseen_chain(call.history, call.transaction.checked_at(), call.now, call.as_of)
    if signer != message["key"]:
        raise NotEntitled("the message is signed by another key than the one that it names")
    if call.history.why_not_entitled(signer, Role.SUBMIT, call.agency, call.as_of) is not None:
        raise entitlement_error(call.history, signer, Role.SUBMIT, call.agency, call.as_of)
    if message["mark"] not in _MARKS or message["reason"] == 0 or not any(message["recordId"]):
        raise FormatError("mark: expected a known mark, a reason from 1 and a recordId that is not zero")
    if message["deadline"] < anchor_by(call):
        raise StaleStatement("the deadline lies before the time by which the gateway promises a block")
    for mark in call.history.marks.get(message["recordId"], ()):
        if (mark.agency, mark.version, mark.mark) == (call.agency, message["version"], message["mark"]):
            raise Conflict("this agency has set this mark before")


def _take(call: Call, relay: Relay, message: Mapping[str, Any], signature: bytes, digest: bytes) -> None:
    promise = anchor_by(call)
    received = {
        "gateway": call.gateway.agency,
        "action": digest,
        "receivedAt": call.now,
        "includeBy": promise,
        "anchorBy": promise,
    }
    entry_id, _ = append_own_entry(call, EntryType.RECEIVED, received)
    to, data = relay.encode(_MESSAGE, message, [signature])
    intent = f"relay:{digest.hex()}"
    call.transaction.add_transaction(NewTransaction(intent, relay.sender, to, data), call.now)
    summary = {
        "recordId": to_hex(message["recordId"]),
        "version": message["version"],
        "mark": message["mark"],
        "reason": message["reason"],
    }
    call.transaction.add_action(
        Action(digest, call.agency, _CONTRACT, _FUNCTION, intent, entry_id, call.now, promise, summary)
    )


def _state(transaction: Transaction, digest: bytes) -> ActionState:
    action = transaction.action(digest)
    received = None if action is None else transaction.entry_by_id(action.entry_id)
    row = None if action is None else transaction.transaction(action.intent)
    if action is None or received is None or row is None:
        raise StoreError("an action without its entry or its outbox row")
    return ActionState(action, received.entry, row)
