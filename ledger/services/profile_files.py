"""Profile files of the domain data: which are made from the table, and their text."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ledger.core.mask_table import FieldsMap, MaskTable, parse_fields, parse_masks
from ledger.core.profile_lint import LintGround
from ledger.core.schema import Schema, parse_schema
from ledger.domain import load_document
from ledger.errors import UsageError
from ledger.services.derive_profiles import audience_of, class1_profile, policy_profiles

MASK_TABLE = "masks/fields-1.json"
FIRST_GENERATED = 101
"""Items from here on have generated profiles; those of items 1 to 6 are written by hand."""
Load = Callable[[str], Any]


def mask_table(load: Load) -> MaskTable:
    """Return the field × tier table of a domain folder; raises FormatError."""
    return parse_masks(load(MASK_TABLE))


def fields_name(schema: Schema) -> str:
    """Return the name of a schema version's fields map: the revision that the program's table goes with."""
    name = f"{schema.name}-{schema.version}"
    revision = mask_table(load_document).fields_revisions.get(name, 1)
    return f"fields/{name}.json" if revision == 1 else f"fields/{name}-{revision}.json"


def fields_of(load: Load, schema: Schema) -> FieldsMap:
    """Return the fields map of a schema version; raises FileNotFoundError without one, FormatError for a wrong one."""
    return parse_fields(load(fields_name(schema)))


def personal_concepts(schema: Schema, load: Load) -> dict[str, str]:
    """Return, by path, the concept of each original of class G or S: what whoever countersigns an item judges.

    `none` for a path that the fields map lacks, and for all where there is none. Raises FormatError for a wrong one.
    """
    try:
        concepts = fields_of(load, schema).concepts
    except (FileNotFoundError, UsageError):
        concepts = {}
    personal = [slot.path for slot in schema.slots if slot.is_original and slot.data_class != "O"]
    return {path: concepts.get(path, "none") for path in personal}


def written_profiles(folder: Path) -> dict[str, str]:
    """Return the text of every generated profile file of a domain folder, by its name below the folder.

    Raises FormatError, SchemaError or FileNotFoundError where the domain data is not whole.
    """

    def load(name: str) -> Any:
        return json.loads((folder / name).read_text(encoding="utf-8"))

    entries = [load(f"catalogue/{path.name}") for path in sorted((folder / "catalogue").glob("*.json"))]
    generated = [entry for entry in entries if entry.get("item", 0) >= FIRST_GENERATED]
    table = mask_table(load)
    written = {}
    for member in ("maskPolicy", "class1Profile"):
        for name in sorted({entry[member] for entry in generated} - {None}):
            naming = [entry for entry in generated if entry[member] == name]
            schema = parse_schema(load(naming[0]["schema"]))
            who = audience_of(naming)
            made = policy_profiles if member == "maskPolicy" else class1_profile
            ground = LintGround(schema, fields_of(load, schema), table, who.purposes, readers=who.readers)
            written[name] = _text(made(ground, who))
    return written


def _text(made: list[dict[str, Any]] | dict[str, Any]) -> str:
    if isinstance(made, list):
        lines = ",\n".join(f"    {_line(one)}" for one in made)
        return '{\n  "profiles": [\n' + lines + "\n  ]\n}\n"
    return _line(made) + "\n"


def _line(profile: Mapping[str, Any]) -> str:
    return json.dumps(profile, ensure_ascii=False)
