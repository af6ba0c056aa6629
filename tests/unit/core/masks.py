"""A small schema, its fields map and a small table, for tests of profiles."""

from typing import Any

from ledger.core.codes import Purpose, Tier
from ledger.core.documents import MaskProfile
from ledger.core.mask_table import FieldsMap, MaskTable, parse_fields, parse_masks
from ledger.core.profile_lint import Class1, LintGround
from ledger.core.schema import Schema, parse_schema

COLUMNS = [("T0", 1, [41]), ("T0s", 1, []), ("T2", 3, [30]), ("T3", 5, [22]), ("T5", 7, [3, 5]), ("E", 9, [])]
TITLE = {"zh": "名", "en": "name"}
SLOTS = [
    ("/region", "o", "region", "O", "open"),
    ("/subject", "o", "subject", "S", "subject"),
    ("/name", "o", "string", "G", "name"),
    ("/name", "g:surname@1", "string", "G", None),
    ("/idNumber", "o", "string", "S", "id_no"),
    ("/idNumber", "g:id-1-2@1", "string", "S", None),
    ("/phone", "o", "string", "G", "phone"),
    ("/phone", "g:phone-3-4@1", "string", "G", None),
    ("/birthDate", "o", "string", "G", "birth_date"),
    ("/birthDate", "g:birth-band10@1", "string", "G", None),
    ("/birthDate", "g:age-flags@1", "list", "S", None),
    ("/sex", "o", "code", "G", "sex"),
    ("/address", "o", "object", "G", "address"),
    ("/address", "g:addr-building@1", "object", "G", None),
    ("/address", "g:addr-street@1", "object", "G", None),
    ("/old/address", "o", "string", "G", "address"),
    ("/place/point", "o", "string", "G", "geo_point"),
    ("/place/point", "g:point-3@1", "string", "G", None),
    ("/place/point", "g:point-2@1", "string", "G", None),
    ("/care", "o", "string", "S", "special_service"),
    ("/need", "o", "code", "S", "special_service"),
    ("/secret", "o", "string", "S", "detail_sensitive"),
    ("/description", "o", "string", "S", "event_text"),
    ("/description", "g:text-redact@1", "string", "S", None),
    ("/synthetic", "o", "boolean", "O", "open"),
]
LADDERS = {
    "open": ["o"],
    "subject": ["o"],
    "name": ["o", "g:surname@1"],
    "id_no": ["o", "g:id-1-2@1"],
    "phone": ["o", "g:phone-3-4@1"],
    "birth_date": ["o", "g:birth-band10@1"],
    "age_flags": ["o", "g:age-flags@1"],
    "sex": ["o"],
    "address": ["o", "g:addr-building@1", "g:addr-street@1"],
    "geo_point": ["o", "g:point-3@1", "g:point-2@1"],
    "special_service": ["o"],
    "detail_sensitive": ["o"],
    "event_text": ["o", "g:text-redact@1"],
}


def concept(name: str, cell: str = "o", **changes: Any) -> dict[str, Any]:
    """A row of the table in which every column has one cell: the rules are seen alone."""
    cells = {column: cell for column, _, _ in COLUMNS}
    plain = {"concept": name, "title": TITLE, "ladder": LADDERS[name], "cells": cells, "overrides": [], "note": TITLE}
    return plain | changes


def masks(**changes: Any) -> dict[str, Any]:
    """A table that opens everything to everybody."""
    columns = [{"column": name, "tier": tier, "title": TITLE, "readerKinds": kinds} for name, tier, kinds in COLUMNS]
    return {
        "format": "gongzhi-masks/1",
        "name": "fields",
        "version": 1,
        "columns": columns,
        "thirdParties": ["/old/"],
        "concepts": [concept(name) for name in LADDERS],
    } | changes


def masks_with(**rows: dict[str, Any]) -> MaskTable:
    """The open table with some rows changed, each by the members that are given."""
    return parse_masks(masks(concepts=[concept(name, **rows.get(name, {})) for name in LADDERS]))


def schema() -> Schema:
    """A schema with a slot of every sort that profiles are checked for."""
    slots = [
        {"path": path, "kind": kind, "type": slot_type, "nullable": path != "/region", "class": data_class}
        for path, kind, slot_type, data_class, _ in SLOTS
    ]
    return parse_schema(
        {"format": "gongzhi-schema/1", "schema": "sample", "version": 1, "title": TITLE, "slots": slots}
    )


def fields(**changes: str) -> FieldsMap:
    """The schema's fields map; `changes` are concepts of paths without their first slash, None leaves one out."""
    concepts = {path: name for path, _, _, _, name in SLOTS if name is not None}
    concepts |= {f"/{path}": name for path, name in changes.items()}
    return parse_fields({"format": "gongzhi-fields/1", "schema": "sample", "version": 1, "fields": concepts})


def ground(
    table: MaskTable | None = None,
    of_fields: FieldsMap | None = None,
    class1: Class1 | None = None,
    purposes: tuple[Purpose, ...] = (),
) -> LintGround:
    """What profiles are held against: the table that opens everything, unless another is given."""
    return LintGround(schema(), of_fields or fields(), table or masks_with(), purposes, class1)


def opening(*open_slots: tuple[str, str], tier: Tier = Tier.T3, purpose: int = 0) -> MaskProfile:
    """A profile that opens these slots."""
    return MaskProfile(item=9, item_version=1, tier=tier, purpose=purpose, open=open_slots)
