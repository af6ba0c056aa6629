"""`gongzhi coverage`: is there a record about a person already? Ask before you ask the resident."""

from typing import Annotated

import typer

from ledger.cli.connection import Connection, connected, open_client
from ledger.cli.grounds_options import BasisOption, CaseOption, GroundsOptions, PurposeOption, ReferenceOption
from ledger.cli.option_groups import takes
from ledger.cli.output import print_result
from ledger.cli.person_options import PersonOptions


@connected
@takes("person", PersonOptions)
def coverage(
    *,
    item: Annotated[int, typer.Option("--item", help="number of the catalogue item")],
    purpose: PurposeOption,
    basis: BasisOption,
    basis_ref: ReferenceOption = None,
    case: CaseOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    person: PersonOptions,
    connection: Connection,
) -> None:
    """Say whether an item has current records about a person, from when and by whom the newest is; no value is shown.

    Every question is a signed, anchored entry and counts against the agency's quota of the day.
    """
    grounds = GroundsOptions(item, purpose, basis, basis_ref, case=case).grounds
    subject = person.subject()
    with open_client(connection) as client:
        found = client.subjects.coverage(subject, grounds)
    result = {
        "exists": found.exists,
        "count": found.count,
        "recordedAt": found.recorded_at,
        "ageDays": found.age_days,
        "publisher": found.publisher,
    }
    print_result(result, as_json=as_json)
