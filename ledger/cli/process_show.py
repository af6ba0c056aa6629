"""`gongzhi process show`: where a record stands, folded from the transitions that the caller may read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import typer

from ledger.cli.catalogue import Language, LanguageOption
from ledger.cli.connection import Connection, connected, open_client
from ledger.cli.grounds_options import GroundsOptions
from ledger.cli.moments import moment_text
from ledger.cli.option_groups import takes
from ledger.cli.output import print_json, print_members, print_table
from ledger.cli.process_words import process_title, state_title
from ledger.cli.search import seconds_of
from ledger.client.looking import SearchTerms
from ledger.client.processes import First, FoundTransitions, Placed, find_transitions, surroundings_of
from ledger.client.steps import TRANSITION_ITEM
from ledger.core.calendar import parse_calendar
from ledger.core.codes import AgencyKind
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.process_fold import Judged, ProcessState, fold_all
from ledger.core.receipt import MOST_OPENINGS
from ledger.domain import load_document
from ledger.domain.process_table import shipped_process_table

CALENDAR = "calendar/cn-1.json"
_FIRST = {
    First.COUNTS: "its first version does",
    First.OTHER: "its first version is about something else",
    First.MISSING: "its first version, and what it was about, cannot be had",
}


@dataclass(frozen=True, kw_only=True)
class StepGroundsOptions(GroundsOptions):
    """The grounds of a look at steps, of the item of transitions if nothing is said."""

    item: Annotated[int, typer.Option("--item", help="number of the catalogue item of the steps")] = TRANSITION_ITEM


@connected
@takes("options", StepGroundsOptions)
def show(
    record: Annotated[str, typer.Argument(metavar="RECORD_ID", help="record, request or grant, 0x and 64 hex digits")],
    *,
    of_item: Annotated[
        int | None,
        typer.Option("--of-item", help="item of the record itself: look at it too, for publisher, level and beginning"),
    ] = None,
    region: Annotated[str | None, typer.Option(help="search steps of this region only, or of a prefix")] = None,
    since: Annotated[str | None, typer.Option("--from", help="search steps of this time on: 2026-01-15")] = None,
    until: Annotated[str | None, typer.Option(help="search steps before this time")] = None,
    lang: LanguageOption = Language.EN,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    options: StepGroundsOptions,
    connection: Connection,
) -> None:
    """Show where a record stands: its steps in anchored order, with those that are illegal, conflicting or late.

    The steps are found by search, and each one's place is proven by its bundle: one disclosure a page and one a step.
    """
    grounds, subject = options.grounds, from_hex(record, 32, what="record id")
    terms = SearchTerms(region, None, seconds_of(since), seconds_of(until), MOST_OPENINGS)
    with open_client(connection) as client:
        found = find_transitions(client, subject, grounds, terms)
        around = surroundings_of(client, subject, None if of_item is None else replace(grounds, item=of_item))
        now = client.desk.transport.now()
    around = replace(around, calendar=parse_calendar(load_document(CALENDAR)))
    states, unknown = fold_all(shipped_process_table(), [one.transition for one in found.placed], around)
    told = _document(record, found, states, unknown, now)
    if as_json:
        print_json(told)
    else:
        _print(told, lang)


def _document(
    record: str, found: FoundTransitions, states: Sequence[ProcessState], unknown: Sequence[Judged], now: int
) -> dict[str, Any]:
    table, places = shipped_process_table(), {one.transition.record_id: one for one in found.placed}
    return {
        "recordId": record,
        "table": {"version": table.version, "hash": to_hex(table.hash)},
        "processes": [
            {
                "process": state.process,
                "state": state.state,
                "since": state.since,
                "isEnd": state.is_end,
                "visits": dict(state.visits),
                "onChain": list(state.implied),
                "transitions": [_transition(one, places[one.transition.record_id]) for one in state.judged],
                "owed": [
                    {
                        "to": one.step.after,
                        "dueAt": one.due_at,
                        "overdue": one in state.overdue(now),
                        "escalation": [int(kind) for kind in one.step.escalation],
                    }
                    for one in state.owed
                ],
            }
            for state in states
        ],
        "otherProcesses": [_transition(one, places[one.transition.record_id]) for one in unknown],
        "waiting": [to_hex(one) for one in found.waiting],
        "withdrawn": [to_hex(one) for one in found.gone],
        "laterVersions": [
            {"recordId": to_hex(one.record_id), "version": one.version, "first": one.first.value} for one in found.later
        ],
        "disclosures": found.looks,
    }


def _transition(judged: Judged, placed: Placed) -> dict[str, Any]:
    said = judged.transition
    return {
        "recordId": to_hex(said.record_id),
        "from": said.before,
        "to": said.after,
        "signedAt": said.at,
        "sequence": placed.sequence,
        "publisher": said.publisher,
        "agencyKind": None if said.agency_kind is None else int(said.agency_kind),
        "verdict": judged.verdict.value,
        "reason": None if judged.reason is None else judged.reason.value,
        "dueAt": judged.due_at,
        "late": judged.is_late,
        "otherTable": said.table not in (None, shipped_process_table().hash),
        "note": placed.note,
    }


def _print(told: dict[str, Any], language: Language) -> None:
    for process in told["processes"]:
        _print_process(told["recordId"], process, language)
    if not told["processes"]:
        print("no step of this record is anchored, or none that these grounds open")
    for one in told["otherProcesses"]:
        print(f"illegal: {one['recordId']} names a process that the table does not have")
    for what, name in (("waiting for the anchor", "waiting"), ("withdrawn or erased", "withdrawn")):
        if told[name]:
            print(f"{what}: {len(told[name])} steps")
    for one in told["laterVersions"]:
        print(
            f"published again: {one['recordId']} version {one['version']}, which does not count; {_FIRST[one['first']]}"
        )
    print(f"{told['disclosures']} disclosures, each checked and kept")


def _print_process(record: str, process: dict[str, Any], language: Language) -> None:
    state = process["state"]
    about = {
        "record": record,
        "process": f"{process['process']} ({process_title(process['process'], language)})",
        "state": f"{state} ({state_title(state, language)})" + (", an end" if process["isEnd"] else ""),
        "since": "not known" if process["since"] is None else moment_text(process["since"]),
    }
    if "bounced" in process["visits"]:
        about["bounced"] = str(process["visits"]["bounced"])
    print_members(about)
    rows = [
        [
            moment_text(one["signedAt"]),
            one["publisher"],
            f"{one['from']} → {one['to']}",
            one["verdict"] + (f": {one['reason']}" if one["reason"] else ""),
            "late" if one["late"] else "",
        ]
        for one in process["transitions"]
    ]
    print_table(("signed", "agency", "step", "verdict", "late"), rows)
    for one in process["owed"]:
        kinds = ", ".join(str(getattr(AgencyKind(kind), language)) for kind in one["escalation"])
        fate = f"OVERDUE, for {kinds}" if one["overdue"] else "due"
        print(f"{fate}: {one['to']} by {moment_text(one['dueAt'])}")
