"""Records to publish: synthetic incidents of one shape, varied where searches, masks and sizes depend on it."""

from collections.abc import Iterator
from itertools import cycle, islice

from ledger.cli.benchmarks.pure import SAMPLE
from ledger.cli.demo.calls import synthetic_reporters
from ledger.cli.demo.consortium import COMMUNITIES
from ledger.client.submissions import SubmissionContent, contents, new_record
from ledger.core.commitment import RecordContent
from ledger.core.schema import Schema

REPORTERS = 500
SEED = 911
CLASSES = ("traffic/accident", "fire/structure", "medical", "fire/alarm")
FIRST_AT = 1_450_000_000
EVERY_SECONDS = 61


def incidents(count: int) -> Iterator[RecordContent]:
    """Yield `count` new records: 500 made-up reporters in turn, each incident 61 seconds after the one before."""
    reporters = list(islice(synthetic_reporters(SEED), REPORTERS))
    regions = cycle(str(community.region) for community in COMMUNITIES)
    for place, reporter, region in zip(range(count), cycle(reporters), regions, strict=False):
        name, phone = reporter["reporter_name"], reporter["reporter_phone"]
        at = FIRST_AT + EVERY_SECONDS * place
        yield new_record(
            {
                **SAMPLE,
                "/region": region,
                "/occurredAt": at,
                "/recordedAt": at,
                "/class": CLASSES[place % len(CLASSES)],
                "/reporter/name": name,
                "/reporter/phone": phone,
                "/reporter/idNumber": reporter["reporter_id"],
                "/description": f"{name}（{phone}）报告：{SAMPLE['/place/address']['street']}",
            }
        )


def built(
    schema: Schema, item: int, item_version: int, count: int, batch: int
) -> tuple[list[SubmissionContent], list[bytes]]:
    """Return contents of `batch` records each, ready to be signed, and the record ids."""
    record_ids: list[bytes] = []

    def noted() -> Iterator[RecordContent]:
        for record in incidents(count):
            record_ids.append(record.record_id)
            yield record

    return list(contents(schema, item, item_version, noted(), batch)), record_ids
