"""Where the days begin: by the calendar of working days that is in force on chain."""

from ledger.core.calendar import calendar_in_force
from ledger.core.history import AsOf
from ledger.services.authenticate import Call


def utc_offset_seconds(call: Call) -> int:
    """Return how many seconds local time is ahead of UTC by the calendar in force, China Standard Time without one."""

    def text_of(document_hash: bytes) -> str | None:
        found = call.transaction.document(document_hash)
        return None if found is None else found[1].decode("utf-8")

    return calendar_in_force(call.history.calendars, AsOf(call.now), text_of)[0].utc_offset_seconds
