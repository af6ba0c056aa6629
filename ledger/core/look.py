"""From chain history and received actions to the facts of a decision: the same for gateway and auditor."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.core.access_facts import ConsentFacts, EmergencyFacts
from ledger.core.codes import Authority, Basis, DataCategory, Role
from ledger.core.decision import (
    BREAK_GLASS,
    ConsentRules,
    EmergencyRules,
    GrantRules,
    ItemRules,
    LookFacts,
    RecordFacts,
)
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import from_hex
from ledger.core.history import END_OF_BLOCK, AsOf, History, Point
from ledger.core.mask_policy import MaskPolicy
from ledger.core.received import ReceivedFacts
from ledger.core.schema import Schema
from ledger.core.scope import Scope
from ledger.core.stored import SearchKeys


@dataclass(frozen=True, slots=True)
class Look:
    """What a reader asks, or what a disclosure says that it answered.

    `item_version` is the version whose rules apply (that of the records served). `authority_id` is the document hash of
    the item version for CLASS1, the id of the grant or emergency, else zero. `profile` is the one that is served under,
    zero for OWN and AUDIT. `basis_ref` is the id of a consent where `basis` is LB1, otherwise a salted commitment;
    `basis_ref` and `case_ref` are zero where the look states none.
    """

    gateway: int
    reader: int
    reader_key: str
    item: int
    item_version: int
    purpose: int
    basis: int
    basis_ref: bytes
    case_ref: bytes
    authority: int
    authority_id: bytes
    profile: bytes


@dataclass(frozen=True)
class Ground:
    """What the facts of a look stand on: history, the actions received by then, scope documents by their hash, and
    whether a consent is sound, as its text and evidence say.
    """

    history: History
    received: ReceivedFacts
    scope_of: Callable[[bytes], Scope | None]
    is_sound: Callable[[ConsentFacts], bool]


def moment(history: History, facts_block: int, at: int) -> AsOf:
    """Return the moment of a decision: state at the end of `factsBlock`, validity judged at time `at`."""
    return AsOf(at, end_of(history, facts_block))


def end_of(history: History, block: int) -> Point:
    """Return the place behind every event of a block; raises HistoryError if the block is not there."""
    return Point(block, END_OF_BLOCK, history.at_block(block).time)


def item_version(history: History, look: Look, as_of: AsOf) -> Mapping[str, Any] | None:
    """Return the catalogue's args of the look's item version, None if unknown or retired by then."""
    item = history.items.get(look.item)
    return item.version(look.item_version, as_of) if item else None


def objects_of(history: History, look: Look) -> tuple[bytes, ...]:
    """Return the ids of grant, consent and emergency that a look rests on: what received actions may bear on."""
    ids = []
    if look.authority == Authority.GRANT or look.authority in BREAK_GLASS:
        ids.append(look.authority_id)
    consent = consent_id(history, look)
    if consent is not None:
        ids.append(consent)
    return tuple(ids)


def consent_id(history: History, look: Look) -> bytes | None:
    """Return the consent that a look with basis LB1 rests on: its grant's, else the one that it states."""
    if look.basis != Basis.CONSENT:
        return None
    access = history.accesses.get(look.authority_id) if look.authority == Authority.GRANT else None
    return access.basis_ref if access is not None else look.basis_ref


def scopes_named(history: History, look: Look) -> set[bytes]:
    """Return the hashes of the scopes that bound a look: that of its grant, and that of the consent it rests on."""
    access = history.accesses.get(look.authority_id) if look.authority == Authority.GRANT else None
    consent = history.consents.get(consent_id(history, look) or b"")
    return {bound.scope_hash for bound in (access, consent) if bound is not None}


def bounding_profile(
    history: History, look: Look, as_of: AsOf, policy_of: Callable[[bytes], MaskPolicy | None]
) -> bytes | None:
    """Return the hash of the profile that bounds a look, None where nothing may open; zero for OWN and AUDIT.

    CLASS1: the item's class-1 profile. GRANT: the granted one, if the mask policy of the granted item version lists it.
    Emergencies and SELF: what the item's mask policy lists for them.
    """
    if look.authority in (Authority.OWN, Authority.AUDIT):
        return ZERO32
    args = item_version(history, look, as_of)
    if args is None:
        return None
    if look.authority == Authority.CLASS1:
        return from_hex(args["class1Profile"])
    if look.authority == Authority.GRANT:
        return _granted_profile(history, look, as_of, policy_of)
    policy = policy_of(from_hex(args["maskPolicyHash"]))
    if policy is None:
        return None
    return policy.self_profile() if look.authority == Authority.SELF else policy.emergency_profile(look.purpose)


