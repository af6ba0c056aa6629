"""Export the anchored ledger for an auditor: one QUERY entry first, then line by line (verification page)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ledger.core.codes import Authority, EntryType, QueryType, Role
from ledger.core.decision import ItemRules, LookFacts, Refused, decide
from ledger.core.eip712 import ZERO32
from ledger.core.export import (
    ExportCounts,
    ExportedDocument,
    ExportedLook,
    ExportedRecord,
    ExportedTombstone,
    ExportManifest,
    action_members,
    entry_members,
    tagged_line,
)
from ledger.core.look import Look
from ledger.core.receipt import Opening
from ledger.errors import LookRefused
from ledger.ports import Store, Transaction
from ledger.rows import LookEvidence, StoredEntry, StoredRecord
from ledger.services.asked import Asked
from ledger.services.authenticate import Call
from ledger.services.disclose import PageRules, facts_stale, page_rules, refuse_look
from ledger.services.sign import anchor_by, append_own_entry

ENTRIES_AT_ONCE = 200
"""Entries that an export holds in memory; the records of four submissions beside them."""

CHUNK_CHARACTERS = 128 * 1024
"""What is handed over at a time: each hand-over between threads costs as much as writing a few lines."""


@dataclass(frozen=True, slots=True)
class Export:
    """What is exported: entries with `after` < sequence ≤ the manifest's last one."""

    manifest: ExportManifest
    after: int


def begin_export(call: Call, asked: Asked, after: int) -> Export | LookRefused:
    """Decide an export and append its Query; a refusal is returned, so that it is committed.

    Only for a key with role AUDIT, purpose 12, and authority AUDIT. What is exported is what is anchored now.
    """
    rules = page_rules(call, asked, 0)
    decision = decide(_facts(call, asked, rules.look))
    if isinstance(decision, Refused):
        return refuse_look(rules, decision.reason)
    newest = call.history.anchors.get(call.gateway.agency, [])
    anchored = [anchor for anchor in newest if call.as_of.covers(anchor.point)]
    last = anchored[-1] if anchored else None
    last_sequence = last.first_sequence + last.leaf_count - 1 if last else 0
    _append_query(call, asked, rules, max(0, last_sequence - after))
    domain = call.domain
    manifest = ExportManifest(
        chain_id=domain.chain_id,
        contract=domain.record_anchors,
        gateway=call.gateway.agency,
        last_batch=last.batch if last else 0,
        last_sequence=last_sequence,
        exported_at=call.now,
    )
    return Export(manifest, after)


def export_chunks(store: Store, export: Export) -> Iterator[bytes]:
    """Yield the lines of an export as chunks of UTF-8, to be sent; memory stays flat. Raises StoreError.

    An export that breaks off lacks its last line, so its reader knows.
    """
    waiting: list[str] = []
    size = 0
    for line in export_lines(store, export):
        waiting.append(line)
        size += len(line)
        if size >= CHUNK_CHARACTERS:
            yield "".join(waiting).encode("utf-8")
            waiting, size = [], 0
    yield "".join(waiting).encode("utf-8")


def export_lines(store: Store, export: Export) -> Iterator[str]:
    """Yield the lines of an export, each with its line break; memory stays flat. Raises StoreError."""
    yield tagged_line("manifest", export.manifest.members()) + "\n"
    with store.begin() as transaction:
        for document_hash, media, content in transaction.documents():
            document = ExportedDocument(document_hash, media, content.decode("utf-8"))
            yield tagged_line("document", document.members()) + "\n"
    counts, after = ExportCounts(0, 0, 0, 0), export.after
    while after < export.manifest.last_sequence:
        with store.begin() as transaction:
            entries = transaction.entries_after(after, ENTRIES_AT_ONCE)
            entries = [entry for entry in entries if (entry.sequence or 0) <= export.manifest.last_sequence]
            if not entries:
                break
            for tag, line in _lines(transaction, entries):
                counts = _counted(counts, tag)
                yield line + "\n"
        after = entries[-1].sequence or 0
    yield tagged_line("end", counts.members()) + "\n"


def _lines(transaction: Transaction, entries: Sequence[StoredEntry]) -> Iterator[tuple[str, str]]:
    entry_ids = [stored.entry_id for stored in entries]
    evidence, actions = transaction.evidence(entry_ids), transaction.actions_of_entries(entry_ids)
    for stored in entries:
        entry, sequence = stored.entry, stored.sequence or 0
        members = entry_members(sequence, entry.entry_type, entry.message, entry.signer, entry.signature, entry.annex)
        yield "entry", tagged_line("entry", members)
        if entry.entry_type == EntryType.SUBMISSION:
            for record in transaction.records_of_entries([stored.entry_id]):
                yield "record", tagged_line("record", _exported(sequence, record).members())
        elif stored.entry_id in evidence:
            look = _exported_look(sequence, evidence[stored.entry_id])
            yield "look", tagged_line("look", look.members())
        elif stored.entry_id in actions:
            action = actions[stored.entry_id]
            members = action_members(sequence, action.name, action.message, action.signatures)
            yield "action", tagged_line("action", members)


def _counted(counts: ExportCounts, tag: str) -> ExportCounts:
    return ExportCounts(
        counts.entries + (tag == "entry"),
        counts.records + (tag == "record"),
        counts.looks + (tag == "look"),
        counts.actions + (tag == "action"),
    )


def _exported(sequence: int, record: StoredRecord) -> ExportedRecord | ExportedTombstone:
    if record.erased_at is not None:
        place = sequence, record.position, record.record_id, record.version, record.previous
        return ExportedTombstone(*place, record.record_root, record.ciphertext_digest)
    slots = record.slots
    return ExportedRecord(
        sequence=sequence,
        position=record.position,
        record_id=record.record_id,
        version=record.version,
        previous=record.previous,
        values=slots.open_values.decode("utf-8").split("\n") if slots.open_salts else [],
        salts=slots.open_salts,
        digests=slots.closed_digests,
        ciphertext_digest=record.ciphertext_digest,
    )


def _exported_look(sequence: int, evidence: LookEvidence) -> ExportedLook:
    openings = tuple(Opening(*opening) for opening in evidence.openings)
    return ExportedLook(sequence, evidence.request_base.decode("ascii"), evidence.request_signature, openings)


def _facts(call: Call, asked: Asked, look: Look) -> LookFacts:
    # An export is of every item, so no item's rules apply: the rows that need one see an open one.
    return LookFacts(
        key_entitled=call.has_role(Role.AUDIT),
        item=ItemRules(0, 0, 0),
        reader=call.agency,
        reader_kind=call.history.agencies[call.agency].kind,
        purpose=asked.purpose,
        basis=asked.basis,
        basis_reference=look.basis_ref != ZERO32,
        case_reference=look.case_ref != ZERO32,
        authority=int(Authority.AUDIT),
        authority_id_matches=True,
        requested_open=0,
        permitted_open=0,
        facts_stale=facts_stale(call, Authority.AUDIT),
    )


def _append_query(call: Call, asked: Asked, rules: PageRules, count: int) -> None:
    message = {
        "gateway": call.gateway.agency,
        "request": call.request.request,
        "reader": call.agency,
        "readerKey": call.key,
        "queryType": int(QueryType.EXPORT),
        "item": rules.look.item,
        "basis": asked.basis,
        "purpose": asked.purpose,
        "resultCount": min(count, 2**32 - 1),
        "factsBlock": call.facts_block,
        "answeredAt": call.now,
        "anchorBy": anchor_by(call),
    }
    append_own_entry(call, EntryType.QUERY, message, LookEvidence(call.request.base, call.request.signature, ()))
