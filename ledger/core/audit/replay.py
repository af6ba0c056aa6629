"""The decision of a look, replayed: what the gateway knew then, and what became known later (policy page).

Known then: the state at factsBlock, and the actions whose RECEIVED entry stands before the look in the stream. What the
chain shows beyond, up to the time of the look, is counted beside it and blames nobody.
"""

from dataclasses import replace

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

LATER = "looks whose authority had ended on chain by then, in a block after their facts"
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


def look_facts_of(ground: Ground, row: OpeningRow) -> LookFacts:
    """Return the facts of a look, as they were known then."""
    as_of = moment(ground.history, row.facts_block, row.disclosed_at)
    return _facts(ground, row, as_of, row.sequence)


def _facts(ground: Ground, row: OpeningRow, as_of: AsOf, before: int) -> LookFacts:
    look = look_of_row(ground, row)
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
    decision = decide(look_facts_of(ground, row), own)
    if _may_rest_on_what_is_not_there(ground, tally, row, decision):
        return
    refused = "" if isinstance(decision, Permitted) else decision.reason.slug
    tally.judge("look.decision", not refused, f"entry {row.sequence}", "permitted", refused, ground.blamed)


def judge_look(ground: Ground, tally: Tally, row: OpeningRow, record: RecordRow, facts: LookFacts) -> None:
    """Check `look.decision` and `look.profile` of one opened record, given the facts of its look."""
    facts = _bounded_by_what_is_known(tally, facts, record)
    decision = _decided(ground, row, record, facts, moment(ground.history, row.facts_block, row.disclosed_at))
    if isinstance(decision, Permitted):
        tally.passed["look.decision"] += 1
        tally.passed["look.profile"] += 1
        _note_what_is_known_later(ground, tally, row, record)
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


def _bounded_by_what_is_known(tally: Tally, facts: LookFacts, record: RecordRow) -> LookFacts:
    """Return the facts without place and time where the record's reserved slots cannot be read any more.

    Which records a scope names stays: an erased one still has its id.
    """
    bounds = facts.grant, facts.consent, facts.emergency
    if record.is_known or not record.is_sound or not any(bounds):
        return facts
    tally.notices[ERASED_SINCE] += 1
    grant, consent, emergency = bounds
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


def _note_what_is_known_later(ground: Ground, tally: Tally, row: OpeningRow, record: RecordRow) -> None:
    if not objects_of(ground.history, look_of_row(ground, row)):
        return
    as_of = AsOf(row.disclosed_at)
    later = _decided(ground, row, record, _facts(ground, row, as_of, row.sequence), as_of)
    if not isinstance(later, Permitted) and later.reason in _ENDED:
        tally.notices[LATER] += 1


_ENDED = (Refusal.GRANT_NOT_USABLE, Refusal.BASIS_INCOMPLETE, Refusal.EMERGENCY_NOT_LIVE)


def _opened(row: OpeningRow) -> str:
    return f"entry {row.sequence}, opened record {to_hex(row.record_id)} version {row.version}"
