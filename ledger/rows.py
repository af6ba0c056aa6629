"""Rows that cross the ports: frozen dataclasses of plain bytes, numbers and text.

Times are Unix seconds; ORM objects and decoded JSON-RPC never cross this line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger.core.history import Block, ChainEvent
from ledger.core.scope import Scope
from ledger.core.stored import SearchKeys, StoredSlots


@dataclass(frozen=True, slots=True)
class DailyKey:
    """A key that wraps data keys for one day: its id, its clear bytes (32) and its bytes under the master key."""

    key_id: str
    clear: bytes = field(repr=False)
    wrapped: bytes


# --- entries and their content -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A signed statement to be appended to the stream; numbered only when it is anchored."""

    entry_type: int
    message: Mapping[str, Any]
    """JSON form of the statement's message (bytes32 as 0x hex)."""
    signer: str
    signature: bytes
    annex: bytes
    digest: bytes
    """Entry digest."""
    agency: int
    """Publisher, reader, or 0: whom the entry concerns."""
    created_at: int
    anchor_by: int


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry with its place and the time of each state.

    `sequence` and `batch` are None until a batch with it is fixed; what counts as anchored has `anchored_at`.
    """

    entry_id: int
    entry: NewEntry
    sequence: int | None
    batch: int | None
    submitted_at: int | None
    anchored_at: int | None
    """Time of the anchoring block, None until the follower has seen it confirmed."""


@dataclass(frozen=True, slots=True)
class LookEvidence:
    """What proves a look besides its statement: the signed request and what was opened."""

    request_base: bytes
    request_signature: bytes
    openings: Sequence[tuple[bytes, int, bytes, int]]
    """(recordId, version, record root, bitmap of opened slots), in the page's order."""


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A committed and sealed record version, ready to be stored.

    Without a wrapped key nothing sealed is stored: it came back from an export, which has no originals.
    """

    record_id: bytes
    version: int
    previous: bytes
    record_root: bytes
    slots: StoredSlots
    keys: SearchKeys
    ciphertext: bytes
    ciphertext_digest: bytes
    wrapped_key: bytes
    daily_key_id: str


@dataclass(frozen=True, slots=True)
class RecordHead:
    """The newest version of a record that this gateway holds."""

    record_id: bytes
    version: int
    record_root: bytes
    publisher: int


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record version as it is served; sealed content is asked for apart."""

    record_id: bytes
    version: int
    previous: bytes
    record_root: bytes
    publisher: int
    item: int
    item_version: int
    schema_hash: bytes
    entry_id: int
    """Entry of its submission."""
    position: int
    """Place in its submission, from 0."""
    slots: StoredSlots
    keys: SearchKeys
    ciphertext_digest: bytes
    hidden: bool = False
    """Marked withdrawn or erased by its publisher, on chain or by a mark that was received."""
    erased_at: int | None = None
    """When its content was erased: then slots and keys are empty."""


RecordOfLook = tuple[StoredRecord, bool, Mapping[bytes, bytes | None]]
"""A record version, whether it is about the person of a look's tag, and documents by hash (None: not here)."""


@dataclass(frozen=True, slots=True)
class DueErasure:
    """A record version whose publisher marked it erased in a followed block of time `marked_at`, not carried out."""

    record_id: bytes
    version: int
    publisher: int
    marked_at: int


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """A newest version of a publisher's record: when it was accepted, and its place (entry id, recordId)."""

    record_id: bytes
    version: int
    accepted_at: int
    place: tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class SealedContent:
    """A record version's ciphertext with its wrapped data key."""

    ciphertext: bytes
    wrapped_key: bytes
    daily_key_id: str


@dataclass(frozen=True, slots=True)
class StoredSubmission:
    """A submission as it was accepted, with the signed acceptance that answers it."""

    entry: StoredEntry
    submission_id: bytes
    publisher: int
    statement_digest: bytes
    accepted_at: int
    acceptance_signature: bytes
    acceptance_signer: str
    duplicates: Sequence[int] = ()
    """Places of records that collect again what was there (core/collect_once.py)."""


