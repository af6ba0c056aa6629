"""`gongzhi request`: ask a holder for records, and follow what becomes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli.acting import ActingOptions, act
from ledger.cli.code_names import parse_basis, parse_purpose, parse_tier
from ledger.cli.connection import Connection, connected, load_profile, open_client
from ledger.cli.moments import moment_text, read_moment
from ledger.cli.option_groups import takes
from ledger.cli.output import print_members, print_result, print_table
from ledger.cli.scope_options import ScopeOptions
from ledger.cli.stepping import StepOptions, publish_step
from ledger.client.duties import duties_of
from ledger.client.requests import AskedAccess, Requests
from ledger.core.action_file import PreparedAction
from ledger.core.codes import AgencyKind, Basis, Outcome, Role
from ledger.core.flow_list import parse_bases
from ledger.core.hexadecimal import from_hex
from ledger.domain import load_document
from ledger.errors import UsageError

if TYPE_CHECKING:
    from ledger.client.desk import Desk
    from ledger.client.preparing import Signing

BASES = "bases-2.json"

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="Ask a holder for records, and follow a request.")
RequestArgument = Annotated[str, typer.Argument(metavar="ID", help="id of the request, 0x and 64 hex digits")]
JsonOption = Annotated[bool, typer.Option("--json", help="print one JSON object")]


@dataclass(frozen=True)
class AskedOptions:
    """What is asked for, as it was given."""

    holder: Annotated[str, typer.Option(help="agency whose records are asked for, by number or name in the profile")]
    item: Annotated[int, typer.Option(help="number of the catalogue item")]
    purpose: Annotated[str, typer.Option(help="what for: P01 to P13")]
    basis: Annotated[str, typer.Option(help="legal basis: LB1 to LB7")]
    basis_ref: Annotated[
        str,
        typer.Option(
            help="duty, article or contract, of which only a salted commitment is sent; LB1: the consent's id"
        ),
    ]
    until: Annotated[str, typer.Option(help="until when: 2026-12-31, or a time with its zone")]
    tier: Annotated[str | None, typer.Option(help="tier of the profile that is asked for: T0 to T6")] = None
    mask_profile: Annotated[str | None, typer.Option(help="hash of the profile that is asked for, instead")] = None


@app.command("new")
@connected
@takes("options", ActingOptions)
@takes("scope", ScopeOptions)
@takes("asked", AskedOptions)
def new(*, asked: AskedOptions, scope: ScopeOptions, options: ActingOptions, connection: Connection) -> None:
    """Ask a holder for records of a conditional item. Signed with a REQUEST key; the id is the request's for good."""
    basis = parse_basis(asked.basis)
    by_consent = basis is Basis.CONSENT
    wanted = AskedAccess(
        agency_number(asked.holder, connection),
        asked.item,
        parse_purpose(asked.purpose),
        basis,
        scope.scope,
        read_moment(asked.until),
        None if by_consent else asked.basis_ref,
        from_hex(asked.basis_ref, 32, what="consent id") if by_consent else None,
        None if asked.tier is None else parse_tier(asked.tier),
        None if asked.mask_profile is None else from_hex(asked.mask_profile, 32, what="hash of a profile"),
    )

    def ask(desk: "Desk", signing: "Signing") -> PreparedAction:
        _note_no_flow(desk, wanted)
        return Requests(desk).ask(wanted, signing)

    act(connection, options, [Role.REQUEST], ask)


@app.command("withdraw")
@connected
@takes("options", ActingOptions)
def withdraw(request: RequestArgument, *, options: ActingOptions, connection: Connection) -> None:
    """Take back a request that is not decided. Signed with a REQUEST key of the reader."""
    wanted = from_hex(request, 32, what="request id")
    act(connection, options, [Role.REQUEST], lambda desk, signing: Requests(desk).withdraw(wanted, signing))


@app.command("accept")
@connected
@takes("options", ActingOptions)
def accept(request: RequestArgument, *, options: ActingOptions, connection: Connection) -> None:
    """End a grant as its reader: what was delivered is what was granted. Nothing more is looked at under it."""
    _close(request, Outcome.ACCEPTED, options, connection)


@app.command("dispute")
@connected
@takes("options", ActingOptions)
def dispute(request: RequestArgument, *, options: ActingOptions, connection: Connection) -> None:
    """End a grant as its reader: what was delivered is not what was granted."""
    _close(request, Outcome.DISPUTED, options, connection)


