"""Valid records of any schema of the domain data, made of chance: for previews, tests and generated spreadsheets.

Every one says of itself that it is synthetic. Pure: the same schema, code sets and seed give the same records. Within a
record persons agree with themselves (identity number, birth date and sex), times follow one another, and the free text
names the persons of the record, so that a redaction has something to find.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from ledger.core.canonical import JsonValue
from ledger.core.code_sets import CodeSet, pin_code_sets
from ledger.core.schema import Schema, Slot, parse_schema
from ledger.services import sample_persons as persons
from ledger.services.sample_values import (
    AGENCY_LEAVES,
    CHECKED,
    DAY_LEAVES,
    INTEGERS,
    LATER_LEAVES,
    LISTS,
    PHRASES,
    TEXTS,
    agency,
    hex32,
)

REGIONS: Final = tuple(f"9901010{street}00{community}" for street in ("01", "02") for community in (1, 2, 3))
"""The six communities of the demonstration."""
FIRST_AT: Final = 1_735_689_600
"""1 January 2025, UTC: records happened in the year after it."""
YEAR: Final = 365 * 86_400
FILLED: Final = 0.85
"""How often a slot that may be null holds something, unless the caller says otherwise."""
_PERSON_LEAVES: Final = {
    "name": "name",
    "headName": "name",
    "idNumber": "id_number",
    "headIdNumber": "id_number",
    "phone": "phone",
    "headPhone": "phone",
    "sex": "sex",
    "birthDate": "born",
    "address": "address",
}
_QUIET_LEAVES: Final = frozenset(("sex", "birthDate"))
"""What no text says of a person: a redaction does not look for it."""
_OF_PERSONS: Final = frozenset(
    (
        "name",
        "id_no",
        "phone",
        "birth_date",
        "sex",
        "address",
        "household",
        "tenant_owner",
        "dispute_party",
        "informant",
    )
)


@dataclass(frozen=True)
class RecordType:
    """What records are made from: the schema with its code sets by reference (`sex/1`), and each original's concept."""

    schema: Schema
    code_sets: Mapping[str, CodeSet]
    concepts: Mapping[str, str]


def record_type(name: str, load: Callable[[str], Any]) -> RecordType:
    """Return the record type of `schemas/<name>.json` and `fields/<name>.json`, as `resident_profile-1`.

    `load` gives the JSON of a file of the domain data. Raises FormatError or SchemaError for what does not fit its
    format, and what `load` raises.
    """
    document, code_sets = pin_code_sets(load(f"schemas/{name}.json"), lambda reference: load(reference.file))
    sets = {one.reference: one for one in code_sets.values()}
    schema = parse_schema(document).with_code_sets(code_sets.__getitem__)
    return RecordType(schema, sets, load(f"fields/{name}.json")["fields"])


def sample_records(
    of: RecordType, *, seed: int, filled: float = FILLED, regions: Sequence[str] = REGIONS, files: bool = True
) -> Iterator[dict[str, JsonValue]]:
    """Yield the originals of records by path, for ever; null ones are left out.

    `filled` is how often a slot that may be null holds something: 1.0 fills every slot, also those that would not stand
    together in one resident (a floating resident's permit, a foreigner's passport). Without `files` no slot names an
    attachment: a gateway takes a record only with the files that it names.
    """
    chance = Random(seed)  # noqa: S311 (samples, not keys)
    while True:
        yield _Record(of, chance, filled, regions, files).originals()


