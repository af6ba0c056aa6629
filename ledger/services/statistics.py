"""Count records by class-O slots without showing anybody: one fixed table, suppressed by who asks, made once."""

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.action_errors import PeriodOpen, TableNotCounted
from ledger.core.count_tables import FINER_DIGITS, THRESHOLDS, TableRule, period_bounds, threshold_for
from ledger.core.hexadecimal import from_hex
from ledger.core.queries import STATISTICS
from ledger.core.suppression import CountTable, Figure, suppress, table_of
from ledger.count_rows import CountedGroup, CountedRegion, KeptCounts
from ledger.errors import FormatError, LookRefused
from ledger.services.asked import Asked
from ledger.services.authenticate import Call
from ledger.services.find_document import schema_of
from ledger.services.local_time import utc_offset_seconds
from ledger.services.queries import refuse_query, sign_query
from ledger.services.sign import SignedStatement


@dataclass(frozen=True, slots=True)
class Counts:
    """The signed Query, and the table as JSON members: what it is of, its threshold, its figures."""

    query: SignedStatement
    table: Mapping[str, Any]


def count_records(call: Call, asked: Asked, region: str, period: str) -> Counts | LookRefused:
    """Answer the asked item's table of a region and period (`YYYY-MM` or `YYYY-MM-DD`) as the caller may see it.

    `resultCount` of the Query is the number of figures shown. Raises TableNotCounted for a region or period of another
    size than the item's table has, PeriodOpen for one that is not settled.
    """
    refused = refuse_query(call, asked, STATISTICS)
    if refused is not None:
        return refused
    rule = call.gateway.count_rules.rule_of(asked.item, period)
    counted = _region_of(call, asked.item, rule, region, period)
    kept = call.transaction.kept_counts(asked.item, region, period) or _made(call, counted, period)
    tables = json.loads(kept.tables)
    k = threshold_for(call.history.agencies[call.agency].kind)
    shown = tables["tables"][str(k)]
    table = {
        "item": asked.item,
        "region": region,
        "period": period,
        **{name: tables[name] for name in ("from", "until", "by", "counted")},
        "k": k,
        "ruleVersion": kept.rule_version,
        "madeAt": kept.made_at,
        **shown["table"],
    }
    return Counts(sign_query(call, asked, STATISTICS, shown["figures"]), table)


def _region_of(call: Call, item: int, rule: TableRule | None, region: str, period: str) -> CountedRegion:
    if rule is None:
        raise TableNotCounted(f"item {item} has no table for so early a period")
    expected = f"item {item} is counted by regions of {rule.region_digits} digits and by {rule.period}"
    try:
        offset = utc_offset_seconds(call)
        from_at, until_at = period_bounds(period, rule.period, offset)
    except FormatError as error:
        raise TableNotCounted(f"{expected}: {error.detail}") from None
    if len(region) != rule.region_digits or not (region.isascii() and region.isdigit()):
        raise TableNotCounted(expected)
    rules = call.gateway.count_rules
    if not rules.is_settled(until_at, call.now):
        raise PeriodOpen(f"the period can be counted from {rules.settled_at(until_at)} (Unix seconds) on")
    return CountedRegion(item, region, from_at, until_at, rule.by, FINER_DIGITS[rule.region_digits], offset)


def _made(call: Call, counted: CountedRegion, period: str) -> KeptCounts:
    """Make the table for every threshold from one state of the records, and keep it for good."""
    is_about_persons = _names_persons(call, counted.item)
    table = table_of(
        _figures(call.transaction.count_records(counted), is_about_persons), is_about_persons=is_about_persons
    )
    rank = _order(call, counted, period)
    tables = {}
    for k in THRESHOLDS:
        table = suppress(table, k, rank)
        tables[str(k)] = {"figures": table.shown_figures, "table": _document(table)}
    made = {
        "from": counted.from_at,
        "until": counted.until_at,
        "by": [*counted.by],
        "counted": "persons" if is_about_persons else "records",
        "tables": tables,
    }
    text = json.dumps(made, ensure_ascii=False, separators=(",", ":"))
    version = call.gateway.count_rules.version
    return call.transaction.keep_counts(counted.item, counted.region, period, KeptCounts(version, call.now, text))


def _order(call: Call, counted: CountedRegion, period: str) -> Callable[[str], bytes]:
    """Return the order of labels that says who joins the rest of a table: by a key that never leaves the provider."""
    about = f"{counted.item}/{counted.region}/{period}".encode()
    secret = call.gateway.key_provider.subject_hmac("counts", about)
    return lambda label: hmac.digest(secret, label.encode("utf-8"), "sha256")


def _names_persons(call: Call, item: int) -> bool:
    """Say whether any version of an item has a slot that names a person: then k is of persons."""
    published = tuple(call.history.items[item].versions.values())
    return any(schema_of(call.transaction, from_hex(one.value["schemaHash"])).has_subject for one in published)


def _figures(counts: Sequence[CountedGroup], is_about_persons: bool) -> Mapping[tuple[str | None, str | None], Figure]:
    return {
        (one.row, one.column): Figure(one.records, one.persons if is_about_persons else one.records) for one in counts
    }


def _document(table: CountTable) -> Mapping[str, Any]:
    """Return a suppressed table as JSON members; null for what is hidden, and for the label of the rest."""

    def margins(labels: Sequence[str | None], totals: Sequence[Figure]) -> list[Mapping[str, Any]]:
        return [{"value": label, "n": total.records} for label, total in zip(labels, totals, strict=True)]

    return {
        "n": None if table.total is None else table.total.records,
        "rows": margins(table.rows, table.row_totals),
        "columns": margins(table.columns, table.column_totals),
        "cells": [
            [None if (row, column) in table.hidden else figure.records for column, figure in enumerate(line)]
            for row, line in enumerate(table.cells)
        ],
    }
