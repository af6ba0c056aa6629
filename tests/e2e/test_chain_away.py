"""While the chain or the worker stands still: writes are taken and anchored later, reads end before facts are stale."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from ledger.client.gongzhi import GongzhiClient
from ledger.client.grounds import Grounds
from ledger.client.looking import SearchTerms
from ledger.core.codes import Basis, Purpose
from ledger.errors import ChainError, LookRefused
from tests.e2e.demo_stack import DemoStack
from tests.e2e.ingest import Ingest, require_nothing_lost
from tests.e2e.persistent import wait_until

pytestmark = pytest.mark.e2e

FIRE = Grounds(1, Purpose.FIRE_SAFETY, Basis.STATUTORY_DUTY, "消防法 第三十二条")
STALE_FACTS = 14
FACTS_AGE_SECONDS = 60
"""The parameter's value in the demonstration; a gateway refuses after half of it."""
SHORT_PAUSE_SECONDS = 3.0


@contextmanager
def standing_still(demo: DemoStack, name: str) -> Iterator[None]:
    """A process of the stack stands still, as on a machine that swaps or a node that hangs."""
    process = demo.process(name)
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def search(client: GongzhiClient) -> int:
    """Look at one page; returns how many records it shows."""
    return len(next(client.search(FIRE, SearchTerms(limit=5))).views)


def require_served(client: GongzhiClient) -> None:
    """The gateway serves a look; whether the client can check it depends on its own node, which stands still too."""
    with suppress(ChainError):
        assert search(client) == 5


def refusal(client: GongzhiClient) -> LookRefused | None:
    """The refusal that a look gets now, None if it is served."""
    try:
        search(client)
    except LookRefused as refused:
        return refused
    return None


def test_submissions_are_taken_while_the_chain_stands_still_and_anchored_afterwards(
    demo: DemoStack, tmp_path: Path
) -> None:
    with demo.client("community-3", tmp_path / "client") as client:
        with demo.client("fire", tmp_path / "fire") as fire, Ingest(client) as ingest:
            ingest.wait_for_more(3)
            with standing_still(demo, "chain"):
                time.sleep(SHORT_PAUSE_SECONDS)
                already = len(ingest.accepted)
                ingest.wait_for_more(10)
                meanwhile = ingest.accepted[already:]
                states = [client.publishing.state(accepted.submission_id)["state"] for accepted in meanwhile]
                assert set(states) <= {"accepted", "submitted"}
                require_served(fire)
            ingest.wait_for_more(1)
        ingest.finish()
        for accepted in meanwhile:
            assert client.publishing.state(accepted.submission_id)["state"] == "anchored"
    assert not ingest.interruptions
    require_nothing_lost(demo, ingest, tmp_path / "client" / "receipts", tmp_path / "audit")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["worker", "chain"])
def test_reads_are_refused_before_facts_are_stale_and_served_when_the_head_is_seen_again(
    demo: DemoStack, tmp_path: Path, name: str
) -> None:
    with demo.client("community-3", tmp_path / "client") as client:
        with demo.client("fire", tmp_path / "fire") as fire, Ingest(client) as ingest:
            assert search(fire) == 5
            with standing_still(demo, name):
                stopped_at = time.monotonic()
                wait_until(lambda: refusal(fire) is not None)
                assert FACTS_AGE_SECONDS / 2 - 2 < time.monotonic() - stopped_at < FACTS_AGE_SECONDS
                refused = refusal(fire)
                assert refused is not None
                assert (refused.reason, refused.name) == (STALE_FACTS, "facts_stale")
                ingest.wait_for_more(5)
            wait_until(lambda: refusal(fire) is None)
        ingest.finish()
    assert not ingest.interruptions
    require_nothing_lost(demo, ingest, tmp_path / "client" / "receipts", tmp_path / "audit")
    assert list((tmp_path / "fire" / "receipts").glob("refusal-*.json"))
