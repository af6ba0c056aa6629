"""Catalogue entries of the program's domain data, or of a folder laid out like it."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from ledger.cli.catalogue_files import domain_loader
from ledger.errors import UsageError
from ledger.services.catalogue_documents import ItemDocuments, item_documents

RESPONSIBLE = 1
"""An agency number for documents that are looked at and not published."""


@dataclass(frozen=True)
class DomainFolder:
    """A folder with `catalogue/`, `schemas/`, `profiles/` …; what it lacks comes from the program's own domain data.

    `root` is None for the program's own.
    """

    root: Path | None = None

    def load(self, name: str) -> Any:
        """Return the JSON value of a file; raises UsageError where there is none, or no JSON."""
        return domain_loader(self.root)(name)

    def entries(self) -> Iterator[tuple[str, Any]]:
        """Yield the name and content of every catalogue entry, by item number."""
        folder = files("ledger.domain") if self.root is None else self.root
        names = [
            f"catalogue/{one.name}" for one in folder.joinpath("catalogue").iterdir() if one.name.endswith(".json")
        ]
        given = [(name, self.load(name)) for name in names]
        yield from sorted((one for one in given if item_number(one[1])), key=lambda one: item_number(one[1]))

    def documents(self, entry: Any) -> ItemDocuments:
        """Return the documents of a catalogue entry; raises UsageError where a file that it names is not there."""
        return item_documents(entry, RESPONSIBLE, self.load)

    def find(self, item: str) -> Any:
        """Return the entry of an item, by number or by its file's name as `resident-profile`; raises UsageError."""
        found = [entry for name, entry in self.entries() if item in (str(item_number(entry)), Path(name).stem)]
        if not found:
            raise UsageError("no catalogue entry is called that; give a number, or a name as resident-profile")
        return found[0]


def entries_of_file(file: str) -> tuple[DomainFolder, list[Any]]:
    """Return the folder and the entries that a file is about: the entry itself, or those that name a profile file.

    `file` is a path, or a name of the program's domain data as `catalogue/incident.json`. Raises UsageError.
    """
    path = Path(file)
    folder = DomainFolder(path.resolve().parent.parent if path.is_file() else None)
    name = f"{path.resolve().parent.name}/{path.name}" if folder.root else file
    given = folder.load(name)
    if item_number(given):
        return folder, [given]
    beside = folder if folder.root is None or (folder.root / "catalogue").is_dir() else DomainFolder()
    naming = [entry for _, entry in beside.entries() if name in (entry["maskPolicy"], entry["class1Profile"])]
    if not naming:
        raise UsageError(f"{file} is no catalogue entry, and no entry beside it names it as its profiles")
    return folder, naming


def item_number(entry: object) -> int:
    """Return the item number of a catalogue entry, 0 for what is none."""
    found = entry.get("item") if isinstance(entry, dict) and "schema" in entry else None
    return found if isinstance(found, int) else 0
