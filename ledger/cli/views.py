"""Views as people and programs read them: open slots by path, a derived value in place of its closed original."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ledger.client.looking import Page
from ledger.core.bundle import View
from ledger.core.canonical import decode, encode_text
from ledger.core.hexadecimal import to_hex
from ledger.core.schema import Schema

LAST_SECOND = 253_402_300_799
"""9999-12-31T23:59:59Z: a time beyond it has no calendar date and is shown as the number it is."""
ADDRESS = ("district", "street", "community", "building", "room")
"""Members of an address from the widest to the narrowest, as people read them."""


def record_document(page: Page, view: View) -> dict[str, Any]:
    """Return a record of a checked page as JSON: ids, publisher, marks, and its open slots in schema order."""
    record_id = to_hex(view.record_id)
    told = page.submissions.get(record_id)
    return {
        "recordId": record_id,
        "version": view.version,
        "publisher": told.get("publisher") if isinstance(told, dict) else None,
        "marks": page.marks.get(record_id, []),
        "slots": [
            {"path": slot.path, "kind": slot.kind, "value": decode(slot.value)}
            for slot in view.slots
            if slot.value is not None
        ],
    }


def page_document(page: Page) -> dict[str, Any]:
    """Return what a disclosure says of itself."""
    message = page.disclosure.message
    names = ("gateway", "reader", "item", "itemVersion", "purpose", "basis", "authority", "recordCount")
    times = ("factsBlock", "asOfBatch", "disclosedAt", "anchorBy")
    return {name: message[name] for name in (*names, *times)} | {"request": to_hex(message["request"])}


def columns_of(records: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return the (path, kind) of every slot that is open in some record, in order of appearance."""
    seen: dict[tuple[str, str], None] = {}
    for record in records:
        for slot in record["slots"]:
            seen.setdefault((slot["path"], slot["kind"]))
    return list(seen)


def cells_of(record: Mapping[str, Any], columns: Sequence[tuple[str, str]], schema: Schema | None) -> list[str]:
    """Return a record's cells for a table: times as UTC, null as nothing."""
    types = {(slot.path, slot.kind): slot.type for slot in schema.slots} if schema else {}
    values = {(slot["path"], slot["kind"]): slot["value"] for slot in record["slots"]}
    return [cell_text(values.get(column), types.get(column, "")) for column in columns]


def cell_text(value: Any, slot_type: str) -> str:
    """Return a value of a slot type as people read it: a time as UTC, the members of an object, null as nothing."""
    if value is None:
        return ""
    if slot_type == "time" and value <= LAST_SECOND:
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%MZ")
    if isinstance(value, dict):
        ordered = sorted(value, key=lambda name: ADDRESS.index(name) if name in ADDRESS else len(ADDRESS))
        return ", ".join(str(value[name]) for name in ordered if value[name] is not None)
    return value if isinstance(value, str) else encode_text(value)
