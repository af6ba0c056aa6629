"""The checks of `verify ledger`, by their stable ids, and the tally that they are counted in.

PERMANENT: ids stand in reports that outsiders keep. A check is never renamed; a new one is added. `step` is the number
of the point under "What a full verification proves" (verification page).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

STEP_OF: Mapping[str, int] = {
    "contract.code": 1,
    "stream.fold": 1,
    "stream.succession": 1,
    "directory.contracts": 1,
    "council.members": 1,
    "council.founding": 1,
    "council.approvals": 1,
    "council.delay": 1,
    "council.execution": 1,
    "council.acts": 1,
    "key.roles": 1,
    "key.officer": 1,
    "emergency.supervisor": 1,
    "parameter.bounds": 1,
    "pause.limits": 1,
    "pause.kept": 1,
    "batch.repudiated": 1,
    "export.manifest": 2,
    "export.line": 2,
    "export.count": 2,
    "export.tail": 2,
    "entry.order": 2,
    "entry.present": 2,
    "entry.root": 2,
    "entry.gateway": 2,
    "entry.signature": 2,
    "entry.signer": 2,
    "action.present": 2,
    "action.signature": 2,
    "document.hash": 3,
    "document.present": 3,
    "document.item": 3,
    "record.present": 3,
    "record.slots": 3,
    "record.values": 3,
    "record.root": 3,
    "record.sealed": 3,
    "record.erased": 3,
    "submission.entitled": 4,
    "submission.once": 4,
    "record.once": 4,
    "record.previous": 4,
    "record.publisher": 4,
    "look.present": 5,
    "look.request": 5,
    "look.request-once": 5,
    "look.headers": 5,
    "look.target": 5,
    "look.openings": 5,
    "look.facts": 5,
    "look.decision": 5,
    "look.profile": 5,
    "look.uses": 5,
    "look.item": 5,
    "look.version": 5,
    "look.person": 5,
    "record.served": 5,
    "consent.evidence": 5,
    "grant.terms": 5,
    "grant.request": 5,
    "grant.profile": 5,
    "grant.tier": 5,
    "entry.times": 7,
    "promise.anchored": 7,
    "action.included": 7,
    "receipt.authentic": 7,
    "receipt.kept": 7,
    "receipt.included": 7,
}
WHAT: Mapping[str, str] = {
    "contract.code": "each contract that the trust file names has its address and runtime code on chain",
    "stream.fold": "batches and sequences have no gap, and each head is the fold of the events before it",
    "stream.succession": "a stream that goes on in a successor of RecordAnchors was sealed within anchorDelay, and the "
    "predecessor took nothing of it afterwards",
    "directory.contracts": "each contract that the directory names has the code that the trust file pins, or succeeds "
    "the pinned RecordAnchors with published code, and follows the one that it names",
    "council.members": "epochs follow one another; each has 1 to 64 members and more than half of them as threshold",
    "council.founding": "the founding is completed once, with the trusted registry, and each founder's key is an ADMIN "
    "of his agency there",
    "council.approvals": "each action was scheduled, executed or cancelled by enough distinct members of its epoch, "
    "with keys that were ADMIN keys of those agencies then; in the founding by all founders",
    "council.delay": "each action waits as long as the longest delay among its calls",
    "council.execution": "each action was scheduled once, and executed at most once: due, not expired, not cancelled, "
    "in its epoch",
    "council.acts": "each act that is the governor's stands in the transaction of an executed action that calls for it",
    "key.roles": "each key was bound with roles that its agency was allowed then, no two that exclude one another",
    "key.officer": "no two roles that exclude one another stood on live keys of one officer when a key was bound",
    "emergency.supervisor": "each emergency was co-signed by another officer than the one who opened it",
    "parameter.bounds": "each parameter that was set lies within its hard bounds",
    "pause.limits": "each pause is as long and as rare as its limits say",
    "pause.kept": "a paused contract recorded nothing that a pause stops",
    "batch.repudiated": "each repudiated batch had been anchored, and was repudiated once",
    "export.manifest": "the manifest is of this chain and contract, and ends where a batch on chain ends",
    "export.line": "each line and each file has exactly the members and shapes of its format",
    "export.count": "there are as many entries, records, looks and actions as the manifest says",
    "export.tail": "each batch that was anchored before the export was made is in it",
    "entry.order": "entries, records, looks and actions stand in sequence order, each once, none without its entry",
    "entry.present": "each number of an anchored batch has its entry",
    "entry.root": "each batch's root, recomputed from the content of its entries, is the root on chain",
    "entry.gateway": "each statement names the gateway in whose stream it stands",
    "entry.signature": "each entry's signature recovers to its signer over the recomputed digest",
    "entry.signer": "each statement of the gateway was signed by a key of it with API_SIGN at the statement's own time",
    "action.present": "each received action is there with the message whose digest its entry names",
    "action.signature": "each received action is signed by the keys that its message names",
    "document.hash": "each document has the hash that it is filed under",
    "document.present": "each schema, code set, profile and item document that the catalogue names is there",
    "document.item": "each item document says what its ItemPublished event says",
    "record.present": "each submission has as many records as it signed, in order",
    "record.slots": "each record has a value and salt, or a digest, for each slot of its schema",
    "record.values": "each stored value is canonical, of its slot's type, and null only where allowed",
    "record.root": "the records, recomputed from values and salts, have the signed recordsRoot",
    "record.sealed": "the ciphertext digests give the sealedHash that was anchored",
    "record.erased": "content is gone where its publisher marked it erased and no hold keeps it, and nowhere else",
    "submission.entitled": "each submission's signer was entitled at `signedAt`, and in time where it was anchored",
    "submission.once": "no publisher's submissionId stands twice",
    "record.once": "no record id and version stands twice",
    "record.previous": "each next version names the root of the version before; version 1 names none",
    "record.publisher": "only the publisher of a record continues it",
    "look.present": "each look has the signed request that it answers",
    "look.request": "the kept request has the stated hash, is signed by the reader's key, and was valid then",
    "look.request-once": "no request was answered by two entries",
    "look.headers": "the request says the same item, purpose, basis, authority, officer and case as the statement",
    "look.target": "a request for one record was answered with that record",
    "look.openings": "the openings have the signed openingsRoot and recordCount",
    "look.facts": "factsBlock was there, not from the future and not stale; asOfBatch is the newest batch at it",
    "look.decision": "the decision, replayed over the facts of factsBlock, permits the look",
    "look.profile": "each opened slot is one that the profile opens",
    "look.uses": "no grant was used more often than its terms permit, counted in the order of the entries",
    "look.item": "each opened record is of the item version that the disclosure names",
    "look.version": "no version was served that was outdated as of asOfBatch, unless the request named it",
    "look.person": "each record of the sample that was opened on a consent is about the person who gave it, as the "
    "gateway's key-holder signed",
    "record.served": "each opened record stands in the stream, with the root that was disclosed",
    "consent.evidence": "the evidence of each consent that was received, or that a look rests on, is there, is its "
    "own, and was witnessed by another person of an active agency; no look rests on a consent that its recipient took, "
    "on a statutory notice, or on a text that does not speak of it",
    "grant.terms": "each grant's terms fit what it opens: an assessment for sensitive or entrusted data, statistics "
    "only of what is not personal, destruction later than the request",
    "grant.request": "no grant lasts longer, or opens more, than its request asked for",
    "grant.profile": "each grant's profile, and the one that its request asked for, is listed for the purpose by the "
    "item version's mask policy",
    "grant.tier": "each grant answers a request for a profile of a tier under which the reader's kind looks, by the "
    "verifier's own field and tier table",
    "entry.times": "times signed by the gateway fit its other statements, its promise and the anchoring block",
    "promise.anchored": "each entry was anchored by its anchorBy",
    "action.included": "each received action stands on chain by its includeBy, where the chain could take it",
    "receipt.authentic": "each receipt was signed by a key of its gateway with API_SIGN",
    "receipt.kept": "each receipt's entry stands in the stream, in time, once it is due",
    "receipt.included": "each action that was received for relay stands on chain by its includeBy",
}
"""One sentence per check: what holds when it passes."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A check that failed: proof of a fault of whom it blames. Texts hold no value of a record."""

    check: str
    subject: str
    expected: str
    actual: str
    blames: str