@dataclass
class _Record:
    of: RecordType
    chance: Random
    filled: float
    regions: Sequence[str]
    files: bool
    at: int = 0
    made: dict[str, JsonValue] = field(default_factory=dict)
    people: dict[str, persons.Person] = field(default_factory=dict)

    def originals(self) -> dict[str, JsonValue]:
        """Return one record: the texts last, because they speak of the rest."""
        self.at = FIRST_AT + self.chance.randrange(YEAR)
        originals = [slot for slot in self.of.schema.slots if slot.is_original and (self.files or slot.type != "file")]
        late = [slot for slot in originals if self.of.concepts[slot.path] == "event_text"]
        for slot in [*(one for one in originals if one not in late), *late]:
            if not slot.nullable or self.chance.random() < self.filled:
                self.made[slot.path] = self._value(slot)
        if self.filled < 1 and self.of.schema.name == "resident_profile":
            _agree(self.made)
        if self.of.schema.name == "supply":
            self.made["/class"] = str(self.made["/item"])[0]  # the first digit of an item is its class
        return {slot.path: self.made[slot.path] for slot in originals if slot.path in self.made}

    def _value(self, slot: Slot) -> JsonValue:
        if slot.path == "/synthetic":
            return True
        leaf = slot.path.rsplit("/", 1)[1]
        concept = self.of.concepts[slot.path]
        if concept in _OF_PERSONS and leaf in _PERSON_LEAVES:
            of_person: JsonValue = getattr(self._person(slot.path), _PERSON_LEAVES[leaf])
            return of_person
        if slot.type == "string" and leaf in DAY_LEAVES:
            return self._day(leaf)
        if slot.code_set is not None:
            return self._coded(slot, self.of.code_sets[slot.code_set.unpinned])
        if concept == "event_text":
            return self._sentence()
        return self._plain(slot, leaf)

    def _person(self, path: str) -> persons.Person:
        place = path.rsplit("/", 1)[0]
        if place not in self.people:
            self.people[place] = persons.person(self.chance)
        return self.people[place]

    def _coded(self, slot: Slot, code_set: CodeSet) -> JsonValue:
        if slot.type == "integer":
            return self.chance.choice(sorted(code_set.numbers))
        if slot.type == "list":
            return [self._code(code_set) for _ in range(self._length(slot.path))]
        return self._code(code_set)

    def _code(self, code_set: CodeSet) -> JsonValue:
        if code_set.check == "region":
            return self.chance.choice(self.regions)
        computed = CHECKED.get(code_set.check or "")
        return computed(self.chance) if computed else self.chance.choice(code_set.codes).code

    def _length(self, path: str) -> int:
        # Lists that stand beside one another (what is checked, how, with which result) have one length.
        beside = [value for at, value in self.made.items() if at.rsplit("/", 1)[0] == path.rsplit("/", 1)[0] != ""]
        return next((len(value) for value in beside if isinstance(value, list)), self.chance.randint(1, 3))

    def _plain(self, slot: Slot, leaf: str) -> JsonValue:
        if slot.path in LISTS:
            return LISTS[slot.path](self.chance)
        made = {"boolean": self._boolean, "integer": self._integer, "list": self._list, "time": self._time}
        return made.get(slot.type, self._typed)(slot, leaf)

    def _typed(self, slot: Slot, leaf: str) -> JsonValue:
        if slot.type == "file":
            return {"digest": hex32(self.chance), "bytes": self.chance.randint(10_000, 900_000), "media": "image/jpeg"}
        if slot.type == "object":
            return dict(persons.address(self.chance))
        if slot.type == "region":
            return self.chance.choice(self.regions)
        return self._string(leaf) if slot.type == "string" else hex32(self.chance)

    def _string(self, leaf: str) -> JsonValue:
        known = TEXTS.get(leaf)
        return known(self.chance) if known else f"示例{self.chance.randrange(10_000):04d}"

    def _integer(self, _: Slot, leaf: str) -> JsonValue:
        return agency(self.chance) if _names_agency(leaf) else self.chance.randint(*INTEGERS.get(leaf, (1, 60)))

    def _boolean(self, _: Slot, leaf: str) -> JsonValue:
        return self.chance.random() < (0.05 if leaf == "drill" else 0.5)

    def _time(self, _: Slot, leaf: str) -> JsonValue:
        if leaf in LATER_LEAVES:
            return self.at + self.chance.randint(1, 90) * 86_400
        before = [
            value for value in self.made.values() if isinstance(value, int) and self.at <= value < self.at + 86_400
        ]
        return max(before, default=self.at) + (0 if leaf == "occurredAt" else self.chance.randint(1, 1800))

    def _list(self, _: Slot, leaf: str) -> JsonValue:
        make = agency if _names_agency(leaf) else hex32
        return [make(self.chance) for _ in range(self.chance.randint(1, 3))]

    def _day(self, leaf: str) -> JsonValue:
        days = self.chance.randint(30, 700)
        moment = datetime.fromtimestamp(self.at, UTC) + timedelta(days=days if DAY_LEAVES[leaf] else -days)
        return moment.date().isoformat()

    def _sentence(self) -> JsonValue:
        said = [value for path, value in self.made.items() if self._is_of_person(path) and isinstance(value, str)]
        names = "、".join(str(one) for one in self.chance.sample(said, min(3, len(said))))
        return f"{names}：{self.chance.choice(PHRASES)}" if names else self.chance.choice(PHRASES)

    def _is_of_person(self, path: str) -> bool:
        return self.of.concepts[path] in _OF_PERSONS and path.rsplit("/", 1)[1] in _PERSON_LEAVES.keys() - _QUIET_LEAVES


def _names_agency(leaf: str) -> bool:
    return leaf.lower().endswith(("agency", "agencies")) or leaf in AGENCY_LEAVES


def _agree(resident: dict[str, JsonValue]) -> None:
    """Take out of a resident what does not stand together with the kind of resident."""
    kind = resident["/class"]
    unlike = ["/idNumber"] if kind == "overseas" else ["/otherIdType", "/otherIdNumber"]
    if kind != "floating":
        unlike += [path for path in resident if path.startswith(("/movedIn/", "/permit/"))]
    for path in unlike:
        resident.pop(path, None)
