"""Sign the gateway's own statements, and append entries to its stream."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.core.codes import EntryType
from ledger.core.eip712 import ZERO32
from ledger.core.entry import entry_digest
from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from ledger.core.statements import ENTRY_STATEMENTS, StatementDomain, message_to_json, statement_preimage
from ledger.rows import LookEvidence, NewEntry
from ledger.services.authenticate import Call
from ledger.services.gateway import Gateway


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A statement in its JSON form with its signature (65 bytes) and the digest that was signed (32 bytes)."""

    message: Mapping[str, Any]
    signer: str
    signature: bytes
    digest: bytes

    def document(self) -> dict[str, Any]:
        """Return `{"message","signer","signature"}`, as answers carry statements."""
        return {"message": dict(self.message), "signer": self.signer, "signature": to_hex(self.signature)}


def sign_statement(
    gateway: Gateway, domain: StatementDomain, statement: str, message: Mapping[str, Any]
) -> SignedStatement:
    """Return `message` signed by the gateway's API_SIGN key in a contract's domain; raises KeyProviderError."""
    preimage = statement_preimage(domain, statement, message)
    signature, digest = gateway.api_signer.sign_preimage(preimage), keccak256(preimage)
    return SignedStatement(message_to_json(statement, message), gateway.api_signer.address, signature, digest)


def append_own_entry(
    call: Call,
    entry_type: EntryType,
    message: Mapping[str, Any],
    evidence: LookEvidence | None = None,
    *,
    of_persons: bool = False,
) -> tuple[int, SignedStatement]:
    """Sign a statement about the caller and append it to the stream; returns its entry id and the statement.

    `of_persons` as in `Transaction.add_entry`.
    """
    signed = sign_statement(call.gateway, call.domain, ENTRY_STATEMENTS[entry_type], message)
    entry = NewEntry(
        entry_type=int(entry_type),
        message=signed.message,
        signer=signed.signer,
        signature=signed.signature,
        annex=ZERO32,
        digest=entry_digest(signed.digest, signed.signer, signed.signature),
        agency=call.agency,
        created_at=call.now,
        anchor_by=message["anchorBy"],
    )
    return call.transaction.add_entry(entry, evidence, of_persons=of_persons), signed


def anchor_by(call: Call) -> int:
    """Return the time by which a statement signed now is promised to be anchored."""
    return call.now + call.history.parameter("anchorDelay", call.as_of)
