"""Search the newest versions of an item, a page at a time: each page is a look of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from ledger.core.codes import Authority, Basis
from ledger.core.decision import BREAK_GLASS, ConsentRules
from ledger.errors import LookRefused
from ledger.rows import SearchBounds, SearchQuery, StoredRecord
from ledger.services.asked import Asked
from ledger.services.authenticate import Call
from ledger.services.disclose import PageRules, newest_version, page_rules, refuse_look
from ledger.services.read import Page, open_page
from ledger.services.seal import DailyKeys

_NOBODY = bytes(32)
"""Token of no person: of a consent whose tag was not made here nobody can say whom it is about."""


@dataclass(frozen=True, slots=True)
class _Found:
    rules: PageRules
    records: Sequence[StoredRecord]
    following: tuple[int, bytes] | None


def search_records(call: Call, asked: Asked, keys: DailyKeys, query: SearchQuery) -> Page | LookRefused:
    """Answer a page of a search, an empty one included; a refusal is returned, so that it is committed.

    The page is cut where the item version changes. What the look's authority does not open is not found: withdrawn and
    erased records, and those outside of a grant's scope, an emergency's region, or about another person.
    """
    rules = page_rules(call, asked, newest_version(call, asked.item))
    reason = rules.refusal()
    if reason is not None:
        return refuse_look(rules, reason)
    found = _page(rules, replace(query, item=asked.item, bounds=_bounds(rules)))
    reason = found.rules.refusal() or found.rules.use()
    if reason is not None:
        return refuse_look(found.rules, reason)
    return open_page(found.rules, keys, found.records, found.following)


def _page(rules: PageRules, query: SearchQuery) -> _Found:
    call = rules.call
    rows = call.transaction.search(query)
    if rows and rows[0].item_version != rules.look.item_version:
        rules = page_rules(call, rules.asked, rows[0].item_version)
    considered = list(takewhile(lambda row: row.item_version == rules.look.item_version, rows))
    more = len(considered) < len(rows) or len(rows) == query.limit
    following = _place(considered[-1]) if more and considered else None
    return _Found(rules, rules.permitted(considered), following)


def _bounds(rules: PageRules) -> SearchBounds:
    """Return what narrows the search before each record is decided: to find by what is not opened would open it."""
    grant, consent, emergency = rules.facts.grant, _consent(rules), rules.facts.emergency
    parts = [one for one in (grant, consent) if one is not None]
    own = (rules.look.reader,) if rules.look.authority == Authority.OWN else ()
    about_somebody = consent is not None or rules.look.authority == Authority.SELF
    return SearchBounds(
        publishers=own + tuple(one.holder for one in parts),
        scopes=tuple(one.scope for one in parts if one.scope is not None),
        region_prefix=emergency.region if rules.look.authority in BREAK_GLASS and emergency is not None else "",
        subject=(rules.person.token_in(rules.call.transaction) or _NOBODY) if about_somebody else None,
    )


def _consent(rules: PageRules) -> ConsentRules | None:
    return rules.facts.consent if rules.look.basis == Basis.CONSENT else None


def _place(record: StoredRecord) -> tuple[int, bytes]:
    return record.keys.occurred_at or 0, record.record_id
