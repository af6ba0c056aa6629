"""Receipts that holders of the simulated ledger's promises keep."""

from typing import Any

from ledger.core.bundle import SignedSubmission
from ledger.core.entry import entry_digest
from ledger.core.receipt import LookRequest, Receipt
from ledger.core.statements import ENTRY_STATEMENTS, statement_digest
from tests.simulated_consortium import GATEWAY, address
from tests.simulated_ledger import SimulatedLedger
from tests.simulated_stream import StreamEntry, Submitted


def acceptance(ledger: SimulatedLedger, submitted: Submitted, **other: Any) -> Receipt:
    """Return the receipt of a submission that the gateway accepted."""
    statement = statement_digest(ledger.domain, "Submission", submitted.message)
    message = {
        "gateway": GATEWAY,
        "entry": entry_digest(statement, submitted.signer, submitted.signature, submitted.sealed_hash),
        "acceptedAt": ledger.now,
        "anchorBy": submitted.message["signedAt"] + 300,
        **other,
    }
    evidence = SignedSubmission(submitted.message, submitted.signer, submitted.signature, submitted.sealed_hash)
    signature = ledger.sign("Acceptance", message, "gateway")
    return Receipt("acceptance", message, address("gateway"), signature, ledger.domain, evidence, ledger.now)


def look_receipt(ledger: SimulatedLedger, entry: StreamEntry) -> Receipt:
    """Return the receipt of a disclosure or refusal."""
    kind = ENTRY_STATEMENTS[entry.entry_type].lower()
    evidence = LookRequest(entry.base, entry.request_signature, entry.openings)
    return Receipt(kind, entry.message, entry.signer, entry.signature, ledger.domain, evidence, ledger.now)
