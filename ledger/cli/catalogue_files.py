"""Files of the catalogue: the list and its entries, of the program or of an own folder, and who is which department.

A keys file `gongzhi-catalogue-keys/1` is `{"format", "departments": [{"kind", "agency", "keystore", "passwordFile"}]}`:
for each kind of department the number of its agency and, where the key is on this machine, its ADMIN key by paths
beside the file. Where the key is elsewhere, `"admin": "0x…"` says its address, for `prepare`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli.admin_options import open_named, read_json
from ledger.core.catalogue_list import CODE_SETS, CatalogueList, check_codes, is_inner_file, parse_catalogue_list
from ledger.core.code_sets import CodeSet, parse_code_set, parse_reference
from ledger.core.codes import AgencyKind
from ledger.core.hexadecimal import to_address
from ledger.core.shapes import array, code_of, format_members, from_one, members_of
from ledger.domain import load_document
from ledger.domain.released import redefined, released_documents
from ledger.errors import UsageError
from ledger.ports import Signer
from ledger.services.catalogue_documents import ItemDocuments, item_documents
from ledger.services.profile_files import personal_concepts

KEYS_FORMAT = "gongzhi-catalogue-keys/1"
_KEY_MEMBERS = ("keystore", "passwordFile", "admin")
LoadDocument = Callable[[str], Any]
EntriesArgument = Annotated[
    list[str] | None, typer.Argument(help="catalogue entries of the domain data, as `catalogue/hazard.json`")
]
ListOption = Annotated[
    str | None, typer.Option("--list", help="load a whole list of the domain data, as `catalogue/list-1.json`")
]
KeysOption = Annotated[
    Path | None, typer.Option("--keys", help="file that names agency and ADMIN key of each kind of department")
]
FromOption = Annotated[
    Path | None,
    typer.Option("--from", help="folder of own domain data, laid out as the program's; a file there is taken first"),
]
ResponsibleOption = Annotated[int | None, typer.Option(help="number of the responsible agency, for single entries")]


@dataclass(frozen=True)
class Department:
    """Which agency a kind of department is, and where its ADMIN key is (None if not on this machine).

    `admin` is the key's address, None if the file does not say it.
    """

    agency: int
    key: Mapping[str, Any] | None
    admin: str | None


@dataclass(frozen=True)
class KeysFile:
    """Departments by kind; the folder that the paths of their keys start from."""

    departments: Mapping[AgencyKind, Department]
    folder: Path

    def agency_of(self, kind: AgencyKind) -> int:
        """Return the agency of a kind of department; raises UsageError where the file names none."""
        if kind not in self.departments:
            raise UsageError(f"the keys file names no agency of kind {int(kind)} ({kind.en})")
        return self.departments[kind].agency

    def admin_of(self, agency: int) -> str:
        """Return the address of an agency's ADMIN key; raises UsageError where the file does not say it."""
        found = next((one.admin for one in self.departments.values() if one.agency == agency and one.admin), None)
        if found is None:
            raise UsageError(f"the keys file names no `admin` address of agency {agency}")
        return found

    def open_signers(self) -> dict[int, Signer]:
        """Return the keys that are here, by agency; raises KeyProviderError."""
        opened: dict[int, Signer] = {}
        for one in self.departments.values():
            if one.key is not None and one.agency not in opened:
                opened[one.agency] = open_named(one.key, self.folder)
        return opened


@dataclass(frozen=True)
class GivenItems:
    """What is to be loaded: documents of the entries in order, and the list that named them, if one did.

    `concepts` are those of each item's personal paths, by item number.
    """

    listed: CatalogueList | None
    items: Sequence[ItemDocuments]
    concepts: Mapping[int, Mapping[str, str]]


def domain_loader(folder: Path | None) -> LoadDocument:
    """Return what reads files of the domain data; one that `folder` has is taken from there.

    It raises UsageError for a name that leads out of the folder, or that neither has, and for a schema, code set or
    fields map of `folder` that was released under this name and version with other content; CanonicalJsonError.
    """
    released = {} if folder is None else released_documents()

    def load(name: str) -> Any:
        if not is_inner_file(name):
            raise UsageError("expected a file of the domain data by its place there, as catalogue/hazard.json")
        if folder is not None and (folder / name).is_file():
            document = read_json(folder / name)
            path = redefined(name, document, released)
            if path is not None:
                raise UsageError(
                    f"{name}: {path} is released and says otherwise; give what differs a version of its own"
                )
            return document
        try:
            return load_document(name)
        except FileNotFoundError:
            raise UsageError(f"there is no {name} in the domain data") from None

    return load


def read_keys(path: Path) -> KeysFile:
    """Return the departments of a keys file; raises UsageError, FormatError. No key is opened."""
    document = format_members(read_json(path), KEYS_FORMAT, ("format", "departments"), what="keys file")
    departments: dict[AgencyKind, Department] = {}
    for one in array(document["departments"], what="departments", most=64):
        members = members_of(one, ("kind", "agency"), what="department", optional=_KEY_MEMBERS)
        kind = code_of(AgencyKind, members["kind"], what="kind of a department")
        if kind in departments:
            raise UsageError(f"the keys file names two agencies of kind {int(kind)} ({kind.en})")
        agency = from_one(members["agency"], 32, what="agency of a department")
        admin = to_address(members["admin"], what="admin of a department") if "admin" in members else None
        departments[kind] = Department(agency, members if "keystore" in members else None, admin)
    return KeysFile(departments, path.parent)


def read_list(name: str, load: LoadDocument) -> CatalogueList:
    """Return a list of the domain data, its codes checked; raises UsageError, FormatError."""
    listed = parse_catalogue_list(load(name))
    code_sets = metadata_code_sets(load)
    for one in listed.entries:
        check_codes(one, code_sets)
    return listed


def metadata_code_sets(load: LoadDocument) -> dict[str, CodeSet]:
    """Return the code sets of the catalogue's metadata, by name and version (`openness/1`)."""
    files = {name: parse_reference(name, what="code set").file for name in CODE_SETS.values()}
    return {name: parse_code_set(load(file)) for name, file in files.items()}


def given_items(
    entries: Sequence[str] | None,
    list_name: str | None,
    keys: KeysFile | None,
    responsible: int | None,
    load: LoadDocument,
) -> GivenItems:
    """Return what a command is given: a list with its departments, or single entries of one responsible agency.

    Raises UsageError where both or neither is given, and as reading the files does.
    """
    if (list_name is None) == (not entries):
        raise UsageError("give either entries or --list")
    listed = None if list_name is None else read_list(list_name, load)
    items = tuple(
        item_documents(load(name), agency, load) for name, agency in _named(entries, listed, keys, responsible)
    )
    if len({one.item.item for one in items}) != len(items):
        raise UsageError("two entries have the same item number")
    return GivenItems(listed, items, {one.item.item: personal_concepts(one.schema, load) for one in items})


def _named(
    entries: Sequence[str] | None, listed: CatalogueList | None, keys: KeysFile | None, responsible: int | None
) -> Iterator[tuple[str, int]]:
    if responsible is not None:
        for name in entries or () if listed is None else [one.entry for one in listed.entries]:
            yield name, responsible
    elif listed is None or keys is None:
        raise UsageError("say who is responsible: --responsible for all, or --keys for the departments of a list")
    else:
        for one in listed.entries:
            yield one.entry, keys.agency_of(one.responsible)
