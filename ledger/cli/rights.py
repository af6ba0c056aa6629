"""`gongzhi rights`: requests of residents about their own data, answered in time; and what is kept about them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli.code_names import parse_code
from ledger.cli.connection import Connection, connected, load_profile, open_client
from ledger.cli.consents_told import consent_document, consent_lines, consents_total
from ledger.cli.looks_told import PublicNames, look_lines, total_line, words_in
from ledger.cli.moments import moment_text
from ledger.cli.option_groups import takes
from ledger.cli.output import print_json, print_members, print_result, print_table
from ledger.cli.person_options import PersonOptions
from ledger.cli.request import JsonOption
from ledger.cli.stepping import RegionOption, StepOptions, publish_step, region_of
from ledger.cli.views import cells_of, columns_of, page_document, record_document
from ledger.cli.words import read_words
from ledger.client.catalogue import names_of_items
from ledger.client.consent_receipts import names_of, receipt_told
from ledger.client.desk import Desk
from ledger.client.durable import private_folder, write_durably
from ledger.client.duties import duties_of
from ledger.client.looking import Page, SearchTerms
from ledger.client.own_consents import ToldConsent, own_consents
from ledger.client.rights import NewRightsRequest, file_request, resident_s_grounds
from ledger.core.canonical import encode
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.queries import EVERY_ITEM
from ledger.errors import NotFound, UsageError

RIGHTS_DUTY = "rights.answer"
app = typer.Typer(add_completion=False, rich_markup_mode=None, help="Requests of residents about their own data.")
RightsArgument = Annotated[str, typer.Argument(metavar="ID", help="id of the rights request, 0x and 64 hex digits")]


@dataclass(frozen=True)
class FiledOptions:
    """What a resident asks for, as it was given."""

    right: Annotated[str, typer.Option(help="access, copy, transfer, correct, erase, restrict or explain")]
    about: Annotated[str | None, typer.Option(help="record that it is about, 0x and 64 hex digits")] = None
    reason: Annotated[str | None, typer.Option(help="code of the set right-reason")] = None
    detail: Annotated[Path | None, typer.Option(help="file with what exactly is asked; it is sealed")] = None
    region: RegionOption = None
    synthetic: Annotated[bool, typer.Option("--synthetic", help="made for a drill")] = False
    wait: Annotated[int, typer.Option("--wait", min=0, max=30, help="wait this long until it is anchored")] = 0
    as_json: JsonOption = False


@app.command("file")
@connected
@takes("person", PersonOptions)
@takes("filed", FiledOptions)
def file(*, filed: FiledOptions, person: PersonOptions, connection: Connection) -> None:
    """File what a resident asks of your agency. The clock starts now; the id is asked for, never an argument."""
    right = parse_code("right", filed.right)
    reason = None if filed.reason is None else parse_code("right-reason", filed.reason)
    about = None if filed.about is None else from_hex(filed.about, 32, what="record id")
    detail = None if filed.detail is None else read_words(filed.detail)
    subject = person.subject()
    with open_client(connection) as client:
        region = region_of(client, filed.region)
        request = NewRightsRequest(right, region, about, reason, detail, filed.synthetic)
        record_id, accepted = file_request(client, subject, request, filed.wait)
    result = {
        "rightsRequest": to_hex(record_id),
        "right": right,
        "submission": accepted.state,
        "acceptedAt": accepted.accepted_at,
        "anchorBy": accepted.anchor_by,
    }
    print_result(result, as_json=filed.as_json)


@app.command("verify")
@connected
@takes("options", StepOptions)
def verify(request: RightsArgument, *, options: StepOptions, connection: Connection) -> None:
    """Say that the identity of who asks was verified."""
    publish_step(request, "rights", "filed", "verified", options, connection)


@app.command("done")
@connected
@takes("options", StepOptions)
def done(request: RightsArgument, *, options: StepOptions, connection: Connection) -> None:
    """Say that what was asked is done."""
    publish_step(request, "rights", "verified", "done", options, connection)


@app.command("refuse")
@connected
@takes("options", StepOptions)
def refuse(request: RightsArgument, *, options: StepOptions, connection: Connection) -> None:
    """Refuse what was asked, with a reason (--reason), which the resident is told. With the id of a record that another
    agency disputes: refuse as its publisher to correct it.
    """
    if options.reason is None:
        raise UsageError("a refusal has a reason that the resident is told: give --reason")
    publish_step(request, "rights", "verified", "refused", options, connection)


@app.command("list")
@connected
def list_rights(*, as_json: JsonOption = False, connection: Connection) -> None:
    """List the rights requests that wait for this agency's answer, soonest due first."""
    with open_client(connection) as client:
        duties = duties_of(client.desk, agency=client.desk.agency)
    found = [duty for duty in duties if duty["kind"] == RIGHTS_DUTY]
    rows = [[duty["subject"], moment_text(duty["dueAt"]), duty["overdueWorkingDays"]] for duty in found]
    columns = ("rights request", "due", "overdue working days")
    print_result({"rightsRequests": found}, as_json=as_json, show=lambda: print_table(columns, rows))


