"""Of whom: a person's id from a prompt or a private file, never an argument that a shell or process list would keep."""

import getpass
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.core.codes import Basis, Purpose
from ledger.core.hexadecimal import from_hex
from ledger.core.queries import EVERY_ITEM
from ledger.core.subjects import RESIDENT_ID, SubjectId, canonical_id
from ledger.errors import UsageError
from ledger.keys.private_file import read_private

if TYPE_CHECKING:
    from ledger.client.gongzhi import GongzhiClient


@dataclass(frozen=True)
class PersonOptions:
    """How the person is named."""

    id_type: Annotated[
        str, typer.Option(help="resident-id, passport, foreigner-permit, hk-macao-permit, taiwan-permit …")
    ] = RESIDENT_ID
    id_file: Annotated[
        Path | None, typer.Option(help="file of mode 0600 with the person's id in its first line; else it is asked for")
    ] = None

    def subject(self) -> SubjectId:
        """Return the person's id; raises UsageError, KeyProviderError or FormatError, which never repeat it."""
        return canonical_id(self.id_type, _typed() if self.id_file is None else _first_line(self.id_file))


def _typed() -> str:
    # Without a terminal getpass would echo what is typed.
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask for the id: give --id-file")
    return getpass.getpass("Id of the person (not shown): ")


def _first_line(path: Path) -> str:
    lines = read_private(path).decode("utf-8", "replace").splitlines()
    if not lines:
        raise UsageError(f"{path} is empty")
    return lines[0]


@dataclass(frozen=True)
class TaggedPersonOptions(PersonOptions):
    """How the person of a consent is named: by id, or by a tag that the gateway made before."""

    subject_tag: Annotated[
        str | None, typer.Option(help="tag that the gateway made for this consent, instead of the person's id")
    ] = None

    def tag(self, client: "GongzhiClient", recipient: int, purpose: Purpose) -> bytes:
        """Return a fresh tag (32 bytes) of the person for a consent to `recipient`; raises what the gateway refuses."""
        if self.subject_tag is not None:
            return from_hex(self.subject_tag, 32, what="subject tag")
        from ledger.client.grounds import Grounds
        from ledger.client.subjects import SubjectsDesk

        grounds = Grounds(EVERY_ITEM, purpose, Basis.CONSENT)
        return SubjectsDesk(client.desk).tag_for_consent(self.subject(), recipient, grounds).tag