def _granted_profile(
    history: History, look: Look, as_of: AsOf, policy_of: Callable[[bytes], MaskPolicy | None]
) -> bytes | None:
    access = history.accesses.get(look.authority_id)
    if access is None or access.grant is None or not access.is_granted(as_of):
        return None
    item = history.items.get(access.item)
    args = None if item is None else item.version(access.grant.item_version, as_of)
    policy = None if args is None else policy_of(from_hex(args["maskPolicyHash"]))
    listed = None if policy is None else policy.listed(access.grant.profile)
    return listed.profile if listed is not None and listed.serves(access.purpose) else None


def categories_of(schema: Schema, opened: int) -> int:
    """Return the bitmap of `DataCategory` of the slots in bitmap `opened`; slots of class O are in no category."""
    bitmap = 0
    for place, slot in enumerate(schema.slots):
        if opened >> place & 1 and slot.data_class != "O":
            bitmap |= (DataCategory.SENSITIVE if slot.data_class == "S" else DataCategory.GENERAL).bit
    return bitmap


def look_facts(
    ground: Ground,
    look: Look,
    as_of: AsOf,
    *,
    requested_open: int,
    permitted_open: int,
    categories: int,
    facts_stale: bool,
    quota_left: bool = True,
) -> LookFacts:
    """Return the facts of a decision about `look`.

    `requested_open` is what the look would open and `permitted_open` what its bounding profile opens (bitmaps, the same
    for OWN and AUDIT); `categories` those of what it would open.
    """
    history = ground.history
    args = item_version(history, look, as_of)
    role = Role.AUDIT if look.authority == Authority.AUDIT else Role.READ
    agency = history.agencies.get(look.reader)
    grant = grant_rules(ground, look, as_of)
    return LookFacts(
        key_entitled=history.why_not_entitled(look.reader_key, role, look.reader, as_of) is None,
        item=ItemRules(args["shareClass"], args["purposes"], args["readerKinds"]) if args else None,
        reader=look.reader,
        reader_kind=agency.kind if agency else 0,
        purpose=look.purpose,
        basis=look.basis,
        # A request always states its reference, and the holder decided by it.
        basis_reference=grant is not None or look.basis_ref != ZERO32,
        case_reference=look.case_ref != ZERO32,
        authority=look.authority,
        authority_id_matches=_names_its_authority(look, args),
        requested_open=requested_open,
        permitted_open=permitted_open,
        facts_stale=facts_stale,
        item_number=look.item,
        grant=grant,
        consent=consent_rules(ground, look, as_of),
        emergency=emergency_rules(ground, look, as_of),
        categories=categories,
        quota_left=quota_left,
    )


def _names_its_authority(look: Look, args: Mapping[str, Any] | None) -> bool:
    if look.authority == Authority.CLASS1:
        return args is not None and look.authority_id == from_hex(args["documentHash"])
    if look.authority == Authority.GRANT or look.authority in BREAK_GLASS:
        return True  # whether there is such a grant or emergency is asked by its own facts
    if look.authority in (Authority.OWN, Authority.AUDIT) and look.profile != ZERO32:
        return False
    return look.authority_id == ZERO32


def grant_rules(ground: Ground, look: Look, as_of: AsOf) -> GrantRules | None:
    """Return what the facts say of the request or grant that a look names, None if they know none."""
    access = ground.history.accesses.get(look.authority_id) if look.authority == Authority.GRANT else None
    if access is None or not as_of.covers(access.requested):
        return None
    usable = (
        access.is_usable(as_of)
        and access.id not in ground.received.revoked
        and ground.history.agencies[access.holder].is_active(as_of)
    )
    scope = ground.scope_of(access.scope_hash)
    return GrantRules(access.reader, access.holder, access.item, access.purpose, access.basis, usable, scope)


def consent_rules(ground: Ground, look: Look, as_of: AsOf) -> ConsentRules | None:
    """Return what the facts say of the consent that a look with basis LB1 rests on, None if they know none."""
    wanted = consent_id(ground.history, look)
    consent = None if wanted is None else ground.history.consents.get(wanted)
    if consent is None or not as_of.covers(consent.recorded):
        return None
    live = consent.is_live(as_of) and consent.id not in ground.received.withdrawn
    scope, sound = ground.scope_of(consent.scope_hash), ground.is_sound(consent)
    return ConsentRules(consent.recipient, consent.holder, consent.purpose, consent.categories, live, sound, scope)


def emergency_rules(ground: Ground, look: Look, as_of: AsOf) -> EmergencyRules | None:
    """Return what the facts say of the reader's emergency that a look names, None if they know none of his."""
    if look.authority == Authority.EMERGENCY:
        return _mined_emergency(ground, look, as_of)
    if look.authority == Authority.PENDING_EMERGENCY:
        return _pending_emergency(ground, look, as_of)
    return None


