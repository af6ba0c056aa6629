"""Acting on the contracts: signed typed messages that the gateway relays, and its promise of their block."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.client.desk import Desk
from ledger.client.facts import GatewayFacts
from ledger.client.promises import broken, check_own_times, check_statement, parse_statement
from ledger.core.canonical import encode
from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from ledger.core.receipt import SignedAction
from ledger.core.typed_messages import MESSAGES, message_preimage, message_to_json
from ledger.errors import UsageError
from ledger.ports import Signer

_ZERO_ADDRESS = "0x" + "00" * 20


@dataclass(frozen=True, slots=True)
class RelayedAction:
    """A signed action that the gateway took for relay: its digest, state, and by when it promised its block."""

    action: bytes
    state: str
    received_at: int
    include_by: int


class Acting:
    """The part of the client that hands over signed messages of consents, requests, grants and emergencies."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def send(
        self,
        name: str,
        message: Mapping[str, Any],
        *,
        signers: Sequence[Signer] = (),
        signatures: Mapping[str, bytes] | None = None,
        documents: Sequence[str] = (),
    ) -> RelayedAction:
        """Hand over a message; returns the checked promise to relay it.

        Each key that the message names signs here (`signers`) or has signed before (`signatures`, by address);
        `documents` are the canonical texts that the message names by hash. Sent again under one idempotency key while
        the connection fails. Raises UsageError where a signature is missing, the gateway's refusals, PromiseBroken.
        """
        desk = self._desk
        preimage = self._preimage(name, message)
        held = dict(signatures or {})
        held |= {one.address: one.sign_preimage(preimage) for one in signers if one.address not in held}
        keys = [message[member] for member in MESSAGES[name].signers]
        missing = [key for key in keys if key != _ZERO_ADDRESS and key not in held]
        if missing:
            raise UsageError(f"{name}: the signature of {', '.join(missing)} is missing")
        body = {
            "action": name,
            "message": message_to_json(name, message),
            "signatures": [to_hex(held.get(key, b"")) for key in keys],
            "documents": list(documents),
        }
        return hand_over(desk, "/v1/actions", body, keccak256(preimage), SignedAction(name, message, held[keys[0]]))

    def digest(self, name: str, message: Mapping[str, Any]) -> bytes:
        """Return what the keys of a message sign (32 bytes): the action's id, and that of a request or emergency.

        Raises NotFound where the trust file does not name the contract.
        """
        return keccak256(self._preimage(name, message))

    def state(self, action: bytes) -> Mapping[str, Any]:
        """Return how far an action is: received, submitted, final or failed, with times."""
        return self._desk.transport.get(f"/v1/actions/{to_hex(action)}").members("action", "state")

    def _preimage(self, name: str, message: Mapping[str, Any]) -> bytes:
        facts = self._desk.facts
        address = facts.contract_address(MESSAGES[name].contract)
        return message_preimage(name, message, facts.domain.chain_id, address)


def hand_over(desk: Desk, path: str, body: Mapping[str, Any], digest: bytes, evidence: SignedAction) -> RelayedAction:
    """Post a signed message, check the promise that answers it, and keep the receipt; raises as `Acting.send`."""
    answer = desk.transport.post(path, encode(dict(body)), {"idempotency-key": digest.hex()}, repeatable=True)
    members = answer.members("action", "state", "received")
    received = parse_statement("Received", members["received"])

    def check(facts: GatewayFacts) -> None:
        check_statement(received, facts)
        if received.message["action"] != digest or members["action"] != to_hex(digest):
            broken("the gateway took another action than the one that was signed")
        check_own_times(received, facts, created=answer.created, expires=answer.expires)

    desk.check(received, evidence, check)
    return RelayedAction(digest, str(members["state"]), received.message["receivedAt"], received.message["includeBy"])
