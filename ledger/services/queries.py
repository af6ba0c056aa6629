"""Decide a query about a person, count it, and sign what was answered: one Query each, or one Refusal."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from ledger.core.codes import Authority, EntryType, Refusal
from ledger.core.look import Look
from ledger.core.queries import Asker, QueryKind, lacks_basis, rests_on_consent, why_not_query
from ledger.core.subjects import SECONDS_A_DAY, SubjectOpening, check_opening, parse_opening, parse_openings
from ledger.errors import LookRefused, OpeningMismatch
from ledger.rows import LookEvidence
from ledger.services.asked import Asked, look_of
from ledger.services.authenticate import Call
from ledger.services.disclose import facts_stale, refuse
from ledger.services.look_ground import ground_of, is_consent_of_another
from ledger.services.sign import SignedStatement, anchor_by, append_own_entry


def opened(header: str | None, commitment: bytes) -> SubjectOpening:
    """Return the opening in the header Gongzhi-Opening (None: there is none), which must open the signed commitment.

    Raises OpeningInvalid or OpeningMismatch; neither says what the header held.
    """
    opening = parse_opening(header)
    check_opening(opening, commitment)
    return opening


def all_opened(header: str | None, commitments: Sequence[bytes]) -> tuple[SubjectOpening, ...]:
    """Return the openings in the header Gongzhi-Opening, which must open the signed commitments one by one.

    Raises OpeningInvalid or OpeningMismatch, as `opened`.
    """
    openings = parse_openings(header)
    if len(openings) != len(commitments):
        raise OpeningMismatch("as many openings as subjectCommitments are expected")
    for opening, commitment in zip(openings, commitments, strict=True):
        check_opening(opening, commitment)
    return openings


def refuse_query(
    call: Call,
    asked: Asked,
    kind: QueryKind,
    count: Callable[[Call], bool] | None = None,
    about: Callable[[], bytes] | None = None,
) -> LookRefused | None:
    """Decide a query and count it; returns the refusal that was appended, None if it may be answered.

    In the order of looks: key, item, purpose, class 3, basis, quota of the day, stale facts. `count` counts it against
    the quota, and is `count_query` if None. A query rests on no authority, so no emergency makes older facts do.

    `about` gives the internal token of the person who is asked about, None where a question is about nobody. That a
    consent is his is asked once the query is counted: else who holds a consent could try whose it is.
    """
    asker = Asker(call.agency, call.key, asked.item, asked.purpose)
    look = look_of(call, asked, 0)
    stated = replace(look, authority=Authority.CLASS1)
    reason = why_not_query(call.history, kind, asker, call.as_of)
    if reason is None and _lacks_basis(call, kind, stated):
        reason = Refusal.BASIS_INCOMPLETE
    if reason is None and not (count or count_query)(call):
        reason = Refusal.QUOTA_EXHAUSTED
    if reason is None and about is not None and rests_on_consent(kind, stated):
        reason = Refusal.BASIS_INCOMPLETE if is_consent_of_another(call, stated, about()) else None
    if reason is None and facts_stale(call, Authority.CLASS1):
        reason = Refusal.FACTS_STALE
    return None if reason is None else refuse(call, look, reason)


def _lacks_basis(call: Call, kind: QueryKind, stated: Look) -> bool:
    return lacks_basis(ground_of(call, stated), kind, stated, call.as_of)


def sign_query(call: Call, asked: Asked, kind: QueryKind, result_count: int) -> SignedStatement:
    """Append the signed Query of what is answered now: its type, grounds and number of results, never about whom."""
    message = {
        "gateway": call.gateway.agency,
        "request": call.request.request,
        "reader": call.agency,
        "readerKey": call.key,
        "queryType": int(kind.type),
        "item": asked.item,
        "basis": asked.basis,
        "purpose": asked.purpose,
        "resultCount": result_count,
        "factsBlock": call.facts_block,
        "answeredAt": call.now,
        "anchorBy": anchor_by(call),
    }
    evidence = LookEvidence(call.request.base, call.request.signature, ())
    _, statement = append_own_entry(call, EntryType.QUERY, message, evidence)
    return statement


def count_query(call: Call) -> bool:
    """Count one question about a person against the agency's quota of the day; False, and nothing counted, over it."""
    most = call.gateway.subject_rules.queries_per_day
    return call.transaction.count_query(call.agency, call.now // SECONDS_A_DAY, most)


def count_queries(call: Call, queries: int) -> bool:
    """Count so many questions at once; False over the quota of the day, and then none is left of it.

    With 0 questions it says whether any is left, and counts nothing.
    """
    most = call.gateway.subject_rules.queries_per_day
    return call.transaction.count_queries(call.agency, call.now // SECONDS_A_DAY, queries, most)


def count_listed(call: Call, persons: int) -> bool:
    """Count the persons of one list against the agency's quota of the day; False, and nothing counted, over it."""
    most = call.gateway.subject_rules.listed_per_day
    return call.transaction.count_listed(call.agency, call.now // SECONDS_A_DAY, persons, most)
