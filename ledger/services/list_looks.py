"""Tell a resident who looked at records about him (policy page, "What a resident sees"): itself a Query entry.

A page of a search opens records of several people; of each look he is told of the records about himself alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.core.codes import Authority
from ledger.core.hexadecimal import to_hex
from ledger.core.queries import LOOKS, Asker, items_for_resident
from ledger.core.schema import Schema
from ledger.errors import FormatError, LookRefused
from ledger.look_rows import LookAtPerson
from ledger.services.asked import Asked
from ledger.services.authenticate import Call
from ledger.services.find_document import schema_of
from ledger.services.look_consents import consents_of_looks
from ledger.services.queries import refuse_query, sign_query
from ledger.services.sign import SignedStatement

_SAID = ("disclosedAt", "reader", "item", "itemVersion", "purpose", "basis", "authority", "authorityId", "tier")
_ALSO_SAID = ("profile", "officer", "caseRef")


@dataclass(frozen=True, slots=True)
class LooksPage:
    """The signed Query, the items of which it tells, looks newest first, and how many older ones are left."""

    query: SignedStatement
    items: Sequence[int]
    looks: Sequence[Mapping[str, Any]]
    left: int | None
    """None on the last page."""


def list_looks(call: Call, asked: Asked, left: int | None, limit: int) -> LooksPage | LookRefused:
    """Answer at most `limit` looks at records about the resident who asks; a refusal is returned.

    `left`: how many are left to be told, the oldest; all if None. A number, since the request is kept and exported: a
    place would tell which records, or whose entries, are of one person.
    Raises FormatError without authority SELF: then nobody says about whom it is asked.
    """
    resident = asked.subject
    if asked.authority != Authority.SELF or resident is None:
        raise FormatError("Gongzhi-Authority: who looked is told to the resident himself, with authority self")
    refused = refuse_query(call, asked, LOOKS, about=lambda: resident)
    if refused is not None:
        return refused
    items = items_for_resident(call.history, Asker(call.agency, call.key, asked.item, asked.purpose), call.as_of)
    found = call.transaction.looks_at_person(resident, items, left, limit)
    older = found[-1].place - 1 if found else 0
    consents = consents_of_looks(call, found)
    looks = [
        {**_look(look, schema_of(call.transaction, look.schema_hash)), "consent": consents.get(look.entry_id)}
        for look in found
    ]
    return LooksPage(sign_query(call, asked, LOOKS, len(looks)), items, looks, older or None)


def _look(look: LookAtPerson, schema: Schema) -> Mapping[str, Any]:
    said = {name: look.message[name] for name in (*_SAID, *_ALSO_SAID)}
    record = look.record
    return said | {
        "recordId": to_hex(record.record_id),
        "version": record.version,
        "publisher": look.publisher,
        "opened": _titles(schema, record.opened),
        "entry": to_hex(look.digest),
        "anchoredAt": look.anchored_at,
    }


def _titles(schema: Schema, opened: int) -> list[Mapping[str, Any]]:
    """Return path, kind and, where the schema has them, both titles of the slots in a bitmap."""
    return [
        {"path": slot.path, "kind": slot.kind, "title": schema.document["slots"][place].get("title")}
        for place, slot in enumerate(schema.slots)
        if opened >> place & 1
    ]
