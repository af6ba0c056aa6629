"""Code sets `gongzhi-codes/1`: which codes there are, what each means, and how other systems write them.

PERMANENT: a schema names a code set by its hash, so a version that was released is never edited. A schema file names
`sex/1`; the schema document on chain names `sex/1#0x…`, the Keccak-256 of the set's canonical document.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ledger.core.canonical import JsonValue, document_hash
from ledger.core.code_checks import CODE_CHECKS
from ledger.core.hexadecimal import to_hex
from ledger.core.shapes import array, from_one, members_of, text, titles, unsigned
from ledger.errors import FormatError, SchemaError, UnsupportedFormat

FORMAT = "gongzhi-codes/1"
MOST_CODES = 10_000
REFUSE, WARN = "refuse", "warn"
_MEMBERS = ("format", "code_set", "version", "title", "codes", "mappings")
_REFERENCE = re.compile(r"([a-z][a-z0-9-]{0,63})/([1-9][0-9]{0,8})(?:#0x([0-9a-f]{64}))?")


@dataclass(frozen=True)
class CodeSetReference:
    """A code set as a schema names it: name, version and, once pinned, the hash of its document (32 bytes)."""

    name: str
    version: int
    hash: bytes | None = None

    @property
    def unpinned(self) -> str:
        """`sex/1`, with or without a hash."""
        return f"{self.name}/{self.version}"

    @property
    def file(self) -> str:
        """Where the domain data has it: `code_sets/sex-1.json`."""
        return f"code_sets/{self.name}-{self.version}.json"

    def __str__(self) -> str:
        return self.unpinned if self.hash is None else f"{self.unpinned}#{to_hex(self.hash)}"


def parse_reference(value: object, *, what: str) -> CodeSetReference:
    """Return the reference in `"sex/1"` or `"sex/1#0x…"`; raises FormatError."""
    found = _REFERENCE.fullmatch(text(value, what=what))
    if found is None:
        raise FormatError(f"{what}: expected name/version, perhaps with #0x and 64 hex digits")
    name, version, digest = found.groups()
    return CodeSetReference(name, int(version), None if digest is None else bytes.fromhex(digest))


@dataclass(frozen=True)
class Code:
    """One code: what is written, what it says, its number where it has one, and the code above it."""

    code: str
    title: Mapping[str, str]
    number: int | None
    parent: str | None


@dataclass(frozen=True)
class CodeSet:
    """A parsed code set document; `hash` is Keccak-256 (32 bytes) of its canonical bytes.

    With a `check` (a name of `CODE_CHECKS`) the check decides, and `codes` only lend words to some of what it accepts.
    `failing` is `refuse` or `warn`: what becomes of a record with a value outside.
    """

    name: str
    version: int
    title: Mapping[str, str]
    codes: tuple[Code, ...]
    mappings: Mapping[str, Mapping[str, str]]
    check: str | None
    failing: str
    source: str | None
    document: Mapping[str, Any]
    hash: bytes

    @cached_property
    def reference(self) -> str:
        """`sex/1`, as schema files name it."""
        return f"{self.name}/{self.version}"

    @cached_property
    def pinned(self) -> str:
        """`sex/1#0x…`, as schema documents name it."""
        return f"{self.reference}#{to_hex(self.hash)}"

    @cached_property
    def by_code(self) -> Mapping[str, Code]:
        """Every code by what is written."""
        return {code.code: code for code in self.codes}

    @cached_property
    def accepted(self) -> tuple[str, ...]:
        """What may be written, code by code, as the document orders it; empty where a check accepts more than that."""
        return tuple(code.code for code in self.codes) if self.check is None else ()

    @cached_property
    def numbers(self) -> frozenset[int]:
        """Numbers of the codes that have one: what a slot of type integer may hold."""
        return frozenset(code.number for code in self.codes if code.number is not None)

    def accepts(self, value: JsonValue) -> bool:
        """Say whether `value` is in the set: a string by code or check, an integer by number, nothing else ever."""
        if isinstance(value, str):
            return value in self.by_code if self.check is None else CODE_CHECKS[self.check](value)
        return isinstance(value, int) and not isinstance(value, bool) and value in self.numbers

    def mapped(self, system: str, value: str) -> str | None:
        """Return the code for what another system writes, None if its mapping does not know it.

        What the mapping does not name is unknown, even where it looks like a code of ours: that is how 0 for male and
        1 for female get mixed up. Raises FormatError for a system that the set has no mapping of.
        """
        if system not in self.mappings:
            known = ", ".join(sorted(self.mappings)) or "none"
            raise FormatError(f"code set {self.reference} has no mapping of that system; it has: {known}")
        return self.mappings[system].get(value)


def parse_code_set(document: object) -> CodeSet:
    """Return the code set of a document (its parsed JSON).

    Raises UnsupportedFormat for another format name, and FormatError for unknown or missing members, a code, number or
    mapped code twice or unknown, an unknown check, and a set without check and codes.
    """
    if isinstance(document, dict) and document.get("format", FORMAT) != FORMAT:
        raise UnsupportedFormat(f"code set: expected format {FORMAT}")
    members = members_of(document, _MEMBERS, what="code set", optional=("check", "failing", "source"))
    name, version = text(members["code_set"], what="code set name"), members["version"]
    reference = parse_reference(f"{name}/{from_one(version, 32, what='code set version')}", what="code set name")
    what = f"code set {reference.unpinned}"
    check, failing = members.get("check"), members.get("failing", REFUSE)
    if check is not None and check not in CODE_CHECKS:
        raise FormatError(f"{what} check: expected one of {', '.join(CODE_CHECKS)}")
    if failing not in (REFUSE, WARN):
        raise FormatError(f"{what} failing: expected {REFUSE} or {WARN}")
    codes = tuple(_parse_code(one, what=what) for one in array(members["codes"], what=f"{what} codes", most=MOST_CODES))
    _check_codes(codes, check, what=what)
    return CodeSet(
        name=reference.name,
        version=reference.version,
        title=titles(members["title"], what=f"{what} title"),
        codes=codes,
        mappings=_parse_mappings(members["mappings"], {code.code for code in codes}, check, what=what),
        check=check,
        failing=failing,
        source=None if "source" not in members else text(members["source"], what=f"{what} source"),
        document=members,
        hash=document_hash(members),
    )


def pin_code_sets(
    document: Mapping[str, Any], load: Callable[[CodeSetReference], object]
) -> tuple[dict[str, Any], dict[bytes, CodeSet]]:
    """Return a schema document whose slots name their code sets by hash, and those code sets by hash.

    `document` is the JSON of a schema, which keeps its other members as they are; `load` gives the document of the code
    set that a reference names. Raises SchemaError where a set is another than the reference says, or has no numbers for
    a slot of type integer; FormatError.
    """
    found: dict[bytes, CodeSet] = {}

    def pinned(slot: object) -> object:
        if not isinstance(slot, dict) or "code_set" not in slot:
            return slot
        reference = parse_reference(slot["code_set"], what="code_set")
        code_set = parse_code_set(load(reference))
        if code_set.reference != reference.unpinned or reference.hash not in (None, code_set.hash):
            raise SchemaError(f"code set {reference.unpinned}: the document found is another one")
        if slot.get("type") == "integer" and not code_set.numbers:
            raise SchemaError(f"code set {reference.unpinned}: its codes have no numbers, the slot is an integer")
        found[code_set.hash] = code_set
        return {**slot, "code_set": code_set.pinned}

    slots = [pinned(slot) for slot in array(document.get("slots", []), what="schema slots")]
    return {**document, "slots": slots}, found


def _parse_code(value: object, *, what: str) -> Code:
    members = members_of(value, ("code", "title"), what=f"{what} code", optional=("number", "parent", "process"))
    code = text(members["code"], what=f"{what} code")
    if not code or code != code.strip():
        raise FormatError(f"{what} code: empty, or with blanks around it")
    for name in ("parent", "process"):
        text(members.get(name, ""), what=f"{what} {name} of a code")
    number = unsigned(members["number"], 32, what=f"{what} number of a code") if "number" in members else None
    return Code(code, titles(members["title"], what=f"{what} title of a code"), number, members.get("parent"))


def _check_codes(codes: tuple[Code, ...], check: str | None, *, what: str) -> None:
    if not codes and check is None:
        raise FormatError(f"{what} codes: expected at least one, or a check")
    seen: set[str] = set()
    for code in codes:
        if code.code in seen:
            raise FormatError(f"{what} codes: a code stands twice")
        if code.parent is not None and code.parent not in seen:
            raise FormatError(f"{what} codes: the parent of a code does not stand before it")
        if check is not None and not CODE_CHECKS[check](code.code):
            raise FormatError(f"{what} codes: a code that its check does not accept")
        seen.add(code.code)
    numbers = [code.number for code in codes if code.number is not None]
    if len(set(numbers)) != len(numbers):
        raise FormatError(f"{what} codes: a number stands twice")


def _parse_mappings(value: object, codes: set[str], check: str | None, *, what: str) -> Mapping[str, Mapping[str, str]]:
    if not isinstance(value, dict):
        raise FormatError(f"{what} mappings: expected an object")
    for system, mapping in value.items():
        if not isinstance(mapping, dict):
            raise FormatError(f"{what} mapping of {system}: expected an object")
        for code in mapping.values():
            if code not in codes and (check is None or not isinstance(code, str) or not CODE_CHECKS[check](code)):
                raise FormatError(f"{what} mapping of {system}: leads to a code that the set does not have")
    return value
