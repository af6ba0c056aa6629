"""How a gateway keeps a record: stored-open slots by value and salt, the others by digest, the rest sealed.

Stored-open are derived slots and class-O originals (architecture, decision 9). The compact columns follow schema order;
canonical JSON holds no raw line break, so values are joined by one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from json.encoder import encode_basestring

from ledger.core.bundle import View, ViewSlot
from ledger.core.canonical import JsonValue, decode, encode_text
from ledger.core.commitment import SUITE, CommittedRecord, field_digest
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.schema import Schema
from ledger.core.shapes import members_of
from ledger.errors import FormatError, SchemaError


@dataclass(frozen=True, slots=True)
class StoredSlots:
    """The compact columns of a record: newline-joined values and 32-byte salts of stored-open slots, other digests."""

    open_values: bytes
    open_salts: bytes
    closed_digests: bytes


@dataclass(frozen=True, slots=True)
class SearchKeys:
    """The reserved slots that searches, scopes and notices use; None where the type has no such slot."""

    region: str | None
    occurred_at: int | None
    recorded_at: int | None
    record_class: str | None
    level: int | None


def stored_slots(schema: Schema, committed: CommittedRecord) -> StoredSlots:
    """Return the compact columns of a committed record."""
    values, salts, digests = committed.values, committed.salts, committed.digests
    return StoredSlots(
        b"\n".join([values[place] for place in schema.open_places]),
        b"".join([salts[place] for place in schema.open_places]),
        b"".join([digests[place] for place in schema.closed_places]),
    )


def search_keys(originals: Mapping[str, JsonValue]) -> SearchKeys:
    """Return the reserved originals of a record that fits its schema; a level of more than 16 bits is not searched by.

    Raises SchemaError for a class that no index holds.
    """
    region, occurred_at = originals.get("/region"), originals.get("/occurredAt")
    recorded_at, level = originals.get("/recordedAt"), originals.get("/level")
    record_class = originals.get("/class")
    if isinstance(record_class, str) and "\x00" in record_class:
        raise SchemaError("/class (o): a zero character")
    return SearchKeys(
        region if isinstance(region, str) else None,
        occurred_at if isinstance(occurred_at, int) else None,
        recorded_at if isinstance(recorded_at, int) else None,
        record_class if isinstance(record_class, str) else None,
        level if isinstance(level, int) and abs(level) < 1 << 15 else None,
    )


def sealed_content(schema: Schema, salt_secret: bytes, values: Sequence[bytes]) -> bytes:
    """Return the plaintext that is sealed, canonical JSON: saltSecret and every original that is not stored open.

    `values` are the canonical bytes of every slot's value, in schema order, as a commitment has them.
    """
    members = b",".join([name + values[place] for place, name in schema.sealed_members])
    return b'{"saltSecret":"' + to_hex(salt_secret).encode() + b'","values":{' + members + b"}}"


def parse_sealed_content(plaintext: bytes) -> tuple[bytes, dict[str, JsonValue]]:
    """Return saltSecret and originals by path; raises FormatError."""
    members = members_of(decode(plaintext), ("saltSecret", "values"), what="sealed content")
    if not isinstance(members["values"], dict):
        raise FormatError("sealed content: expected an object of values")
    return from_hex(members["saltSecret"], 32, what="saltSecret"), members["values"]


def storable_bitmap(schema: Schema) -> int:
    """Return the bitmap of stored-open slots: what can be opened without a key."""
    return schema.stored_open


def view_of(schema: Schema, record_id: bytes, version: int, previous: bytes, stored: StoredSlots, opened: int) -> View:
    """Return the view that opens the stored-open slots in bitmap `opened` and closes every other slot."""
    values = stored.open_values.decode("utf-8").split("\n")
    slots, open_place, closed_place = [], 0, 0
    for place, slot in enumerate(schema.slots):
        if not slot.is_stored_open:
            digest = stored.closed_digests[32 * closed_place : 32 * closed_place + 32]
            slots.append(ViewSlot(slot.path, slot.kind, None, None, digest))
            closed_place += 1
            continue
        salt, value = stored.open_salts[32 * open_place : 32 * open_place + 32], values[open_place]
        open_place += 1
        if opened >> place & 1:
            slots.append(ViewSlot(slot.path, slot.kind, salt, value, None))
        else:
            digest = field_digest(record_id, slot.hashes, salt, value.encode("utf-8"))
            slots.append(ViewSlot(slot.path, slot.kind, None, None, digest))
    return View(record_id, version, previous, schema.hash, tuple(slots))


@dataclass(frozen=True)
class ViewWriter:
    """Writes views of one schema that open the slots in one bitmap, as canonical JSON text.

    Says the same as `view_of` and `view_document`, several times faster: what is constant is written once.
    """

    schema: Schema
    opened: int

    @cached_property
    def _slots(self) -> tuple[tuple[bool, bool, bytes, str, str], ...]:
        parts = []
        for place, slot in enumerate(self.schema.slots):
            is_open = bool(self.opened >> place & 1) and slot.is_stored_open
            name = f'"kind":{encode_text(slot.kind)},"path":{encode_text(slot.path)}'
            before, after = ("{" + name + ',"salt":"0x', '","value":') if is_open else ('{"digest":"0x', f'",{name}}}')
            parts.append((slot.is_stored_open, is_open, slot.hashes, before, after))
        return tuple(parts)

    @cached_property
    def _schema(self) -> str:
        return f'"schemaHash":"0x{self.schema.hash.hex()}"'

    def text(self, record_id: bytes, version: int, previous: bytes, stored: StoredSlots) -> str:
        """Return the canonical JSON text of the view of one record version."""
        values = iter(stored.open_values.decode("utf-8").split("\n"))
        salts, digests, slots = stored.open_salts, stored.closed_digests, []
        salt_at = digest_at = 0
        for stored_open, is_open, hashes, before, after in self._slots:
            if not stored_open:
                slots.append(before + digests[digest_at : digest_at + 32].hex() + after)
                digest_at += 32
                continue
            salt, value = salts[salt_at : salt_at + 32], next(values)
            salt_at += 32
            if is_open:
                slots.append(before + salt.hex() + after + encode_basestring(value) + "}")
            else:
                slots.append(before + field_digest(record_id, hashes, salt, value.encode("utf-8")).hex() + after)
        head = f'{{"previous":"0x{previous.hex()}","recordId":"0x{record_id.hex()}",{self._schema},"slots":['
        return head + ",".join(slots) + f'],"suite":"{SUITE}","version":{version}}}'
