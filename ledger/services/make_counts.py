"""Make the tables of counts: all of a period together, once, from one state of the records, and keep them for good.

A period is made when any of its tables is asked for first, for all regions at once. Regions of which nothing is shown
at any threshold leave nothing behind but the period itself: so nobody can tell an empty one from a small one, and a
record that comes later changes neither.
"""

import hmac
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from ledger.action_errors import TableNotCounted, TablesInMaking
from ledger.core.count_questions import EVERYWHERE, AskedPeriod
from ledger.core.count_tables import THRESHOLDS, TableRule, period_bounds
from ledger.core.hexadecimal import from_hex
from ledger.core.suppression import CountTable, Figure, suppress, table_of
from ledger.count_rows import CountedPeriods, KeptCounts
from ledger.services.authenticate import Call
from ledger.services.find_document import schema_of
from ledger.services.local_time import utc_offset_seconds

MOST_MADE: Final = 31
"""Periods whose tables one question makes: a month of days. With a hundred streets that takes some seconds."""
Counted = Mapping[tuple[str | None, str | None], Figure]


def made_periods(call: Call, item: int, asked: Sequence[AskedPeriod]) -> Sequence[KeptCounts] | TablesInMaking:
    """Return the asked periods of an item as they were made, first to last; makes those that are not made yet.

    Returns (not raises: what was made shall be kept) TablesInMaking where more than `MOST_MADE` are left to make. That
    goes by periods alone, so it tells nothing of the records. Raises TableNotCounted, before anything is made, where
    tables of that time were made by other rules than are given now: of other regions, groups, periods or days.
    """
    made = _found(call, item, asked)
    if len(made) < len(asked):
        # One after another: who waited finds what the other made.
        call.transaction.lock_about(b"counts/" + item.to_bytes(4, "big"))
        made = _found(call, item, asked)
        missing = [one for one in asked if one.name not in made]
        for rule, periods in groupby(missing[:MOST_MADE], key=lambda one: one.rule):
            made |= {one.period: one for one in _make(call, item, rule, [one.name for one in periods])}
        if missing[MOST_MADE:]:
            return TablesInMaking(f"{len(made)} of {len(asked)} periods are made; a question makes {MOST_MADE}")
    return [made[one.name] for one in asked]


def _found(call: Call, item: int, asked: Sequence[AskedPeriod]) -> dict[str, KeptCounts]:
    """Return by name what was made of the time of the asked periods, which follow one another."""
    offset = utc_offset_seconds(call)
    expected = {}
    for one in asked:
        from_at, until_at = period_bounds(one.name, one.rule.period, offset)
        expected[one.name] = (from_at, until_at, one.rule.region_digits, [*one.rule.by])
    from_at, until_at = expected[asked[0].name][0], expected[asked[-1].name][1]
    made = {one.period: one for one in call.transaction.made_periods(item, from_at, until_at)}
    for name, kept in made.items():
        about = json.loads(kept.tables)
        if (about["from"], about["until"], about["region"], about["by"]) != expected.get(name):
            raise TableNotCounted(
                f"item {item} was counted otherwise in {name}, by version {kept.rule_version} of the rules:"
                " they have to name the tables of that time as they were, with days that begin as they did"
            )
    return made


def _make(call: Call, item: int, rule: TableRule, periods: Sequence[str]) -> Sequence[KeptCounts]:
    """Make and keep the tables of some periods, first to last, by one rule; returns the periods themselves."""
    offset = utc_offset_seconds(call)
    bounds = {period: period_bounds(period, rule.period, offset) for period in periods}
    is_about_persons = _names_persons(call, item)
    counted = CountedPeriods(item, rule, periods, bounds[periods[0]][0], bounds[periods[-1]][1], offset)
    version = call.gateway.count_rules.version
    whole = [
        KeptCounts(EVERYWHERE, period, version, call.now, _text(_about(rule, bounds[period], is_about_persons)))
        for period in periods
    ]
    secrets = {
        period: call.gateway.key_provider.subject_hmac("counts", f"{item}/{period}".encode()) for period in periods
    }
    tables = []
    for (region, period), figures in _figures(call, counted, is_about_persons).items():
        rank = _order(secrets[period], region)
        shown = _shown(table_of(figures, is_about_persons=is_about_persons), rank)
        if shown:
            tables.append(KeptCounts(region, period, version, call.now, _text(shown)))
    call.transaction.keep_counts(item, [*whole, *tables])
    return whole


def _figures(call: Call, counted: CountedPeriods, is_about_persons: bool) -> Mapping[tuple[str, str], Counted]:
    """Count, and return the figures of each region and period that has any."""
    found: dict[tuple[str, str], dict[tuple[str | None, str | None], Figure]] = defaultdict(dict)
    for one in call.transaction.count_records(counted):
        units = one.persons if is_about_persons else one.records
        found[one.region, one.period][one.row, one.column] = Figure(one.records, units)
    return found


def _shown(table: CountTable, rank: Callable[[str], bytes]) -> Mapping[str, Any]:
    """Return the table by threshold, each made from the one before, without those that show nothing of it."""
    shown = {}
    for k in THRESHOLDS:
        table = suppress(table, k, rank)
        if table.total is not None:
            shown[str(k)] = _document(table, table.total)
    return shown


def _about(rule: TableRule, bounds: tuple[int, int], is_about_persons: bool) -> Mapping[str, Any]:
    counted = "persons" if is_about_persons else "records"
    made = {"region": rule.region_digits, "by": [*rule.by], "counted": counted}
    return {"from": bounds[0], "until": bounds[1], **made}


def _text(members: Mapping[str, Any]) -> str:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"))


def _order(secret: bytes, region: str) -> Callable[[str], bytes]:
    """Return the order of labels that says who joins the rest of a table: by a key that never leaves the gateway."""
    key = hmac.digest(secret, region.encode("utf-8"), "sha256")
    return lambda label: hmac.digest(key, label.encode("utf-8"), "sha256")


def _names_persons(call: Call, item: int) -> bool:
    """Say whether any version of an item has a slot that names a person: then k is of persons."""
    published = tuple(call.history.items[item].versions.values())
    return any(schema_of(call.transaction, from_hex(one.value["schemaHash"])).has_subject for one in published)


def _document(table: CountTable, total: Figure) -> Mapping[str, Any]:
    """Return a suppressed table as JSON members; null for what is hidden, and for the label of the rest."""

    def margins(labels: Sequence[str | None], totals: Sequence[Figure]) -> list[Mapping[str, Any]]:
        return [{"value": label, "n": total.records} for label, total in zip(labels, totals, strict=True)]

    return {
        "n": total.records,
        "rows": margins(table.rows, table.row_totals),
        "columns": margins(table.columns, table.column_totals),
        "cells": [
            [None if (row, column) in table.hidden else figure.records for column, figure in enumerate(line)]
            for row, line in enumerate(table.cells)
        ],
    }
