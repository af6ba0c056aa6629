"""Count records by class-O slots without showing anybody: fixed tables, suppressed by who asks, made once, added up."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ledger.action_errors import CountTooWide, PeriodOpen, TablesInMaking
from ledger.core.count_questions import (
    AskedPeriod,
    asked_periods,
    asked_region,
    is_union_of_regions,
    shown_groups,
)
from ledger.core.count_tables import period_bounds, threshold_for
from ledger.core.count_unions import (
    MOST_TABLES,
    Added,
    CountUnion,
    Label,
    ShownTable,
    common_groups,
    part_of,
    shown_table,
    unite,
)
from ledger.core.queries import STATISTICS
from ledger.count_rows import AskedTables, KeptCounts
from ledger.errors import LookRefused
from ledger.services.asked import Asked
from ledger.services.authenticate import Call
from ledger.services.local_time import utc_offset_seconds
from ledger.services.make_counts import made_periods
from ledger.services.queries import refuse_query, sign_query
from ledger.services.sign import SignedStatement


@dataclass(frozen=True, slots=True)
class Counts:
    """The signed Query, and the answer as JSON members: what it is of, its threshold, its figures."""

    query: SignedStatement
    table: Mapping[str, Any]


def count_records(
    call: Call, asked: Asked, region: str | None, period: str
) -> Counts | LookRefused | TablesInMaking | CountTooWide:
    """Answer how many records of the asked item a region (None: all) and period have, as the caller may see it.

    `resultCount` of the Query is the number of figures shown. Returns, since the tables that were made and the Query of
    no figure shall be kept, TablesInMaking (ask again) and CountTooWide for more than `MOST_TABLES` shown tables.
    Raises TableNotCounted for what the tables do not tell apart, CountTooWide for too many periods, PeriodOpen for one
    that is not settled.
    """
    refused = refuse_query(call, asked, STATISTICS)
    if refused is not None:
        return refused
    beginning = asked_region(region)
    periods = asked_periods(call.gateway.count_rules, asked.item, beginning, period)
    _check_settled(call, periods[-1])
    made = made_periods(call, asked.item, periods)
    if isinstance(made, TablesInMaking):
        sign_query(call, asked, STATISTICS, 0)
        return made
    k = threshold_for(call.history.agencies[call.agency].kind)
    tables = _shown_tables(call, asked.item, beginning, periods, k)
    if tables is None:
        sign_query(call, asked, STATISTICS, 0)
        return CountTooWide(f"more than {MOST_TABLES} tables are shown there; at most so many are added up")
    by = common_groups([shown_groups(one.rule, beginning) for one in periods])
    united = unite(by, tables, None if is_union_of_regions(beginning, periods) else len(periods))
    answer = {
        "item": asked.item,
        "region": region,
        "period": period,
        **_common(made),
        "by": [*by],
        "k": k,
        "periods": len(periods),
        "tables": len(tables),
        **_document(united),
    }
    return Counts(sign_query(call, asked, STATISTICS, united.shown_figures), answer)


def _check_settled(call: Call, last: AskedPeriod) -> None:
    _, until_at = period_bounds(last.name, last.rule.period, utc_offset_seconds(call))
    rules = call.gateway.count_rules
    if not rules.is_settled(until_at, call.now):
        raise PeriodOpen(f"the period can be counted from {rules.settled_at(until_at)} (Unix seconds) on")


def _shown_tables(
    call: Call, item: int, region: str, periods: Sequence[AskedPeriod], k: int
) -> Sequence[ShownTable] | None:
    """Return what is shown at a threshold of each table in question, None for more than may be added up."""
    tables: list[ShownTable] = []
    for rule, group in groupby(periods, key=lambda one: one.rule):
        wanted = AskedTables(region, [one.name for one in group], k, MOST_TABLES + 1 - len(tables))
        shown = [shown_table(rule.by, json.loads(text)) for text in call.transaction.shown_tables(item, rule, wanted)]
        if len(region) > rule.region_digits:
            shown = [part for part in (part_of(table, region) for table in shown) if part is not None]
        tables.extend(shown)
        if len(tables) > MOST_TABLES:
            return None
    return tables


def _common(made: Sequence[KeptCounts]) -> Mapping[str, Any]:
    """Return from when until when, what k counts (in each table), by which rules and when the last one was made."""
    abouts = [json.loads(one.tables) for one in made]
    persons = all(about["counted"] == "persons" for about in abouts)
    return {
        "from": abouts[0]["from"],
        "until": abouts[-1]["until"],
        "counted": "persons" if persons else "records",
        "ruleVersions": sorted({one.rule_version for one in made}),
        "madeAt": max(one.made_at for one in made),
    }


def _document(united: CountUnion) -> Mapping[str, Any]:
    """Return a union as JSON members; null for what no table shows, and for the label of the rest."""

    def side(margins: Mapping[Label, Added]) -> list[Mapping[str, Any]]:
        return [{"value": label, **_figure(added)} for label, added in margins.items()]

    total = united.n
    return {
        "n": None if total is None else total.n,
        "atLeast": total is None or total.at_least,
        "rows": side(united.rows),
        "columns": side(united.columns),
        "cells": [[None if cell is None else _figure(cell) for cell in line] for line in united.cells],
    }


def _figure(added: Added) -> Mapping[str, Any]:
    return {"n": added.n, "atLeast": added.at_least}
