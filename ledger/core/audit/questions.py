"""Queries of an export: each decided again as far as it shows, and counted by agency and day.

The quota of row 13 is a gateway's own setting and stands nowhere on chain: so the most questions of one agency on one
day are told, and judged by nobody.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from ledger.core.audit.checks import Tally
from ledger.core.audit.ground import Ground
from ledger.core.audit.looks import note_unread
from ledger.core.audit.requests import KeptRequest
from ledger.core.codes import Authority, Basis, EntryType, Purpose, QueryType, Refusal, Role
from ledger.core.eip712 import ZERO32
from ledger.core.export import ExportedEntry
from ledger.core.history import AsOf
from ledger.core.look import Ground as LookGround
from ledger.core.look import Look, moment, objects_of
from ledger.core.queries import EXPORT, KINDS, Asker, QueryKind, lacks_basis, why_not_query
from ledger.core.received import received_facts
from ledger.core.subjects import SECONDS_A_DAY
from ledger.errors import FormatError

MOST_ASKED = (
    "answers to questions of agency {agency} on {day}, the most in one day: the quota is the gateway's own setting"
)
Questions = Counter[tuple[int, int]]
"""How often an agency was answered on a day (days since 1970, UTC)."""


def count_question(questions: Questions, entry: ExportedEntry) -> None:
    """Count an entry if it is a question of an agency; an export is none."""
    message = entry.message
    if entry.entry_type is EntryType.QUERY and message["queryType"] != QueryType.EXPORT:
        questions[message["reader"], message["answeredAt"] // SECONDS_A_DAY] += 1


def tell_most_asked(tally: Tally, parts: Iterable[Questions]) -> None:
    """Tell in a notice which agency was answered most questions on one day, if any was."""
    together: Questions = Counter()
    for part in parts:
        together.update(part)
    if together:
        (agency, day), count = min(together.items(), key=lambda found: (-found[1], found[0]))
        date = datetime.fromtimestamp(day * SECONDS_A_DAY, UTC).date().isoformat()
        tally.notices[MOST_ASKED.format(agency=agency, day=date)] += count


def check_query(ground: Ground, tally: Tally, entry: ExportedEntry, request: KeptRequest) -> None:
    """Check `look.decision` of a query: an export is an audit's, for P12; any other is decided again."""
    try:
        refusal = _why_not_answered(ground, entry, request)
    except FormatError as error:  # a header that the gateway should have refused
        refusal = error.detail
    tally.judge("look.decision", refusal is None, f"entry {entry.sequence}", "permitted", refusal or "", ground.blamed)
    if refusal is None and entry.message["basis"] == Basis.CONSENT:
        note_unread(ground, tally, ground.history.consents.get(request.commitment("gongzhi-basis-ref")))


def _why_not_answered(ground: Ground, entry: ExportedEntry, request: KeptRequest) -> str | None:
    message, history = entry.message, ground.history
    as_of = moment(history, message["factsBlock"], message["answeredAt"])
    kind = EXPORT
    if message["queryType"] != QueryType.EXPORT:
        found = KINDS.get(request.lines.get("@path", ""))
        if found is None or found.type != message["queryType"]:
            return "asked at a path of another type"
        kind = found
        if kind.is_by_resident and request.lines.get("gongzhi-authority") != "self":
            return "told what is the resident's without authority self"
        asker = Asker(message["reader"], message["readerKey"], message["item"], message["purpose"])
        refused = why_not_query(history, kind, asker, as_of)
        refusal = None if refused is None else refused.slug
    else:
        refusal = history.why_not_entitled(message["readerKey"], Role.AUDIT, message["reader"], as_of)
        if refusal is None and message["purpose"] != Purpose.RIGHTS_AND_AUDIT:
            refusal = "an export for another purpose than P12"
    if refusal is None and _lacks_basis(ground, entry, kind, request, as_of):
        refusal = Refusal.BASIS_INCOMPLETE.slug
    return refusal


def _lacks_basis(ground: Ground, entry: ExportedEntry, kind: QueryKind, request: KeptRequest, as_of: AsOf) -> bool:
    if kind.is_by_submission:
        return False  # it states nothing: what its publisher added is not read
    message, history = entry.message, ground.history
    stated = Look(
        gateway=ground.gateway,
        reader=message["reader"],
        reader_key=message["readerKey"],
        item=message["item"],
        item_version=0,
        purpose=message["purpose"],
        basis=message["basis"],
        basis_ref=request.commitment("gongzhi-basis-ref"),
        case_ref=request.commitment("gongzhi-case"),
        authority=Authority.CLASS1,
        authority_id=ZERO32,
        profile=ZERO32,
    )
    actions = (action for about in objects_of(history, stated) for action in ground.received.get(about, ()))
    known = received_facts(one for one in actions if one.sequence is not None and one.sequence < entry.sequence)
    return lacks_basis(LookGround(history, known, ground.scope_of, ground.is_sound), kind, stated, as_of)
