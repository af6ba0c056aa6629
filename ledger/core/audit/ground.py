"""What all checks of one ledger stand on: chain history, the stream's domain and gateway, the hashed documents."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.core.audit.slots import SlotPlan
from ledger.core.documents import parse_profile
from ledger.core.hexadecimal import from_hex
from ledger.core.history import History
from ledger.core.schema import Schema, parse_schema
from ledger.core.statements import StatementDomain
from ledger.errors import FormatError


@dataclass
class Ground:
    """The same for every part of a ledger; made once per process.

    `documents` are texts by their hash, which was checked. Entries up to `judged_until` were judged by an earlier
    complete verification with the same head: their content is recomputed, their signatures and decisions are not.
    `is_partial`: only some batches are there or looked at, so nothing can be said about what is not found.
    """

    history: History
    domain: StatementDomain
    gateway: int
    documents: Mapping[bytes, str]
    judged_until: int = 0
    is_partial: bool = False
    wanted: frozenset[bytes] = frozenset()
    """Entry digests that receipts ask for."""
    _plans: dict[bytes, SlotPlan | None] = field(default_factory=dict)
    _profiles: dict[tuple[bytes, bytes], int | None] = field(default_factory=dict)

    @property
    def blamed(self) -> str:
        """The gateway, as reports name it."""
        return f"gateway {self.gateway}"

    def plan(self, schema_hash: bytes) -> SlotPlan | None:
        """Return how records of a schema are recomputed, or None if its document is not there or no schema."""
        if schema_hash not in self._plans:
            schema = self._schema(schema_hash)
            self._plans[schema_hash] = SlotPlan.of(schema) if schema else None
        return self._plans[schema_hash]

    def profile_bitmap(self, item_version: Mapping[str, Any]) -> int | None:
        """Return what the class-1 profile of an item version (ItemPublished args) opens; None if it cannot be told."""
        key = from_hex(item_version["class1Profile"]), from_hex(item_version["schemaHash"])
        if key not in self._profiles:
            self._profiles[key] = self._bitmap(*key)
        return self._profiles[key]

    def _schema(self, schema_hash: bytes) -> Schema | None:
        text = self.documents.get(schema_hash)
        if text is None:
            return None
        try:
            schema = parse_schema(json.loads(text))
        except (FormatError, ValueError):
            return None
        return schema if schema.hash == schema_hash else None

    def _bitmap(self, profile_hash: bytes, schema_hash: bytes) -> int | None:
        plan, text = self.plan(schema_hash), self.documents.get(profile_hash)
        if plan is None or text is None:
            return None
        try:
            profile = parse_profile(json.loads(text))
            return profile.bitmap([(slot.path, slot.kind) for slot in plan.schema.slots])
        except (FormatError, ValueError):
            return None
