"""Read an attachment: a look that opens one slot of one record, decided, signed and logged as any look."""

from dataclasses import dataclass

from ledger.core.attachment import file_place, parse_file_value, require_content
from ledger.core.bundle import parse_view
from ledger.core.canonical import decode
from ledger.core.schema import Schema
from ledger.errors import LookRefused, NotFound, SealingError
from ledger.services.asked import Asked
from ledger.services.attach import open_attachment
from ledger.services.authenticate import Call
from ledger.services.read import Page, open_page, permitted_record
from ledger.services.seal import DailyKeys


@dataclass(frozen=True, slots=True)
class ReadAttachment:
    """A page of one record that opens the file's slot and nothing else, with the content; None where it names none."""

    page: Page
    content: bytes | None


def read_attachment(
    call: Call, asked: Asked, keys: DailyKeys, record_id: bytes, path: str, version: int | None = None
) -> ReadAttachment | LookRefused:
    """Answer a look at what is attached to a record version at `path`; the newest if None.

    The profile must open the slot (`path`, `o`). A refusal is returned, so that it is committed. Raises NotFound where
    the look is permitted and its records have no file at this path, SealingError for content that does not open.
    """

    def only_the_file(schema: Schema) -> int:
        place = file_place(schema, path)
        return 0 if place is None else 1 << place

    found = permitted_record(call, asked, record_id, version, only_the_file)
    if isinstance(found, LookRefused):
        return found
    rules, record = found
    place = None if rules.schema is None else file_place(rules.schema, path)
    if place is None:
        raise NotFound("records of this item version have no file at this path")
    page = open_page(rules, keys, [record])
    slot = parse_view(decode(page.views[0].encode("utf-8"))).slots[place]
    if slot.value is None or slot.salt is None:
        raise SealingError("the slot of the file was not opened")
    value = decode(slot.value.encode("utf-8"))
    if value is None:
        return ReadAttachment(page, None)
    sealed = call.transaction.attachment(record.record_id, record.version, place)
    if sealed is None:
        raise SealingError("the attachment is not here")
    content = open_attachment(call.transaction, keys, sealed)
    require_content(parse_file_value(value), slot.salt, content, sealed.media)
    return ReadAttachment(page, content)
