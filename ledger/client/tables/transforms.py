"""Transforms of a mapping: what makes a slot's value of a row. Named, closed list; they reject, never guess.

| transform | members besides `column` | value |
|---|---|---|
| `copy` | | the text, trimmed and in NFC |
| `constant` | `value` (no column) | the value |
| `present` | | true if the column holds anything, 否 too: for a column that only some have, not for yes or no |
| `integer` | | a decimal integer |
| `identity` | | identity number of 18 characters, see `persons` |
| `phone` | | mainland mobile of 11 digits, see `persons` |
| `plate` | | a vehicle's plate, see `persons` |
| `date` | | `YYYY-MM-DD`, of five shapes, see `dates` |
| `time` | `zone` or `offset`, `format`, `date_only`, `ambiguous` | Unix seconds, by `format` (strptime) or `dates` |
| `code` | `codes`, or `set` with `system`, `codes` or `titles`; `default` | a code, see `code_cells` |
| `code-list` | as `code` | a list of codes, split at 、 , ; / and white space |
| `flag` | `true`, `false`: lists of words; `default` | true or false |
| `point` | `lat`, `lng` (no column) | `"lat,lng"`, decimals as they are written |
| `address` | `members` (no column), `constant` | object of `district street community building room` |

`optional`: an empty cell is null, else it is rejected. `clean`: steps of `cells`. Members of an address are columns, or
texts in its `constant`. `zone` is an IANA name, `offset` as `+08:00`. A local time that a clock change gives twice is
rejected, unless `ambiguous` says `earlier` or `later`; one that it skips is always rejected. So is a number that a
spreadsheet rounded. Values never stand in a rejection.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from ledger.client.tables.cells import Noted, Transform, missing, reader, refuse_rounded, steps_of
from ledger.client.tables.code_cells import code_list_transform, code_transform, flag_transform
from ledger.client.tables.dates import date_transform, time_transform
from ledger.client.tables.persons import identity_transform, phone_transform, plate_transform
from ledger.client.tables.rows import Row
from ledger.core.canonical import JsonValue
from ledger.core.shapes import members_of, text
from ledger.errors import FormatError, RowRejected

ADDRESS_MEMBERS = ("district", "street", "community", "building", "room")
_DECIMAL = re.compile(r"-?[0-9]{1,3}\.[0-9]{1,15}")
_REPEATED = ("code", "flag", "date", "time")
"""Transforms of a column whose cells are much the same in all rows, and whose values nobody changes."""
_KEPT_CELLS = 4_096
_INTEGER = re.compile(r"-?[0-9]{1,15}")


def build_transform(path: str, spec: object) -> Transform:
    """Return the transform of a slot's `spec`; raises FormatError for an unknown one or other members."""
    what = f"mapping {path}"
    if not isinstance(spec, dict):
        raise FormatError(f"{what}: expected an object")
    build = _BUILDERS.get(spec.get("transform", ""))
    if build is None:
        raise FormatError(f"{what}: transform is one of {', '.join(_BUILDERS)}")
    made = build(path, {name: member for name, member in spec.items() if name != "transform"}, what)
    return _kept(made, spec["column"]) if spec["transform"] in _REPEATED else made


