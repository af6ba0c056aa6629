"""The field × tier table `gongzhi-masks/1`, and which concept of it each path of a schema is: `gongzhi-fields/1`.

Neither is hashed: profiles are made from them and checked against them, and profiles are what the chain names.
What is unknown is closed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ledger.core.codes import AgencyKind, Purpose, Tier
from ledger.core.documents import EVERY_PURPOSE
from ledger.core.rules import KNOWN_KINDS
from ledger.core.schema import ORIGINAL, Slot
from ledger.core.shapes import array, ascending_codes, code_of, format_members, from_one, members_of, text, titles
from ledger.errors import FormatError

MASKS_FORMAT = "gongzhi-masks/1"
FIELDS_FORMAT = "gongzhi-fields/1"
CLOSED = "closed"
SELF_COLUMN = "T0s"
"""The column of the person himself: the profile with purpose P12."""
OPEN = "open"
"""Concept of what is not personal: slots of class O."""
AGE_FLAGS_KIND = "g:age-flags@1"
AGE_FLAGS = "age_flags"
"""Concept of age flags: they are derived from a birth date, and open where it stays closed."""
_MASKS = ("format", "name", "version", "columns", "thirdParties", "concepts")
_MASKS_OPTIONAL = ("fieldsRevisions",)
_COLUMN = ("column", "tier", "title", "readerKinds")
_CONCEPT = ("concept", "title", "ladder", "cells", "overrides", "note")
_OVERRIDE = ("columns", "open")
_OVERRIDE_WHERE = ("purposes", "schemas", "paths", "readerKinds", "reason")
_FIELDS = ("format", "schema", "version", "fields")
_REVISION = ("revision",)


@dataclass(frozen=True)
class Column:
    """A column of the table: a tier, or the person himself, with the agency kinds that look under it."""

    name: str
    tier: Tier
    title: Mapping[str, str]
    reader_kinds: tuple[AgencyKind, ...]


@dataclass(frozen=True)
class Override:
    """Another cell for some columns, where all that is named matches: purposes, schemas, beginnings of paths.

    What is empty matches everything. `reader_kinds` restrict it: it holds only for items whose readers under the column
    are all among them, and never where no reader is known. `reason` says why, None where the concept's note does.
    """

    columns: tuple[str, ...]
    purposes: tuple[Purpose, ...]
    schemas: tuple[str, ...]
    paths: tuple[str, ...]
    opens: str
    reader_kinds: tuple[AgencyKind, ...] = ()
    reason: Mapping[str, str] | None = None

    def matches(self, place: "Place") -> bool:
        """Say whether the override is about this place of the table and its readers."""
        return self.is_about(place) and (not self.reader_kinds or self._lists(place.readers))

    def _lists(self, readers: Sequence[AgencyKind]) -> bool:
        return bool(readers) and set(readers) <= set(self.reader_kinds)

    def is_about(self, place: "Place") -> bool:
        """Say whether the override is about this place of the table, whoever reads there."""
        return (
            place.column in self.columns
            and (not self.purposes or place.purpose in self.purposes)
            and (not self.schemas or place.schema in self.schemas)
            and (not self.paths or place.path.startswith(self.paths))
        )


@dataclass(frozen=True)
class Place:
    """Where a cell is asked for: column, purpose (0 = none in particular), name of the schema, path, and the kinds of
    an item's readers under that column.
    """

    column: str
    purpose: int
    schema: str
    path: str
    readers: tuple[AgencyKind, ...] = ()


@dataclass(frozen=True)
class Concept:
    """A row of the table: what it is about, the kinds that such a field may have from the most open to the strictest,
    a cell for each column (a kind, or closed), and overrides, of which the last that matches counts.
    """

    name: str
    title: Mapping[str, str]
    ladder: tuple[str, ...]
    cells: Mapping[str, str]
    overrides: tuple[Override, ...]
    note: Mapping[str, str]

    def cell(self, place: Place) -> str:
        """Return the kind that opens at a place, or `closed`."""
        found = self.cells.get(place.column, CLOSED)
        for override in self.overrides:
            if override.matches(place):
                found = override.opens
        return found

    def opens(self, place: Place) -> tuple[str, ...]:
        """Return the kinds that may open at a place: the cell's and the stricter ones, most open first."""
        return self._from(self.cell(place))

    def opens_to_others(self, place: Place) -> tuple[str, ...]:
        """Return the kinds that an override would open at a place if the item's readers there were those it lists."""
        given = [one for one in self.overrides if one.reader_kinds and one.is_about(place) and not one.matches(place)]
        return tuple(kind for one in given for kind in self._from(one.opens))

    def _from(self, cell: str) -> tuple[str, ...]:
        return () if cell == CLOSED else self.ladder[self.ladder.index(cell) :]


