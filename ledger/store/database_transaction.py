"""A transaction of the gateway's database, put together from the repositories."""

from ledger.store.attachments import Attachments
from ledger.store.counts import Counts
from ledger.store.documents import Documents
from ledger.store.erasure import Erasing
from ledger.store.figures import Figures
from ledger.store.looks import Looks
from ledger.store.requests import Requests
from ledger.store.steps import KeptSteps
from ledger.store.stream import Stream
from ledger.store.subjects import Subjects
from ledger.store.submissions import Submissions


class PostgresTransaction(
    Requests,
    Submissions,
    Looks,
    Attachments,
    KeptSteps,
    Erasing,
    Subjects,
    Counts,
    Documents,
    Stream,
    Figures,
):
    """`ledger.ports.Transaction`, put together from the repositories."""