def _note_no_flow(desk: "Desk", wanted: AskedAccess) -> None:
    """Say on stderr where no flow of the default table is of these kinds, purpose and basis; it hinders nothing."""
    told = (desk.transport.get_public(f"/v1/agencies/{number}") for number in (wanted.holder, desk.agency))
    holder, reader = (AgencyKind(one.members("kind")["kind"]) for one in told)
    flows = parse_bases(load_document(BASES)).flows
    if not any(flow.fits(holder, reader, wanted.purpose, wanted.basis) for flow in flows):
        about = f"{holder.en} to {reader.en} for {wanted.purpose.short_name} on {wanted.basis.short_name}"
        typer.echo(f"note: {BASES} has no flow {about}; say in the reference why it may be given", err=True)


def _close(request: str, outcome: Outcome, options: ActingOptions, connection: Connection) -> None:
    wanted = from_hex(request, 32, what="request id")
    act(connection, options, [Role.REQUEST], lambda desk, signing: Requests(desk).close(wanted, outcome, signing))


@app.command("check")
@connected
@takes("options", StepOptions)
def check(request: RequestArgument, *, options: StepOptions, connection: Connection) -> None:
    """Say as its holder that a request was checked: it is complete, and can be decided."""
    publish_step(request, "request", "requested", "checked", options, connection)


@app.command("deliver")
@connected
@takes("options", StepOptions)
def deliver(request: RequestArgument, *, options: StepOptions, connection: Connection) -> None:
    """Say as its holder that what was granted is there to be looked at. The first look under the grant says so too."""
    publish_step(request, "request", "answered", "delivered", options, connection)


@app.command("list")
@connected
def list_requests(
    *,
    state: Annotated[str | None, typer.Option(help="only those in this state, as requested or granted")] = None,
    holder: Annotated[str | None, typer.Option(help="only those to this agency")] = None,
    reader: Annotated[str | None, typer.Option(help="only those of this agency")] = None,
    item: Annotated[int | None, typer.Option(help="only those for this item")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="only those about which something is overdue")] = False,
    as_json: JsonOption = False,
    connection: Connection,
) -> None:
    """List requests that this agency made or must decide, as the gateway tells them."""
    if holder is not None and reader is not None:
        raise UsageError("list by --holder or by --reader, not by both")
    part = next((one for one in (holder, reader) if one is not None), None)
    query = {
        "state": state,
        "agency": None if part is None else str(agency_number(part, connection)),
        "role": None if part is None else "reader" if holder is None else "holder",
        "item": None if item is None else str(item),
    }
    with open_client(connection) as client:
        found = Requests(client.desk).listed({name: text for name, text in query.items() if text is not None})
        late = {duty["subject"] for duty in duties_of(client.desk, overdue=True)} if overdue else set()
    kept = [one for one in found if not overdue or one["request"] in late]
    print_result({"requests": kept}, as_json=as_json, show=lambda: show_requests(kept))


def show_requests(found: Sequence[Mapping[str, Any]]) -> None:
    """Print requests as a table."""
    columns = ("request", "state", "reader", "holder", "item", "purpose", "basis", "requested", "until")
    rows = [
        [
            *(one[name] for name in columns[:5]),
            f"P{one['purpose']:02d}",
            f"LB{one['basis']}",
            *(moment_text(one[name]) for name in ("requestedAt", "until")),
        ]
        for one in found
    ]
    print_table(columns, rows)


@app.command("show")
@connected
def show(request: RequestArgument, *, as_json: JsonOption = False, connection: Connection) -> None:
    """Show one request with its terms and times, as the gateway tells them; to reader and holder with its scope."""
    wanted = from_hex(request, 32, what="request id")
    with open_client(connection) as client:
        requests = Requests(client.desk)
        told = requests.told(wanted)
        scope = requests.scope(told)
    if scope is not None:
        told = {**told, "scope": scope.document}
    print_result(told, as_json=as_json, show=lambda: print_members(told))


def agency_number(text: str, connection: Connection) -> int:
    """Return the number of an agency by number, or by its name in the profile; raises UsageError."""
    if text.isascii() and text.isdigit():
        return int(text)
    return int(load_profile(connection).agency(text)["id"])
