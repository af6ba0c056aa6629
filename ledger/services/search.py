"""Search the newest versions of an item, a page at a time: each page is a look of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from ledger.core.codes import Refusal
from ledger.errors import LookRefused
from ledger.rows import SearchQuery, StoredRecord
from ledger.services.authenticate import Call
from ledger.services.disclose import Asked, PageRules, newest_version, page_rules, refuse_look
from ledger.services.read import Page, open_page
from ledger.services.seal import DailyKeys


@dataclass(frozen=True, slots=True)
class _Found:
    rules: PageRules
    records: Sequence[StoredRecord]
    following: tuple[int, bytes] | None


def search_records(call: Call, asked: Asked, keys: DailyKeys, query: SearchQuery) -> Page | LookRefused:
    """Answer a page of a search, an empty one included; a refusal is returned, so that it is committed.

    The page is cut where the item version changes; withdrawn and erased records are left out.
    """
    rules = page_rules(call, asked, newest_version(call, asked.item))
    reason = rules.refusal()
    if reason is not None:
        return refuse_look(rules, reason)
    found = _page(rules, replace(query, item=asked.item))
    reason = found.rules.refusal()
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
    records = [row for row in considered if rules.refusal(row) != Refusal.RECORD_WITHDRAWN]
    return _Found(rules, records, following)


def _place(record: StoredRecord) -> tuple[int, bytes]:
    return record.keys.occurred_at or 0, record.record_id
