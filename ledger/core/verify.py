"""Verification of one bundle, in the numbered steps of the formats page (section 7).

PERMANENT. A step that fails raises VerificationError with its number; nothing returns a flag. Steps 1 to 7 and 9 need
the file alone (level `file`: consistent); steps 8, 10 and 11 need the chain (level `chain`: verified). Every leaf is
recomputed from content: no root, digest or leaf that can be computed is trusted.
"""

from dataclasses import dataclass

from ledger.core.bundle import Bundle, View, parse_bundle
from ledger.core.canonical import decode_canonical
from ledger.core.chainfile import ChainFile, Trust
from ledger.core.codes import EntryType, Mark
from ledger.core.commitment import field_digest, record_root
from ledger.core.entitlement import is_late, why_not_anchorable, why_not_publishable
from ledger.core.entry import entry_digest
from ledger.core.erasure import erasure_of
from ledger.core.hexadecimal import to_hex
from ledger.core.history import END_OF_BLOCK, AsOf, History, Point
from ledger.core.merkle import entry_leaf, leads_to, record_leaf
from ledger.core.schema import Schema, parse_schema
from ledger.core.signature import recover
from ledger.core.statements import StatementDomain, statement_digest
from ledger.errors import FormatError, SignatureError, VerificationError

FILE_STEPS = (1, 2, 3, 4, 5, 6, 7, 9)
CHAIN_STEPS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
STEP_IDS = {
    1: "shapes",
    2: "schema",
    3: "slots",
    4: "values",
    5: "commitment",
    6: "record-proof",
    7: "signature",
    8: "entitlement",
    9: "entry-proof",
    10: "anchor",
    11: "marks",
}
_MARKS = frozenset(Mark)


@dataclass(frozen=True)
class ChainFacts:
    """What a chain-level verification judges by: the caller's trust, the chain's own claims and their fold."""

    trust: Trust
    chain: ChainFile
    history: History


@dataclass(frozen=True)
class VerifiedBundle:
    """What a successful verification established, and what the caller should know besides."""

    record_id: bytes
    version: int
    record_root: bytes
    publisher: int
    signer: str
    entry: bytes
    steps: tuple[int, ...]
    notices: tuple[str, ...]


def verify_bundle(data: bytes | str, facts: ChainFacts | None = None) -> VerifiedBundle:
    """Verify a bundle at level `chain`, or at level `file` if `facts` is None.

    Raises VerificationError with the first step that fails; an unknown format or suite is its `__cause__`
    (UnsupportedFormat) at step 1.
    """
    try:
        bundle = parse_bundle(data)
    except FormatError as error:
        raise VerificationError(1, error.detail, blames="whoever made the file") from error
    schema = check_schema(bundle)
    check_slots(schema, bundle.view)
    check_values(schema, bundle.view)
    root = recompute_root(schema, bundle.view)
    check_record_proof(bundle, root)
    digest = check_signature(bundle)
    notices: tuple[str, ...] = ()
    if facts is not None:
        notices = check_entitlement(bundle, facts)
    entry = check_entry_proof(bundle, digest)
    if facts is not None:
        check_anchor(bundle, facts)
        notices += marks_and_versions(bundle, facts)
    return VerifiedBundle(
        bundle.view.record_id,
        bundle.view.version,
        root,
        bundle.submission.message["publisher"],
        bundle.submission.signer,
        entry,
        FILE_STEPS if facts is None else CHAIN_STEPS,
        notices,
    )


def check_schema(bundle: Bundle) -> Schema:
    """Step 2: the schema document hashes to the record's schemaHash, and the submission's is the same."""
    try:
        schema = parse_schema(dict(bundle.schema_document))
    except FormatError as error:
        raise VerificationError(2, error.detail) from error
    for what, claimed in (
        ("the view", bundle.view.schema_hash),
        ("the submission", bundle.submission.message["schemaHash"]),
    ):
        if claimed != schema.hash:
            raise VerificationError(
                2,
                f"the schema document is not the one that {what} names",
                expected=to_hex(claimed),
                actual=to_hex(schema.hash),
            )
    return schema


