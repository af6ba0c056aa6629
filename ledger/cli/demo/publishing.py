"""The communities publish their calls through the same client as any agency."""

from importlib.resources import as_file, files
from pathlib import Path

from ledger.cli.demo.looks import ITEM
from ledger.client.gongzhi import GongzhiClient
from ledger.client.publishing import Accepted
from ledger.client.tables.job import TableJob
from ledger.client.tables.mapping import load_mapping
from ledger.client.tables.rows import TableFile
from ledger.client.tables.source import TableSource
from ledger.errors import UsageError

BATCH = 100
"""Records a submission: small enough that many submissions travel, as in a real day."""
ANCHOR_TIMEOUT_SECONDS = 60.0


def publish_calls(client: GongzhiClient, calls: Path, state: Path) -> tuple[int, list[Accepted]]:
    """Publish a community's CSV file; returns how many records and the acceptances.

    Raises UsageError if a row of the demonstration's own data is rejected.
    """
    schema, version = client.schema_of(ITEM)
    with as_file(files("ledger.domain")) as domain:
        mapping = load_mapping(domain / "mappings" / "montgomery-911.json")
    mapping.require_schema(schema)
    job = TableJob(TableSource(TableFile(calls), mapping, schema), state, ITEM, version, BATCH)
    job.begin(client.desk.facts.gateway, client.desk.agency)
    job.fill()
    if job.rejected_count():
        raise UsageError(f"{job.rejected_count()} rows of {calls.name} were rejected; see {state}")
    accepted = [answer for _, answer in job.outbox.send_all(client.publishing)]
    records = sum(sent["records"] for sent in job.outbox.sent().values())
    return records, accepted


def wait_until_anchored(client: GongzhiClient, accepted: list[Accepted]) -> None:
    """Wait until a community's newest submission is anchored; the stream is in order, so the others are too."""
    if accepted:
        client.wait_anchored(accepted[-1].submission_id, ANCHOR_TIMEOUT_SECONDS)
