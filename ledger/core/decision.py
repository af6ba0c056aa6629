"""Who may see what (policy page, table "Decision"): pure, total, ordered; the first failing row is the reason.

The gateway decides with the facts of `factsBlock`; an auditor replays the same function over the same facts. A row is a
predicate over frozen facts. To add a row, put it where the table has it and give it facts of its own; rows are never
reordered and never removed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ledger.core.codes import AgencyKind, Authority, Basis, Mark, Purpose, Refusal, ShareClass
from ledger.core.scope import Scope

HIDING_MARKS = frozenset((Mark.WITHDRAWN, Mark.ERASED))
BREAK_GLASS = frozenset((Authority.EMERGENCY, Authority.PENDING_EMERGENCY))


@dataclass(frozen=True, slots=True)
class ItemRules:
    """What the catalogue says of the item version: share class, bitmaps of purposes and reader kinds."""

    share_class: int
    purposes: int
    reader_kinds: int


@dataclass(frozen=True, slots=True)
class GrantRules:
    """What the facts say of the request or grant that a look names.

    `usable`: approved, in time, neither revoked nor closed on chain or by a received action, its holder active. `scope`
    is None where its document is not known: then it covers nothing.
    """

    reader: int
    holder: int
    item: int
    purpose: int
    basis: int
    usable: bool
    scope: Scope | None


@dataclass(frozen=True, slots=True)
class ConsentRules:
    """What the facts say of the consent that a look rests on.

    `live`: recorded, in time, withdrawn neither on chain nor by a received action. `sound`: given to another than its
    recipient, with text and evidence that bear it (`ledger.core.consent_soundness`). `categories` is a bitmap of
    `DataCategory`; `scope` is None where its document is not known.
    """

    recipient: int
    holder: int
    purpose: int
    categories: int
    live: bool
    sound: bool
    scope: Scope | None


@dataclass(frozen=True, slots=True)
class EmergencyRules:
    """What the facts say of the reader's emergency that a look names: `live` = not over, co-signed in time."""

    live: bool
    lists_item: bool
    region: str
    """Prefix of the region codes that it opens."""
    same_case: bool
    """The look carries the commitment of the case for which it was opened."""


@dataclass(frozen=True, slots=True)
class LookFacts:
    """What is asked, and what the facts say of it, for one look.

    `requested_open` and `permitted_open` are bitmaps of slots: what the look would open, and what its authority opens
    at most; `categories` is the bitmap of `DataCategory` of what it would open. `basis_reference` and `case_reference`
    say whether the look (or its grant) carries such a commitment. `grant`, `consent` and `emergency` are there where
    the look names one that the facts know.
    """

    key_entitled: bool
    item: ItemRules | None
    reader: int
    reader_kind: int
    purpose: int
    basis: int
    basis_reference: bool
    case_reference: bool
    authority: int
    authority_id_matches: bool
    requested_open: int
    permitted_open: int
    facts_stale: bool
    item_number: int = 0
    grant: GrantRules | None = None
    consent: ConsentRules | None = None
    emergency: EmergencyRules | None = None
    categories: int = 0
    quota_left: bool = True


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """What the facts say of one record that the look would open.

    `same_subject`: the record is about the person of the consent, or about the resident who looks. Region, time (Unix
    seconds) and class are those of the reserved slots, None where the record has none.
    """

    at_this_gateway: bool
    publisher: int
    marks: frozenset[int]
    same_subject: bool = False
    record_id: bytes = b""
    region: str | None = None
    occurred_at: int | None = None
    record_class: str | None = None


@dataclass(frozen=True, slots=True)
class Permitted:
    """The look may open `open` (bitmap of slots) under `authority`."""

    authority: Authority
    open: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The look may not be served, for the first reason in the table's order."""

    reason: Refusal


Decision = Permitted | Refused


def decide(look: LookFacts, record: RecordFacts | None = None) -> Decision:
    """Decide a look at one record, or (record None) whether a search may be answered at all.

    Total: every input gives Permitted or Refused. Source: policy page, table of the decision.
    """
    for reason, fails in _ROWS:
        if fails(look, record):
            return Refused(reason)
    return Permitted(Authority(look.authority), look.requested_open)


def _key_not_entitled(look: LookFacts, _: RecordFacts | None) -> bool:
    return not look.key_entitled


def _item_unknown(look: LookFacts, record: RecordFacts | None) -> bool:
    return look.item is None or (record is not None and not record.at_this_gateway)


def _purpose_not_allowed(look: LookFacts, _: RecordFacts | None) -> bool:
    if look.item is None or look.purpose not in _PURPOSES:
        return True
    if look.authority == Authority.OWN:
        return False
    if look.authority in (Authority.AUDIT, Authority.SELF) and look.purpose != Purpose.RIGHTS_AND_AUDIT:
        return True
    if look.authority == Authority.AUDIT:
        return False
    if look.reader_kind not in _KINDS or not look.item.reader_kinds >> look.reader_kind & 1:
        return True
    return look.authority != Authority.SELF and not look.item.purposes >> look.purpose & 1