def check_slots(schema: Schema, view: View) -> None:
    """Step 3: the view holds exactly the schema's slots, in order, each either open or closed."""
    if len(view.slots) != len(schema.slots):
        raise VerificationError(
            3, "the view has other slots", expected=str(len(schema.slots)), actual=str(len(view.slots))
        )
    for place, (slot, expected) in enumerate(zip(view.slots, schema.slots, strict=True)):
        if (slot.path, slot.kind) != (expected.path, expected.kind):
            raise VerificationError(3, f"slot {place} is not {expected.path} ({expected.kind})")
        is_open = slot.salt is not None and slot.value is not None
        if is_open == (slot.digest is not None) or (slot.salt is None) != (slot.value is None):
            raise VerificationError(3, f"{slot.path} ({slot.kind}) is neither open nor closed")


def check_values(schema: Schema, view: View) -> None:
    """Step 4: open values are canonical, of their type, and null only where that is allowed."""
    for slot, expected in zip(view.slots, schema.slots, strict=True):
        if slot.value is not None:
            try:
                expected.require(decode_canonical(slot.value))
            except FormatError as error:
                raise VerificationError(4, f"{slot.path} ({slot.kind}): {error.detail}") from error


def recompute_root(schema: Schema, view: View) -> bytes:
    """Step 5: the record root from open values and closed digests. Never fails alone; step 6 judges it."""
    digests = []
    for slot, expected in zip(view.slots, schema.slots, strict=True):
        if slot.digest is not None:
            digests.append(slot.digest)
        else:
            value = (slot.value or "").encode("utf-8")
            digests.append(field_digest(view.record_id, expected.hashes, slot.salt or b"", value))
    return record_root(view.record_id, view.version, view.previous, view.schema_hash, digests)


def check_record_proof(bundle: Bundle, root: bytes) -> None:
    """Step 6: the record's leaf leads to recordsRoot, by a proof of a length that recordCount allows."""
    leaf = record_leaf(bundle.view.record_id, bundle.view.version, root)
    message = bundle.submission.message
    if not leads_to(leaf, bundle.record_proof, message["recordsRoot"], message["recordCount"]):
        raise VerificationError(
            6,
            "the record is not under the submission's recordsRoot",
            expected=to_hex(message["recordsRoot"]),
            blames=f"whoever altered the record after agency {message['publisher']} signed",
        )


def check_signature(bundle: Bundle) -> bytes:
    """Step 7: the signature recovers to `signer` over the recomputed digest; returns that digest."""
    domain = StatementDomain(bundle.anchor.chain_id, bundle.anchor.contract)
    digest = statement_digest(domain, "Submission", bundle.submission.message)
    try:
        signer = recover(digest, bundle.submission.signature)
    except SignatureError as error:
        raise VerificationError(7, error.detail) from error
    if signer != bundle.submission.signer:
        raise VerificationError(
            7,
            "the submission was signed by another key",
            expected=bundle.submission.signer,
            actual=signer,
            blames="whoever altered the submission",
        )
    return digest


def check_entitlement(bundle: Bundle, facts: ChainFacts) -> tuple[str, ...]:
    """Step 8: the signer was entitled at `signedAt`, and still counts where it was anchored; returns notices."""
    message, signer = bundle.submission.message, bundle.submission.signer
    refusal = why_not_publishable(facts.history, message, signer)
    anchored = _anchoring_point(bundle, facts.history)
    if refusal is None and anchored is not None:
        refusal = why_not_anchorable(facts.history, message, signer, anchored)
    if refusal is not None:
        raise VerificationError(8, refusal, actual=signer, blames=f"agency {message['publisher']} or its gateway")
    notices = []
    if anchored is not None and is_late(facts.history, message, anchored):
        notices.append(f"gateway {message['gateway']} broke its promise: anchored later than anchorDelay allows")
    suspect_from = facts.history.keys[signer].suspect_from
    if suspect_from and message["signedAt"] >= suspect_from:
        notices.append("the signing key was later called suspect since before the signature")
    return tuple(notices)


def _anchoring_point(bundle: Bundle, history: History) -> Point | None:
    anchor = history.anchor(bundle.anchor.gateway, bundle.anchor.batch)
    if anchor is not None:
        return anchor.point
    block = history.blocks.get(bundle.anchor.block)
    return Point(block.number, END_OF_BLOCK, block.time) if block else None