@dataclass(frozen=True)
class MaskTable:
    """The table: columns and concepts, each by its name.

    `third_parties` are beginnings of paths that are about somebody else: closed to the person himself.
    """

    name: str
    version: int
    columns: Mapping[str, Column]
    third_parties: tuple[str, ...]
    concepts: Mapping[str, Concept]
    fields_revisions: Mapping[str, int] = field(default_factory=dict)
    """Which revision of a schema version's fields map the table goes with, by `<schema>-<version>`; else the first."""

    def opens(self, concept: str, place: Place) -> tuple[str, ...]:
        """Return the kinds that may open, most open first; none for a concept that the table does not have."""
        found = self.concepts.get(concept)
        others = place.column == SELF_COLUMN and concept != OPEN and place.path.startswith(self.third_parties)
        return () if found is None or others else found.opens(place)

    def column_of(self, tier: Tier, purpose: int) -> str | None:
        """Return the column of a profile, None where the table has none: that of purpose P12 is the person's own."""
        if purpose == Purpose.RIGHTS_AND_AUDIT:
            return SELF_COLUMN if SELF_COLUMN in self.columns else None
        found = (one.name for one in self.columns.values() if one.tier == tier and one.name != SELF_COLUMN)
        return next(found, None)

    def columns_of(self, kinds: Sequence[AgencyKind]) -> tuple[str, ...]:
        """Return the columns under which any of these agency kinds looks, in the table's order."""
        return tuple(one.name for one in self.columns.values() if not set(kinds).isdisjoint(one.reader_kinds))

    def tiers_of(self, kind: int) -> frozenset[Tier]:
        """Return the tiers under which an agency kind looks, by its number; none for a kind that the table lacks."""
        return frozenset(one.tier for one in self.columns.values() if kind in one.reader_kinds)

    def readers_of(self, column: str, kinds: Sequence[AgencyKind]) -> tuple[AgencyKind, ...]:
        """Return which of these agency kinds look under a column of the table."""
        return tuple(kind for kind in kinds if kind in self.columns[column].reader_kinds)


@dataclass(frozen=True)
class FieldsMap:
    """Which concept each original path of a schema version is; `version` is the schema's, `revision` the map's."""

    schema: str
    version: int
    concepts: Mapping[str, str]
    revision: int = 1

    def concept_of(self, slot: Slot) -> str | None:
        """Return the concept of a slot, None where the map does not name its path: a derived slot is what its original
        is, but for age flags.
        """
        if slot.kind == AGE_FLAGS_KIND and slot.path in self.concepts:
            return AGE_FLAGS
        return self.concepts.get(slot.path)

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """The document as JSON members."""
        return {
            "format": FIELDS_FORMAT,
            "schema": self.schema,
            "version": self.version,
            **({} if self.revision == 1 else {"revision": self.revision}),
            "fields": dict(self.concepts),
        }


def parse_masks(document: object) -> MaskTable:
    """Return the table of a `gongzhi-masks/1` document (its parsed JSON).

    Raises `UnsupportedFormat` for another format name, and `FormatError` for other members, unknown kinds, columns or
    codes, a name twice, a concept without a cell for each column, or a cell that is not on the concept's ladder.
    """
    members = format_members(document, MASKS_FORMAT, _MASKS, what="masks", optional=_MASKS_OPTIONAL)
    columns = [_column(one) for one in array(members["columns"], what="masks columns", most=32)]
    names = tuple(one.name for one in columns)
    concepts = [_concept(one, names) for one in array(members["concepts"], what="masks concepts", most=256)]
    for given in (names, tuple(one.name for one in concepts)):
        if len(set(given)) != len(given):
            raise FormatError("masks: a column or concept stands twice")
    return MaskTable(
        name=text(members["name"], what="masks name"),
        version=from_one(members["version"], 32, what="masks version"),
        columns={one.name: one for one in columns},
        third_parties=_texts(members["thirdParties"], "masks thirdParties"),
        concepts={one.name: one for one in concepts},
        fields_revisions=_revisions(members.get("fieldsRevisions", {})),
    )


