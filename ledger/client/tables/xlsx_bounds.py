"""Bounds of a workbook, found by streaming its parts before it is read whole into memory.

A reader makes a table as large as the outermost cells say: two cells can ask for all memory there is. So the parts are
unpacked once, block by block and into nothing, within what their archive and their sheets may hold.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from posixpath import normpath
from typing import Any
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile, ZipInfo
from zlib import error as DeflateError

from ledger.errors import UsageError

MOST_UNPACKED = 1 << 30
"""Bytes of all parts together."""
MOST_RATIO = 200
"""Unpacked to packed bytes, of parts of more than a mebibyte; deflate does 1,032 at most, registers 5 to 60."""
MOST_PARTS = 2_000
MOST_SHEETS = 100
MOST_ROWS, MOST_COLUMNS, MOST_CELLS = 1_048_576, 512, 20_000_000
_BLOCK = 1 << 18
_RATIO_FROM = 1 << 20
_WORKBOOK = ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")
_STRINGS = "xl/sharedStrings.xml"
_DIGITS = "0123456789"


@dataclass(frozen=True)
class Scanned:
    """What the parts of a workbook hold."""

    errors: Mapping[str, frozenset[tuple[int, int]]]
    """By part: (row, column), from 1, of cells that hold an error, or a formula whose value the file does not hold."""
    targets: Mapping[str, str]
    """Parts by the names of the workbook's sheets."""
    from_1904: bool = False
    """Whether its day numbers count from 1904-01-01."""

    def errors_of(self, sheet: str) -> frozenset[tuple[int, int]]:
        """Return the cells of a sheet that hold no value; raises UsageError for a sheet of no part that was scanned."""
        found = self.errors.get(self.targets.get(sheet, ""))
        if found is None:
            raise UsageError("the workbook does not say which of its parts the sheet is")
        return found


def scan(path: Path) -> Scanned:
    """Unpack a workbook within bounds; raises UsageError beyond a limit, which it names, or for no workbook.

    The result of a file that has not changed is kept.
    """
    state = path.stat()
    return _scan(path, state.st_mtime_ns, state.st_size, state.st_ino)


@lru_cache(maxsize=4)
def _scan(path: Path, *_: int) -> Scanned:
    try:
        with ZipFile(path) as archive:
            return _Scan(path.name, archive).result()
    except (BadZipFile, DeflateError, EOFError, NotImplementedError, RuntimeError, expat.ExpatError) as error:
        raise UsageError(f"{path.name} is no XLSX workbook that can be read ({type(error).__name__})") from None


class _Scan:
    """One archive, unpacked within its limits."""

    def __init__(self, name: str, archive: ZipFile) -> None:
        self._name, self._archive, self._unpacked = name, archive, 0

    def result(self) -> Scanned:
        parts = self._archive.infolist()
        if len(parts) > MOST_PARTS:
            self._refuse(f"more than {MOST_PARTS:,} parts")
        errors: dict[str, frozenset[tuple[int, int]]] = {}
        names = _SheetNames()
        for part in parts:
            if part.filename in _WORKBOOK:
                names.begin()
                for block in self._blocks(part):
                    names.feed(block)
                names.end()
                if len(names.ids) > MOST_SHEETS:
                    self._refuse(f"more than {MOST_SHEETS} sheets")
            elif part.filename.endswith(".xml") and part.filename != _STRINGS:
                errors[part.filename] = self._errors_in(part)
            else:
                for _ in self._blocks(part):
                    pass
        return Scanned(errors, names.targets, names.from_1904)

    def _errors_in(self, part: ZipInfo) -> frozenset[tuple[int, int]]:
        sheet = _SheetCells()
        for block in self._blocks(part):
            sheet.feed(block)
            if sheet.rows > MOST_ROWS or sheet.columns > MOST_COLUMNS or sheet.rows * sheet.columns > MOST_CELLS:
                self._refuse(
                    f"a sheet of more than {MOST_ROWS:,} rows, {MOST_COLUMNS} columns or {MOST_CELLS:,} cells from A1 "
                    f"to its last cell: clear what stands far out"
                )
        sheet.end()
        return frozenset(sheet.errors)

    def _blocks(self, part: ZipInfo) -> Iterator[bytes]:
        unpacked = 0
        with self._archive.open(part) as file:
            while block := file.read(_BLOCK):
                unpacked += len(block)
                self._unpacked += len(block)
                if self._unpacked > MOST_UNPACKED:
                    self._refuse(f"more than {MOST_UNPACKED >> 20:,} MiB when it is unpacked")
                if unpacked > max(_RATIO_FROM, MOST_RATIO * part.compress_size):
                    self._refuse(f"a part that unpacks to more than {MOST_RATIO} times its size")
                yield block

    def _refuse(self, what: str) -> None:
        raise UsageError(f"{self._name} has {what}")


