"""A mapping, `gongzhi-mapping/1`: which columns give which slots of a schema.

    {"format":"gongzhi-mapping/1","title":{"zh","en"},"schema":name,"schemaVersion":n,"slots":{path: spec…}}

`spec` is a transform of `transforms`. `codes` may also be `{"file": path beside the mapping, "member": [names…]}`.
Paths of the schema that no slot of the mapping names are null.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.client.tables.rows import Row
from ledger.client.tables.transforms import Transform, build_transform, columns_of
from ledger.core.canonical import JsonValue, document_hash
from ledger.core.commitment import slot_values
from ledger.core.schema import Schema
from ledger.core.shapes import members_of, text, titles, unsigned
from ledger.errors import FormatError, GongzhiError, RowRejected, UnsupportedFormat, UsageError

FORMAT = "gongzhi-mapping/1"


@dataclass(frozen=True)
class TableMapping:
    """A mapping for a schema by name and version; `hash` binds its code tables too."""

    schema: str
    schema_version: int
    slots: Mapping[str, Transform]
    columns: frozenset[str]
    hash: bytes

    def require_schema(self, schema: Schema) -> None:
        """Raise UsageError unless the mapping is for this schema and names only its paths."""
        if (schema.name, schema.version) != (self.schema, self.schema_version):
            raise UsageError(
                f"the mapping is for {self.schema} version {self.schema_version}, "
                f"the item has {schema.name} version {schema.version}"
            )
        unknown = sorted(set(self.slots) - set(schema.original_paths))
        if unknown:
            raise UsageError(f"the mapping names paths that the schema does not have: {', '.join(unknown)}")

    def originals(self, row: Row, schema: Schema) -> dict[str, JsonValue]:
        """Return a row's originals by path; raises RowRejected for the first path that does not fit."""
        originals = {path: transform(row) for path, transform in self.slots.items()}
        try:
            slot_values(schema, originals)
        except GongzhiError as error:
            raise RowRejected(_failing_path(schema, originals), error.code) from None
        return originals


def load_mapping(path: Path) -> TableMapping:
    """Return the mapping in a file; raises UsageError (no such file), FormatError, UnsupportedFormat."""
    document = _json(path)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise UnsupportedFormat(f"mapping: expected format {FORMAT}")
    members_of(document, ("format", "title", "schema", "schemaVersion", "slots"), what="mapping")
    titles(document["title"], what="mapping title")
    if not isinstance(document["slots"], dict):
        raise FormatError("mapping slots: expected an object")
    slots = {name: _with_codes(spec, path.parent) for name, spec in document["slots"].items()}
    transforms = {name: build_transform(name, spec) for name, spec in slots.items()}
    return TableMapping(
        text(document["schema"], what="mapping schema"),
        unsigned(document["schemaVersion"], 32, what="mapping schemaVersion"),
        transforms,
        frozenset().union(*(columns_of(spec) for spec in slots.values())),
        document_hash({**document, "slots": slots}),
    )


def _failing_path(schema: Schema, originals: Mapping[str, JsonValue]) -> str:
    """Return the path of the first slot that does not fit, in schema order."""
    for count in range(1, len(schema.slots) + 1):
        first = Schema(schema.name, schema.version, schema.slots[:count], schema.document, schema.hash)
        try:
            slot_values(first, {path: originals.get(path) for path in first.original_paths})
        except GongzhiError:
            return first.slots[-1].path
    return "/"


def _with_codes(spec: Any, folder: Path) -> Any:
    codes = spec.get("codes") if isinstance(spec, dict) else None
    if not isinstance(codes, dict) or set(codes) != {"file", "member"}:
        return spec
    value = _json(folder / text(codes["file"], what="codes file"))
    for name in codes["member"]:
        if not isinstance(value, dict) or name not in value:
            raise FormatError(f"codes: {codes['file']} has no member {name!r}")
        value = value[name]
    return {**spec, "codes": value}


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"{path} is not there") from None
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise FormatError(f"{path.name} is no JSON") from None