def named_columns(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the columns that a slot's `spec` names, in its order."""
    if spec.get("transform") == "address":
        return tuple(spec["members"].values())
    return tuple(spec[name] for name in ("column", "lat", "lng") if name in spec)


def columns_of(spec: Mapping[str, Any]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the columns of a slot's `spec`: those that a file must have, and those that it may have."""
    named = frozenset(named_columns(spec))
    may_be_absent = spec.get("optional") or spec.get("transform") == "present" or isinstance(spec.get("default"), bool)
    return (frozenset(), named) if may_be_absent else (named, frozenset())


def _kept(transform: Transform, column: str) -> Transform:
    """Return a transform of one column that keeps what it made of the cells before: they repeat."""

    @lru_cache(maxsize=_KEPT_CELLS)
    def of_cell(found: str) -> tuple[JsonValue, tuple[str, ...]]:
        noted: Noted = []
        return transform({column: found}, noted), tuple(noted)

    def repeated(row: Row, noted: Noted) -> JsonValue:
        value, names = of_cell(row.get(column) or "")
        noted.extend(names)
        return value

    return repeated


def _copy(path: str, spec: dict[str, Any], what: str) -> Transform:
    read, optional = _read(spec, what)

    def transform(row: Row, noted: Noted) -> JsonValue:
        found: str = read(row, noted)
        if not found:
            return missing(path, optional)
        refuse_rounded(path, found)
        return found

    return transform


def _constant(_: str, spec: dict[str, Any], what: str) -> Transform:
    value: JsonValue = members_of(spec, ("value",), what=what)["value"]
    return lambda row, noted: value  # noqa: ARG005 (every transform takes a row)


def _present(_: str, spec: dict[str, Any], what: str) -> Transform:
    members_of(spec, ("column",), what=what, optional=("clean",))
    read, _optional = _read(spec, what)
    return lambda row, noted: read(row, noted) != ""


def _integer(path: str, spec: dict[str, Any], what: str) -> Transform:
    read, optional = _read(spec, what)

    def transform(row: Row, noted: Noted) -> JsonValue:
        found = read(row, noted)
        if not found:
            return missing(path, optional)
        refuse_rounded(path, found)
        if not _INTEGER.fullmatch(found):
            raise RowRejected(path, "integer_malformed")
        return int(found)

    return transform


def _point(path: str, spec: dict[str, Any], what: str) -> Transform:
    members_of(spec, ("lat", "lng"), what=what, optional=("optional", "clean"))
    optional, steps = bool(spec.get("optional", False)), steps_of(spec.get("clean", []), what)
    read_lat, read_lng = (reader(text(spec[name], what=what), steps) for name in ("lat", "lng"))

    def transform(row: Row, noted: Noted) -> JsonValue:
        lat, lng = read_lat(row, noted), read_lng(row, noted)
        if not lat and not lng:
            return missing(path, optional)
        if not (_DECIMAL.fullmatch(lat) and _DECIMAL.fullmatch(lng)):
            raise RowRejected(path, "point_malformed")
        if abs(Decimal(lat)) > 90 or abs(Decimal(lng)) > 180:
            raise RowRejected(path, "point_out_of_range")
        return f"{lat},{lng}"

    return transform


def _address(path: str, spec: dict[str, Any], what: str) -> Transform:
    members_of(spec, ("members",), what=what, optional=("constant", "optional", "clean"))
    columns, fixed = spec["members"], spec.get("constant", {})
    for given in (columns, fixed):
        members_of(given, (), what=f"{what} members", optional=ADDRESS_MEMBERS)
    optional, steps = bool(spec.get("optional", False)), steps_of(spec.get("clean", []), what)
    readers = {name: reader(text(column, what=what), steps) for name, column in columns.items()}

    def transform(row: Row, noted: Noted) -> JsonValue:
        found = {name: read(row, noted) for name, read in readers.items()}
        if not any(found.values()):
            return missing(path, optional)
        return {name: found.get(name) or fixed.get(name) for name in ADDRESS_MEMBERS}

    return transform


def _read(spec: dict[str, Any], what: str) -> tuple[Any, bool]:
    members_of(spec, ("column",), what=what, optional=("optional", "clean"))
    steps = steps_of(spec.get("clean", []), what)
    return reader(text(spec["column"], what=what), steps), bool(spec.get("optional", False))


_BUILDERS: Mapping[str, Callable[[str, dict[str, Any], str], Transform]] = {
    "copy": _copy,
    "constant": _constant,
    "present": _present,
    "integer": _integer,
    "identity": identity_transform,
    "phone": phone_transform,
    "plate": plate_transform,
    "date": date_transform,
    "time": time_transform,
    "code": code_transform,
    "code-list": code_list_transform,
    "flag": flag_transform,
    "point": _point,
    "address": _address,
}
