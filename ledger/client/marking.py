"""Marking records: a typed message that the gateway relays to the chain."""

import secrets
from collections.abc import Mapping
from typing import Any

from ledger.client.acting import RelayedAction, hand_over
from ledger.client.desk import Desk
from ledger.core.codes import Mark
from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from ledger.core.receipt import SignedAction
from ledger.core.typed_messages import LANE_BITS, keyed_nonce, message_preimage, message_to_json

DEADLINE_SECONDS = 600
"""How long a signed mark may wait for its block."""


class Marking:
    """The part of the client that marks records."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def message(self, record_id: bytes, version: int, mark: Mark, reason: int) -> dict[str, Any]:
        """Return the Mark message to be signed: version 0 means all versions, `reason` is a code from 1."""
        return {
            "key": self._desk.signer.address,
            "recordId": record_id,
            "version": version,
            "mark": int(mark),
            "reason": reason,
            "nonce": keyed_nonce(secrets.randbits(LANE_BITS), 0),
            "deadline": self._desk.transport.now() + DEADLINE_SECONDS,
        }

    def send(self, message: Mapping[str, Any]) -> RelayedAction:
        """Sign and hand over a Mark message; returns the checked promise to relay it.

        Sent again under one idempotency key while the connection fails. Raises the gateway's refusals, PromiseBroken.
        """
        desk = self._desk
        domain = desk.facts.domain
        preimage = message_preimage("Mark", message, domain.chain_id, domain.record_anchors)
        signature, digest = desk.signer.sign_preimage(preimage), keccak256(preimage)
        body = {"message": message_to_json("Mark", message), "signature": to_hex(signature)}
        return hand_over(desk, "/v1/marks", body, digest, SignedAction("Mark", message, signature))

    def state(self, action: bytes) -> Mapping[str, Any]:
        """Return how far an action is: received, submitted, final or failed, with times."""
        return self._desk.transport.get(f"/v1/actions/{to_hex(action)}").members("action", "state")