@dataclass(slots=True)
class Tally:
    """Passes counted by check, failures listed, and what else the report says. Adds up over parts of a ledger."""

    passed: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)
    """Why not everything that was asked for could be checked."""
    notices: Counter[str] = field(default_factory=Counter)
    pending: int = 0
    """Entries that are not due yet."""
    checked: int = 0
    expected: int = 0
    """Records."""
    erased: int = 0
    """Records that were checked as tombstones, marked erased at one of these blocks."""
    erased_blocks: tuple[int, ...] = ()
    """First and last of them; empty while there is none."""

    def judge(self, check: str, holds: bool, subject: str, expected: str, actual: str, blames: str) -> bool:
        """Count a pass, or list the failure; returns `holds`."""
        if holds:
            self.passed[check] += 1
        else:
            self.fail(check, subject, expected, actual, blames)
        return holds

    def fail(self, check: str, subject: str, expected: str, actual: str, blames: str) -> None:
        """List a failure."""
        self.failures.append(Failure(check, subject, expected, actual, blames))

    def count_erased(self, *blocks: int, records: int = 1) -> None:
        """Count erased records and the blocks of their marks."""
        seen = (*self.erased_blocks, *blocks)
        self.erased += records
        self.erased_blocks = (min(seen), max(seen)) if seen else ()

    def add(self, other: "Tally") -> None:
        """Add another part's tally to this one."""
        self.passed.update(other.passed)
        self.skipped.update(other.skipped)
        self.failures += other.failures
        self.incomplete += [why for why in other.incomplete if why not in self.incomplete]
        self.notices.update(other.notices)
        self.pending += other.pending
        self.checked += other.checked
        self.expected += other.expected
        self.count_erased(*other.erased_blocks, records=other.erased)
