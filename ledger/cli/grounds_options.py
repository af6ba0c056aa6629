"""What a look is for and by what it is permitted, as options of `read`, `search`, `bundle` and `export ledger`."""

from dataclasses import dataclass
from typing import Annotated

import typer

from ledger.cli.code_names import parse_authority, parse_basis, parse_purpose
from ledger.client.grounds import ID_HEADERS, Grounds
from ledger.core.codes import Authority, Basis
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import from_hex
from ledger.errors import UsageError

PurposeOption = Annotated[str, typer.Option("--purpose", help="what for: P01 to P13")]
BasisOption = Annotated[str, typer.Option("--basis", help="legal basis: LB1 to LB7")]
ReferenceOption = Annotated[
    str | None,
    typer.Option(
        "--basis-ref",
        help="duty, article or contract, of which only a salted commitment is sent; with LB1 the consent's id",
    ),
]
OfficerOption = Annotated[str | None, typer.Option("--officer", help="who looks; only a salted commitment is sent")]
CaseOption = Annotated[str | None, typer.Option("--case", help="case number; only a salted commitment is sent")]


@dataclass(frozen=True)
class GroundsOptions:
    """The grounds of a look as they were given."""

    item: Annotated[int, typer.Option("--item", help="number of the catalogue item")]
    purpose: PurposeOption
    basis: BasisOption
    basis_ref: ReferenceOption = None
    officer: OfficerOption = None
    case: CaseOption = None
    authority: Annotated[
        str | None, typer.Option("--authority", help="class1 (if nothing is said), own, audit, grant or emergency")
    ] = None
    grant: Annotated[str | None, typer.Option("--grant", help="id of the grant that permits the look")] = None
    emergency: Annotated[str | None, typer.Option("--emergency", help="id of the emergency that permits the look")] = (
        None
    )
    mask_profile: Annotated[
        str | None, typer.Option("--mask-profile", help="hash of a narrower profile than the permitted one")
    ] = None

    @property
    def grounds(self) -> Grounds:
        """The grounds; raises UsageError, FormatError for an id or hash that is none."""
        basis, authority = parse_basis(self.basis), self._authority()
        by_consent = basis is Basis.CONSENT and self.basis_ref is not None
        return Grounds(
            self.item,
            parse_purpose(self.purpose),
            basis,
            None if by_consent else self.basis_ref,
            self.officer,
            self.case,
            authority,
            self._authority_id(authority),
            from_hex(self.basis_ref, 32, what="consent id") if by_consent else None,
            None if self.mask_profile is None else from_hex(self.mask_profile, 32, what="hash of a profile"),
        )

    def _authority(self) -> Authority:
        if self.authority is not None:
            return parse_authority(self.authority)
        if self.grant is not None:
            return Authority.GRANT
        return Authority.CLASS1 if self.emergency is None else Authority.EMERGENCY

    def _authority_id(self, authority: Authority) -> bytes:
        """Return the id that goes with the authority; one that does not go with it is refused."""
        given = {Authority.GRANT: self.grant, Authority.EMERGENCY: self.emergency}
        wanted = given.pop(authority, None)
        if any(other is not None for other in given.values()):
            raise UsageError(
                "--grant and --emergency each name an authority of their own: give one, for that authority"
            )
        if authority not in ID_HEADERS:
            return ZERO32
        if wanted is None:
            raise UsageError(f"a look under authority {authority.name.lower()} names its id")
        return from_hex(wanted, 32, what=f"id of the {authority.name.lower()}")
