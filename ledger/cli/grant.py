"""`gongzhi grant`: decide what was asked, end a grant, and say what was done about its obligations."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.acting import ActingOptions, act
from ledger.cli.code_names import parse_reason, parse_terms
from ledger.cli.connection import Connection, connected, open_client
from ledger.cli.moments import read_moment
from ledger.cli.option_groups import takes
from ledger.cli.output import print_result
from ledger.cli.request import JsonOption, show_requests
from ledger.cli.stepping import StepOptions, publish_step
from ledger.cli.words import read_words
from ledger.client.preparing import salted_reasons
from ledger.client.requests import GrantedTerms, Requests
from ledger.core.codes import Role
from ledger.core.hexadecimal import from_hex
from ledger.errors import UsageError

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="Decide requests, and end grants.")
GrantArgument = Annotated[
    str, typer.Argument(metavar="ID", help="id of the request, which is the grant's too, 0x and 64 hex digits")
]


@dataclass(frozen=True)
class DecisionOptions:
    """A decision as it was given."""

    grant: Annotated[bool, typer.Option("--grant", help="grant the request")] = False
    refuse: Annotated[bool, typer.Option("--refuse", help="refuse the request")] = False
    expires: Annotated[
        str | None, typer.Option(help="granted until: 2026-12-31, or a time; what was asked if not given")
    ] = None
    uses: Annotated[int, typer.Option(min=0, help="number of looks; 0 = not limited")] = 0
    terms: Annotated[
        list[str] | None,
        typer.Option(help="no_onward, entrusted, statistics_only or notify_subject; may be given several times"),
    ] = None
    destroy_by: Annotated[str | None, typer.Option(help="until when the reader must have destroyed it")] = None
    mask_profile: Annotated[
        str | None, typer.Option(help="hash of the profile that is granted; the one asked for if not given")
    ] = None
    assessment: Annotated[
        Path | None, typer.Option(help="file with the impact assessment in words, without any name")
    ] = None
    reason: Annotated[str | None, typer.Option(help="why it is refused: code or number of the set refusal-reason")] = (
        None
    )
    reason_text: Annotated[str | None, typer.Option(help="reasons in words, without any name")] = None

    def check(self) -> None:
        """Raise UsageError unless this is one decision, with what belongs to it."""
        if self.grant == self.refuse:
            raise UsageError("decide with --grant or with --refuse")
        if self.refuse and self.reason is None:
            raise UsageError("a refusal has a reason: give --reason")
        terms = (self.expires, self.uses, self.terms, self.destroy_by, self.mask_profile, self.assessment)
        if self.refuse and any(terms):
            raise UsageError("a refusal has no terms of a grant")
        if self.grant and (self.reason is not None or self.reason_text is not None):
            raise UsageError("a grant has no reason of a refusal")


@app.command("decide")
@connected
@takes("options", ActingOptions)
@takes("decision", DecisionOptions)
def decide(
    request: GrantArgument, *, decision: DecisionOptions, options: ActingOptions, connection: Connection
) -> None:
    """Grant or refuse a request. Signed with a DECIDE key of the holder, never of the agency that asked."""
    decision.check()
    wanted = from_hex(request, 32, what="request id")
    if decision.refuse:
        reason = parse_reason("refusal-reason", str(decision.reason))
        words = decision.reason_text
        act(connection, options, [Role.DECIDE], lambda desk, who: Requests(desk).refuse(wanted, reason, words, who))
        return
    assessment = None if decision.assessment is None else salted_reasons(read_words(decision.assessment), 1)
    terms = GrantedTerms(
        None if decision.expires is None else read_moment(decision.expires),
        decision.uses,
        parse_terms(decision.terms or ()),
        0 if decision.destroy_by is None else read_moment(decision.destroy_by),
        assessment,
        None if decision.mask_profile is None else from_hex(decision.mask_profile, 32, what="hash of a profile"),
    )
    act(connection, options, [Role.DECIDE], lambda desk, who: Requests(desk).grant(wanted, terms, who))


@app.command("revoke")
@connected
@takes("options", ActingOptions)
def revoke(
    grant: GrantArgument,
    *,
    reason: Annotated[str, typer.Option(help="code or number of the set revocation-reason")],
    options: ActingOptions,
    connection: Connection,
) -> None:
    """End a grant as its holder, for ever. It counts from when the gateway has it, before any block."""
    wanted, code = from_hex(grant, 32, what="grant id"), parse_reason("revocation-reason", reason)
    act(connection, options, [Role.DECIDE], lambda desk, who: Requests(desk).revoke(wanted, code, who))


@app.command("list")
@connected
def list_grants(*, as_json: JsonOption = False, connection: Connection) -> None:
    """List the grants that this agency has or gave, as the gateway tells them."""
    with open_client(connection) as client:
        found = [one for one in Requests(client.desk).listed({}) if one.get("grant") is not None]
    print_result({"grants": found}, as_json=as_json, show=lambda: show_requests(found))


@app.command("destroyed")
@connected
@takes("options", StepOptions)
def destroyed(grant: GrantArgument, *, options: StepOptions, connection: Connection) -> None:
    """Say as the reader that what a grant gave was destroyed."""
    publish_step(grant, "obligation", "due", "destroyed", options, connection)


@app.command("returned")
@connected
@takes("options", StepOptions)
def returned(grant: GrantArgument, *, options: StepOptions, connection: Connection) -> None:
    """Say as the reader that what was entrusted was given back."""
    publish_step(grant, "obligation", "due", "returned", options, connection)


@app.command("notified")
@connected
@takes("options", StepOptions)
def notified(grant: GrantArgument, *, options: StepOptions, connection: Connection) -> None:
    """Say as the reader that the persons concerned were told of what was looked at under a grant."""
    publish_step(grant, "obligation", "due", "notified", options, connection)
