"""Recomputing one record from its export line: the hot loop of a ledger verification.

Every value, salt and digest is hashed; nothing that could be computed is taken from the export. Speed matters: a plan
is made once per schema, and a value that was found canonical and fitting is neither parsed nor hashed again while it is
remembered.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from json import loads
from unicodedata import is_normalized

from ledger.core.canonical import decode_canonical
from ledger.core.commitment import FIELD_TYPE, record_root
from ledger.core.export import ExportedRecord
from ledger.core.keccak import keccak256
from ledger.core.schema import Schema, Slot
from ledger.core.stored import SearchKeys, search_keys
from ledger.errors import FormatError, SchemaError

SCOPED = frozenset(("/region", "/occurredAt", "/class"))
_PLAIN_STRING = re.compile(r'"[^"\\\x00-\x1f]*"')
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,14}")
REMEMBERED_VALUES = 2_048
"""Distinct texts per slot; enough for codes, regions and other values that repeat."""


@dataclass(frozen=True)
class SlotPlan:
    """How records of one schema are recomputed: per slot what hashes its values (None: closed), and two words."""

    schema: Schema
    steps: tuple[tuple[Callable[[str], bytes] | None, bytes], ...]
    open_count: int
    closed_count: int
    reserved: Mapping[str, int]
    """Places among the stored values of the reserved paths that scopes use."""

    @classmethod
    def of(cls, schema: Schema) -> "SlotPlan":
        """Return the plan of a schema."""
        steps = tuple((value_hash(slot) if slot.is_stored_open else None, slot.hashes) for slot in schema.slots)
        open_count = sum(hash_of is not None for hash_of, _ in steps)
        stored = [slot for slot in schema.slots if slot.is_stored_open]
        reserved = {slot.path: place for place, slot in enumerate(stored) if slot.kind == "o" and slot.path in SCOPED}
        return cls(schema, steps, open_count, len(steps) - open_count, reserved)

    def recompute(self, record: ExportedRecord) -> bytes:
        """Return the record root of a record with the right number of slots.

        Raises FormatError, naming path and kind, for a stored value that is not canonical or does not fit its slot.
        """
        values, salts, given = iter(record.values), record.salts, record.digests
        prefix = FIELD_TYPE + record.record_id
        digests = []
        open_place = closed_place = 0
        for hash_of, hashes in self.steps:
            if hash_of is None:
                digests.append(given[closed_place : closed_place + 32])
                closed_place += 32
                continue
            salt = salts[open_place : open_place + 32]
            open_place += 32
            digests.append(keccak256(prefix + hashes + salt + hash_of(next(values))))
        return record_root(record.record_id, record.version, record.previous, self.schema.hash, digests)

    def keys(self, record: ExportedRecord) -> SearchKeys:
        """Return the reserved slots of a record of this shape whose values were found to fit."""
        values = {path: loads(record.values[place]) for path, place in self.reserved.items()}
        return search_keys(values)

    def has_shape(self, record: ExportedRecord) -> bool:
        """Say whether a record has as many values and digests as the schema asks for."""
        return len(record.values) == self.open_count and len(record.digests) == 32 * self.closed_count


def value_hash(slot: Slot) -> Callable[[str], bytes]:
    """Return what gives the Keccak-256 of a slot's value texts: canonical, of the slot's type, null only where allowed.

    It raises FormatError for any other text, which names path and kind and never the value.
    """
    fits = slot.fits
    remembered: dict[str, bytes] = {}

    def hash_of(text: str) -> bytes:
        known = remembered.get(text)
        if known is not None:
            return known
        if _PLAIN_STRING.fullmatch(text) and (text.isascii() or is_normalized("NFC", text)):
            is_fit = fits(text[1:-1])
        elif _INTEGER.fullmatch(text):
            is_fit = fits(int(text))
        else:
            _check_at_length(slot, text)
            is_fit = True
        if not is_fit:
            raise SchemaError(f"{slot.path} ({slot.kind}): expected {slot.type}")
        found = keccak256(text.encode("utf-8"))
        if len(remembered) < REMEMBERED_VALUES:
            remembered[text] = found
        return found

    return hash_of


def _check_at_length(slot: Slot, text: str) -> None:
    try:
        slot.require(decode_canonical(text))
    except FormatError as error:
        raise FormatError(f"{slot.path} ({slot.kind}): {error.detail}") from error
