"""How a table is read, and for what the persons in it are asked about, as options of `submit`."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.code_names import parse_basis, parse_purpose
from ledger.errors import UsageError

if TYPE_CHECKING:
    from ledger.client.grounds import Grounds
    from ledger.client.tables.rows import TableFile


@dataclass(frozen=True)
class TableOptions:
    """How a table is read, and the grounds of asking for its persons' tokens, as they were given."""

    encoding: Annotated[
        str | None, typer.Option("--encoding", help="of a CSV file: utf-8, utf-8-bom, gb18030, gbk; else detected")
    ] = None
    sheet: Annotated[str | None, typer.Option("--sheet", help="of an XLSX file, where it has several")] = None
    header_row: Annotated[
        int, typer.Option("--header-row", min=1, help="row of the column names, where titles stand above them")
    ] = 1
    purpose: Annotated[
        str | None, typer.Option("--purpose", help="what the records are kept for, P01 to P13; where tokens are asked")
    ] = None
    basis: Annotated[str | None, typer.Option("--basis", help="legal basis, LB1 to LB7; where tokens are asked")] = None
    basis_ref: Annotated[
        str | None, typer.Option("--basis-ref", help="duty or article, of which only a salted commitment is sent")
    ] = None

    def file(self, path: Path) -> "TableFile":
        """The table to read."""
        from ledger.client.tables.rows import TableFile

        return TableFile(path, self.encoding, self.sheet, self.header_row)

    def grounds(self, item: int) -> "Grounds":
        """The grounds on which tokens are asked for records of an item; raises UsageError where one is missing."""
        from ledger.client.grounds import Grounds

        if self.purpose is None or self.basis is None:
            raise UsageError("records of this mapping are about persons by token: give --purpose and --basis")
        return Grounds(item, parse_purpose(self.purpose), parse_basis(self.basis), self.basis_ref)