@app.command("access")
@connected
@takes("person", PersonOptions)
def access(
    *,
    item: Annotated[int, typer.Option(help="number of the catalogue item")],
    case: Annotated[str | None, typer.Option(help="number of the rights request; only a commitment is sent")] = None,
    officer: Annotated[str | None, typer.Option(help="who serves the resident; only a commitment is sent")] = None,
    as_json: JsonOption = False,
    person: PersonOptions,
    connection: Connection,
) -> None:
    """Show a resident what an item holds about himself, under the profile that it has for residents.

    The id is asked for, never an argument; it goes to the gateway beside the signature and is kept by nobody.
    """
    grounds = resident_s_grounds(item, person.subject(), officer, case)
    with open_client(connection) as client:
        pages = list(client.search(grounds, SearchTerms()))
    records = [record_document(page, view) for page in pages for view in page.views]
    if as_json:
        print_json({"records": records, "disclosures": [page_document(page) for page in pages]})
        return
    for record in records:
        _show(record, pages)
    print(f"records about this person: {len(records)}, disclosures: {len(pages)}, each checked and kept")


@app.command("looks")
@connected
@takes("person", PersonOptions)
def looks(
    *,
    item: Annotated[int, typer.Option(help="number of the catalogue item; all that your agency serves if 0")] = 0,
    language: Annotated[str, typer.Option(help="zh or en")] = "zh",
    as_json: JsonOption = False,
    person: PersonOptions,
    connection: Connection,
) -> None:
    """Tell a resident who looked at records about himself: when, what for, by what right, and what was opened.

    Asking is a signed, anchored query too. The id is asked for, never an argument, and is kept by nobody.
    """
    words_in(language)
    grounds = resident_s_grounds(item, person.subject())
    agencies = names_of(load_profile(connection).members.get("agencies", []))
    with open_client(connection) as client:
        found = client.subjects.looks(grounds)
        names = PublicNames(agencies, {} if as_json else names_of_items(client.desk, found.items, language))
    if as_json:
        print_json({"items": list(found.items), "looks": [dict(look) for look in found.looks]})
        return
    for look in found.looks:
        print("\n".join(look_lines(look, names, language)))
    print(total_line(len(found.looks), found.items, language))


@app.command("consents")
@connected
@takes("person", PersonOptions)
def consents(
    *,
    language: Annotated[str, typer.Option(help="zh or en")] = "zh",
    receipts: Annotated[
        Path | None, typer.Option(help="folder for a receipt of each consent, named by the consent's id")
    ] = None,
    as_json: JsonOption = False,
    person: PersonOptions,
    connection: Connection,
) -> None:
    """Tell a resident what he consented to: by which words, to whom, what for, until when, and how to withdraw it.

    Ended consents are told too. Asking is a signed, anchored query too. The id is asked for, never an argument.
    """
    words_in(language)
    if receipts is not None:
        private_folder(receipts)
    grounds = resident_s_grounds(EVERY_ITEM, person.subject())
    agencies = names_of(load_profile(connection).members.get("agencies", []))
    with open_client(connection) as client:
        found = own_consents(client.desk, grounds)
        if receipts is not None:
            for one in found:
                _keep_receipt(client.desk, one, agencies, language, receipts)
    if as_json:
        print_json({"consents": [consent_document(one) for one in found]})
        return
    for one in found:
        print("\n".join(consent_lines(one, agencies, language)))
    print(consents_total(found, language))


def _keep_receipt(desk: Desk, one: ToldConsent, agencies: Mapping[int, str], language: str, folder: Path) -> None:
    try:
        receipt = receipt_told(desk, one, agencies, language)
    except NotFound:
        return  # told as unsound: nobody was given a receipt of it
    write_durably(folder / f"{one.told['consent']}.json", encode(receipt))


def _show(record: dict[str, Any], pages: list[Page]) -> None:
    schema = next((page.schema for page in pages if page.schema), None)
    columns = columns_of([record])
    cells = cells_of(record, columns, schema) if schema else []
    print(f"record {record['recordId']} version {record['version']} of agency {record['publisher']}")
    print_members(
        {path + ("" if kind == "o" else "*"): cell for (path, kind), cell in zip(columns, cells, strict=True)}
    )
