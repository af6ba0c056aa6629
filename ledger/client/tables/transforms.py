"""Transforms of a mapping: what makes a slot's value of a row. Named, closed list; they reject, never guess.

| transform | members | value |
|---|---|---|
| `copy` | `column`, `optional` | the text, trimmed and in NFC; empty is null if `optional`, else rejected |
| `constant` | `value` | the value |
| `present` | `column` | true if the column holds anything |
| `integer` | `column`, `optional` | a decimal integer |
| `time` | `column`, `format`, `zone` or `offset`, `ambiguous`, `optional` | Unix seconds; `format` as strptime |
| `code` | `column`, `codes`, `default` | what `codes` maps the text to; unknown is `default`, else rejected |
| `point` | `lat`, `lng` | `"lat,lng"`, decimals as they are written |
| `address` | `members` | object with `district street community building room`, each a column or null |

`zone` is an IANA name, `offset` as `+08:00`. A local time that a clock change gives twice is rejected, unless
`ambiguous` says `earlier` or `later`; one that it skips is always rejected. Values never stand in a rejection.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any, TypeAlias
from unicodedata import normalize
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ledger.client.tables.rows import Row
from ledger.core.canonical import JsonValue
from ledger.core.shapes import members_of, text
from ledger.errors import FormatError, RowRejected, UsageError

Transform: TypeAlias = Callable[[Row], JsonValue]
ADDRESS_MEMBERS = ("district", "street", "community", "building", "room")
_DECIMAL = re.compile(r"-?[0-9]{1,3}\.[0-9]{1,15}")
_INTEGER = re.compile(r"-?[0-9]{1,15}")
_OFFSET = re.compile(r"([+-])([0-9]{2}):([0-9]{2})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def build_transform(path: str, spec: object) -> Transform:
    """Return the transform of a slot's `spec`; raises FormatError for an unknown one or other members."""
    what = f"mapping {path}"
    if not isinstance(spec, dict):
        raise FormatError(f"{what}: expected an object")
    build = _BUILDERS.get(spec.get("transform", ""))
    if build is None:
        raise FormatError(f"{what}: transform is one of {', '.join(_BUILDERS)}")
    return build(path, {name: member for name, member in spec.items() if name != "transform"}, what)


def columns_of(spec: Mapping[str, Any]) -> set[str]:
    """Return the columns that a slot needs to be in the file: those of a spec that is not optional."""
    if spec.get("optional") or spec.get("transform") == "present":
        return set()
    if spec.get("transform") == "address":
        return set(spec["members"].values())
    return {spec[name] for name in ("column", "lat", "lng") if name in spec}


def cell(row: Row, column: str) -> str:
    """Return a cell trimmed and in NFC, empty where the file has no such column."""
    return normalize("NFC", (row.get(column) or "").strip())


def _copy(path: str, spec: dict[str, Any], what: str) -> Transform:
    column, optional = _column(spec, what)
    return lambda row: cell(row, column) or _missing(path, optional)


def _constant(_: str, spec: dict[str, Any], what: str) -> Transform:
    value: JsonValue = members_of(spec, ("value",), what=what)["value"]
    return lambda row: value  # noqa: ARG005 (every transform takes a row)


def _present(_: str, spec: dict[str, Any], what: str) -> Transform:
    column = text(members_of(spec, ("column",), what=what)["column"], what=what)
    return lambda row: cell(row, column) != ""


def _integer(path: str, spec: dict[str, Any], what: str) -> Transform:
    column, optional = _column(spec, what)

    def transform(row: Row) -> JsonValue:
        found = cell(row, column)
        if not found:
            return _missing(path, optional)
        if not _INTEGER.fullmatch(found):
            raise RowRejected(path, "integer_malformed")
        return int(found)

    return transform


def _code(path: str, spec: dict[str, Any], what: str) -> Transform:
    members_of(spec, ("column", "codes"), what=what, optional=("default", "optional"))
    column, codes, default = text(spec["column"], what=what), spec["codes"], spec.get("default")
    optional = spec.get("optional", False)
    if not isinstance(codes, dict):
        raise FormatError(f"{what}: codes is an object")

    def transform(row: Row) -> JsonValue:
        found = cell(row, column)
        if not found and default is None:
            return _missing(path, optional)
        code: JsonValue = codes.get(found, default)
        if code is None:
            raise RowRejected(path, "code_unknown")
        return code

    return transform