def parse_fields(document: object) -> FieldsMap:
    """Return the map of a `gongzhi-fields/1` document; raises `UnsupportedFormat` or `FormatError`."""
    members = format_members(document, FIELDS_FORMAT, _FIELDS, what="fields", optional=_REVISION)
    given = members["fields"]
    if not isinstance(given, dict):
        raise FormatError("fields: expected an object of path and concept")
    return FieldsMap(
        schema=text(members["schema"], what="fields schema"),
        version=from_one(members["version"], 32, what="fields version"),
        concepts={path: text(concept, what="fields concept") for path, concept in given.items()},
        revision=from_one(members.get("revision", 1), 32, what="fields revision"),
    )


def _revisions(value: object) -> Mapping[str, int]:
    if not isinstance(value, dict):
        raise FormatError("masks fieldsRevisions: expected an object of schema version and revision")
    return {name: from_one(given, 32, what="masks fieldsRevisions") for name, given in value.items()}


def profile_place(column: str, purpose: int, schema: str, path: str, readers: tuple[AgencyKind, ...] = ()) -> Place:
    """Return where a profile's cell stands; `purpose` 0 is a profile for every purpose of its item."""
    return Place(column, EVERY_PURPOSE if column == SELF_COLUMN else purpose, schema, path, readers)


def _column(value: object) -> Column:
    members = members_of(value, _COLUMN, what="masks column")
    return Column(
        name=text(members["column"], what="masks column name"),
        tier=code_of(Tier, members["tier"], what="masks column tier"),
        title=titles(members["title"], what="masks column title"),
        reader_kinds=ascending_codes(AgencyKind, members["readerKinds"], what="masks column readerKinds"),
    )


def _concept(value: object, columns: tuple[str, ...]) -> Concept:
    members = members_of(value, _CONCEPT, what="masks concept")
    name = text(members["concept"], what="masks concept name")
    what = f"masks concept {name}"
    ladder = _texts(members["ladder"], f"{what} ladder")
    if len(set(ladder)) != len(ladder) or not set(ladder) <= KNOWN_KINDS | {ORIGINAL}:
        raise FormatError(f"{what} ladder: expected 'o' and known rules, each once")
    cells = members_of(members["cells"], columns, what=f"{what} cells")
    overrides = tuple(_override(one, columns, what) for one in array(members["overrides"], what=what, most=64))
    for cell in (*cells.values(), *(one.opens for one in overrides)):
        if cell != CLOSED and cell not in ladder:
            raise FormatError(f"{what}: a cell is neither closed nor on the ladder")
    return Concept(
        name=name,
        title=titles(members["title"], what=f"{what} title"),
        ladder=ladder,
        cells=cells,
        overrides=overrides,
        note=titles(members["note"], what=f"{what} note"),
    )


def _override(value: object, columns: tuple[str, ...], what: str) -> Override:
    members = members_of(value, _OVERRIDE, what=f"{what} override", optional=_OVERRIDE_WHERE)
    named = _texts(members["columns"], f"{what} override columns")
    if not named or not set(named) <= set(columns):
        raise FormatError(f"{what} override: expected columns of the table")
    return Override(
        columns=named,
        purposes=ascending_codes(Purpose, members.get("purposes", []), what=f"{what} override purposes"),
        schemas=_texts(members.get("schemas", []), f"{what} override schemas"),
        paths=_texts(members.get("paths", []), f"{what} override paths"),
        opens=text(members["open"], what=f"{what} override open"),
        reader_kinds=ascending_codes(AgencyKind, members.get("readerKinds", []), what=f"{what} override readerKinds"),
        reason=None if "reason" not in members else titles(members["reason"], what=f"{what} override reason"),
    )


def _texts(value: object, what: str) -> tuple[str, ...]:
    return tuple(text(one, what=what) for one in array(value, what=what, most=64))
