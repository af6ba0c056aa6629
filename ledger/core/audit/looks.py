"""Looks of an export: the request behind each, what was opened, and the facts that the decision used.

What needs the opened records themselves (decision per record, versions, served roots) is checked in `crossing`.
"""

from collections.abc import Iterator

from ledger.core.access_facts import ConsentFacts
from ledger.core.audit.checks import Tally
from ledger.core.audit.ground import Ground
from ledger.core.audit.requests import AUTHORITY_NAMES, KeptRequest, parse_base
from ledger.core.audit.rows import GRANT_USE, REQUEST, OnceRow, OpeningRow
from ledger.core.codes import Authority, EntryType
from ledger.core.entitlement import CLOCK_SKEW_SECONDS
from ledger.core.export import ExportedEntry, ExportedLook
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.history import AsOf, Point
from ledger.core.look import Look, bounding_profile, categories_of, consent_id, facts_are_stale, item_version, moment
from ledger.core.mask_policy import MaskPolicy
from ledger.core.merkle import MerkleTree, opening_leaf
from ledger.core.receipt import Opening
from ledger.core.statements import OWN_TIME
from ledger.errors import FormatError, SignatureError

LOOK_TYPES = (EntryType.DISCLOSURE, EntryType.REFUSAL, EntryType.QUERY)
_NUMBERS = {"gongzhi-item": "item", "gongzhi-purpose": "purpose", "gongzhi-basis": "basis"}
AUTHORITY_IDS = {Authority.GRANT: "gongzhi-grant", Authority.EMERGENCY: "gongzhi-emergency"}
"""The header that names the grant or emergency."""
CONSENT_UNREAD = "looks and questions by consents that are sound if received before what was read: read all of it"
_COMMITMENTS = {"gongzhi-officer": "officer", "gongzhi-case": "caseRef"}


def check_request(ground: Ground, tally: Tally, entry: ExportedEntry, look: ExportedLook) -> KeptRequest | None:
    """Check `look.request` and `look.headers`; returns the request if it is the one that the entry answers."""
    message, subject = entry.message, f"entry {entry.sequence}"
    try:
        request = parse_base(look.base)
        refusal = "its hash is another" if request.request != message["request"] else None
        if refusal is None:
            own_time = message[OWN_TIME[entry.statement]]
            key = message["readerKey"]
            refusal = request.why_not_signed(key, look.signature, ground.domain.chain_id, own_time)
            request.commitment("gongzhi-basis-ref")  # the decision reads it, so it must be one
        difference = None if refusal else _difference(entry, request)
    except (FormatError, SignatureError) as error:
        request, refusal, difference = None, error.detail, None
    expected = f"a request by {message['readerKey']} with hash {to_hex(message['request'])}"
    if not tally.judge("look.request", refusal is None, subject, expected, refusal or "", ground.blamed):
        return None
    expected = "the request's words in the statement"
    tally.judge("look.headers", difference is None, subject, expected, f"another {difference}", ground.blamed)
    return request


def use_row(entry: ExportedEntry) -> OnceRow | None:
    """Return what `look.uses` is checked from, None unless the entry is a look under a grant."""
    message = entry.message
    if entry.entry_type is not EntryType.DISCLOSURE or message["authority"] != Authority.GRANT:
        return None
    return OnceRow(GRANT_USE, bytes(4) + message["authorityId"], entry.sequence)


def request_row(entry: ExportedEntry) -> OnceRow:
    """Return what `look.request-once` is checked from."""
    return OnceRow(REQUEST, bytes(4) + entry.message["request"], entry.sequence)


def _difference(entry: ExportedEntry, request: KeptRequest) -> str | None:
    message = entry.message
    must_say = entry.entry_type is EntryType.DISCLOSURE
    for header, member in _NUMBERS.items():
        if member in message and (must_say or header in request.lines) and request.number(header) != message[member]:
            return member
    for header, member in _COMMITMENTS.items():
        if member in message and request.commitment(header) != message[member]:
            return member
    if "authority" in message:
        name = request.lines.get("gongzhi-authority", "class1")
        said = message["authority"]
        said = Authority.EMERGENCY if said == Authority.PENDING_EMERGENCY else said
        if (must_say or name in AUTHORITY_NAMES) and AUTHORITY_NAMES.get(name) != said:
            return "authority"
        named_by = AUTHORITY_IDS.get(said)
        if named_by is not None and request.commitment(named_by) != message["authorityId"]:
            return "authorityId"
    if must_say and "gongzhi-profile" in request.lines and request.commitment("gongzhi-profile") != message["profile"]:
        return "profile"
    return None