def _mined_emergency(ground: Ground, look: Look, as_of: AsOf) -> EmergencyRules | None:
    emergency = ground.history.emergencies.get(look.authority_id)
    if emergency is None or not as_of.covers(emergency.opened) or emergency.agency != look.reader:
        return None
    live = emergency.is_live(as_of) or _is_prolonged(ground, emergency, as_of)
    live = live and emergency.id not in ground.received.ended
    same_case = look.case_ref == emergency.case_ref
    return EmergencyRules(live, look.item in emergency.items, str(emergency.region), same_case)


def _is_prolonged(ground: Ground, emergency: EmergencyFacts, as_of: AsOf) -> bool:
    """Say whether a co-signature that was received in time, and that the facts do not show, keeps it open."""
    if (emergency.ended is not None and as_of.covers(emergency.ended)) or as_of.time >= emergency.expires_at:
        return False
    return _is_co_signed(ground, emergency.id, emergency.agency, emergency.unsigned_until, as_of)


def _is_co_signed(ground: Ground, emergency: bytes, agency: int, before: int, as_of: AsOf) -> bool:
    """Say whether a SUPERVISE key of the agency co-signed an emergency, as was received before a time.

    Once the chain has gone beyond the promised block, what counts is what it shows: it may have refused.
    """
    return any(
        one.received_at < before
        and _seen_at(as_of) <= one.include_by
        and ground.history.why_not_entitled(one.key, Role.SUPERVISE, agency, as_of) is None
        for one in ground.received.co_signed.get(emergency, ())
    )


def _seen_at(as_of: AsOf) -> int:
    """Return the time of the newest block that a moment knows."""
    return as_of.time if as_of.point is None else as_of.point.time


def _was_opened(history: History, agency: int, case_ref: bytes, as_of: AsOf) -> bool:
    """Say whether the agency had opened this case before: again only with a supervisor, who signs at once."""
    emergencies = tuple(history.emergencies.values())
    return any((e.agency, e.case_ref) == (agency, case_ref) and as_of.covers(e.opened) for e in emergencies)


def _pending_emergency(ground: Ground, look: Look, as_of: AsOf) -> EmergencyRules | None:
    """An emergency that was received and is not mined lives until the chain has gone beyond its promised block.

    While the chain stands still the promise is not broken, and break-glass does not block.
    """
    history = ground.history
    emergency = history.emergencies.get(look.authority_id)
    opened = ground.received.opened.get(look.authority_id)
    if opened is None or opened.agency != look.reader or (emergency is not None and as_of.covers(emergency.opened)):
        return None
    message = opened.message
    if history.why_not_entitled(message["key"], Role.EMERGENCY, look.reader, as_of) is not None:
        return None
    unsigned = opened.received_at + history.parameter("emergencyLifeUnsigned", as_of)
    is_signed = history.why_not_entitled(message["supervisor"], Role.SUPERVISE, look.reader, as_of) is None
    if not is_signed and _was_opened(history, look.reader, message["caseRef"], as_of):
        return None
    is_signed = is_signed or _is_co_signed(ground, look.authority_id, look.reader, unsigned, as_of)
    longest = opened.received_at + history.parameter("emergencyLife", as_of) if is_signed else unsigned
    ends_at = min(message["expiresAt"], longest)
    live = (
        as_of.time < ends_at and _seen_at(as_of) <= opened.include_by and look.authority_id not in ground.received.ended
    )
    same_case = look.case_ref == message["caseRef"]
    return EmergencyRules(live, look.item in message["items"], str(message["region"]), same_case)


def record_facts(
    history: History,
    look: Look,
    as_of: AsOf,
    *,
    record_id: bytes,
    version: int,
    publisher: int,
    gateway: int,
    keys: SearchKeys,
    same_subject: bool,
) -> RecordFacts:
    """Return the facts about one record: gateway, publisher, the publisher's marks, its reserved slots.

    `same_subject`: whether it is about the person of the look's consent, or the resident who looks.
    """
    marks = history.marks_by(record_id, publisher, version, as_of)
    return RecordFacts(
        gateway == look.gateway,
        publisher,
        frozenset(marks),
        same_subject,
        record_id,
        keys.region,
        keys.occurred_at,
        keys.record_class,
    )


def facts_age(authority: int) -> str:
    """Return the name of the parameter by which facts are stale: break-glass passes with a bound of its own.

    An emergency shall open while the chain is away; its bound is the life of one that nobody has co-signed.
    """
    return "emergencyLifeUnsigned" if authority in BREAK_GLASS else "factsAge"


def facts_are_stale(history: History, facts_block: int, disclosed_at: int, authority: int) -> bool:
    """Say whether a block later than `factsBlock` exists with a time ≤ disclosedAt − the bound (formats, section 5)."""
    block = history.blocks[facts_block]
    as_of = AsOf(disclosed_at, Point(block.number, END_OF_BLOCK, block.time))
    age = history.parameter(facts_age(authority), as_of)
    newest = history.newest_block_by(disclosed_at - age)
    return newest is not None and newest.number > facts_block
