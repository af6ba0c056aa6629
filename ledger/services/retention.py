"""List an agency's own records past a time, so that it can mark them erased: nothing of them is opened."""

from collections.abc import Sequence

from ledger.core.codes import Role
from ledger.rows import OwnRecord
from ledger.services.authenticate import Call

MOST_RECORDS = 1_000
"""Records of one page."""


def own_records(call: Call, item: int, before: int, after: tuple[int, bytes], limit: int) -> Sequence[OwnRecord]:
    """Return newest versions of an item's records that the caller's agency published before a time (Unix seconds).

    Ids and the times at which they were accepted, which their publisher has in its receipts anyway: no slot is opened,
    so this is no look. Needs role SUBMIT, as marking does. Raises NotEntitled.
    """
    call.require_role(Role.SUBMIT)
    return call.transaction.own_records(call.agency, item, before, after, min(limit, MOST_RECORDS))
