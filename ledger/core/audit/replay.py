"""The decision of a look, replayed: what the gateway knew then, and what became known later (policy page).

Known then: the state at factsBlock, and the actions whose RECEIVED entry stands before the look in the stream. What the
chain shows beyond, up to the time of the look, is counted beside it and blames nobody.
"""

from dataclasses import dataclass, replace

from ledger.core.audit.checks import Tally
from ledger.core.audit.ground import Ground
from ledger.core.audit.rows import OpeningRow, RecordRow
from ledger.core.codes import Authority, Basis, Refusal
from ledger.core.decision import BREAK_GLASS, Decision, LookFacts, Permitted, RecordFacts, decide
from ledger.core.hexadecimal import to_hex
from ledger.core.history import AsOf
from ledger.core.look import Ground as LookGround
from ledger.core.look import Look, look_facts, moment, objects_of, record_facts
from ledger.core.received import received_facts
from ledger.core.scope import EVERYWHERE, Scope

LATER = "looks that the chain would have refused by then, for what stood in a block after their facts"
ONLY_KEY_HOLDERS = "records opened for one person: that they are about that person, only a key-holder can compare"
RECEIVED_BEFORE = "looks in an emergency that may rest on an action received before what was read: read all of it"
ERASED_SINCE = "records opened within a scope and erased since: their place and time can not be compared any more"


def look_of_row(ground: Ground, row: OpeningRow) -> Look:
    """Return what a disclosure says that it answered."""
    return Look(
        gateway=ground.gateway,
        reader=row.reader,
        reader_key="0x" + row.reader_key.hex(),
        item=row.item,
        item_version=row.item_version,
        purpose=row.purpose,
        basis=row.basis,
        basis_ref=row.basis_ref,
        case_ref=row.case_ref,
        authority=row.authority,
        authority_id=row.authority_id,
        profile=row.profile,
    )


@dataclass(frozen=True, slots=True)
class KnownFacts:
    """The facts of a look as they were known then, and as the chain had them by then: None where they are the same."""

    then: LookFacts
    later: LookFacts | None


def look_facts_of(ground: Ground, row: OpeningRow) -> KnownFacts:
    """Return the facts of a look, as they were known then and as the chain had them."""
    history = ground.history
    newest = history.newest_block_by(row.disclosed_at)
    is_beyond = newest is not None and newest.number > row.facts_block
    later = _facts(ground, row, AsOf(row.disclosed_at)) if is_beyond else None
    return KnownFacts(_facts(ground, row, moment(history, row.facts_block, row.disclosed_at)), later)


def _facts(ground: Ground, row: OpeningRow, as_of: AsOf) -> LookFacts:
    look, before = look_of_row(ground, row), row.sequence
    actions = (action for about in objects_of(ground.history, look) for action in ground.received.get(about, ()))
    known = received_facts(action for action in actions if action.sequence is not None and action.sequence < before)
    return look_facts(
        LookGround(ground.history, known, ground.scope_of, ground.is_sound),
        look,
        as_of,
        requested_open=int.from_bytes(row.opened),
        permitted_open=int.from_bytes(row.permitted_open),
        categories=row.categories,
        facts_stale=False,  # judged by `look.facts`; the other rows of the decision are judged as if they were fresh
    )


def judge_page(ground: Ground, tally: Tally, row: OpeningRow) -> None:
    """Check `look.decision` of a disclosure that opened nothing: whether it might be answered at all."""
    # A publisher's page of its own records may be empty: then no record says whose they would have been.
    own = RecordFacts(True, row.reader, frozenset()) if row.authority == Authority.OWN else None
    known = look_facts_of(ground, row)
    decision = decide(known.then, own)
    if _may_rest_on_what_is_not_there(ground, tally, row, decision):
        return
    if known.later is not None and isinstance(decision, Permitted):
        _note_what_is_known_later(tally, decide(known.later, own))
    refused = "" if isinstance(decision, Permitted) else decision.reason.slug
    tally.judge("look.decision", not refused, f"entry {row.sequence}", "permitted", refused, ground.blamed)


