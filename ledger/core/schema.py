"""Schema documents `gongzhi-schema/1` and the values that fit them (formats page, section 2).

PERMANENT: the slots' order is the order of the commitment.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

from ledger.core.canonical import JsonValue, document_hash, encode
from ledger.core.code_rules import CodeRules, code_rules
from ledger.core.code_sets import CodeSet, CodeSetReference, parse_reference
from ledger.core.keccak import keccak256
from ledger.core.rules import KNOWN_KINDS
from ledger.core.shapes import array, members_of, text, titles, unsigned
from ledger.errors import SchemaError, UnsupportedFormat

FORMAT = "gongzhi-schema/1"
MOST_SLOTS = 256
ORIGINAL = "o"
SLOT_TYPES = (
    "string",
    "integer",
    "boolean",
    "time",
    "region",
    "code",
    "id",
    "subject",
    "file",
    "list",
    "object",
)
RESERVED_PATHS = ("/region", "/occurredAt", "/recordedAt", "/class", "/level")
CODED_TYPES = ("code", "string", "integer", "list", "region")
"""Types of slots that may name a code set; of a list each element is in it."""
WRITTEN = ("string", "integer", "code", "list", "object")
"""Types of slots that hold what people write or count."""
AMOUNT = "Fen"
"""How paths of amounts of money end: in fen, one may well have as many digits as a phone."""
SUBJECT_PATH = "/subject"
"""Where the slot of type `subject` stands, and nothing else: so a profile is seen to open it without the schema."""
_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])+)+")
_REGION = re.compile(r"[0-9]{1,15}")
_ID = re.compile(r"0x[0-9a-f]{64}")


def _is_text(value: JsonValue) -> bool:
    return isinstance(value, str)


def _is_integer(value: JsonValue) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_boolean(value: JsonValue) -> bool:
    return isinstance(value, bool)


def _is_time(value: JsonValue) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_region(value: JsonValue) -> bool:
    return isinstance(value, str) and _REGION.fullmatch(value) is not None


def _is_id(value: JsonValue) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _is_file(value: JsonValue) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == {"digest", "bytes", "media"}
        and _is_id(value["digest"])
        and _is_time(value["bytes"])
        and isinstance(value["media"], str)
    )


def _is_list(value: JsonValue) -> bool:
    return isinstance(value, list)


def _is_object(value: JsonValue) -> bool:
    return isinstance(value, dict)


CHECKS: Mapping[str, Callable[[JsonValue], bool]] = {
    "string": _is_text,
    "integer": _is_integer,
    "boolean": _is_boolean,
    "time": _is_time,
    "region": _is_region,
    "code": _is_text,
    "id": _is_id,
    "subject": _is_id,
    "file": _is_file,
    "list": _is_list,
    "object": _is_object,
}


@dataclass(frozen=True)
class Slot:
    """One slot: a JSON Pointer, a kind (`o` or `g:rule@version`), a type and a data class (O, G or S)."""

    path: str
    kind: str
    type: str
    nullable: bool
    data_class: str
    redact: tuple[str, ...] = ()
    code_set: CodeSetReference | None = None

    @cached_property
    def is_original(self) -> bool:
        """Whether the publisher gives the value (and no rule derives it)."""
        return self.kind == ORIGINAL

    @cached_property
    def is_stored_open(self) -> bool:
        """Whether a gateway keeps value and salt in clear: derived slots and class-O originals."""
        return not self.is_original or self.data_class == "O"

    @cached_property
    def hashes(self) -> bytes:
        """keccak(path) ‖ keccak(kind): the two words that every field digest of this slot holds."""
        return keccak256(self.path.encode()) + keccak256(self.kind.encode())

    @cached_property
    def salt_message(self) -> bytes:
        """`salt/v1` 00 kind 00 path, what a salt is the HMAC of."""
        return b"salt/v1\x00" + self.kind.encode() + b"\x00" + self.path.encode()

    @cached_property
    def fits(self) -> Callable[[JsonValue], bool]:
        """The check of a value that is not null."""
        return CHECKS[self.type]

    def require(self, value: JsonValue) -> None:
        """Raise SchemaError, naming the path and the expected type, unless `value` fits."""
        if value is None:
            if not self.nullable:
                raise SchemaError(f"{self.path} ({self.kind}): null is not allowed")
        elif not self.fits(value):
            raise SchemaError(f"{self.path} ({self.kind}): expected {self.type}")


@dataclass(frozen=True)
class Schema:
    """A parsed schema document; `hash` is Keccak-256 of its canonical bytes."""

    name: str
    version: int
    slots: tuple[Slot, ...]
    document: Mapping[str, Any]
    hash: bytes
    code_rules: CodeRules | None = field(default=None, compare=False)
    """What its code sets ask of records; None until `with_code_sets` was given them."""

    def with_code_sets(self, code_set_of: Callable[[bytes], CodeSet]) -> "Schema":
        """Return this schema with the code sets that its slots name, as intake needs it.

        `code_set_of` gives the code set of a hash, or raises. Raises SchemaError for a set that is named without one.
        """
        named = [(slot.path, slot.code_set) for slot in self.slots if slot.code_set is not None]
        return replace(self, code_rules=code_rules(named, code_set_of))

    def refuse_unknown_codes(self, originals: Mapping[str, JsonValue]) -> None:
        """Raise CodeUnknown for a value outside its slot's code set, never naming it.

        Raises SchemaError where a slot names a code set and the sets were not given: nothing passes unseen.
        """
        if self.code_rules is not None:
            self.code_rules.refuse_unknown(originals)
        elif self._names_code_sets:
            raise SchemaError("the code sets of this schema are not at hand")

    @cached_property
    def _names_code_sets(self) -> bool:
        return any(slot.code_set is not None for slot in self.slots)

    @cached_property
    def open_texts(self) -> tuple[str, ...]:
        """Paths of class-O originals that people write: texts, codes, numbers, lists and objects, but for amounts of
        money and for what a code set bounds that refuses; whether it refuses is known once `with_code_sets` was called.
        """
        bounded = set() if self.code_rules is None else {rule.path for rule in self.code_rules.refusing}
        written = [slot for slot in self.slots if slot.is_original and slot.data_class == "O" and slot.type in WRITTEN]
        named = [slot.path for slot in written if slot.type != "integer" or not slot.path.endswith(AMOUNT)]
        return tuple(path for path in named if path not in bounded)

    @cached_property
    def index(self) -> Mapping[tuple[str, str], int]:
        """Position of each (path, kind)."""
        return {(slot.path, slot.kind): place for place, slot in enumerate(self.slots)}

    @cached_property
    def salt_messages(self) -> tuple[bytes, ...]:
        """What the salt of each slot is the HMAC of, in order."""
        return tuple(slot.salt_message for slot in self.slots)

    @cached_property
    def slot_hashes(self) -> tuple[bytes, ...]:
        """keccak(path) ‖ keccak(kind) of each slot, in order."""
        return tuple(slot.hashes for slot in self.slots)

    @cached_property
    def known_paths(self) -> frozenset[str]:
        """Paths that a publisher gives values for."""
        return frozenset(self.original_paths)

    @cached_property
    def original_paths(self) -> tuple[str, ...]:
        """Paths that a publisher gives values for, in order."""
        return tuple(slot.path for slot in self.slots if slot.is_original)

    @cached_property
    def stored_open(self) -> int:
        """Bitmap of the slots whose value and salt a gateway keeps in clear (bit i = slot i)."""
        return sum(1 << place for place, slot in enumerate(self.slots) if slot.is_stored_open)

    @cached_property
    def open_places(self) -> tuple[int, ...]:
        """Places of the slots that a gateway keeps in clear, in order."""
        return tuple(place for place, slot in enumerate(self.slots) if slot.is_stored_open)

    @cached_property
    def closed_places(self) -> tuple[int, ...]:
        """Places of the other slots, in order."""
        return tuple(place for place, slot in enumerate(self.slots) if not slot.is_stored_open)

    @cached_property
    def has_subject(self) -> bool:
        """Whether records are about a person by token; that slot is sealed, and no profile opens it."""
        return (SUBJECT_PATH, ORIGINAL) in self.index

    @cached_property
    def sealed_members(self) -> tuple[tuple[int, bytes], ...]:
        """Places of the originals that a gateway seals, each with `"path":`, in the order of canonical members."""
        sealed = [(slot.path, place) for place, slot in enumerate(self.slots) if not slot.is_stored_open]
        ordered = sorted(sealed, key=lambda one: one[0].encode("utf-16-be"))
        return tuple((place, encode(path) + b":") for path, place in ordered)


def parse_schema(document: object) -> Schema:
    """Return the schema of a document; raises SchemaError (shape) or UnsupportedFormat."""
    if isinstance(document, dict) and document.get("format") not in (FORMAT, None):
        raise UnsupportedFormat(f"schema: expected format {FORMAT}")
    return _parse_bytes(encode(document))


@lru_cache(maxsize=256)
def _parse_bytes(canonical: bytes) -> Schema:
    from json import loads  # the bytes are our own canonical text

    members = members_of(loads(canonical), ("format", "schema", "version", "title", "slots"), what="schema")
    titles(members["title"], what="schema title")
    raw = array(members["slots"], what="schema slots", most=MOST_SLOTS)
    if not raw:
        raise SchemaError("schema slots: expected at least one")
    slots = tuple(_parse_slot(slot, place) for place, slot in enumerate(raw))
    _check_slots(slots)
    return Schema(
        name=text(members["schema"], what="schema name"),
        version=unsigned(members["version"], 32, what="schema version"),
        slots=slots,
        document=members,
        hash=document_hash(members),
    )


def _parse_slot(value: object, place: int) -> Slot:
    what = f"slot {place}"
    members = members_of(
        value, ("path", "kind", "type", "nullable", "class"), what=what, optional=("title", "code_set", "redact")
    )
    path = text(members["path"], what=f"{what} path")
    if not _POINTER.fullmatch(path):
        raise SchemaError(f"{what}: path is not a JSON Pointer")
    if members["kind"] not in KNOWN_KINDS and members["kind"] != ORIGINAL:
        raise SchemaError(f"{what}: kind is neither 'o' nor a known rule")
    if members["type"] not in SLOT_TYPES:
        raise SchemaError(f"{what}: type is not one of {', '.join(SLOT_TYPES)}")
    if members["class"] not in ("O", "G", "S") or not isinstance(members["nullable"], bool):
        raise SchemaError(f"{what}: expected class O, G or S and nullable true or false")
    if "title" in members:
        titles(members["title"], what=f"{what} title")
    redact = tuple(text(p, what=f"{what} redact") for p in array(members.get("redact", []), what=f"{what} redact"))
    code_set = parse_reference(members["code_set"], what=f"{what} code_set") if "code_set" in members else None
    return Slot(path, members["kind"], members["type"], members["nullable"], members["class"], redact, code_set)


def _check_slots(slots: tuple[Slot, ...]) -> None:
    originals: dict[str, Slot] = {}
    seen = set()
    for slot in slots:
        if (slot.path, slot.kind) in seen:
            raise SchemaError(f"{slot.path} ({slot.kind}) stands twice")
        seen.add((slot.path, slot.kind))
        if (slot.type == "subject") != (slot.path == SUBJECT_PATH):
            raise SchemaError(f"{slot.path} ({slot.kind}): type subject stands at {SUBJECT_PATH}, and only there")
        if slot.type == "subject" and (not slot.is_original or slot.data_class == "O"):
            raise SchemaError(f"{slot.path} ({slot.kind}): a subject is an original of class G or S")
        if slot.code_set is not None and (not slot.is_original or slot.type not in CODED_TYPES):
            raise SchemaError(
                f"{slot.path} ({slot.kind}): a code set stands at an original of {', '.join(CODED_TYPES)}"
            )
        if slot.is_original:
            originals[slot.path] = slot
            if slot.path in RESERVED_PATHS and slot.data_class != "O":
                raise SchemaError(f"{slot.path}: a reserved path has class O")
        elif slot.path not in originals:
            raise SchemaError(f"{slot.path} ({slot.kind}): its original does not stand before it")
        elif slot.data_class == "O" and originals[slot.path].data_class != "O":
            raise SchemaError(f"{slot.path} ({slot.kind}): class O, but its original is not")
    for slot in slots:
        for path in slot.redact:
            if path not in originals or slot.kind != "g:text-redact@1":
                raise SchemaError(f"{slot.path} ({slot.kind}): redact lists original paths, of a text-redact slot")