@dataclass(frozen=True, slots=True)
class NewSubmission:
    """Everything that one transaction stores for a submission."""

    entry: NewEntry
    submission_id: bytes
    publisher: int
    item: int
    item_version: int
    schema_hash: bytes
    statement_digest: bytes
    accepted_at: int
    acceptance_signature: bytes
    acceptance_signer: str
    records: Sequence[NewRecord]
    about_persons: int = 0
    """Records that name a person, of an item that is collected once."""
    duplicates: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class SearchBounds:
    """What a search may find at all: records of publishers, within all of some scopes, of a region, about one person.

    A record has to be of each of `publishers`. `subject` is an internal token (32 bytes). None, and what is empty,
    bound nothing.
    """

    publishers: tuple[int, ...] = ()
    scopes: tuple[Scope, ...] = ()
    region_prefix: str = ""
    subject: bytes | None = None


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """Newest versions of one item, newest `occurredAt` first; `after` is the last row's (occurredAt, recordId)."""

    item: int
    region_prefix: str = ""
    record_class: str | None = None
    """Exact class, or a prefix ending in `/`."""
    occurred_from: int | None = None
    occurred_until: int | None = None
    """Half-open: [from, until)."""
    after: tuple[int, bytes] | None = None
    limit: int = 50
    bounds: SearchBounds = SearchBounds()


# --- subjects ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecordSubject:
    """The person that a record is about, by internal token (32 bytes); None if its newest version names nobody."""

    record_id: bytes
    token: bytes | None
    item: int
    publisher: int
    version: int = 1
    """Version that names the person."""


@dataclass(frozen=True, slots=True)
class SubjectRecords:
    """What is there about a person in an item: how many newest versions, and the newest one's time and publisher.

    `recorded_at` is the record's own `/recordedAt`, or when it was accepted if it has none; 0 with publisher 0 if there
    is no record.
    """

    count: int
    recorded_at: int
    publisher: int


# --- chain ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewTransaction:
    """A call to be sent once; `intent` is unique, so asking twice sends once."""

    intent: str
    sender: str
    to: str | None
    """None deploys."""
    data: bytes
    gas: int | None = None
    """Gas limit; estimated if None."""


@dataclass(frozen=True, slots=True)
class OutboxTransaction:
    """A row of the outbox: states `received → submitted → final | failed`, each with its time."""

    outbox_id: int
    intent: str
    sender: str
    to: str | None
    data: bytes
    gas: int | None
    state: str
    tx_nonce: int | None
    raw: bytes | None
    tx_hash: str | None
    received_at: int
    submitted_at: int | None
    settled_at: int | None
    block: int | None
    tx_index: int | None
    contract_address: str | None
    error: str | None
    attempts: int
    retry_at: int
    """Not touched again before this time, 0 = at once."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the chain says of a mined transaction; `contract_address` is set for a deployment."""

    tx_hash: str
    block: int
    block_hash: str
    tx_index: int
    succeeded: bool
    contract_address: str | None
    gas_used: int


@dataclass(frozen=True, slots=True)
class FollowedBlock:
    """A block with our contracts' events in it and the hashes of its transactions, in order."""

    block: Block
    events: Sequence[ChainEvent]
    transactions: Sequence[str]


@dataclass(frozen=True, slots=True)
class FollowedState:
    """Where the follower stands: how often it was rewound, when it last saw the head, its newest block (None: none)."""

    generation: int
    checked_at: int
    newest_block: int | None


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A batch of the stream, fixed once: root, count and first sequence never change afterwards."""

    gateway: int
    batch: int
    root: bytes
    first_sequence: int
    entry_ids: Sequence[int]
    created_at: int
    intent: str
    """The outbox transaction that carries it."""


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """A fixed batch and, once it is confirmed on chain, where."""

    gateway: int
    batch: int
    root: bytes
    leaf_count: int
    first_sequence: int
    created_at: int
    intent: str
    """The outbox transaction that carries it now."""
    anchored_block: int | None
    anchored_transaction: str | None


@dataclass(frozen=True, slots=True)
class Action:
    """A signed on-chain action taken for relay (a mark …): states as the outbox's."""

    digest: bytes
    agency: int
    """Agency of its first signer, of the caller where that key is nobody's (a resident's)."""
    contract: str
    function: str
    intent: str
    entry_id: int
    """Its RECEIVED entry."""
    received_at: int
    include_by: int
    summary: Mapping[str, Any]
    """What it says, as JSON: recordId, mark … never a value of a record."""
    name: str
    """Of its typed message."""
    message: Mapping[str, Any]
    """JSON form of the typed message."""
    signatures: Sequence[bytes]
    """In the order of the message's signers; empty for one that the message does not name."""
    about: bytes
    """Id of the record, consent, request or emergency that it bears on."""


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """The first answer under an idempotency key."""

    request_digest: bytes
    status: int
    body: bytes
