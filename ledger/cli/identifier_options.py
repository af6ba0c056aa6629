"""About whom a command asks: kind of identifier, and the identifier from a private file or a prompt, never an argument.

Arguments are seen by every process of a machine and are kept in the shell's history.
"""

import getpass
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ledger.core.subjects import RESIDENT_ID, SubjectId, canonical_id
from ledger.errors import UsageError
from ledger.keys.private_file import read_private


@dataclass(frozen=True)
class IdentifierOptions:
    """How the person was named."""

    id_type: Annotated[
        str, typer.Option("--id-type", help="kind of identifier: resident-id (GB 11643), passport, …")
    ] = RESIDENT_ID
    id_file: Annotated[
        Path | None,
        typer.Option("--id-file", help="file of mode 600 whose first line is the identifier; asked for if left out"),
    ] = None

    @property
    def subject(self) -> SubjectId:
        """The identifier in its canonical spelling; raises UsageError, FormatError, which never repeat it."""
        if self.id_file is None:
            if not sys.stdin.isatty():
                raise UsageError("there is no terminal to ask for the identifier: give --id-file")
            given = getpass.getpass("identifier (not shown): ")
        else:
            lines = read_private(self.id_file).decode("utf-8", "replace").splitlines()
            if not lines:
                raise UsageError(f"{self.id_file} is empty")
            given = lines[0]
        return canonical_id(self.id_type, given)