def check_entry_proof(bundle: Bundle, digest: bytes) -> bytes:
    """Step 9: the anchor is the submission's gateway's, and the entry leads to its root; returns the entry digest."""
    anchor, submission = bundle.anchor, bundle.submission
    if anchor.gateway != submission.message["gateway"]:
        raise VerificationError(
            9,
            "the anchor is another gateway's",
            expected=str(submission.message["gateway"]),
            actual=str(anchor.gateway),
            blames=f"gateway {anchor.gateway}",
        )
    if not anchor.first_sequence <= bundle.sequence < anchor.first_sequence + anchor.leaf_count:
        raise VerificationError(9, "the sequence lies outside the batch", actual=str(bundle.sequence))
    entry = entry_digest(digest, submission.signer, submission.signature, submission.sealed_hash)
    leaf = entry_leaf(EntryType.SUBMISSION, bundle.sequence, entry)
    if not leads_to(leaf, bundle.entry_proof, anchor.root, anchor.leaf_count):
        raise VerificationError(
            9,
            "the entry is not under the anchor's root",
            expected=to_hex(anchor.root),
            blames=f"gateway {anchor.gateway}",
        )
    return entry


def check_anchor(bundle: Bundle, facts: ChainFacts) -> None:
    """Step 10: that batch stands in that stream, transaction and block, written by the pinned contract."""
    claim, trust = bundle.anchor, facts.trust
    blames = f"gateway {claim.gateway}"
    for name, pin in trust.contracts.items():
        if facts.chain.contracts.get(name) != pin:
            raise VerificationError(10, f"{name} on chain is not the contract that is trusted", blames="the chain")
    line = {one.name: one.address for one in trust.line.contracts(facts.history)}
    if claim.chain_id != trust.chain_id or claim.contract not in line.values():
        raise VerificationError(10, "the anchor is of another chain or contract", blames=blames)
    anchor = facts.history.anchor(claim.gateway, claim.batch)
    if anchor is None or claim.contract != line.get(anchor.contract):
        raise VerificationError(10, f"batch {claim.batch} was never anchored", blames=blames)
    on_chain = (
        anchor.root,
        anchor.leaf_count,
        anchor.first_sequence,
        anchor.transaction,
        anchor.point.block,
    )
    if on_chain != (claim.root, claim.leaf_count, claim.first_sequence, claim.transaction, claim.block):
        raise VerificationError(
            10,
            f"batch {claim.batch} stands otherwise on chain",
            expected=to_hex(anchor.root),
            actual=to_hex(claim.root),
            blames=blames,
        )


def marks_and_versions(bundle: Bundle, facts: ChainFacts) -> tuple[str, ...]:
    """Step 11, as far as the chain shows: marks on the record, a repudiated batch; newer versions need an export."""
    view, publisher = bundle.view, bundle.submission.message["publisher"]
    if (view.version == 1) != (not any(view.previous)):
        raise VerificationError(11, "version 1 is the one whose `previous` is zero", blames=f"agency {publisher}")
    notices = []
    newest = facts.history.newest_block
    as_of = AsOf(newest.time if newest else 0)
    erasure = erasure_of(facts.history, view.record_id, publisher, view.version, as_of)
    for mark in sorted(facts.history.marks_by(view.record_id, publisher, view.version, as_of)):
        name = Mark(mark).name.lower() if mark in _MARKS else str(mark)
        if mark == Mark.ERASED and erasure is not None:
            name += f" at block {erasure.marked.block}"
        notices.append(f"the publisher marked this record {name}")
    for facts_of_mark in facts.history.marks.get(view.record_id, ()):
        if facts_of_mark.agency != publisher and facts_of_mark.mark == Mark.DISPUTED:
            notices.append(f"agency {facts_of_mark.agency} disputes this record")
    anchor = facts.history.anchor_of[bundle.anchor.gateway, bundle.anchor.batch]
    repudiation = facts.history.governance.repudiation(anchor.gateway, anchor.batch, anchor.contract)
    if repudiation is not None:
        notices.append(f"batch {repudiation.batch} was repudiated by its gateway in block {repudiation.point.block}")
    notices.append("latest version not established")
    return tuple(notices)