class _Part:
    """A part that is parsed as it comes, without a document type, and so without entities."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._started
        self._parser.StartDoctypeDeclHandler = _refuse_doctype

    def feed(self, block: bytes) -> None:
        self._parser.Parse(block, False)

    def end(self) -> None:
        self._parser.Parse(b"", True)

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        raise NotImplementedError


class _SheetCells(_Part):
    """How far the cells of a sheet that hold anything reach, and those that hold no value but should.

    Called for every element of a large sheet: so an element's end is watched only where a formula waits for its value.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rows = self.columns = 0
        self.errors: list[tuple[int, int]] = []
        self._row = self._column = 0
        self._reference: str | None = None
        self._places: dict[str, int] = {}

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._column += 1
            self._reference = attributes.get("r")
            if attributes.get("t") == "e":
                self.errors.append(self._reach())
        elif name == "v" or name == "is":
            self._reach()
            self._parser.EndElementHandler = None
        elif name == "f":
            self._parser.EndElementHandler = self._ended
        elif name == "row":
            self._column = 0
            self._row = _number(attributes.get("r", "")) or self._row + 1
        elif ":" in name:
            self._started(name.rpartition(":")[2], attributes)

    def _ended(self, name: str) -> None:
        if name == "c" or name.endswith(":c"):
            self.errors.append(self._reach())
            self._parser.EndElementHandler = None

    def _reach(self) -> tuple[int, int]:
        """Note that the present cell holds something; returns its row and column."""
        if self._reference is not None:
            letters = self._reference.rstrip(_DIGITS)
            column = self._places.get(letters)
            if column is None:
                column = self._places[letters] = _column(letters)
            self._column = column
            self._row = int(self._reference[len(letters) :][:12] or self._row)
        if self._row > self.rows:
            self.rows = self._row
        if self._column > self.columns:
            self.columns = self._column
        return self._row, self._column


class _SheetNames(_Part):
    """Which part each sheet is, by the workbook and by its relationships, in whichever order they come."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: dict[str, str] = {}
        self.from_1904 = False
        self._parts: dict[str, str] = {}

    @property
    def targets(self) -> dict[str, str]:
        return {name: self._parts[one] for name, one in self.ids.items() if one in self._parts}

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        kind = name.rpartition(":")[2]
        if kind == "sheet":
            of = {name.rpartition(":")[2]: text for name, text in attributes.items()}
            self.ids[of.get("name", "")] = of.get("id", "")
        elif kind == "workbookPr":
            self.from_1904 = attributes.get("date1904") in ("1", "true")
        elif kind == "Relationship":
            target = attributes.get("Target", "")
            inside = target.removeprefix("/") if target.startswith("/") else normpath(f"xl/{target}")
            self._parts[attributes.get("Id", "")] = inside


def _column(letters: str) -> int:
    column = 0
    for letter in letters[:8].upper():
        column = column * 26 + ord(letter) - 64
    return column


def _number(digits: str) -> int:
    return int(digits[:12]) if digits.isascii() and digits.isdecimal() else 0


def _refuse_doctype(*_: Any) -> None:
    raise UsageError("a part of the workbook declares a document type, which none needs")
