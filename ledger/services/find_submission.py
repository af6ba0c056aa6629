"""Find a submission that was taken before."""

from ledger.core.codes import Role
from ledger.errors import Conflict, NotFound
from ledger.rows import StoredSubmission
from ledger.services.authenticate import Call
from ledger.services.gateway import Gateway
from ledger.services.publish import SignedSubmission


def find_submission(call: Call, submission_id: bytes, publisher: int | None = None) -> StoredSubmission:
    """Return a submission of the caller's agency, or of `publisher` to an AUDIT key; raises NotEntitled, NotFound."""
    call.require_member()
    if publisher is not None and publisher != call.agency:
        call.require_role(Role.AUDIT)
    stored = call.transaction.submission(publisher or call.agency, submission_id)
    if stored is None:
        raise NotFound("no submission of this publisher with this id")
    return stored


def repeated_submission(gateway: Gateway, given: SignedSubmission, conflict: Conflict) -> StoredSubmission:
    """Return what another request stored at the same moment, if it was this very statement; else raises `conflict`."""
    with gateway.store.begin() as transaction:
        stored = transaction.submission(given.publisher, given.submission_id)
    if stored is None or stored.statement_digest != given.digest:
        raise conflict
    return stored
