"""Sending a job's records: rows whose persons the item holds already become rejected ones, the others are published."""

from collections.abc import Iterator
from functools import partial

from ledger.client.publishing import Accepted, Publishing
from ledger.client.submissions import without
from ledger.client.tables.corrections import Corrections
from ledger.client.tables.job import TableJob


def send_job(job: TableJob, publishing: Publishing, wait_seconds: int = 0) -> Iterator[tuple[str, Accepted]]:
    """Send what a filled job has pending; yields as `ClientOutbox.send_all`, and raises as that does.

    Rows that are refused because their persons were collected before stand in the job's reports afterwards, with the
    reason `collected_before`, also where sending stopped at an error.
    """
    try:
        yield from job.outbox.send_all(publishing, wait_seconds, partial(without, job.source.schema))
    finally:
        if job.outbox.refused():
            Corrections(job).report()
