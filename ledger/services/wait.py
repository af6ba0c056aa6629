"""Wait for what a submission was promised, in short looks at the database and outside of any transaction."""

import time

from ledger.errors import NotFound
from ledger.rows import StoredSubmission
from ledger.services.gateway import Gateway

LONGEST_SECONDS = 30
PAUSE_SECONDS = 0.1
"""A tenth of the shortest time in which a batch is anchored."""


def wait_until_anchored(gateway: Gateway, publisher: int, submission_id: bytes, seconds: float) -> StoredSubmission:
    """Return the submission once it is anchored, or as it stands after `seconds` (at most 30); raises NotFound."""
    until = time.monotonic() + min(seconds, LONGEST_SECONDS)
    while True:
        with gateway.store.begin() as transaction:
            stored = transaction.submission(publisher, submission_id)
        if stored is None:
            raise NotFound("no submission of this publisher with this id")
        if stored.entry.anchored_at is not None or time.monotonic() >= until:
            return stored
        time.sleep(PAUSE_SECONDS)