def judge_look(ground: Ground, tally: Tally, row: OpeningRow, record: RecordRow, known: KnownFacts) -> None:
    """Check `look.decision` and `look.profile` of one opened record, given the facts of its look."""
    facts = known.then
    if _is_unknown_place(record) and any((facts.grant, facts.consent, facts.emergency)):
        tally.notices[ERASED_SINCE] += 1
    facts = _bounded_by_what_is_known(facts, record)
    decision = _decided(ground, row, record, facts, moment(ground.history, row.facts_block, row.disclosed_at))
    if isinstance(decision, Permitted):
        tally.passed["look.decision"] += 1
        tally.passed["look.profile"] += 1
        if known.later is not None:
            later = _bounded_by_what_is_known(known.later, record)
            _note_what_is_known_later(tally, _decided(ground, row, record, later, AsOf(row.disclosed_at)))
        if row.authority == Authority.SELF or row.basis == Basis.CONSENT:
            tally.notices[ONLY_KEY_HOLDERS] += 1
    elif decision.reason is Refusal.PROFILE_TOO_WIDE:
        beyond = (facts.requested_open & ~facts.permitted_open).bit_count()
        expected = "slots that the profile opens"
        tally.fail("look.profile", _opened(row), expected, f"{beyond} slots beyond them", ground.blamed)
    elif not _may_rest_on_what_is_not_there(ground, tally, row, decision):
        tally.fail("look.decision", _opened(row), "permitted", decision.reason.slug, ground.blamed)


def _may_rest_on_what_is_not_there(ground: Ground, tally: Tally, row: OpeningRow, decision: Decision) -> bool:
    """Say whether a received opening or co-signature that stands before this export may permit a refused look."""
    if not ground.is_partial or row.authority not in BREAK_GLASS or isinstance(decision, Permitted):
        return False
    if decision.reason not in (Refusal.NO_AUTHORITY, Refusal.EMERGENCY_NOT_LIVE):
        return False
    tally.skipped["look.decision"] += 1
    tally.notices[RECEIVED_BEFORE] += 1
    return True


def _decided(ground: Ground, row: OpeningRow, record: RecordRow, facts: LookFacts, as_of: AsOf) -> Decision:
    about = record_facts(
        ground.history,
        look_of_row(ground, row),
        as_of,
        record_id=row.record_id,
        version=row.version,
        publisher=record.publisher,
        gateway=ground.gateway,
        keys=record.keys,
        same_subject=True,
    )
    return decide(facts, about)


def _is_unknown_place(record: RecordRow) -> bool:
    return record.is_sound and not record.is_known


def _bounded_by_what_is_known(facts: LookFacts, record: RecordRow) -> LookFacts:
    """Return the facts without place and time where the record's reserved slots cannot be read any more.

    Which records a scope names stays: an erased one still has its id.
    """
    if not _is_unknown_place(record):
        return facts
    grant, consent, emergency = facts.grant, facts.consent, facts.emergency
    return replace(
        facts,
        grant=grant and replace(grant, scope=grant.scope and _naming_records(grant.scope)),
        consent=consent and replace(consent, scope=consent.scope and _naming_records(consent.scope)),
        emergency=emergency and replace(emergency, region=""),
    )


def _naming_records(scope: Scope) -> Scope:
    # What covers nothing covers no erased record either.
    regions = (EVERYWHERE,) if scope.regions and scope.classes != () else ()
    return Scope(scope.salt, regions, records=scope.records)


def _note_what_is_known_later(tally: Tally, decision: Decision) -> None:
    if not isinstance(decision, Permitted) and decision.reason in _ENDED:
        tally.notices[LATER] += 1


_ENDED = frozenset(
    {
        *(Refusal.KEY_NOT_ENTITLED, Refusal.ITEM_UNKNOWN),
        *(Refusal.GRANT_NOT_USABLE, Refusal.BASIS_INCOMPLETE, Refusal.EMERGENCY_NOT_LIVE),
        Refusal.RECORD_WITHDRAWN,
    }
)
"""The rows that a later block can turn against a look: key, item, authority, consent or record had ended."""


def _opened(row: OpeningRow) -> str:
    return f"entry {row.sequence}, opened record {to_hex(row.record_id)} version {row.version}"
