"""Who may see what (policy page, table "Decision"): pure, total, ordered; the first failing row is the reason.

The gateway decides with the facts of `factsBlock`; an auditor replays the same function over the same facts. A row is a
predicate over frozen facts. To add a row, put it where the table has it and give it facts of its own; rows are never
reordered and never removed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ledger.core.codes import AgencyKind, Authority, Basis, Mark, Purpose, Refusal, ShareClass

HIDING_MARKS = frozenset((Mark.WITHDRAWN, Mark.ERASED))


@dataclass(frozen=True, slots=True)
class ItemRules:
    """What the catalogue says of the item version: share class, bitmaps of purposes and reader kinds."""

    share_class: int
    purposes: int
    reader_kinds: int


@dataclass(frozen=True, slots=True)
class LookFacts:
    """What is asked, and what the facts say of it, for one look.

    `requested_open` and `permitted_open` are bitmaps of slots: what the look would open, and what its authority opens
    at most. `basis_reference` and `case_reference` say whether the look carries such a commitment.
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


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """What the facts say of one record that the look would open."""

    at_this_gateway: bool
    publisher: int
    marks: frozenset[int]


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

    Total: every input gives Permitted or Refused. Source: policy page, rows 1 to 5, 8, 11, 12 and 14.
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
    if look.authority == Authority.AUDIT:
        return look.purpose != Purpose.RIGHTS_AND_AUDIT
    if look.reader_kind not in _KINDS:
        return True
    return not (look.item.purposes >> look.purpose & 1 and look.item.reader_kinds >> look.reader_kind & 1)


def _item_not_shared(look: LookFacts, _: RecordFacts | None) -> bool:
    if look.item is None or look.authority in (Authority.OWN, Authority.AUDIT):
        return False
    return look.item.share_class == ShareClass.NOT_SHARED


def _no_authority(look: LookFacts, record: RecordFacts | None) -> bool:
    if not look.authority_id_matches or look.item is None:
        return True
    if look.authority == Authority.CLASS1:
        return look.item.share_class != ShareClass.UNCONDITIONAL
    if look.authority == Authority.OWN:
        return record is None or record.publisher != look.reader
    return look.authority != Authority.AUDIT


def _basis_incomplete(look: LookFacts, _: RecordFacts | None) -> bool:
    if look.basis == Basis.EMERGENCY:
        return not look.case_reference
    if look.basis == Basis.CONSENT or look.basis not in _BASES:
        return True
    return not look.basis_reference


def _record_withdrawn(_: LookFacts, record: RecordFacts | None) -> bool:
    return record is not None and not HIDING_MARKS.isdisjoint(record.marks)


def _profile_too_wide(look: LookFacts, _: RecordFacts | None) -> bool:
    return bool(look.requested_open & ~look.permitted_open)


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
    (Refusal.BASIS_INCOMPLETE, _basis_incomplete),
    (Refusal.RECORD_WITHDRAWN, _record_withdrawn),
    (Refusal.PROFILE_TOO_WIDE, _profile_too_wide),
    (Refusal.FACTS_STALE, _facts_stale),
)
