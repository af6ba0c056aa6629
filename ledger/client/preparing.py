"""Typed messages as they are prepared to be signed: contract, fresh nonce, deadline, and the documents that they name.

Nothing is signed and nothing is sent here. The key that will sign may be elsewhere: only its address is needed.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ledger.client.desk import Desk
from ledger.core.action_file import PreparedAction, check_documents
from ledger.core.canonical import encode_text
from ledger.core.consent_documents import Reasons
from ledger.core.typed_messages import LANE_BITS, MESSAGES, keyed_nonce, message_digest

SOON_SECONDS = 600
"""How long an action that is sent at once may wait for its block."""
AWAY_SECONDS = 7 * 86_400
"""How long a prepared file may wait for its signers."""


class Hashed(Protocol):
    """A document that is known by the Keccak-256 of its canonical bytes."""

    @property
    def document(self) -> Mapping[str, Any]:
        """Its JSON members."""

    @property
    def hash(self) -> bytes:
        """Keccak-256 (32 bytes) of its canonical bytes."""


@dataclass(frozen=True, slots=True)
class Signing:
    """Who will sign first (address of the key), and how long the message may wait for its block."""

    key: str
    wait_seconds: int = SOON_SECONDS


class Preparing:
    """Prepares messages for the contracts that a desk believes in."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def action(
        self, action: str, signing: Signing, members: Mapping[str, Any], *documents: Hashed, nonce: int | None = None
    ) -> PreparedAction:
        """Return an action whose first signer is `signing.key`, under a nonce in a fresh lane if `nonce` is None.

        Raises NotFound if the trust file does not name its contract, FormatError for a member that does not fit.
        """
        kind = MESSAGES[action]
        message = {
            kind.signers[0]: signing.key,
            **members,
            "nonce": keyed_nonce(secrets.randbits(LANE_BITS), 0) if nonce is None else nonce,
            "deadline": self.desk.transport.now() + signing.wait_seconds,
        }
        address = self.desk.facts.contract_address(kind.contract)
        texts = tuple(encode_text(dict(document.document)) for document in documents)
        chain_id = self.desk.facts.domain.chain_id
        # A member that does not fit is found before anybody is asked to sign.
        message_digest(action, message, chain_id, address)
        check_documents(action, message, texts)
        return PreparedAction(action, chain_id, address, message, texts)


def salted_reasons(words: str, *codes: int) -> Reasons:
    """Return reasons under a fresh salt: codes from 1, and words without any name."""
    return Reasons(os.urandom(32), tuple(sorted(set(codes))), words)