def _point(path: str, spec: dict[str, Any], what: str) -> Transform:
    members_of(spec, ("lat", "lng"), what=what, optional=("optional",))
    optional = spec.get("optional", False)

    def transform(row: Row) -> JsonValue:
        lat, lng = cell(row, spec["lat"]), cell(row, spec["lng"])
        if not lat and not lng:
            return _missing(path, optional)
        if not (_DECIMAL.fullmatch(lat) and _DECIMAL.fullmatch(lng)):
            raise RowRejected(path, "point_malformed")
        if abs(Decimal(lat)) > 90 or abs(Decimal(lng)) > 180:
            raise RowRejected(path, "point_out_of_range")
        return f"{lat},{lng}"

    return transform


def _address(path: str, spec: dict[str, Any], what: str) -> Transform:
    columns = members_of(spec, ("members",), what=what, optional=("optional",))["members"]
    members_of(columns, (), what=f"{what} members", optional=ADDRESS_MEMBERS)
    optional = spec.get("optional", False)

    def transform(row: Row) -> JsonValue:
        found = {name: cell(row, columns[name]) if name in columns else "" for name in ADDRESS_MEMBERS}
        if not any(found.values()):
            return _missing(path, optional)
        return {name: value or None for name, value in found.items()}

    return transform


def _time(path: str, spec: dict[str, Any], what: str) -> Transform:
    members_of(spec, ("column", "format"), what=what, optional=("zone", "offset", "ambiguous", "optional"))
    column, pattern = text(spec["column"], what=what), text(spec["format"], what=what)
    zone, ambiguous = _zone(spec, what), spec.get("ambiguous", "reject")
    if ambiguous not in ("reject", "earlier", "later"):
        raise FormatError(f"{what}: ambiguous is reject, earlier or later")

    def transform(row: Row) -> JsonValue:
        found = cell(row, column)
        if not found:
            return _missing(path, spec.get("optional", False))
        try:
            local = datetime.strptime(found, pattern)
        except ValueError:
            raise RowRejected(path, "time_malformed") from None
        return _instant(path, local, zone, ambiguous)

    return transform


def _instant(path: str, local: datetime, zone: tzinfo, ambiguous: str) -> int:
    """Return Unix seconds of a local time; a gap or an undecided overlap of a clock change is rejected."""
    if local.tzinfo is not None:
        return (local - _EPOCH) // timedelta(seconds=1)
    earlier, later = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if earlier.astimezone(zone).replace(tzinfo=None) != local:
        raise RowRejected(path, "time_skipped_by_clock_change")
    if earlier != later and ambiguous == "reject":
        raise RowRejected(path, "time_twice_by_clock_change")
    return ((later if ambiguous == "later" else earlier) - _EPOCH) // timedelta(seconds=1)


def _zone(spec: Mapping[str, Any], what: str) -> tzinfo:
    if ("zone" in spec) == ("offset" in spec):
        raise FormatError(f"{what}: give a zone or an offset, not both")
    if "offset" in spec:
        found = _OFFSET.fullmatch(text(spec["offset"], what=what))
        if found is None:
            raise FormatError(f"{what}: offset is as +08:00")
        distance = timedelta(hours=int(found[2]), minutes=int(found[3]))
        return timezone(distance if found[1] == "+" else -distance)
    try:
        return ZoneInfo(text(spec["zone"], what=what))
    except (ZoneInfoNotFoundError, ValueError):
        raise UsageError(f"{what}: this machine knows no such time zone; install tzdata, or give an offset") from None


def _column(spec: dict[str, Any], what: str) -> tuple[str, bool]:
    members_of(spec, ("column",), what=what, optional=("optional",))
    return text(spec["column"], what=what), bool(spec.get("optional", False))


def _missing(path: str, optional: bool) -> JsonValue:
    if not optional:
        raise RowRejected(path, "value_missing")
    return None


_BUILDERS: Mapping[str, Callable[[str, dict[str, Any], str], Transform]] = {
    "copy": _copy,
    "constant": _constant,
    "present": _present,
    "integer": _integer,
    "time": _time,
    "code": _code,
    "point": _point,
    "address": _address,
}
