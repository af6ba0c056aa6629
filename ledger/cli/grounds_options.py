"""What a look is for, as options of `read`, `search`, `bundle` and `export ledger`."""

from typing import Annotated

import typer

from ledger.cli.code_names import parse_authority, parse_basis, parse_purpose
from ledger.client.grounds import Grounds

ItemOption = Annotated[int, typer.Option("--item", help="number of the catalogue item")]
PurposeOption = Annotated[str, typer.Option("--purpose", help="what for: P01 to P13")]
BasisOption = Annotated[str, typer.Option("--basis", help="legal basis: LB1 to LB7")]
ReferenceOption = Annotated[
    str | None, typer.Option("--basis-ref", help="duty, article or contract; only a salted commitment is sent")
]
OfficerOption = Annotated[str | None, typer.Option("--officer", help="who looks; only a salted commitment is sent")]
CaseOption = Annotated[str | None, typer.Option("--case", help="case number; only a salted commitment is sent")]
AuthorityOption = Annotated[str, typer.Option("--authority", help="class1, own or audit")]


def grounds_of(
    item: int,
    purpose: str,
    basis: str,
    reference: str | None,
    officer: str | None,
    case: str | None,
    authority: str,
) -> Grounds:
    """Return the grounds of the options; raises UsageError."""
    return Grounds(
        item,
        parse_purpose(purpose),
        parse_basis(basis),
        reference,
        officer,
        case,
        parse_authority(authority),
    )
