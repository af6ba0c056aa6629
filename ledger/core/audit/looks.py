"""Looks of an export: the request behind each, what was opened, and the facts that the decision used.

What needs the opened records themselves (decision per record, versions, served roots) is checked in `crossing`.
"""

from collections.abc import Iterator

from ledger.core.audit.checks import Tally
from ledger.core.audit.ground import Ground
from ledger.core.audit.requests import AUTHORITY_NAMES, KeptRequest, parse_base
from ledger.core.audit.rows import REQUEST, OnceRow, OpeningRow
from ledger.core.codes import Authority, EntryType, Purpose, QueryType, Role
from ledger.core.decision import Permitted, RecordFacts, decide
from ledger.core.entitlement import CLOCK_SKEW_SECONDS
from ledger.core.export import ExportedEntry, ExportedLook
from ledger.core.hexadecimal import to_hex
from ledger.core.history import Point
from ledger.core.look import Look, facts_are_stale, item_version, look_facts, moment
from ledger.core.merkle import MerkleTree, opening_leaf
from ledger.core.statements import OWN_TIME
from ledger.errors import FormatError, SignatureError

LOOK_TYPES = (EntryType.DISCLOSURE, EntryType.REFUSAL, EntryType.QUERY)
_NUMBERS = {"gongzhi-item": "item", "gongzhi-purpose": "purpose", "gongzhi-basis": "basis"}
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
        difference = None if refusal else _difference(entry, request)
    except (FormatError, SignatureError) as error:
        request, refusal, difference = None, error.detail, None
    expected = f"a request by {message['readerKey']} with hash {to_hex(message['request'])}"
    if not tally.judge("look.request", refusal is None, subject, expected, refusal or "", ground.blamed):
        return None
    expected = "the request's words in the statement"
    tally.judge("look.headers", difference is None, subject, expected, f"another {difference}", ground.blamed)
    return request


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
        if (must_say or name in AUTHORITY_NAMES) and AUTHORITY_NAMES.get(name) != message["authority"]:
            return "authority"
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
    if entry.entry_type is not EntryType.DISCLOSURE:
        return None
    if facts_are_stale(history, block.number, own_time):
        return f"block {block.number} was stale at {own_time}"
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
        basis_reference="gongzhi-basis-ref" in request.lines,
        case_reference="gongzhi-case" in request.lines,
        authority=message["authority"],
        authority_id=message["authorityId"],
        profile=message["profile"],
    )


def check_empty_page(ground: Ground, tally: Tally, entry: ExportedEntry, request: KeptRequest) -> None:
    """Check `look.decision` of a disclosure that opened nothing: whether it might be answered at all."""
    look, message = opening_look(entry, request), entry.message
    as_of = moment(ground.history, message["factsBlock"], message["disclosedAt"])
    facts = look_facts(ground.history, look, as_of, requested_open=0, profile_open=0, facts_stale=False)
    # A publisher's page of its own records may be empty: then no record says whose they would have been.
    own = RecordFacts(True, look.reader, frozenset()) if look.authority == Authority.OWN else None
    decision = decide(facts, own)
    refused = "" if isinstance(decision, Permitted) else decision.reason.slug
    tally.judge("look.decision", not refused, f"entry {entry.sequence}", "permitted", refused, ground.blamed)


def opening_rows_of(
    ground: Ground, tally: Tally, entry: ExportedEntry, look: ExportedLook, request: KeptRequest, anchored: Point
) -> Iterator[OpeningRow]:
    """Yield what the checks across records need of each opening of a disclosure whose facts block is there."""
    message, said = entry.message, opening_look(entry, request)
    as_of = moment(ground.history, message["factsBlock"], message["disclosedAt"])
    args = item_version(ground.history, said, as_of)
    profile_open = 0
    if said.authority == Authority.CLASS1 and args is not None:
        bitmap = ground.profile_bitmap(args)
        if bitmap is None:
            subject = f"class-1 profile of item {said.item} version {said.item_version}"
            tally.fail("document.present", subject, args["class1Profile"], "no usable document", ground.blamed)
        profile_open = bitmap or 0
    for opening in look.openings:
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
            profile_open=profile_open.to_bytes(32, "big"),
            basis_reference=int(said.basis_reference),
            case_reference=int(said.case_reference),
        )


def check_query(ground: Ground, tally: Tally, entry: ExportedEntry) -> None:
    """Check `look.decision` of a query: the reader's key was entitled; an export is an audit's, for purpose P12."""
    message = entry.message
    is_export = message["queryType"] == QueryType.EXPORT
    as_of = moment(ground.history, message["factsBlock"], message["answeredAt"])
    role = Role.AUDIT if is_export else Role.READ
    refusal = ground.history.why_not_entitled(message["readerKey"], role, message["reader"], as_of)
    if refusal is None and is_export and message["purpose"] != Purpose.RIGHTS_AND_AUDIT:
        refusal = "an export for another purpose than P12"
    tally.judge("look.decision", refusal is None, f"entry {entry.sequence}", "permitted", refusal or "", ground.blamed)