def check_target(ground: Ground, tally: Tally, entry: ExportedEntry, look: ExportedLook, request: KeptRequest) -> None:
    """Check `look.target`: who asked for one record got that record, or nothing."""
    asked = request.record_id
    if asked is not None:
        others = sum(opening.record_id != asked for opening in look.openings)
        found = f"{others} other records"
        tally.judge("look.target", not others, f"entry {entry.sequence}", to_hex(asked), found, ground.blamed)


def check_openings(ground: Ground, tally: Tally, entry: ExportedEntry, look: ExportedLook) -> None:
    """Check `look.openings`: the recomputed tree has the signed root and count; zero for both if nothing opened."""
    root, openings, detail = bytes(32), look.openings, ""
    signed_root, signed_count = entry.message.get("openingsRoot", root), entry.message.get("recordCount", 0)
    if openings:
        leaves = [opening_leaf(o.record_id, o.version, o.record_root, o.opened) for o in openings]
        try:
            root = MerkleTree(leaves).root
        except FormatError as error:
            detail = error.detail
    holds = not detail and (root, len(openings)) == (signed_root, signed_count)
    expected = f"{signed_count} openings under {to_hex(signed_root)}"
    found = detail or f"{len(openings)} under {to_hex(root)}"
    tally.judge("look.openings", holds, f"entry {entry.sequence}", expected, found, ground.blamed)


def check_facts(ground: Ground, tally: Tally, entry: ExportedEntry, anchored: Point) -> bool:
    """Check `look.facts` of any look; returns whether a decision can be replayed over its facts block at all."""
    fault = _fault_of_facts(ground, entry, anchored)
    expected = "a fresh facts block before the anchoring one, and the newest batch at it"
    tally.judge("look.facts", fault is None, f"entry {entry.sequence}", expected, fault or "", ground.blamed)
    return entry.message["factsBlock"] in ground.history.blocks


def _fault_of_facts(ground: Ground, entry: ExportedEntry, anchored: Point) -> str | None:
    message, history = entry.message, ground.history
    own_time: int = message[OWN_TIME[entry.statement]]
    block = history.blocks.get(message["factsBlock"])
    if block is None:
        return f"block {message['factsBlock']} is not there"
    if block.number >= anchored.block:
        return f"block {block.number} is not before block {anchored.block}, where the entry is anchored"
    if block.time > own_time + CLOCK_SKEW_SECONDS:
        return f"block {block.number} has time {block.time}, the statement {own_time}"
    if entry.entry_type is EntryType.REFUSAL:
        return None
    # A query rests on no authority: its facts are as fresh as those of a class-1 look.
    if facts_are_stale(history, block.number, own_time, message.get("authority", Authority.CLASS1)):
        return f"block {block.number} was stale at {own_time}"
    if entry.entry_type is EntryType.QUERY:
        return None
    newest = history.newest_batch(ground.gateway, history.at_block(block.number))
    return None if message["asOfBatch"] == newest else f"asOfBatch {message['asOfBatch']} instead of {newest}"


def opening_look(entry: ExportedEntry, request: KeptRequest) -> Look:
    """Return what a disclosure says that it answered, as the decision takes it."""
    message = entry.message
    return Look(
        gateway=message["gateway"],
        reader=message["reader"],
        reader_key=message["readerKey"],
        item=message["item"],
        item_version=message["itemVersion"],
        purpose=message["purpose"],
        basis=message["basis"],
        basis_ref=request.commitment("gongzhi-basis-ref"),
        case_ref=request.commitment("gongzhi-case"),
        authority=message["authority"],
        authority_id=message["authorityId"],
        profile=message["profile"],
    )


