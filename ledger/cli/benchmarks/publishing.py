"""Publishing at full speed: contents are built before, signed and sent by several publishers at once."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ledger.cli.benchmarks.ground import Ground
from ledger.cli.benchmarks.synthetic import built
from ledger.cli.demo.command import wait_until_all_is_anchored
from ledger.cli.demo.consortium import COMMUNITIES
from ledger.cli.demo.looks import ITEM
from ledger.client.gongzhi import GongzhiClient
from ledger.client.submissions import SubmissionContent

BATCH = 1_000
"""Records of a submission."""


@dataclass(frozen=True)
class Sent:
    """What was published: seconds of each submission up to its checked acceptance, and seconds in all."""

    submission_seconds: list[float]
    elapsed_seconds: float
    records: int
    sent_bytes: int


def publish(ground: Ground, count: int) -> Sent:
    """Publish `count` new records of class 1 by several communities at once; returns when all are accepted."""
    sent, record_ids = publish_item(ground, count, ITEM)
    ground.record_ids += record_ids
    return sent


def publish_item(ground: Ground, count: int, item: int) -> tuple[Sent, list[bytes]]:
    """Publish `count` new records of an item with the incident schema; returns also their ids."""
    senders = [ground.client(community.slug) for community in COMMUNITIES[: ground.sizes.senders]]
    try:
        ground.say(f"building {count:,} records")
        schema, version = senders[0].schema_of(item)
        parts, record_ids = built(schema, item, version, count, BATCH)
        ground.say(f"publishing {count:,} records in {len(parts)} submissions by {len(senders)} agencies")
        begun = time.perf_counter()
        with ThreadPoolExecutor(len(senders)) as pool:
            shares = [pool.submit(_send, sender, parts[place :: len(senders)]) for place, sender in enumerate(senders)]
            seconds = [second for share in shares for second in share.result()]
        elapsed = time.perf_counter() - begun
    finally:
        for sender in senders:
            sender.close()
    return Sent(seconds, elapsed, count, sum(len(text) for part in parts for text in part.records)), record_ids


def publish_beforehand(ground: Ground) -> None:
    """Publish what reading needs, if nothing was published yet, and wait until it is anchored."""
    if not ground.record_ids:
        publish(ground, ground.sizes.prepared)
    wait_until_all_is_anchored(ground.settings)


def _send(sender: GongzhiClient, parts: Sequence[SubmissionContent]) -> list[float]:
    seconds = []
    for part in parts:
        begun = time.perf_counter()
        sender.publishing.send(part, [sender.publishing.sign(part)])
        seconds.append(time.perf_counter() - begun)
    return seconds
