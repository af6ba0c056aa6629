"""Take lost entries back from a member's export that was verified against the chain (operations page).

What an export cannot give back: sealed originals and whom a record is about. Such records are served masked, as their
profiles have it, and never opened. A signed action comes back with its entry and is offered to the chain again, which
takes it once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ledger.core.audit.slots import SlotPlan
from ledger.core.canonical import decode
from ledger.core.codes import Authority, EntryType
from ledger.core.entry import entry_digest
from ledger.core.export import (
    ACTIONS_FILE,
    DOCUMENTS_FOLDER,
    ENTRIES_FILE,
    LOOKS_FILE,
    RECORDS_FILE,
    ExportedAction,
    ExportedEntry,
    ExportedLook,
    ExportedRecord,
    ExportedTombstone,
    parse_action,
    parse_entry,
    parse_look,
    parse_members,
    parse_record_line,
)
from ledger.core.hexadecimal import from_hex
from ledger.core.history import AnchorFacts, AsOf, History
from ledger.core.merkle import MerkleTree, entry_leaf
from ledger.core.points import ANCHORS
from ledger.core.received import about_of
from ledger.core.schema import Schema
from ledger.core.statements import OWN_TIME, StatementDomain, message_to_json, statement_digest
from ledger.core.stored import StoredSlots, search_keys
from ledger.core.typed_messages import MESSAGES, message_digest
from ledger.core.typed_messages import message_to_json as action_to_json
from ledger.ports import Transaction
from ledger.rows import Action, LookEvidence, NewEntry, NewRecord, NewSubmission, NewTransaction
from ledger.services.audit_files import LineFile
from ledger.services.duties import keep_steps
from ledger.services.find_document import schema_of
from ledger.services.gateway import Gateway
from ledger.services.relay import Relay
from ledger.services.restore import adopt_known, lost_batches
from ledger.services.sign import sign_statement

JSON = "application/json"
BOOKKEEPING = ("key", "nonce", "deadline")
UNLIMITED = 2**31 - 1
Line = TypeVar("Line", ExportedEntry, ExportedRecord | ExportedTombstone, ExportedLook, ExportedAction)


@dataclass(frozen=True)
class Refetched:
    """A batch whose entries were taken back, and how many of them were not here."""

    batch: int
    entries: int


@dataclass(frozen=True)
class _Lines:
    """What an export holds of one batch, by sequence."""

    entries: Mapping[int, ExportedEntry]
    records: Mapping[int, Sequence[ExportedRecord | ExportedTombstone]]
    looks: Mapping[int, ExportedLook]
    actions: Mapping[int, ExportedAction]


def refetch(gateway: Gateway, relay: Relay, folder: Path) -> Sequence[Refetched]:
    """Take back the lost batches that an export of this gateway holds, oldest first, each in one transaction.

    The export was verified against the chain before, without a fault. It ends at the first batch that is not whole in
    it. A kill leaves the batches taken back so far. Raises Conflict while the worker fixes a batch, FormatError,
    KeyProviderError, StoreError.
    """
    _keep_documents(gateway, folder)
    done: list[Refetched] = []
    while True:
        with gateway.store.begin() as transaction:
            history = gateway.facts.history(transaction)
            adopt_known(transaction, history, gateway.agency)
            lost = lost_batches(transaction, history, gateway.agency)
            if not lost:
                return done
            lines = _lines_of(folder, lost[0])
            domain = gateway.domain_at(history, lost[0])
            if not _is_whole(domain, lost[0], lines):
                return done
            done.append(_Taking(gateway, domain, relay, transaction, history).take(lost[0], lines))


def _keep_documents(gateway: Gateway, folder: Path) -> None:
    for path in sorted((folder / DOCUMENTS_FOLDER).glob("*.json")):
        with gateway.store.begin() as transaction:
            transaction.add_document(from_hex(path.stem, 32), JSON, path.read_bytes(), gateway.clock())


def _lines_of(folder: Path, anchor: AnchorFacts) -> _Lines:
    records: dict[int, list[ExportedRecord | ExportedTombstone]] = {}
    for members in _members(folder / RECORDS_FILE, anchor):
        record = parse_record_line(members)
        records.setdefault(record.sequence, []).append(record)
    entries = (parse_entry(members) for members in _members(folder / ENTRIES_FILE, anchor))
    looks = (parse_look(members) for members in _members(folder / LOOKS_FILE, anchor))
    actions = (parse_action(members) for members in _members(folder / ACTIONS_FILE, anchor))
    return _Lines(
        {entry.sequence: entry for entry in entries},
        records,
        {look.sequence: look for look in looks},
        {action.sequence: action for action in actions},
    )


def _members(path: Path, anchor: AnchorFacts) -> Iterator[Mapping[str, Any]]:
    file, after = LineFile(path), anchor.first_sequence + anchor.leaf_count
    for line in file.lines(file.offset_of(anchor.first_sequence), file.offset_of(after)):
        yield parse_members(line)


def _is_whole(domain: StatementDomain, anchor: AnchorFacts, lines: _Lines) -> bool:
    """Say whether the entries are all there and give the root on chain."""
    numbers = range(anchor.first_sequence, anchor.first_sequence + anchor.leaf_count)
    if any(number not in lines.entries for number in numbers):
        return False
    entries = [lines.entries[number] for number in numbers]
    leaves = [entry_leaf(int(entry.entry_type), entry.sequence, _digest(domain, entry)) for entry in entries]
    return MerkleTree(leaves).root == anchor.root


def _digest(domain: StatementDomain, entry: ExportedEntry) -> bytes:
    statement = statement_digest(domain, entry.statement, entry.message)
    return entry_digest(statement, entry.signer, entry.signature, entry.annex)


@dataclass(frozen=True)
class _Taking:
    """One batch on its way back into the database."""

    gateway: Gateway
    domain: StatementDomain
    """That of the contract which the batch stands in."""
    relay: Relay
    transaction: Transaction
    history: History

    def take(self, anchor: AnchorFacts, lines: _Lines) -> Refetched:
        """Store what is not here, and number all of it as the chain does."""
        ids, new = [], 0
        for _, entry in sorted(lines.entries.items()):
            stored = self.transaction.entry(_digest(self.domain, entry))
            if stored is None:
                new += 1
                ids.append(self._add(entry, lines))
            else:
                ids.append(stored.entry_id)
        self.transaction.adopt_batch(anchor, ids)
        return Refetched(anchor.batch, new)

    def _add(self, entry: ExportedEntry, lines: _Lines) -> int:
        if entry.entry_type is EntryType.SUBMISSION:
            return self._add_submission(entry, lines.records.get(entry.sequence, ()))
        look, action = lines.looks.get(entry.sequence), lines.actions.get(entry.sequence)
        agency = entry.message.get("reader", self.gateway.agency)
        if action is not None:
            facts = self.history.keys.get(action.message["key"])
            agency = 0 if facts is None else facts.agency
        new = self._entry(entry, agency)
        if look is None:
            entry_id = self.transaction.add_entry(new)
        else:
            openings = [(one.record_id, one.version, one.record_root, one.opened) for one in look.openings]
            evidence = LookEvidence(look.base.encode("ascii"), look.signature, openings)
            entry_id = self.transaction.add_entry(new, evidence, of_persons=True)
            if entry.message.get("authority") == Authority.GRANT and entry.entry_type is EntryType.DISCLOSURE:
                self.transaction.use_grant(entry.message["authorityId"], UNLIMITED)
        if action is not None:
            self._add_action(entry, action, entry_id, agency)
        return entry_id

    def _entry(self, entry: ExportedEntry, agency: int) -> NewEntry:
        made_at = entry.message[OWN_TIME[entry.statement]]
        delay = self.history.parameter("anchorDelay", AsOf(made_at))
        return NewEntry(
            entry_type=int(entry.entry_type),
            message=message_to_json(entry.statement, entry.message),
            signer=entry.signer,
            signature=entry.signature,
            annex=entry.annex,
            digest=_digest(self.domain, entry),
            agency=agency,
            created_at=made_at,
            anchor_by=entry.message.get("anchorBy", made_at + delay),
        )

    def _add_action(self, entry: ExportedEntry, action: ExportedAction, entry_id: int, agency: int) -> None:
        digest, name = entry.message["action"], action.action
        intent = f"relay:{digest.hex()}"
        to, data = self.relay.encode(name, action.message, action.signatures)
        if MESSAGES[name].contract == ANCHORS:
            to = self._contract_of(name, action, digest)
        self.transaction.add_transaction(NewTransaction(intent, self.relay.sender, to, data), self.gateway.clock())
        said = action_to_json(name, action.message)
        self.transaction.add_action(
            Action(
                digest=digest,
                agency=agency,
                contract=MESSAGES[name].contract,
                function=MESSAGES[name].function,
                intent=intent,
                entry_id=entry_id,
                received_at=entry.message["receivedAt"],
                include_by=entry.message["includeBy"],
                summary={member: value for member, value in said.items() if member not in BOOKKEEPING},
                name=name,
                message=said,
                signatures=action.signatures,
                about=about_of(name, action.message, digest),
            )
        )

    def _contract_of(self, name: str, action: ExportedAction, digest: bytes) -> str:
        """Return the RecordAnchors for which a message was signed: the one in whose domain it has its digest."""
        addresses = [domain.record_anchors for domain in self.gateway.domains_in(self.history)]
        chain_id = self.domain.chain_id
        known = (one for one in addresses if message_digest(name, action.message, chain_id, one) == digest)
        return next(known, addresses[-1])

    def _add_submission(self, entry: ExportedEntry, lines: Sequence[ExportedRecord | ExportedTombstone]) -> int:
        message = entry.message
        schema = schema_of(self.transaction, message["schemaHash"])
        new = self._entry(entry, message["publisher"])
        promise = {
            "gateway": self.gateway.agency,
            "entry": new.digest,
            "acceptedAt": message["signedAt"],
            "anchorBy": new.anchor_by,
        }
        acceptance = sign_statement(self.gateway, self.domain, "Acceptance", promise)
        plan = SlotPlan.of(schema)
        records = [_record(schema, plan, line) for line in lines]
        entry_id = self.transaction.add_submission(
            NewSubmission(
                entry=new,
                submission_id=message["submissionId"],
                publisher=message["publisher"],
                item=message["item"],
                item_version=message["itemVersion"],
                schema_hash=message["schemaHash"],
                statement_digest=statement_digest(self.domain, "Submission", message),
                accepted_at=message["signedAt"],
                acceptance_signature=acceptance.signature,
                acceptance_signer=acceptance.signer,
                records=records,
            )
        )
        for line in lines:
            if isinstance(line, ExportedTombstone):
                self.transaction.erase(line.record_id, line.version, self.gateway.clock())
        keep_steps(self.transaction, schema, entry_id, message["publisher"], message["signedAt"], records)
        return entry_id


def _record(schema: Schema, plan: SlotPlan, line: ExportedRecord | ExportedTombstone) -> NewRecord:
    """Return a record as an export has it: what is stored in clear, and nothing sealed."""
    if isinstance(line, ExportedTombstone):
        root, slots, keys = line.record_root, StoredSlots(b"", b"", b""), search_keys({})
    else:
        stored = [slot for slot in schema.slots if slot.is_stored_open]
        pairs = zip(stored, line.values, strict=True)
        keys = search_keys({slot.path: decode(value) for slot, value in pairs if slot.is_original})
        slots = StoredSlots("\n".join(line.values).encode("utf-8"), line.salts, line.digests)
        root = plan.recompute(line)
    return NewRecord(
        record_id=line.record_id,
        version=line.version,
        previous=line.previous,
        record_root=root,
        slots=slots,
        keys=keys,
        ciphertext=b"",
        ciphertext_digest=line.ciphertext_digest,
        wrapped_key=b"",
        daily_key_id="",
    )
