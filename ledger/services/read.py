"""Read one record: decide, open, sign, all in one transaction (architecture, way of a look)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ledger.core.bundle import View, ViewSlot, view_document
from ledger.core.canonical import encode_text
from ledger.core.commitment import CommittedRecord
from ledger.core.history import MarkFacts
from ledger.core.schema import Schema
from ledger.core.stored import storable_bitmap
from ledger.errors import LookRefused
from ledger.rows import StoredRecord
from ledger.services.asked import Asked
from ledger.services.authenticate import Call
from ledger.services.disclose import (
    Disclosed,
    PageRules,
    disclose,
    newest_version,
    page_rules,
    refuse_look,
    shown_marks,
)
from ledger.services.find_document import view_writer
from ledger.services.look_ground import record_of_look
from ledger.services.seal import DailyKeys, open_record


@dataclass(frozen=True, slots=True)
class Page:
    """One answered look: the Disclosure, and the views that it is about as canonical JSON texts, in its order."""

    disclosed: Disclosed
    views: Sequence[str]
    marks: Mapping[bytes, Sequence[MarkFacts]]
    next: tuple[int, bytes] | None
    """Where the next page begins: (occurredAt, recordId) of the last record that was considered, None at the end."""


def read_record(
    call: Call, asked: Asked, keys: DailyKeys, record_id: bytes, version: int | None = None
) -> Page | LookRefused:
    """Answer a look at one record version, the newest if None; a refusal is returned, so that it is committed.

    A record that is not here, or is of another item than the look names, is refused as `item_unknown`.
    """
    found = permitted_record(call, asked, record_id, version)
    if isinstance(found, LookRefused):
        return found
    rules, record = found
    return open_page(rules, keys, [record])


def permitted_record(
    call: Call,
    asked: Asked,
    record_id: bytes,
    version: int | None,
    opening: Callable[[Schema], int] | None = None,
) -> tuple[PageRules, StoredRecord] | LookRefused:
    """Return a record that the look may open, with the rules of its page, or the refusal that was appended.

    `opening` gives the bitmap of the slots that it opens, fewer than its profile would.
    """
    found = record_of_look(call, asked, record_id, version)
    if found is None or found[0].item != asked.item:
        rules = page_rules(call, asked, newest_version(call, asked.item))
        return refuse_look(rules, rules.refusal_of_unknown())
    record, about_person = found
    rules = page_rules(call, asked, record.item_version)
    if opening is not None and rules.schema is not None:
        rules = rules.narrowed(rules.schema, opening(rules.schema))
    reason = rules.refusal_of(record, about_person=about_person) or rules.use()
    return (rules, record) if reason is None else refuse_look(rules, reason)


def open_page(
    rules: PageRules, keys: DailyKeys, records: Sequence[StoredRecord], following: tuple[int, bytes] | None = None
) -> Page:
    """Disclose permitted records of one item version and write their views."""
    marks = {record.record_id: shown_marks(rules, record) for record in records}
    views = [view_text(rules, keys, record) for record in records]
    # The entry comes last: what cannot be opened was not disclosed.
    disclosed = disclose(rules, records)
    return Page(disclosed, views, {record_id: found for record_id, found in marks.items() if found}, following)


def view_text(rules: PageRules, keys: DailyKeys, record: StoredRecord) -> str:
    """Return the canonical JSON text of a record's view; sealed slots are opened where the look opens any."""
    schema, opened = _schema(rules), rules.facts.requested_open
    if opened & ~storable_bitmap(schema):
        made = open_record(rules.call.transaction, keys, schema, record)
        return encode_text(view_document(committed_view(schema, made, opened)))
    return view_writer(schema, opened).text(record.record_id, record.version, record.previous, record.slots)


def committed_view(schema: Schema, made: CommittedRecord, opened: int) -> View:
    """Return the view of a record whose values are all at hand that opens the slots in bitmap `opened`."""
    slots = []
    for place, slot in enumerate(schema.slots):
        if opened >> place & 1:
            slots.append(ViewSlot(slot.path, slot.kind, made.salts[place], made.values[place].decode("utf-8"), None))
        else:
            slots.append(ViewSlot(slot.path, slot.kind, None, None, made.digests[place]))
    return View(made.record_id, made.version, made.previous, schema.hash, tuple(slots))


def _schema(rules: PageRules) -> Schema:
    if rules.schema is None:
        raise AssertionError("a permitted look is of a known item version")
    return rules.schema
