"""Cells that hold codes: of our code sets, of another system by a set's mapping, or words by a table of the mapping.

Nothing is guessed: where a system or a table is named, what it does not name is unknown, even if it looks like a code
of ours (0 is male elsewhere, and unknown in GB/T 2261.1). A rejection names what the cell may hold, at most 40 of it.
"""

import re
from collections.abc import Callable, Collection, Mapping
from itertools import islice
from typing import Any, TypeAlias

from ledger.client.tables.cells import Noted, Transform, missing, reader, steps_of
from ledger.client.tables.rows import Row
from ledger.core.canonical import JsonValue
from ledger.core.code_sets import CodeSet, parse_code_set
from ledger.core.shapes import array, members_of, text
from ledger.errors import FormatError, RowRejected

MOST_ACCEPTED = 40
_SPLIT = re.compile(r"[、,，;；/|\s]+")
Lookup: TypeAlias = Callable[[str, Noted], JsonValue]
"""What a word gives: a code, or None for an unknown one."""
_MEMBERS = ("codes", "set", "system", "titles", "default", "optional", "clean")


def code_transform(path: str, spec: dict[str, Any], what: str) -> Transform:
    """`code`: `column`, `codes` or `set` (with `system`, `codes`, `titles`), `default`, `optional`, `clean`."""
    members_of(spec, ("column",), what=what, optional=_MEMBERS)
    read = reader(text(spec["column"], what=what), steps_of(spec.get("clean", []), what))
    default, optional = spec.get("default"), bool(spec.get("optional", False))
    lookup, accepted = _lookup(spec, what)

    def transform(row: Row, noted: Noted) -> JsonValue:
        found = read(row, noted)
        if not found and default is None:
            return missing(path, optional)
        code = lookup(found, noted)
        if code is None and default is None:
            raise RowRejected(path, "code_unknown", accepted)
        return default if code is None else code

    return transform


def code_list_transform(path: str, spec: dict[str, Any], what: str) -> Transform:
    """`code-list`: as `code`, several words in one cell; gives a list of codes, each once, in the order of the cell."""
    members_of(spec, ("column",), what=what, optional=_MEMBERS)
    read = reader(text(spec["column"], what=what), steps_of(spec.get("clean", []), what))
    optional = bool(spec.get("optional", False))
    lookup, accepted = _lookup(spec, what)

    def transform(row: Row, noted: Noted) -> JsonValue:
        found = read(row, noted)
        if not found:
            return missing(path, optional)
        codes = [lookup(word, noted) for word in _SPLIT.split(found) if word]
        if None in codes:
            raise RowRejected(path, "code_unknown", accepted)
        return list(dict.fromkeys(map(str, codes)))

    return transform


def flag_transform(path: str, spec: dict[str, Any], what: str) -> Transform:
    """`flag`: `column`, `true` and `false` (lists of words), `default`, `optional`, `clean`; gives true or false.

    Words are compared in either case. `default` is what an empty cell gives, and a file without the column.
    """
    members_of(spec, ("column", "true", "false"), what=what, optional=("default", "optional", "clean"))
    read = reader(text(spec["column"], what=what), steps_of(spec.get("clean", []), what))
    words = {
        text(word, what=what).casefold(): name == "true"
        for name in ("true", "false")
        for word in array(spec[name], what=what)
    }
    if len(words) < len(spec["true"]) + len(spec["false"]):
        raise FormatError(f"{what}: a word is both true and false, or named twice")
    default, optional = spec.get("default"), bool(spec.get("optional", False))
    if not isinstance(default, bool | None):
        raise FormatError(f"{what}: default is true or false")
    accepted = (*spec["true"], *spec["false"])

    def transform(row: Row, noted: Noted) -> JsonValue:
        found = read(row, noted)
        if not found:
            return missing(path, optional) if default is None else default
        value = words.get(found.casefold())
        if value is None:
            raise RowRejected(path, "flag_unknown", accepted)
        return value

    return transform


def accepted_words(words: Collection[str]) -> tuple[str, ...]:
    """Return what a cell may hold, for a rejection: at most `MOST_ACCEPTED` words, then how many more there are."""
    more = len(words) - MOST_ACCEPTED
    return (*islice(words, MOST_ACCEPTED), *((f"… and {more} more",) if more > 0 else ()))


def _lookup(spec: Mapping[str, Any], what: str) -> tuple[Lookup, tuple[str, ...]]:
    """Return what looks a word up, and what a cell may hold."""
    table = spec.get("codes")
    if table is not None and not isinstance(table, dict):
        raise FormatError(f"{what}: codes is an object")
    if "set" not in spec:
        if table is None or "system" in spec or "titles" in spec:
            raise FormatError(f"{what}: give codes, or a set (and its system or titles)")
        return lambda word, noted: table.get(word), accepted_words(table)  # noqa: ARG005 (every lookup may note)
    if table is not None and "system" in spec:
        raise FormatError(f"{what}: give codes or a system, not both")
    return _of_set(parse_code_set(spec["set"]), spec, what)


def _of_set(codes: CodeSet, spec: Mapping[str, Any], what: str) -> tuple[Lookup, tuple[str, ...]]:
    table: Mapping[str, str] | None = spec.get("codes")
    if "system" in spec:
        system = text(spec["system"], what=what)
        codes.mapped(system, "")  # raises FormatError for a system that the set has no mapping of
        table = codes.mappings[system]
    unknown = sorted({str(code) for code in table.values() if not codes.accepts(code)}) if table else []
    if unknown:
        raise FormatError(f"{what}: {codes.reference} has no code {', '.join(unknown)}")
    titles = _titles(codes) if spec.get("titles") else {}

    def lookup(word: str, noted: Noted) -> JsonValue:
        if table is not None and word in table:
            noted.append("code_mapped")
            return table[word]
        if word in titles:
            noted.append("code_of_title")
            return titles[word]
        return word if table is None and codes.accepts(word) else None

    own = codes.accepted if table is None else tuple(table)
    return lookup, accepted_words((*own, *titles))


def _titles(codes: CodeSet) -> dict[str, str]:
    """Return the codes by their Chinese and English words; a word that two codes share is nobody's."""
    words: dict[str, str] = {}
    shared = set()
    for code in codes.codes:
        for word in set(code.title.values()):
            if word in words:
                shared.add(word)
            words[word] = code.code
    return {word: code for word, code in words.items() if word not in shared}
