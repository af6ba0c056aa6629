"""The header of a table: which columns of a mapping its cells are, however they are written, and which they are not.

Names are compared by `column_key`: full-width forms and letters of compatibility as plain ones, without white space,
characters that nobody sees, a colon behind, and what marks a column as one to fill in: `*`, `※` and 必填, 选填, 可选,
required, optional in brackets, before the name or behind it. So `*性　别` and `性别（必填）：` are `性别`. Nothing
else is guessed: other names of a column stand in the mapping.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from unicodedata import normalize

from ledger.client.tables.xlsx_file import column_letters
from ledger.errors import UsageError

_UNSEEN = re.compile(r"[\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]+")
_MARK = r"(?:[*※]|[(\[【](?:必填项?|选填项?|非必填|可选|required|optional)[)\]】])"
_MARKS = re.compile(f"^{_MARK}+|:?{_MARK}*:?$", re.IGNORECASE)


@dataclass(frozen=True)
class Columns:
    """What a mapping knows of columns: those that a file must have, those that it may have, and other names."""

    needed: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Other names of columns, and the name that the mapping uses."""
    ignored: frozenset[str] = frozenset()
    """Columns that are known and left out."""


@dataclass(frozen=True)
class Header:
    """A file's columns: `names` are the mapping's where it knows them, `written` the file's, place by place.

    No two names are alike but empty ones: a second column of a name that the mapping does not use is `name (2)`.
    """

    names: tuple[str, ...]
    written: tuple[str, ...]
    missing: tuple[str, ...] = ()
    """Optional columns that the file does not have: their slots are null in every record."""
    unused: tuple[str, ...] = ()
    """Columns of the file, as written, that no slot uses and the mapping does not ignore."""


def column_key(name: str) -> str:
    """Return what names of columns are compared by."""
    return _MARKS.sub("", _UNSEEN.sub("", normalize("NFKC", name)))


def read_header(cells: Sequence[str], columns: Columns, where: str) -> Header:
    """Return the header that stands in a row's cells; `where` says where, for people.

    Raises UsageError for a header without names, a needed column that is missing, or two columns that are one of the
    mapping's.
    """
    written = [_name(cell) for cell in cells]
    while written and not written[-1]:
        written.pop()
    if not written:
        raise UsageError(f"{where} has no names of columns")
    found = _found([column_key(name) for name in written], columns)
    for column in dict.fromkeys(filter(None, found)):
        places = [place for place, name in enumerate(found) if name == column]
        if len(places) > 1:
            twice = ", ".join(f"{written[place]} (column {column_letters(place + 1)})" for place in places)
            raise UsageError(f"{where} has the column {column} more than once: {twice}; rename all but one")
    absent = sorted(columns.needed - set(found))
    if absent:
        raise UsageError(f"{where} lacks {', '.join(absent)}")
    known = columns.needed | columns.optional
    ignored = set(map(column_key, columns.ignored))
    return Header(
        _distinct(found, written),
        tuple(written),
        tuple(sorted(columns.optional - set(found))),
        tuple(
            name
            for name, column in zip(written, found, strict=True)
            if name and column not in known and column_key(name) not in ignored
        ),
    )


def _found(keys: Sequence[str], columns: Columns) -> list[str | None]:
    """Return the mapping's columns by place; another name counts only where the column itself is not there."""
    own = {column_key(name): name for name in (*columns.aliases.values(), *columns.optional, *columns.needed)}
    others = {column_key(name): column for name, column in columns.aliases.items()}
    there = {own[key] for key in keys if key in own}
    return [own.get(key) or (None if others.get(key) in there else others.get(key)) for key in keys]


def _distinct(found: Sequence[str | None], written: Sequence[str]) -> tuple[str, ...]:
    taken, count = {*filter(None, found)}, Counter[str]()
    names = []
    for column, name in zip(found, written, strict=True):
        distinct = column or name
        while column is None and name and distinct in taken:
            count[name] += 1
            distinct = f"{name} ({count[name] + 1})"
        taken.add(distinct)
        names.append(distinct)
    return tuple(names)


def _name(text: str) -> str:
    # Header cells are wrapped by hand: 公民身份\n号码 is one word.
    return normalize("NFC", text.replace("\n", "").replace("\r", "")).strip()