def _item_not_shared(look: LookFacts, _: RecordFacts | None) -> bool:
    if look.item is None or look.authority in (Authority.OWN, Authority.AUDIT):
        return False
    return look.item.share_class == ShareClass.NOT_SHARED


def _no_authority(look: LookFacts, record: RecordFacts | None) -> bool:
    if not look.authority_id_matches or look.item is None:
        return True
    if look.authority == Authority.CLASS1:
        return look.item.share_class != ShareClass.UNCONDITIONAL
    if look.authority == Authority.GRANT:
        return look.grant is None or look.item.share_class != ShareClass.CONDITIONAL
    if look.authority in BREAK_GLASS:
        return look.emergency is None
    if look.authority == Authority.OWN:
        return record is None or record.publisher != look.reader
    if look.authority == Authority.SELF:
        return record is not None and not record.same_subject
    return look.authority != Authority.AUDIT


def _grant_mismatch(look: LookFacts, record: RecordFacts | None) -> bool:
    grant = look.grant
    if look.authority != Authority.GRANT or grant is None:
        return False
    asked = look.reader, look.item_number, look.purpose, look.basis
    if asked != (grant.reader, grant.item, grant.purpose, grant.basis):
        return True
    return record is not None and record.publisher != grant.holder


def _grant_not_usable(look: LookFacts, _: RecordFacts | None) -> bool:
    return look.authority == Authority.GRANT and look.grant is not None and not look.grant.usable


def _basis_incomplete(look: LookFacts, record: RecordFacts | None) -> bool:
    if look.basis == Basis.EMERGENCY:
        return not look.case_reference or _is_of_another_case(look)
    if look.authority in BREAK_GLASS or look.basis not in _BASES:
        return True
    if look.basis == Basis.CONSENT:
        return look.consent is None or _is_beyond(look.consent, look, record)
    return not look.basis_reference


def _is_of_another_case(look: LookFacts) -> bool:
    return look.authority in BREAK_GLASS and look.emergency is not None and not look.emergency.same_case


def _is_beyond(consent: ConsentRules, look: LookFacts, record: RecordFacts | None) -> bool:
    """Say whether a look, or the record (None: the page at all), is not what the person consented to."""
    if not (consent.live and consent.sound) or (consent.recipient, consent.purpose) != (look.reader, look.purpose):
        return True
    if look.categories & ~consent.categories:
        return True
    if record is None:
        return consent.scope is None
    return consent.holder != record.publisher or not record.same_subject or _is_outside(consent.scope, record)


def _out_of_scope(look: LookFacts, record: RecordFacts | None) -> bool:
    if look.authority != Authority.GRANT or look.grant is None:
        return False
    return look.grant.scope is None if record is None else _is_outside(look.grant.scope, record)


def _is_outside(scope: Scope | None, record: RecordFacts) -> bool:
    return scope is None or not scope.covers(record.record_id, record.region, record.occurred_at, record.record_class)


def _emergency_not_live(look: LookFacts, record: RecordFacts | None) -> bool:
    emergency = look.emergency
    if look.authority not in BREAK_GLASS or emergency is None:
        return False
    if not emergency.live or not emergency.lists_item:
        return True
    return record is not None and not (record.region or "").startswith(emergency.region)


def _record_withdrawn(_: LookFacts, record: RecordFacts | None) -> bool:
    return record is not None and not HIDING_MARKS.isdisjoint(record.marks)


def _profile_too_wide(look: LookFacts, _: RecordFacts | None) -> bool:
    return bool(look.requested_open & ~look.permitted_open)


def _quota_exhausted(look: LookFacts, _: RecordFacts | None) -> bool:
    return not look.quota_left


def _facts_stale(look: LookFacts, _: RecordFacts | None) -> bool:
    return look.facts_stale


_PURPOSES = frozenset(Purpose)
_KINDS = frozenset(AgencyKind)
_BASES = frozenset(Basis)
_ROWS: tuple[tuple[Refusal, Callable[[LookFacts, RecordFacts | None], bool]], ...] = (
    (Refusal.KEY_NOT_ENTITLED, _key_not_entitled),
    (Refusal.ITEM_UNKNOWN, _item_unknown),
    (Refusal.PURPOSE_NOT_ALLOWED, _purpose_not_allowed),
    (Refusal.ITEM_NOT_SHARED, _item_not_shared),
    (Refusal.NO_AUTHORITY, _no_authority),
    (Refusal.GRANT_MISMATCH, _grant_mismatch),
    (Refusal.GRANT_NOT_USABLE, _grant_not_usable),
    (Refusal.BASIS_INCOMPLETE, _basis_incomplete),
    (Refusal.OUT_OF_SCOPE, _out_of_scope),
    (Refusal.EMERGENCY_NOT_LIVE, _emergency_not_live),
    (Refusal.RECORD_WITHDRAWN, _record_withdrawn),
    (Refusal.PROFILE_TOO_WIDE, _profile_too_wide),
    (Refusal.QUOTA_EXHAUSTED, _quota_exhausted),
    (Refusal.FACTS_STALE, _facts_stale),
)
