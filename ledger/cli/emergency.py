"""`gongzhi emergency`: open records at once, and answer for it afterwards."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.acting import Acting, ActingOptions, act
from ledger.cli.code_names import parse_reason, parse_verdict
from ledger.cli.connection import Connection, connected, open_client
from ledger.cli.moments import moment_text, read_moment
from ledger.cli.option_groups import takes
from ledger.cli.output import print_members, print_result, print_table
from ledger.cli.request import JsonOption
from ledger.cli.words import read_words
from ledger.client.emergencies import Emergencies, NewEmergency
from ledger.client.preparing import salted_reasons
from ledger.core.codes import Role
from ledger.core.hexadecimal import from_hex
from ledger.errors import UsageError

SECONDS_AN_HOUR = 3_600
OPENERS = (Role.EMERGENCY, Role.SUPERVISE)
"""Roles of the keys that may end an emergency and say what was done about it."""

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="Open records at once, and answer for it.")
EmergencyArgument = Annotated[str, typer.Argument(metavar="ID", help="id of the emergency, 0x and 64 hex digits")]
NoteOption = Annotated[Path, typer.Option("--note", help="file with the words, without any name")]
KEY_HELP = "an agency of the profile, a keystore, or with --prepare an address"


@dataclass(frozen=True)
class OpeningOptions:
    """What is opened, as it was given."""

    case: Annotated[str, typer.Option(help="case number; only a commitment is sent, one salt a case")]
    item: Annotated[list[int], typer.Option(help="item that opens; may be given several times")]
    region: Annotated[str, typer.Option(help="region code or prefix, 1 to 15 digits")]
    reason: Annotated[str, typer.Option(help="code or number of the set emergency-reason")]
    hours: Annotated[float, typer.Option(help="how long; two hours at most until somebody has co-signed")]
    note: Annotated[Path | None, typer.Option(help="file with the reasons in words, without any name")] = None
    supervisor: Annotated[str | None, typer.Option(help=f"who co-signs at once, role SUPERVISE: {KEY_HELP}")] = None
    supervisor_password_file: Annotated[
        Path | None, typer.Option(help="file with the password of the supervisor's keystore")
    ] = None
    second_agency: Annotated[
        str | None, typer.Option(help=f"second agency that signs where reviews are overdue: {KEY_HELP}")
    ] = None
    second_agency_password_file: Annotated[
        Path | None, typer.Option(help="file with the password of the second agency's keystore")
    ] = None


@app.command("open")
@connected
@takes("options", ActingOptions)
@takes("opening", OpeningOptions)
def open_emergency(*, opening: OpeningOptions, options: ActingOptions, connection: Connection) -> None:
    """Open items of a region for a case. Records open as soon as the gateway has it; another agency reviews it."""
    if not (opening.region.isascii() and opening.region.isdigit() and len(opening.region) <= 15):
        raise UsageError("a region is a code or a prefix of one, 1 to 15 digits")
    reason = parse_reason("emergency-reason", opening.reason)
    note = None if opening.note is None else read_words(opening.note)
    with Acting.opened(connection, options) as acting:
        keys = [acting.key(Role.EMERGENCY)]
        named = (
            (opening.supervisor, opening.supervisor_password_file),
            (opening.second_agency, opening.second_agency_password_file),
        )
        others = [None if key is None else acting.named(key, file, Role.SUPERVISE) for key, file in named]
        new = NewEmergency(
            opening.case,
            opening.item,
            opening.region,
            reason,
            int(opening.hours * SECONDS_AN_HOUR),
            note,
            *(None if other is None else other.address for other in others),
        )
        prepared = Emergencies(acting.client.desk).open(new, acting.signing(keys[0]))
        acting.finish(prepared, [*keys, *(other for other in others if other is not None)])


@app.command("cosign")
@connected
@takes("options", ActingOptions)
def cosign(emergency: EmergencyArgument, *, options: ActingOptions, connection: Connection) -> None:
    """Co-sign an emergency of your agency, so that it lives its whole time. Signed with a SUPERVISE key."""
    wanted = _id(emergency)
    act(connection, options, [Role.SUPERVISE], lambda desk, who: Emergencies(desk).co_sign(wanted, who))


@app.command("end")
@connected
@takes("options", ActingOptions)
def end(emergency: EmergencyArgument, *, options: ActingOptions, connection: Connection) -> None:
    """End an emergency of your agency before its time. It counts from when the gateway has it."""
    wanted = _id(emergency)
    act(connection, options, OPENERS, lambda desk, who: Emergencies(desk).end(wanted, who))


@app.command("review")
@connected
@takes("options", ActingOptions)
def review(
    emergency: EmergencyArgument,
    *,
    verdict: Annotated[str, typer.Option(help="justified, faults or not_justified")],
    note: NoteOption,
    reason: Annotated[list[str], typer.Option(help="code or number of the set review-reason; several times")],
    options: ActingOptions,
    connection: Connection,
) -> None:
    """Judge an emergency of another agency that is over. Signed with a REVIEW key of the agency that was assigned."""
    wanted, judged = _id(emergency), parse_verdict(verdict)
    reasons = salted_reasons(read_words(note), *(parse_reason("review-reason", one) for one in reason))
    act(connection, options, [Role.REVIEW], lambda desk, who: Emergencies(desk).review(wanted, judged, reasons, who))


@app.command("notify")
@connected
@takes("options", ActingOptions)
def notify(emergency: EmergencyArgument, *, note: NoteOption, options: ActingOptions, connection: Connection) -> None:
    """Say that the persons concerned were told. The note says how and how many, never whom."""
    wanted, reasons = _id(emergency), salted_reasons(read_words(note), 1)
    act(connection, options, OPENERS, lambda desk, who: Emergencies(desk).notified(wanted, reasons, who))


@app.command("defer")
@connected
@takes("options", ActingOptions)
def defer(
    emergency: EmergencyArgument,
    *,
    until: Annotated[str, typer.Option(help="until when: 2026-12-31, or a time with its zone")],
    reason: Annotated[str, typer.Option(help="code or number of the set deferral-reason")],
    options: ActingOptions,
    connection: Connection,
) -> None:
    """Put off telling the persons concerned, for a reason."""
    wanted, at, code = _id(emergency), read_moment(until), parse_reason("deferral-reason", reason)
    act(connection, options, OPENERS, lambda desk, who: Emergencies(desk).defer(wanted, at, code, who))


@app.command("destroyed")
@connected
@takes("options", ActingOptions)
def destroyed(
    emergency: EmergencyArgument,
    *,
    note: NoteOption,
    how: Annotated[str, typer.Option(help="code or number of the set destruction-reason")] = "erased",
    options: ActingOptions,
    connection: Connection,
) -> None:
    """Say that what the emergency showed was destroyed."""
    wanted = _id(emergency)
    reasons = salted_reasons(read_words(note), parse_reason("destruction-reason", how))
    act(connection, options, OPENERS, lambda desk, who: Emergencies(desk).destroyed(wanted, reasons, who))


@app.command("keep")
@connected
@takes("options", ActingOptions)
def keep(
    emergency: EmergencyArgument,
    *,
    note: Annotated[Path, typer.Option("--assessment", help="file with the assessment in words, without any name")],
    reason: Annotated[str, typer.Option(help="code or number of the set keeping-reason")],
    options: ActingOptions,
    connection: Connection,
) -> None:
    """Say that what the emergency showed is kept, by an assessment of need, lawfulness and safety."""
    wanted = _id(emergency)
    reasons = salted_reasons(read_words(note), parse_reason("keeping-reason", reason))
    act(connection, options, OPENERS, lambda desk, who: Emergencies(desk).keep(wanted, reasons, who))


@app.command("list")
@connected
def list_emergencies(
    *,
    state: Annotated[str | None, typer.Option(help="only those in this state: open, ended or reviewed")] = None,
    role: Annotated[str | None, typer.Option(help="only where this agency is opener, or reviewer")] = None,
    as_json: JsonOption = False,
    connection: Connection,
) -> None:
    """List emergencies that this agency opened or must review, as the gateway tells them."""
    query = {name: text for name, text in (("state", state), ("role", role)) if text is not None}
    with open_client(connection) as client:
        found = Emergencies(client.desk).listed(query)
    columns = ("emergency", "state", "agency", "items", "region", "reviewer", "opened", "ends")
    rows = [
        [
            *(one[name] for name in columns[:3]),
            ",".join(map(str, one["items"])),
            *(one[name] for name in ("region", "reviewer")),
            *(moment_text(one[name]) for name in ("openedAt", "endsAt")),
        ]
        for one in found
    ]
    print_result({"emergencies": found}, as_json=as_json, show=lambda: print_table(columns, rows))


@app.command("show")
@connected
def show(emergency: EmergencyArgument, *, as_json: JsonOption = False, connection: Connection) -> None:
    """Show one emergency, its co-signature, reviews and what was done, as the gateway tells them."""
    wanted = _id(emergency)
    with open_client(connection) as client:
        told = Emergencies(client.desk).told(wanted)
    print_result(told, as_json=as_json, show=lambda: print_members(told))


def _id(text: str) -> bytes:
    return from_hex(text, 32, what="emergency id")
