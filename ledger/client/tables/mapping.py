"""A mapping, `gongzhi-mapping/1`: which columns give which slots of a schema.

    {"format":"gongzhi-mapping/1","title":{"zh","en"},"schema":name,"schemaVersion":n,"slots":{path: spec…},
     "columns":{name: [other names…]},"ignore":[names…],"clean":[steps…],"unique":[paths…],
     "identity":{"number","birth","sex"},"subject":path or rule}

`spec` is a transform of `transforms`. `codes` may also be `{"file": path beside the mapping, "member": [names…]}`, and
`set` names a code set, as `sex/1`. Paths of the schema that no slot of the mapping names are null. What begins with
`columns` is optional: other names of columns; columns that are known and left out; cleaning steps for every column
whose spec has no `clean`; paths whose values together stand once in a file, or a list of such lists; paths that must
agree with an identity number (`persons`); and by what a row names the person whom `/subject` is about (`subjects`):
the token is asked of the gateway when a row is published.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.client.tables.cells import Noted, NoValue, Transform
from ledger.client.tables.headers import Columns, column_key
from ledger.client.tables.persons import IdentityCheck, parse_identity_check
from ledger.client.tables.rows import Row
from ledger.client.tables.subjects import SubjectRule, parse_subject_rule
from ledger.client.tables.transforms import build_transform, columns_of, named_columns
from ledger.core.canonical import JsonValue, document_hash
from ledger.core.code_sets import parse_reference
from ledger.core.schema import SUBJECT_PATH, Schema
from ledger.core.shapes import array, members_of, text, titles, unsigned
from ledger.domain import load_document
from ledger.errors import FormatError, RowRejected, UnsupportedFormat, UsageError

FORMAT = "gongzhi-mapping/1"
_UNCLEANED = ("constant",)


@dataclass(frozen=True)
class TableMapping:
    """A mapping for a schema by name and version; `hash` binds its code tables and code sets too."""

    schema: str
    schema_version: int
    slots: Mapping[str, Transform]
    columns: Columns
    columns_of: Mapping[str, tuple[str, ...]]
    """The columns that each slot is made of."""
    day_columns: tuple[str, ...]
    """Columns in which a number is a day."""
    unique: tuple[tuple[str, ...], ...]
    """Paths whose values together stand once in a file, group by group."""
    identity: IdentityCheck | None
    subject: SubjectRule | None
    hash: bytes

    def require_schema(self, schema: Schema) -> None:
        """Raise UsageError unless the mapping is for this schema, names only its paths, and fills its `/subject`."""
        if (schema.name, schema.version) != (self.schema, self.schema_version):
            raise UsageError(
                f"the mapping is for {self.schema} version {self.schema_version}, "
                f"the item has {schema.name} version {schema.version}"
            )
        unknown = sorted({*self.slots, *self._named()} - set(schema.original_paths))
        if unknown:
            raise UsageError(f"the mapping names paths that the schema does not have: {', '.join(unknown)}")
        if self.subject is not None and not schema.has_subject:
            raise UsageError(f"the mapping names a subject, but {schema.name} has no {SUBJECT_PATH}")

    def originals(self, row: Row, noted: Noted) -> tuple[dict[str, JsonValue], list[RowRejected]]:
        """Return a row's originals by path, and every fault: of a cell, or of the identity number's birth and sex."""
        originals: dict[str, JsonValue] = {}
        faults: list[RowRejected] = []
        for path, transform in self.slots.items():
            try:
                originals[path] = transform(row, noted)
            except RowRejected as fault:
                faults.append(fault)
            except NoValue:
                faults.append(RowRejected(path, "cell_error"))
        if self.identity is not None:
            faults += self.identity.faults(originals)
        return originals, faults

    def _named(self) -> set[str]:
        check = self.identity
        checked = () if check is None else (check.number, check.birth, check.sex)
        about = () if self.subject is None else self.subject.paths
        return {path for path in (*(path for group in self.unique for path in group), *checked, *about) if path}


def load_mapping(path: Path) -> TableMapping:
    """Return the mapping in a file; raises UsageError (no such file), FormatError, UnsupportedFormat."""
    document = _json(path)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise UnsupportedFormat(f"mapping: expected format {FORMAT}")
    optional = ("columns", "ignore", "clean", "unique", "identity", "subject")
    members_of(document, ("format", "title", "schema", "schemaVersion", "slots"), what="mapping", optional=optional)
    titles(document["title"], what="mapping title")
    if not isinstance(document["slots"], dict):
        raise FormatError("mapping slots: expected an object")
    clean = array(document.get("clean", []), what="mapping clean")
    slots = {name: _resolved(spec, path.parent, clean) for name, spec in document["slots"].items()}
    transforms = {name: build_transform(name, spec) for name, spec in slots.items()}
    subject = parse_subject_rule(document["subject"], "mapping subject") if "subject" in document else None
    return TableMapping(
        schema=text(document["schema"], what="mapping schema"),
        schema_version=unsigned(document["schemaVersion"], 32, what="mapping schemaVersion"),
        slots=transforms,
        columns=_columns(document, slots, subject),
        columns_of={path: named_columns(spec) for path, spec in slots.items()},
        day_columns=tuple(
            dict.fromkeys(
                spec["column"]
                for spec in slots.values()
                if spec["transform"] in ("date", "time") and "format" not in spec
            )
        ),
        unique=_groups(array(document.get("unique", []), what="mapping unique")),
        identity=parse_identity_check(document["identity"], "mapping identity") if "identity" in document else None,
        subject=subject,
        hash=document_hash({**document, "slots": slots}),
    )


def _columns(document: Mapping[str, Any], slots: Mapping[str, Any], subject: SubjectRule | None) -> Columns:
    named = [columns_of(spec) for spec in slots.values()]
    needed = frozenset[str]().union(*(must for must, _ in named))
    if subject is not None and subject.number in slots:
        # Cells may be empty where other papers count; a file without the column is another table.
        needed |= columns_of({**slots[subject.number], "optional": False})[0]
    ignored = array(document.get("ignore", []), what="mapping ignore")
    return Columns(
        needed,
        frozenset[str]().union(*(may for _, may in named)) - needed,
        _aliases(document.get("columns", {})),
        frozenset(text(name, what="mapping ignore") for name in ignored),
    )


def _groups(unique: Sequence[JsonValue]) -> tuple[tuple[str, ...], ...]:
    groups: list[Sequence[JsonValue]] = [one for one in unique if isinstance(one, list)]
    if groups and len(groups) < len(unique):
        raise FormatError("mapping unique: expected paths, or lists of paths")
    return tuple(tuple(text(path, what="mapping unique") for path in group) for group in (groups or [unique]) if group)


def _aliases(columns: object) -> dict[str, str]:
    if not isinstance(columns, dict):
        raise FormatError("mapping columns: expected an object")
    aliases: dict[str, str] = {}
    keys: dict[str, str] = {}
    for name, others in columns.items():
        for other in array(others, what="mapping columns"):
            aliases[text(other, what="mapping columns")] = name
            if keys.setdefault(column_key(str(other)), name) != name:
                raise FormatError("mapping columns: one name stands for two columns")
    return aliases


def _resolved(spec: Any, folder: Path, clean: Sequence[JsonValue]) -> Any:
    """Return a spec with its code table and code set in it, and the cleaning steps of every column."""
    if not isinstance(spec, dict):
        return spec
    resolved = dict(spec)
    codes = spec.get("codes")
    if isinstance(codes, dict) and set(codes) == {"file", "member"}:
        resolved["codes"] = _member_of_file(codes, folder)
    if isinstance(spec.get("set"), str):
        reference = parse_reference(spec["set"], what="mapping set")
        try:
            resolved["set"] = load_document(reference.file)
        except FileNotFoundError:
            raise FormatError(f"mapping: there is no code set {reference.unpinned}") from None
    if clean and spec.get("transform") not in _UNCLEANED:
        resolved.setdefault("clean", list(clean))
    return resolved


def _member_of_file(codes: Mapping[str, Any], folder: Path) -> Any:
    value = _json(folder / text(codes["file"], what="codes file"))
    for name in codes["member"]:
        if not isinstance(value, dict) or name not in value:
            raise FormatError(f"codes: {codes['file']} has no member {name!r}")
        value = value[name]
    return value


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"{path} is not there") from None
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise FormatError(f"{path.name} is no JSON") from None
