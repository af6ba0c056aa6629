"""`kill -9` in the middle of ingest: `gongzhi up` brings everything back, and nothing acknowledged is lost."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil
import pytest

from tests.e2e.demo_stack import DemoStack, kill
from tests.e2e.ingest import Ingest, blocks_on_chain, followed_blocks, require_nothing_lost

pytestmark = pytest.mark.e2e

VICTIMS: Mapping[str, Callable[[DemoStack], Sequence[psutil.Process]]] = {
    "api": lambda demo: [demo.process("api")],
    "a process of the api": lambda demo: demo.api_workers()[:1],
    "worker": lambda demo: [demo.process("worker")],
    "database": lambda demo: [demo.process("postgres")],
    "chain": lambda demo: [demo.process("chain")],
}
EVERYTHING = ("api", "worker", "database", "chain")
ROUNDS = 10


@pytest.mark.parametrize("victim", VICTIMS)
def test_after_a_kill_in_the_middle_of_ingest_nothing_acknowledged_is_lost(
    demo: DemoStack, tmp_path: Path, victim: str
) -> None:
    with demo.client("community-1", tmp_path / "client") as client:
        with Ingest(client) as ingest:
            ingest.wait_for_more(5)
            followed = followed_blocks(demo)
            kill(VICTIMS[victim](demo))
            time.sleep(0.5)
            demo.up()
            ingest.wait_for_more(5)
        ingest.finish()
    assert blocks_on_chain(demo, followed) == followed
    assert followed_blocks(demo).items() >= followed.items()
    require_nothing_lost(demo, ingest, tmp_path / "client" / "receipts", tmp_path / "audit")
