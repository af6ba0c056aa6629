"""`gongzhi consent`: record what a person agrees to, withdraw it, prolong it, and give a receipt."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli.acting import Acting, ActingOptions, Named, act
from ledger.cli.code_names import parse_reason
from ledger.cli.connection import Connection, connected, load_profile, open_client
from ledger.cli.consent_options import CaptureOptions, TermsOptions
from ledger.cli.consent_witness import witness
from ledger.cli.moments import moment_text, read_moment
from ledger.cli.option_groups import takes
from ledger.cli.output import print_json, print_members, print_result, print_table
from ledger.cli.person_options import TaggedPersonOptions
from ledger.cli.request import JsonOption, agency_number
from ledger.cli.scope_options import ScopeOptions
from ledger.client.consent_receipts import names_of, receipt_of
from ledger.client.consents import Consents, NewConsent, prolonged
from ledger.client.durable import write_durably
from ledger.core.action_file import PreparedAction
from ledger.core.canonical import decode, encode
from ledger.core.codes import Role
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.scope import parse_scope

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="Record and withdraw consents, give receipts.")
ConsentArgument = Annotated[str, typer.Argument(metavar="ID", help="id of the consent, 0x and 64 hex digits")]


@app.command("record")
@connected
@takes("options", ActingOptions)
@takes("person", TaggedPersonOptions)
@takes("capture", CaptureOptions)
@takes("scope", ScopeOptions)
@takes("terms", TermsOptions)
def record(
    *,
    evidence_out: Annotated[
        Path | None,
        typer.Option(
            help="file to write for a second witness who is elsewhere (`consent witness`); nothing is recorded"
        ),
    ] = None,
    terms: TermsOptions,
    scope: ScopeOptions,
    capture: CaptureOptions,
    person: TaggedPersonOptions,
    options: ActingOptions,
    connection: Connection,
) -> None:
    """Record a person's consent. The person's or guardian's own key signs, or your agency's SUBMIT key together with a
    second witness. The person's id is asked for, never an argument; only a tag that nobody can join is recorded.
    """
    recipient = agency_number(terms.recipient, connection)
    with Acting.opened(connection, options) as acting:
        holder = acting.client.desk.agency if terms.holder is None else agency_number(terms.holder, connection)
        given = terms.consent(bytes(32), recipient, holder, scope.scope)
        if evidence_out is not None:
            _for_witness(acting, given, capture, person, evidence_out)
            return
        prepared, key = _recorded(acting, given, capture, person)
        acting.finish(prepared, [key])


def _recorded(
    acting: Acting, given: NewConsent, capture: CaptureOptions, person: TaggedPersonOptions
) -> tuple[PreparedAction, Named]:
    """Return the message that records a consent, and the key that signs it. The tag is made last: it serves once."""
    key = capture.key(acting)
    tag = capture.tag_of_evidence() if person.subject_tag is None else None
    consent = replace(given, subject_tag=tag or person.tag(acting.client, given.recipient, given.purpose))
    evidence = capture.proven(consent, acting)
    return Consents(acting.client.desk).record(consent, evidence, acting.signing(key)), key


def _for_witness(
    acting: Acting, given: NewConsent, capture: CaptureOptions, person: TaggedPersonOptions, out: Path
) -> None:
    unnamed = capture.unwitnessed(given)
    tag = person.tag(acting.client, given.recipient, given.purpose)
    write_durably(out, encode(replace(unnamed, subject_tag=tag).document))
    print_result({"file": str(out), "subjectTag": to_hex(tag)}, as_json=acting.options.as_json)


app.command("witness")(witness)


@app.command("withdraw")
@connected
@takes("options", ActingOptions)
def withdraw(
    consent: ConsentArgument,
    *,
    reason: Annotated[str, typer.Option(help="code or number of the set withdrawal-reason")] = "own-wish",
    options: ActingOptions,
    connection: Connection,
) -> None:
    """Withdraw a consent, for ever. It counts from when the gateway has it: no look under it is served after that.

    Give the consent's own key as --action-key; one that your agency witnessed is withdrawn with its SUBMIT key.
    """
    wanted, code = from_hex(consent, 32, what="consent id"), parse_reason("withdrawal-reason", reason)
    act(connection, options, [Role.SUBMIT], lambda desk, who: Consents(desk).withdraw(wanted, code, who))


@app.command("extend")
@connected
@takes("options", ActingOptions)
@takes("person", TaggedPersonOptions)
@takes("capture", CaptureOptions)
def extend(
    consent: ConsentArgument,
    *,
    until: Annotated[str, typer.Option(help="valid until: 2027-12-31, or a time with its zone")],
    capture: CaptureOptions,
    person: TaggedPersonOptions,
    options: ActingOptions,
    connection: Connection,
) -> None:
    """Prolong a consent: a new one with a new tag is recorded. The old one ends by itself, at its own time.

    The person is shown the text again and consents again; nothing is prolonged by itself. To withdraw the old one at
    once would show everybody that both are of one person. Who wants an end to it all withdraws both.
    """
    wanted, end = from_hex(consent, 32, what="consent id"), read_moment(until)
    with Acting.opened(connection, options) as acting:
        desk = acting.client.desk
        consents = Consents(desk)
        old = consents.facts(wanted)
        scope = parse_scope(decode(desk.document_of(old.id, old.scope_hash)))
        given = prolonged(old, scope, consents.text(old.text_hash), desk.transport.now(), end)
        prepared, key = _recorded(acting, given, capture, person)
        acting.finish(prepared, [key])
    typer.echo(f"the consent before this one ends by itself: {moment_text(old.valid_until)}", err=True)


@app.command("list")
@connected
def list_consents(
    *,
    state: Annotated[str | None, typer.Option(help="live, not_begun, expired or withdrawn")] = None,
    role: Annotated[str | None, typer.Option(help="where this agency is recipient, holder or witness")] = None,
    as_json: JsonOption = False,
    connection: Connection,
) -> None:
    """List consents in which this agency has a part, as the gateway tells them. They name nobody."""
    query = {name: text for name, text in (("state", state), ("role", role)) if text is not None}
    with open_client(connection) as client:
        found = Consents(client.desk).listed(query)
    columns = ("consent", "state", "recipient", "holder", "purpose", "categories", "validFrom", "validUntil")
    rows = [[one[name] for name in columns] for one in found]
    print_result({"consents": found}, as_json=as_json, show=lambda: print_table(columns, rows))


@app.command("show")
@connected
def show(consent: ConsentArgument, *, as_json: JsonOption = False, connection: Connection) -> None:
    """Show one consent, as the gateway tells it."""
    wanted = from_hex(consent, 32, what="consent id")
    with open_client(connection) as client:
        told = Consents(client.desk).told(wanted)
    print_result(told, as_json=as_json, show=lambda: print_members(told))


@app.command("receipt")
@connected
def receipt(
    consent: ConsentArgument,
    *,
    language: Annotated[str, typer.Option(help="zh or en")] = "zh",
    out: Annotated[Path | None, typer.Option(help="file to write; else it is printed")] = None,
    as_json: JsonOption = False,
    connection: Connection,
) -> None:
    """Give the person a receipt (fields of ISO/IEC TS 27560) of a consent.

    Recipient, holder and the desk that took it can make one; the id shows that it is of the message that was signed.
    """
    wanted = from_hex(consent, 32, what="consent id")
    names = names_of(load_profile(connection).members.get("agencies", []))
    with open_client(connection) as client:
        document: dict[str, Any] = receipt_of(client.desk, wanted, names, language)
    if out is None:
        print_json(document)
        return
    write_durably(out, encode(document))
    print_result({"file": str(out), "consent": consent}, as_json=as_json)
