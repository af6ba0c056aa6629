"""`gongzhi inbox`: what waits for this agency, the most overdue first."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from ledger.cli.connection import Connection, connected, open_client
from ledger.cli.moments import moment_text
from ledger.cli.output import print_result, print_table
from ledger.client.duties import duties_of

WHAT_TO_DO: Mapping[str, str] = {
    "request.check": "request check",
    "request.answer": "grant decide",
    "request.deliver": "request deliver",
    "grant.destroy": "grant destroyed",
    "grant.notify": "grant notified",
    "emergency.cosign": "emergency cosign",
    "emergency.review": "emergency review",
    "emergency.notice": "emergency notify",
    "emergency.destroy": "emergency destroyed",
    "rights.answer": "rights done",
    "erasure.destroy": "grant destroyed",
    "erasure.emergency": "emergency destroyed",
    "record.correct": "rights refuse",
}
"""The command that settles a duty, by its kind. A disputed record gets its next version, or that is refused."""


@connected
def inbox(
    *,
    overdue: Annotated[bool, typer.Option("--overdue", help="only what is overdue")] = False,
    everybody: Annotated[
        bool, typer.Option("--everybody", help="duties of every agency that this one may see, not only its own")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    connection: Connection,
) -> None:
    """Show what this agency owes: requests to check and decide, obligations of grants, emergencies to co-sign, review,
    notify or destroy, rights requests, disputed records to correct. Overdue first, then by due time; each with the
    command that settles it.
    """
    with open_client(connection) as client:
        agency = None if everybody else client.desk.agency
        duties, now = duties_of(client.desk, overdue=overdue, agency=agency), client.desk.transport.now()
    waiting = in_order(duties, now)
    print_result({"asOf": now, "duties": waiting}, as_json=as_json, show=lambda: _show(waiting))


def in_order(duties: Sequence[Mapping[str, Any]], now: int) -> list[dict[str, Any]]:
    """Return the duties with `overdue` and `command` added: overdue ones first, each part by due time."""
    waiting = [
        {**duty, "overdue": duty["dueAt"] < now, "command": _command(duty["kind"], duty["subject"])} for duty in duties
    ]
    return sorted(waiting, key=lambda duty: (not duty["overdue"], duty["dueAt"], duty["subject"]))


def _command(kind: str, subject: str) -> str:
    command = WHAT_TO_DO.get(kind)
    return "" if command is None else f"gongzhi {command} {subject}"


def _show(waiting: Sequence[Mapping[str, Any]]) -> None:
    if not waiting:
        print("nothing waits")
        return
    rows = [
        [
            f"overdue, {duty['overdueWorkingDays']} working days" if duty["overdue"] else "open",
            moment_text(duty["dueAt"]),
            duty["agency"],
            duty["kind"],
            duty["command"],
        ]
        for duty in waiting
    ]
    print_table(("state", "due", "agency", "what", "settled by"), rows)
