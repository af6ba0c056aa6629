"""Declare numbers VOID whose entries cannot be produced any more (formats page, section 5, statement 7).

The chain holds a batch, the database does not and nobody has its entries: the gateway says so in a statement of its
own, which is anchored as every other, and goes on numbering behind it. An auditor's result then is `incomplete`, never
`verified`: a VOID says what is missing, it replaces nothing and cannot be taken back.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.core.codes import EntryType, VoidReason
from ledger.core.eip712 import ZERO32
from ledger.core.entry import entry_digest
from ledger.core.history import AnchorFacts
from ledger.core.statements import StatementDomain
from ledger.errors import UsageError
from ledger.ports import Transaction
from ledger.rows import NewEntry
from ledger.services.gateway import Gateway
from ledger.services.restore import adopt_known, lost_batches
from ledger.services.sign import sign_statement


@dataclass(frozen=True)
class Voided:
    """A batch whose numbers were declared VOID, and the entry digest of the declaration (32 bytes)."""

    batch: int
    first_sequence: int
    count: int
    entry: bytes


def lost_now(gateway: Gateway) -> Sequence[AnchorFacts]:
    """Return the batches on chain whose entries the gateway lacks, oldest first; raises StoreError, HistoryError."""
    with gateway.store.begin() as transaction:
        return lost_batches(transaction, gateway.facts.history(transaction), gateway.agency)


def declare_void(gateway: Gateway, batches: Sequence[int], reason: VoidReason) -> Sequence[Voided]:
    """Declare lost batches VOID, oldest first, all in one transaction; the worker anchors the declarations.

    `batches` must name the oldest lost ones without a gap, since the stream goes on behind them. Raises UsageError if
    they do not or are not lost, Conflict while a worker fixes a batch, KeyProviderError, StoreError.
    """
    with gateway.store.begin() as transaction:
        history = gateway.facts.history(transaction)
        adopt_known(transaction, history, gateway.agency)
        lost = lost_batches(transaction, history, gateway.agency)
        wanted = sorted(set(batches))
        if wanted != [anchor.batch for anchor in lost[: len(wanted)]]:
            raise UsageError(_not_these(lost))
        newest = history.newest_block
        delay = history.parameter("anchorDelay", history.at_block(newest.number)) if newest is not None else 0
        means = gateway, gateway.domains_in(history)[-1], transaction
        return [_declare(*means, anchor, reason, delay) for anchor in lost[: len(wanted)]]


def _declare(
    gateway: Gateway,
    domain: StatementDomain,
    transaction: Transaction,
    anchor: AnchorFacts,
    reason: VoidReason,
    delay: int,
) -> Voided:
    now = gateway.clock()
    message = {
        "gateway": gateway.agency,
        "batch": anchor.batch,
        "firstSequence": anchor.first_sequence,
        "count": anchor.leaf_count,
        "reason": int(reason),
        "declaredAt": now,
        "anchorBy": now + delay,
    }
    signed = sign_statement(gateway, domain, "Void", message)
    digest = entry_digest(signed.digest, signed.signer, signed.signature)
    transaction.adopt_batch(anchor, ())
    transaction.add_entry(
        NewEntry(
            entry_type=int(EntryType.VOID),
            message=signed.message,
            signer=signed.signer,
            signature=signed.signature,
            annex=ZERO32,
            digest=digest,
            agency=gateway.agency,
            created_at=now,
            anchor_by=now + delay,
        )
    )
    return Voided(anchor.batch, anchor.first_sequence, anchor.leaf_count, digest)


def _not_these(lost: Sequence[AnchorFacts]) -> str:
    if not lost:
        return "no batch is lost: the database holds every batch that the chain does"
    return f"the lost batches are {', '.join(str(anchor.batch) for anchor in lost)}; name the oldest of them first"
