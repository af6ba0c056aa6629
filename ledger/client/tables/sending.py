"""Sending a job's records while its rows are still prepared: what stands in its outbox goes, in order, two at a time.

Rows whose persons the item holds already become rejected ones, the others are published.
"""

import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from types import TracebackType

from ledger.client.outbox import LeaveOut
from ledger.client.publishing import Accepted, Publishing
from ledger.client.submissions import without
from ledger.client.tables.corrections import Corrections
from ledger.client.tables.job import TableJob

AT_ONCE = 2
"""Submissions on their way: a gateway has several processes, and one submission keeps one of them busy."""


def send_job(
    job: TableJob, publishing: Publishing, wait_seconds: int = 0, at_once: int = AT_ONCE
) -> Iterator[tuple[str, Accepted]]:
    """Send what a filled job has pending; yields and raises as `JobSending.accepted`."""
    with JobSending(job, publishing, wait_seconds, at_once) as sending:
        yield from sending.accepted()


class JobSending:
    """Sends what a job has pending when this is entered, and what it puts into its outbox until this is left.

    Tell it by `take_pending` that whole batches were put. Entering raises UsageError if another process sends from the
    outbox. Leaving waits for what is on its way, and keeps what is not for another run. Rows that were refused because
    their persons were collected before stand in the job's reports then, if it is filled, with the reason
    `collected_before`, also where sending stopped at an error.
    """

    def __init__(self, job: TableJob, publishing: Publishing, wait_seconds: int = 0, at_once: int = AT_ONCE) -> None:
        self._job, self._publishing, self._wait_seconds = job, publishing, wait_seconds
        self._leave_out: LeaveOut = partial(without, job.source.schema)
        self._pool = ThreadPoolExecutor(at_once)
        self._held = ExitStack()
        self._taken: set[str] = set()
        self._on_their_way: deque[tuple[str, Future[Accepted | None]]] = deque()
        self._stopped = threading.Event()

    def __enter__(self) -> "JobSending":
        self._held.enter_context(self._job.outbox.only_sender())
        self.take_pending()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._pool.shutdown(cancel_futures=True)
        self._held.close()
        if self._job.is_filled and self._job.outbox.refused():
            Corrections(self._job).report()

    def take_pending(self) -> None:
        """Send what was put since, after what was taken before; returns at once."""
        for name in self._job.outbox.pending():
            if name not in self._taken:
                self._taken.add(name)
                sent = self._pool.submit(self._send, name)
                sent.add_done_callback(self._stop_after_an_error)
                self._on_their_way.append((name, sent))

    def accepted(self) -> Iterator[tuple[str, Accepted]]:
        """Take what is pending and wait for all; yields each name, in order, once its acceptance is checked and kept.

        A content of which nothing is left is not yielded. After an error nothing more is begun: raises it, as
        `ClientOutbox.send` does.
        """
        self.take_pending()
        while self._on_their_way:
            name, sent = self._on_their_way.popleft()
            accepted = sent.result()
            if accepted is not None:
                yield name, accepted

    @property
    def left(self) -> int:
        """How many submissions were taken that `accepted` has not yielded."""
        return len(self._on_their_way)

    def _send(self, name: str) -> Accepted | None:
        if self._stopped.is_set():
            return None
        return self._job.outbox.send(name, self._publishing, self._wait_seconds, self._leave_out)

    def _stop_after_an_error(self, sent: "Future[Accepted | None]") -> None:
        if not sent.cancelled() and sent.exception() is not None:
            self._stopped.set()
