"""Member keys that are on this machine: they approve an act of the Council at once (demonstration, development, tests).

A file `{"members": [{"agency", "keystore", "passwordFile"}…]}` names them by paths beside it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.admin_options import open_named, read_json
from ledger.core.shapes import array, from_one, members_of
from ledger.ports import Signer

MemberKeysOption = Annotated[
    Path, typer.Option("--council-keys", help="file that names ADMIN keys of enough members on this machine")
]
CouncilKeysOption = Annotated[
    Path | None,
    typer.Option(help="file that names ADMIN keys of members on this machine; they approve, and it is done at once"),
]


def open_council_keys(path: Path) -> Mapping[int, Signer]:
    """Return the signers of a file by agency; raises UsageError, FormatError, KeyProviderError."""
    document = members_of(read_json(path), ("members",), what="file of member keys")
    opened: dict[int, Signer] = {}
    for member in array(document["members"], what="member keys", most=64):
        members_of(member, ("agency", "keystore"), what="member key", optional=("passwordFile",))
        agency = from_one(member["agency"], 32, what="agency of a member key")
        opened[agency] = open_named(member, path.parent)
    return opened
