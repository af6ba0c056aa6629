"""`gongzhi statistics`: counts that show nobody, and how often was collected twice."""

from typing import Annotated, Any

import typer

from ledger.cli.connection import Connection, connected, open_client
from ledger.cli.grounds_options import BasisOption, CaseOption, GroundsOptions, PurposeOption, ReferenceOption
from ledger.cli.moments import moment_text
from ledger.cli.output import print_json, print_table
from ledger.client.statistics import CountedTable, Figure, Margin, OnceCounts
from ledger.core.count_questions import PERIODS

HIDDEN, REST, NONE, AT_LEAST = "·", "(rest)", "(none)", "≥"
"""A figure below the threshold or one that would give it away; small groups together; records without a value; before a
figure that a table does not show which was added up."""
JsonOption = Annotated[bool, typer.Option("--json", help="print one JSON object")]
app = typer.Typer(add_completion=False, rich_markup_mode=None, help="Figures that show nobody.")


@app.command("counts")
@connected
def counts(
    *,
    item: Annotated[int, typer.Option("--item", min=1, help="number of the catalogue item")],
    region: Annotated[
        str | None, typer.Option("--region", help="region code or the beginning of codes; without it all regions")
    ] = None,
    period: Annotated[str, typer.Option("--period", help=PERIODS)],
    purpose: PurposeOption,
    basis: BasisOption,
    basis_ref: ReferenceOption = None,
    case: CaseOption = None,
    as_json: JsonOption = False,
    connection: Connection,
) -> None:
    """Count an item's records in a region and period. Figures of fewer than k are hidden, and what gives them away.

    Every question is a signed, anchored entry and counts against the agency's quota of the day. Tables of a period are
    made once, when one of them is asked for first, and stay as they are. Wider regions and longer periods add tables
    up: a figure with ≥ is what there is at least, since not all of them show it.
    """
    grounds = GroundsOptions(item, purpose, basis, basis_ref, case=case).grounds
    with open_client(connection) as client:
        table = client.statistics.counts(region, period, grounds)
    if as_json:
        print_json(table.members)
        return
    _print_counts(table)


@app.command("duplicates")
@connected
def duplicates(
    *,
    period: Annotated[str, typer.Option("--period", help="a month that is over, YYYY-MM")],
    as_json: JsonOption = False,
    connection: Connection,
) -> None:
    """Say how often persons were collected twice at this gateway, by item: taken, warned, refused, avoided.

    n is what was sent: taken and refused records about persons. Avoided are questions of coverage that found a current
    record. They count acts of agencies, not persons. Figures of fewer than k are hidden.
    """
    with open_client(connection) as client:
        month, figures = client.statistics.duplicates(period)
    rows = [_once_row(one) for one in figures]
    if as_json:
        print_json({**month, "items": rows})
        return
    columns = ("item", "n", "taken", "warned", "refused", "rate", "avoided")
    print_table(columns, [[_shown(row[column]) for column in columns] for row in rows])
    print(
        f"gateway {month['gateway']}, {moment_text(month['from'])} until {moment_text(month['until'])},"
        f" k {month['k']} records, rules version {month['ruleVersion']}"
    )


def _once_row(one: OnceCounts) -> dict[str, Any]:
    return {
        "item": one.item,
        "n": one.submitted,
        "taken": one.taken,
        "warned": one.warned,
        "refused": one.refused,
        "rate": one.rate,
        "avoided": one.avoided,
        "rule": one.rule,
    }


def _print_counts(table: CountedTable) -> None:
    members, by = table.members, [*table.members["by"], "", ""]
    if table.total is None:
        print(f"nothing is shown: fewer than {members['k']} {members['counted']} in each table, or in a rest")
    elif table.rows:
        crossed = bool(table.cells)
        columns = [f"{by[0]} \\ {by[1]}" if crossed else by[0], *(_label(c) for c in table.columns if crossed), "all"]
        lines = [
            [_label(row), *(_figure(cell) for cell in (table.cells[place] if crossed else ())), _figure(row)]
            for place, row in enumerate(table.rows)
        ]
        totals = [["all", *(_figure(column) for column in table.columns if crossed), _figure(table.total)]]
        print_table(columns, [*lines, *totals])
        if table.columns and not crossed:
            print_table([by[1], "all"], [[_label(column), _figure(column)] for column in table.columns])
    versions = ", ".join(map(str, members["ruleVersions"]))
    print(
        f"n {_figure(table.total)} records, k {members['k']} {members['counted']} in each table,"
        f" tables {members['tables']}, item {members['item']}, region {members['region'] or 'all'},"
        f" period {members['period']}, rules version {versions}, made {moment_text(members['madeAt'])}"
    )


def _figure(figure: Figure | None) -> str:
    return HIDDEN if figure is None else f"{AT_LEAST if figure.at_least else ''}{figure.n}"


def _label(margin: Margin) -> str:
    return REST if margin.label is None else margin.label or NONE


def _shown(value: object) -> str:
    return HIDDEN if value is None else str(value)
