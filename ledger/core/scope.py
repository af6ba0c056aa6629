"""Scope of a request or a consent: which records it bears on, document `gongzhi-scope/1` (formats page, section 10).

PERMANENT: its Keccak-256 over canonical bytes stands in requests and consents on chain; a change is a new format name.
Everything that a scope does not name is outside: an empty list covers nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from ledger.core.canonical import JsonValue, document_hash
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.shapes import array, format_members, text, unsigned
from ledger.errors import FormatError

SCOPE_FORMAT = "gongzhi-scope/1"
EVERYWHERE = ""
"""The region prefix that covers every region, and records without one."""
MOST_REGIONS = 64
MOST_RECORDS = 200
MOST_CLASSES = 64
LONGEST_CLASS_BYTES = 64
NO_CHARACTER = "\uffff"
"""Noncharacter that stands for the rest of a class longer than any that a scope lists."""
TIME_BITS = 53
_MEMBERS = ("format", "salt", "regions", "from", "to", "records", "classes")
Value = TypeVar("Value", str, bytes)
_REGION_PREFIX = re.compile(r"[0-9]{0,15}")


@dataclass(frozen=True)
class Scope:
    """Regions, time, classes and records that a request or a consent is about.

    `salt`: 32 random bytes, so that the hash on chain cannot be guessed. `regions`: prefixes of region codes, digits;
    `EVERYWHERE` covers all. `from_at` and `until_at`: Unix seconds of the occurrence, half-open; None is no bound.
    `records` (32 bytes each) and `classes` (exact, or a prefix ending in `/`): None is no condition.
    """

    salt: bytes
    regions: tuple[str, ...]
    from_at: int | None = None
    until_at: int | None = None
    records: tuple[bytes, ...] | None = None
    classes: tuple[str, ...] | None = None

    @cached_property
    def document(self) -> Mapping[str, JsonValue]:
        """The document as JSON members."""
        return {
            "format": SCOPE_FORMAT,
            "salt": to_hex(self.salt),
            "regions": list(self.regions),
            "from": self.from_at,
            "to": self.until_at,
            "records": None if self.records is None else [to_hex(record_id) for record_id in self.records],
            "classes": None if self.classes is None else list(self.classes),
        }

    @cached_property
    def hash(self) -> bytes:
        """Keccak-256 (32 bytes) of the canonical document: the `scopeHash` of a message."""
        return document_hash(self.document)

    def why_outside(
        self, record_id: bytes, region: str | None, occurred_at: int | None, record_class: str | None
    ) -> str | None:
        """Return what puts a record outside: `region`, `time`, `class` or `record`, in this order, or None.

        The arguments are the record's id (32 bytes) and its reserved slots, None where it has none: such a record is
        outside a scope that asks for one.
        """
        if not any(_starts(region, prefix) for prefix in self.regions):
            return "region"
        if not self._is_in_time(occurred_at):
            return "time"
        if self.classes is not None and not (record_class is not None and _is_listed(record_class, self.classes)):
            return "class"
        if self.records is not None and record_id not in self.records:
            return "record"
        return None

    def covers(self, record_id: bytes, region: str | None, occurred_at: int | None, record_class: str | None) -> bool:
        """Say whether a record is inside; arguments as `why_outside` has them."""
        return self.why_outside(record_id, region, occurred_at, record_class) is None

    def within(self, other: "Scope") -> bool:
        """Say whether this scope opens nothing that `other` closes; salts do not matter.

        Decided condition by condition, so it may say no where several conditions of `other` only together suffice.
        """
        if self._covers_nothing:
            return True
        return (
            all(any(region.startswith(prefix) for prefix in other.regions) for region in self.regions)
            and self._is_time_within(other)
            and _is_subset_of_classes(self.classes, other.classes)
            and _is_subset_of_records(self.records, other.records)
        )

    @property
    def _covers_nothing(self) -> bool:
        return not self.regions or self.records == () or self.classes == ()

    def _is_in_time(self, occurred_at: int | None) -> bool:
        if self.from_at is None and self.until_at is None:
            return True
        if occurred_at is None or (self.from_at is not None and occurred_at < self.from_at):
            return False
        return self.until_at is None or occurred_at < self.until_at

    def _is_time_within(self, other: "Scope") -> bool:
        starts = other.from_at is None or (self.from_at is not None and self.from_at >= other.from_at)
        return starts and (other.until_at is None or (self.until_at is not None and self.until_at <= other.until_at))


def parse_scope(document: object) -> Scope:
    """Return the scope of a `gongzhi-scope/1` document (its parsed JSON).

    Raises `UnsupportedFormat` for another format name and `FormatError` for other members, misshapen or repeated
    values, too many of them, or a time that ends before it begins.
    """
    members = format_members(document, SCOPE_FORMAT, _MEMBERS, what="scope")
    from_at, until_at = (_time(members[name], f"scope {name}") for name in ("from", "to"))
    if from_at is not None and until_at is not None and until_at <= from_at:
        raise FormatError("scope to: expected a time after from")
    records, classes = members["records"], members["classes"]
    return Scope(
        salt=from_hex(members["salt"], 32, what="scope salt"),
        regions=_each_once(
            [_region(one) for one in array(members["regions"], what="scope regions", most=MOST_REGIONS)],
            "scope regions",
        ),
        from_at=from_at,
        until_at=until_at,
        records=None if records is None else _records(records),
        classes=None if classes is None else _classes(classes),
    )


def _starts(region: str | None, prefix: str) -> bool:
    return prefix == EVERYWHERE if region is None else region.startswith(prefix)


def _is_listed(record_class: str, classes: tuple[str, ...]) -> bool:
    return any(
        record_class == listed or (listed.endswith("/") and record_class.startswith(listed)) for listed in classes
    )


def _is_subset_of_classes(inner: tuple[str, ...] | None, outer: tuple[str, ...] | None) -> bool:
    return outer is None or (inner is not None and all(_is_listed(one, outer) for one in inner))


def _is_subset_of_records(inner: tuple[bytes, ...] | None, outer: tuple[bytes, ...] | None) -> bool:
    return outer is None or (inner is not None and set(inner) <= set(outer))


def _time(value: object, what: str) -> int | None:
    return None if value is None else unsigned(value, TIME_BITS, what=what)


def _region(value: object) -> str:
    if _REGION_PREFIX.fullmatch(text(value, what="scope region")) is None:
        raise FormatError("scope region: expected at most 15 digits")
    return str(value)


def _records(value: object) -> tuple[bytes, ...]:
    given = array(value, what="scope records", most=MOST_RECORDS)
    return _each_once([from_hex(one, 32, what="scope record") for one in given], "scope records")


def _classes(value: object) -> tuple[str, ...]:
    given = [text(one, what="scope class") for one in array(value, what="scope classes", most=MOST_CLASSES)]
    if any(not 0 < len(one.encode()) <= LONGEST_CLASS_BYTES or NO_CHARACTER in one for one in given):
        raise FormatError(f"scope class: expected 1 to {LONGEST_CLASS_BYTES} bytes of text")
    return _each_once(given, "scope classes")


def _each_once(values: list[Value], what: str) -> tuple[Value, ...]:
    if len(set(values)) != len(values):
        raise FormatError(f"{what}: expected each once")
    return tuple(values)