def opening_rows_of(
    ground: Ground, tally: Tally, entry: ExportedEntry, look: ExportedLook, request: KeptRequest, anchored: Point
) -> Iterator[OpeningRow]:
    """Yield what the checks across records need of each opening of a disclosure whose facts block is there.

    A disclosure that opened nothing gives one row of version 0: whether it might be answered at all.
    """
    message, said = entry.message, opening_look(entry, request)
    as_of = moment(ground.history, message["factsBlock"], message["disclosedAt"])
    args = item_version(ground.history, said, as_of)
    permitted = 0
    if args is not None and said.authority not in (Authority.OWN, Authority.AUDIT):
        permitted = _permitted_open(ground, tally, said, as_of, from_hex(args["schemaHash"]))
    schema = None if args is None else ground.schema(from_hex(args["schemaHash"]))
    nothing = Opening(message["request"], 0, bytes(32), 0)
    for opening in look.openings or (nothing,):
        free = said.authority in (Authority.OWN, Authority.AUDIT)
        yield OpeningRow(
            record_id=opening.record_id,
            version=opening.version,
            record_root=opening.record_root,
            opened=opening.opened.to_bytes(32, "big"),
            sequence=entry.sequence,
            reader=said.reader,
            anchored_time=anchored.time,
            reader_key=bytes.fromhex(said.reader_key[2:]),
            item=said.item,
            item_version=said.item_version,
            purpose=said.purpose,
            basis=said.basis,
            authority=said.authority,
            authority_id=said.authority_id,
            profile=said.profile,
            facts_block=message["factsBlock"],
            disclosed_at=message["disclosedAt"],
            as_of_batch=message["asOfBatch"],
            asked_version=request.version,
            permitted_open=(opening.opened if free else permitted).to_bytes(32, "big"),
            basis_ref=said.basis_ref,
            case_ref=said.case_ref,
            categories=0 if schema is None else categories_of(schema, opening.opened),
        )


def _permitted_open(ground: Ground, tally: Tally, said: Look, as_of: AsOf, schema_hash: bytes) -> int:
    """Return what the stated profile and the one that bounds the look both open; checks that documents are there."""
    history = ground.history

    def policy_of(policy_hash: bytes) -> MaskPolicy | None:
        policy = ground.mask_policy_of(policy_hash)
        if policy is None and any(policy_hash):
            subject = f"mask policy of item {said.item} version {said.item_version}"
            tally.fail("document.present", subject, to_hex(policy_hash), "no usable document", ground.blamed)
        return policy

    bound = bounding_profile(history, said, as_of, policy_of)
    permitted = -1
    for profile_hash in {said.profile, bound or bytes(32)}:
        bitmap = ground.profile_bitmap(profile_hash, schema_hash)
        if bitmap is None and any(profile_hash):
            subject = f"profile of item {said.item} version {said.item_version}"
            tally.fail("document.present", subject, to_hex(profile_hash), "no usable document", ground.blamed)
        permitted &= bitmap or 0
    access = history.accesses.get(said.authority_id) if said.authority == Authority.GRANT else None
    consent = history.consents.get(consent_id(history, said) or b"")
    for facts, what in ((access, "request"), (consent, "consent")):
        if facts is not None and ground.scope_of(facts.scope_hash) is None:
            subject = f"scope of {what} {to_hex(facts.id)}"
            tally.fail("document.present", subject, to_hex(facts.scope_hash), "no usable document", ground.blamed)
    fault = None if consent is None else ground.why_unsound(consent)
    if consent is not None and fault is not None:
        subject, expected = f"consent {to_hex(consent.id)}", "a consent that bears the looks that rest on it"
        tally.fail("consent.evidence", subject, expected, fault, ground.blamed)
    note_unread(ground, tally, consent)
    return permitted


def note_unread(ground: Ground, tally: Tally, consent: ConsentFacts | None) -> None:
    """Count `consent.evidence` as skipped, and tell it, where a consent is sound by a message that was not read."""
    if consent is not None and ground.is_sound_by_what_was_not_read(consent):
        tally.skipped["consent.evidence"] += 1
        tally.notices[CONSENT_UNREAD] += 1
