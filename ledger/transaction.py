"""`Transaction`: what services ask of the gateway's database, noun by noun. The port itself is `ledger.ports.Store`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any, Protocol

from ledger.attachment_rows import AttachmentKeeping
from ledger.core.history import AnchorFacts, Block
from ledger.count_rows import Counting
from ledger.look_rows import LookAtPerson, LookRest
from ledger.rows import (
    Action,
    DueErasure,
    FollowedBlock,
    FollowedState,
    LookEvidence,
    NewBatch,
    NewEntry,
    NewSubmission,
    NewTransaction,
    OutboxTransaction,
    OwnRecord,
    Receipt,
    RecordHead,
    RecordOfLook,
    RecordSubject,
    SavedAnswer,
    SealedContent,
    SearchQuery,
    StoredBatch,
    StoredEntry,
    StoredRecord,
    StoredSubmission,
    SubjectRecords,
)
from ledger.step_rows import StepKeeping
from ledger.tag_rows import SubjectTag, TagUse


class Transaction(AttachmentKeeping, Counting, StepKeeping, Protocol):
    """One database transaction. It commits when its `with` block ends well, and rolls back otherwise.

    Raises StoreError when the database does not answer.
    """

    # requests
    def consume_nonce(self, key: str, request_nonce: str, expires_at: int) -> bool:
        """Consume a request nonce, False if it was (waits for who is at it); the followed state is read with it."""

    def forget_nonces(self, before: int, limit: int) -> int:
        """Delete at most `limit` nonces that expired before `before`; returns how many."""

    def saved_answer(self, agency: int, idempotency_key: str) -> SavedAnswer | None:
        """Return the answer that was given first under this key."""

    def save_answer(self, agency: int, idempotency_key: str, answer: SavedAnswer, created_at: int) -> None:
        """Keep an answer; raises Conflict if another transaction kept one first."""

    # entries
    def add_entry(self, entry: NewEntry, evidence: LookEvidence | None = None, *, of_persons: bool = False) -> int:
        """Append an entry (and what proves the look); returns its entry id.

        `of_persons`: keep which records were opened, those that are about somebody, for whom they are about.
        """

    def entry(self, digest: bytes) -> StoredEntry | None:
        """Return an entry by its digest."""

    def entry_by_id(self, entry_id: int) -> StoredEntry | None:
        """Return an entry by its row."""

    def entries_by_id(self, entry_ids: Sequence[int]) -> Sequence[StoredEntry]:
        """Return the entries of these rows, in no order."""

    def entries_after(self, sequence: int, limit: int) -> Sequence[StoredEntry]:
        """Return anchored entries with a greater sequence, in order."""

    def evidence(self, entry_ids: Sequence[int]) -> Mapping[int, LookEvidence]:
        """Return what proves these looks, by entry id."""

    # submissions and records
    def add_submission(self, submission: NewSubmission) -> int:
        """Store entry, submission, records and sealed content; returns the entry id.

        Raises Conflict (submissionId used) or VersionConflict (a record version is there already).
        """

    def submission(self, publisher: int, submission_id: bytes) -> StoredSubmission | None:
        """Return a submission by its id."""

    def submission_of_entry(self, entry_id: int) -> StoredSubmission | None:
        """Return a submission by its entry."""

    def record_heads(self, record_ids: Sequence[bytes]) -> Mapping[bytes, RecordHead]:
        """Return the newest version of each record that is here."""

    def record(self, record_id: bytes, version: int | None = None) -> StoredRecord | None:
        """Return a record version, the newest if None."""

    def record_of_look(self, record_id: bytes, version: int | None, rest: LookRest) -> RecordOfLook | None:
        """Return what `record` returns with the rest of it; where it is here, `rest.abouts` are shared by then."""

    def search(self, query: SearchQuery) -> Sequence[StoredRecord]:
        """Return at most `query.limit` newest versions."""

    def leaves_of_submission(self, entry_id: int) -> Sequence[tuple[bytes, int, bytes]]:
        """Return (recordId, version, record root) of a submission's records, in its order."""

    def records_of_entries(self, entry_ids: Sequence[int]) -> Iterator[StoredRecord]:
        """Yield the records of submissions, by entry id and position."""

    def sealed(self, record_id: bytes, version: int) -> SealedContent | None:
        """Return a version's sealed content."""

    def daily_key(self, key_id: str) -> bytes | None:
        """Return a daily key's wrapped bytes."""

    def add_daily_key(self, key_id: str, wrapped: bytes, created_at: int) -> None:
        """Keep a wrapped daily key; raises Conflict if the id is there."""

    # erasure
    def withhold(self, record_id: bytes, publisher: int, version: int) -> int:
        """Serve a record no more (version 0: none of its versions), since its publisher's mark was received."""

    def erasures_due(self, limit: int) -> Sequence[DueErasure]:
        """Return at most `limit` record versions that a followed mark asks to erase, longest marked first."""

    def keep_content(self, record_id: bytes, version: int) -> None:
        """Note that a version is not to be erased after all: it is held, or its mark was rewound."""

    def erase(self, record_id: bytes, version: int, erased_at: int) -> bool:
        """Leave a tombstone of a record version, nothing of its content; False if that was done before."""

    def replay_erasures(self) -> int:
        """Ask again for every erasure that followed marks ask for and that is not carried out; returns how many."""

    def own_records(
        self, publisher: int, item: int, before: int, after: tuple[int, bytes], limit: int
    ) -> Sequence[OwnRecord]:
        """Return newest versions served that a publisher's submissions brought before a time, in order of place."""

    # documents
    def add_document(self, document_hash: bytes, media_type: str, content: bytes, created_at: int) -> None:
        """Keep a hashed document; keeping it twice is no error."""

    def document(self, document_hash: bytes) -> tuple[str, bytes] | None:
        """Return (media type, bytes) of a document."""

    def documents_named(self, hashes: Sequence[bytes]) -> Mapping[bytes, tuple[str, bytes]]:
        """Return (media type, bytes) of those of these documents that are here, by hash."""

    def documents(self) -> Iterator[tuple[bytes, str, bytes]]:
        """Yield (hash, media type, bytes) of every document."""

    # subjects
    def add_subjects(self, rows: Sequence[RecordSubject]) -> None:
        """Note whom records are about; a later version's subject replaces the earlier one, None forgets it."""

    def subject_records(self, token: bytes, item: int, most: int) -> SubjectRecords:
        """Return how many newest versions of an item are about a person (at most `most` are counted), and the newest.

        Records that their publisher has marked withdrawn or erased do not count.
        """

    def records_about(self, token: bytes, versions: Mapping[bytes, int]) -> Set[bytes]:
        """Return the ids of those of these records (version by id) that are about a person.

        Versions from before the record named him whom the newest names may hold another's values: about nobody.
        """

    def records_about_tag(self, tag: TagUse, versions: Mapping[bytes, int]) -> Set[bytes]:
        """Return what `records_about` returns, for the person for whom a consent's tag was made here, for this use."""

    def looks_at_person(
        self, token: bytes, items: Sequence[int], left: int | None, limit: int
    ) -> Sequence[LookAtPerson]:
        """Return at most `limit` disclosures of records of these items that are about a person, newest first.

        `left`: how many of them are left to be told, the oldest; all if None. Versions from before the record
        named this person are left out.
        """

    def forget_tags(self, kept: Sequence[bytes], before: int) -> int:
        """Forget tags of persons without a record that were made before a time, but `kept`; returns how many."""

    def tags_of_person(self, token: bytes) -> Sequence[SubjectTag]:
        """Return the tags that were made here for a person and are not forgotten."""

    def subject_tag(self, tag: bytes) -> SubjectTag | None:
        """Return whom a tag was made for, None if it was not made here."""

    def renew_tag(self, tag: bytes, now: int) -> SubjectTag | None:
        """Return what `subject_tag` returns, and let the tag wait from now on as if it were made now (Unix seconds).

        A concurrent `forget_tags` waits for this transaction's outcome, and then leaves it.
        """

    def newest_period(self, token: bytes, recipient: int, purpose: int) -> int | None:
        """Return the greatest period of a person's tags for a recipient and purpose, None if there is none."""

    def add_subject_tag(self, tag: SubjectTag, created_at: int) -> bool:
        """Keep a tag; False if it, or its period, is there already. Waits for a concurrent transaction's outcome."""

    def count_query(self, agency: int, day: int, most: int) -> bool:
        """Count one query of an agency on a day (Unix seconds / 86,400); False if it had `most` already.

        Atomic: a concurrent query of the same agency waits for this transaction's outcome.
        """

    def count_queries(self, agency: int, day: int, queries: int, most: int) -> bool:
        """Count so many queries at once as `count_query` counts one; False if over `most`, and then the day is used up.

        With 0 queries it says whether any is left, and counts nothing.
        """

    def count_listed(self, agency: int, day: int, persons: int, most: int) -> bool:
        """Count `persons` of a list that an agency asks for on a day; False, and nothing counted, if over `most`.

        Atomic as `count_query`, and counted apart from it.
        """

    # stream
    def lock_stream(self, gateway: int) -> bool:
        """Take the right to fix batches until this transaction ends; False if another process has it."""

    def unnumbered(self, limit: int, after: int = 0) -> Sequence[tuple[int, int, bytes, int]]:
        """Return (entry id, entry type, entry digest, created_at) of entries that have no number yet, oldest first.

        Those with an entry id of at most `after` are left out.
        """

    def transaction_number(self) -> int:
        """Return this transaction's number, greater than that of each one that wrote before."""

    def oldest_writer(self) -> int:
        """Return the number of the oldest transaction that writes and is not over, this one included."""

    def newest_entry_id(self) -> int:
        """Return the greatest entry id, 0 if there is no entry."""

    def newest_batch(self, gateway: int) -> StoredBatch | None:
        """Return the newest fixed batch."""

    def batch(self, gateway: int, batch: int) -> StoredBatch | None:
        """Return a fixed batch."""

    def batches_after(self, gateway: int, batch: int, limit: int) -> Sequence[StoredBatch]:
        """Return fixed batches with a greater number, in order."""

    def unanchored_batches(self, gateway: int) -> Sequence[StoredBatch]:
        """Return fixed batches that are not confirmed on chain, in order."""

    def add_batch(self, batch: NewBatch) -> None:
        """Fix a batch and number its entries from its first sequence, in the order given.

        Raises Conflict if the batch, or the number of one of its entries, is there already.
        """

    def adopt_batch(self, anchor: AnchorFacts, entry_ids: Sequence[int]) -> None:
        """Take over a batch that stands in a followed block and is not known here, with all its entries or none."""

    def carry_batch(self, gateway: int, batch: int, intent: str) -> None:
        """Note that another transaction of the outbox carries the batch from now on."""

    def leaves_of_batch(self, gateway: int, batch: int) -> Sequence[tuple[int, int, bytes]]:
        """Return (entry type, sequence, entry digest) of a batch's entries, in order."""

    # outbox
    def lock_sender(self, sender: str) -> bool:
        """Take the advisory lock of a sending key until this transaction ends; False if another process has it."""

    def add_transaction(self, transaction: NewTransaction, received_at: int) -> OutboxTransaction:
        """Store an intent, or return the row that the same intent has already."""

    def transaction(self, intent: str) -> OutboxTransaction | None:
        """Return a row of the outbox."""

    def unsettled(self, sender: str | None = None) -> Sequence[OutboxTransaction]:
        """Return rows in state received or submitted, by (sender, tx_nonce, id); those without a nonce come last."""

    def any_sent(self) -> bool:
        """Say whether a signed transaction of any sender is not settled: the chain's state may be about to change."""

    def sign_transaction(self, outbox_id: int, tx_nonce: int, gas: int, raw: bytes, tx_hash: str) -> None:
        """Store nonce and signed bytes, in one transaction, before the first broadcast.

        Raises Conflict if the row is signed already or the nonce is taken: nothing is ever signed twice.
        """

    def mark_submitted(self, outbox_id: int, submitted_at: int, retry_at: int) -> None:
        """Note a broadcast (the time of the first one stays), and when to send the same bytes again."""

    def postpone(self, outbox_id: int, retry_at: int, error: str) -> None:
        """Note why a row cannot go on now, and when to try again."""

    def settle(self, outbox_id: int, receipt: Receipt, settled_at: int) -> None:
        """Note a mined transaction: final, or failed if it reverted."""

    def quarantine(self, outbox_id: int, error: str, settled_at: int) -> None:
        """Note a permanent error; the row is shown and never retried."""

    def unsettle_after(self, block: int) -> None:
        """Put rows that were mined after `block` back to submitted (a reorganization)."""

    def unsettle_from(self, sender: str, tx_nonce: int) -> int:
        """Put mined rows of a sender from this nonce on back to submitted: the chain lost them; returns how many.

        Rows in followed blocks stay: whether those stand is the follower's to find out.
        """

    def highest_tx_nonce(self, sender: str) -> int | None:
        """Return the greatest nonce that was ever stored for a sender."""

    def highest_tx_nonces(self) -> Mapping[str, int]:
        """Return the greatest nonce of every sender that has one."""

    # actions
    def add_action(self, action: Action) -> None:
        """Keep a relayed action; raises Conflict if its digest is there."""

    def action(self, digest: bytes) -> Action | None:
        """Return an action."""

    def actions_about(self, abouts: Sequence[bytes], names: Sequence[str] | None = None) -> Sequence[Action]:
        """Return the actions (of these message names, all if None) that bear on any of these ids, by entry."""

    def actions_of_entries(self, entry_ids: Sequence[int]) -> Mapping[int, Action]:
        """Return actions by their RECEIVED entry."""

    def actions_under_way(self, name: str, block: int) -> Sequence[Action]:
        """Return actions of a message name that did not fail and that no block up to `block` holds, by entry."""

    def action_with_nonce(self, contract: str, signer: str, keyed_nonce: int) -> Action | None:
        """Return the action of a contract whose message a key signed, as its first signer, with this keyed nonce."""

    def lock_about(self, about: bytes) -> None:
        """Wait for the right to act on an id, alone, until this transaction ends."""

    def share_about(self, abouts: Sequence[bytes]) -> None:
        """Wait until nobody acts on any of these ids (at least one), and let nobody, until this transaction ends.

        So what is read after it is all that stands before this transaction's entries in the stream.
        """

    def use_grant(self, grant_id: bytes, most: int) -> bool:
        """Count one use of a grant; False, and nothing counted, when `most` (at least 1) uses are used."""

    # followed chain
    def lock_following(self) -> bool:
        """Take the right to move the cursor until this transaction ends; False if another process has it."""

    def followed_state(self) -> FollowedState:
        """Return generation, time of the last look and newest followed block number, in one small query."""

    def followed_head(self) -> Block | None:
        """Return the newest followed block."""

    def followed_block(self, number: int) -> Block | None:
        """Return a followed block's header."""

    def add_followed(self, blocks: Iterable[FollowedBlock], checked_at: int) -> None:
        """Store blocks and events, settle batches that they anchor, and move the cursor, in this one transaction."""

    def note_checked(self, checked_at: int) -> None:
        """Note that the chain's head was seen at this time and holds nothing new."""

    def seen_state(self) -> FollowedState:
        """Return the followed state as this transaction read it last, or reads it now."""

    def rewind(self, block: int) -> None:
        """Forget followed blocks after `block` and what they settled; raises the history's generation."""

    def generation(self) -> int:
        """Return how often the followed chain was rewound; a cached history of another generation is void."""

    def blocks_after(self, number: int, limit: int) -> Sequence[FollowedBlock]:
        """Return followed blocks with a greater number, with their events, in order."""

    def raw_transactions(self, tx_hashes: Sequence[str]) -> Mapping[str, bytes]:
        """Return the outbox's signed bytes by transaction hash: what a replay sends."""

    # settings that belong to the deployment, not to a process
    def setting(self, name: str) -> Any:
        """Return a JSON value kept under a name (`chain`: id, genesis, contracts …), or None."""

    def set_setting(self, name: str, value: Any) -> None:
        """Keep a JSON value under a name."""

    # figures for health and metrics
    def figures(self) -> Mapping[str, int]:
        """Return counts and oldest times: entries, unnumbered, oldest_unnumbered_at, outbox_unsettled, quarantined …"""

    def anchoring_seconds(self, after_entry_id: int) -> Sequence[float]:
        """Return for each anchored entry after `after_entry_id` the seconds from its storing to its confirmation."""
