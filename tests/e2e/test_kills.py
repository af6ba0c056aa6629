"""`kill -9` in the middle of ingest: `gongzhi up` brings everything back, and nothing acknowledged is lost."""

import random
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from ledger.cli.demo.desks import Desk
from ledger.client.grounds import Grounds
from ledger.core.codes import Basis, Purpose
from ledger.embedded import processes
from tests.e2e.acting import Asking, BreakingGlass
from tests.e2e.demo_stack import PROGRAM, ROOT, DemoStack, environment_for, kill
from tests.e2e.ingest import Ingest, blocks_on_chain, followed_blocks, require_nothing_lost
from tests.e2e.persistent import Looks, Marks, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("repaired")]

VICTIMS: Mapping[str, Callable[[DemoStack], Sequence[psutil.Process]]] = {
    "api": lambda demo: [demo.process("api")],
    "a process of the api": lambda demo: demo.api_workers()[:1],
    "worker": lambda demo: [demo.process("worker")],
    "database": lambda demo: [demo.process("postgres")],
    "chain": lambda demo: [demo.process("chain")],
}
GROUNDS = Grounds(1, Purpose.INCIDENT_RESPONSE, Basis.STATUTORY_DUTY, "人民警察法 第六条")
OFTEN = {"worker", "database"}
"""Who is killed at every change; the others with `scripts/test --all`."""
SERVED_BY = {"api", "a process of the api", "database"}
"""Whose death a publisher may notice before `gongzhi up`."""
ROUNDS = 8
LONGEST_WAIT_SECONDS = 2.5
"""A little more than the age at which a batch is fixed: a kill meets every stage of a batch."""
UP_SECONDS = 4.0
"""About what `gongzhi up` takes; when it is killed, then within this time."""


@pytest.mark.parametrize(
    "victim", [pytest.param(name, marks=() if name in OFTEN else pytest.mark.slow) for name in VICTIMS]
)
def test_after_a_kill_in_the_middle_of_ingest_nothing_acknowledged_is_lost(
    demo: DemoStack, tmp_path: Path, victim: str
) -> None:
    receipts = tmp_path / "receipts"
    with demo.client("community-1", receipts / "client") as client, demo.client("fire", receipts / "fire") as fire:
        asking = Asking(Desk("fire", fire, demo.folder))
        with Ingest(client) as ingest, asking:
            ingest.wait_for_more(5)
            wait_until(lambda: bool(asking.taken) or asking.failed)
            followed = followed_blocks(demo)
            kill(VICTIMS[victim](demo))
            time.sleep(0.5)
            assert victim in SERVED_BY or not ingest.interruptions
            demo.up()
            ingest.wait_for_more(5)
        ingest.finish()
        asking.require_all_final()
    assert blocks_on_chain(demo, followed) == followed
    assert followed_blocks(demo).items() >= followed.items()
    require_nothing_lost(demo, ingest, receipts, tmp_path / "audit")


@pytest.mark.slow
def test_random_kills_of_random_processes_at_random_moments_lose_nothing(demo: DemoStack, tmp_path: Path) -> None:
    chance = random.Random(20_160_115)
    followed: dict[int, str] = {}
    receipts = tmp_path / "receipts"
    with ExitStack() as clients:
        publisher = clients.enter_context(demo.client("community-2", receipts / "publisher"))
        ingest = Ingest(publisher)
        looks = Looks(clients.enter_context(demo.client("police", receipts / "reader")), GROUNDS)
        marks = Marks(clients.enter_context(demo.client("community-2", receipts / "marks")), ingest.record_ids)
        asking = Asking(Desk("fire", clients.enter_context(demo.client("fire", receipts / "fire")), demo.folder))
        health = clients.enter_context(demo.client("health", receipts / "health"))
        breaking = BreakingGlass(Desk("health", health, demo.folder))
        with ingest, looks, marks, asking, breaking:
            for number in range(ROUNDS):
                ingest.wait_for_more(3)
                time.sleep(chance.random() * LONGEST_WAIT_SECONDS)
                followed |= followed_blocks(demo)
                if number == ROUNDS - 1:
                    demo.gongzhi("down")
                else:
                    kill(chosen(demo, chance, everything=number == ROUNDS // 2))
                if chance.random() < 0.5:
                    kill_up(demo, chance.random() * UP_SECONDS)
                demo.up()
                assert blocks_on_chain(demo, followed) == followed
        ingest.finish()
        asking.require_all_final()
        breaking.require_all_final()
    everybody = ingest, looks, marks, asking, breaking
    assert min(looks.served, marks.taken, breaking.served, breaking.refused) > 0
    assert min(len(one.interruptions) for one in everybody) > 0
    assert followed_blocks(demo).items() >= followed.items()
    require_nothing_lost(demo, ingest, receipts, tmp_path / "audit")


def chosen(demo: DemoStack, chance: random.Random, *, everything: bool) -> list[psutil.Process]:
    """Some processes of the stack, at least one; all of them where `everything`."""
    names = ["api", "worker", "postgres", "chain"]
    everybody = [*(demo.process(name) for name in names), *demo.api_workers(), *demo.backends()]
    return everybody if everything else chance.sample(everybody, chance.randint(1, 5))


def kill_up(demo: DemoStack, seconds: float) -> None:
    """Begin `gongzhi up` and kill it after `seconds`, if it is not ready by then."""
    command = subprocess.Popen(
        [*PROGRAM, "up"],
        cwd=ROOT,
        env=environment_for(demo.folder.root),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    processes.wait_for(lambda: command.poll() is not None, timeout_seconds=seconds)
    command.kill()
    command.wait()
