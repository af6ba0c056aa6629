"""Reading one record: at a pace, saturated, and beside it the same row by plain SQL."""

import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ledger.cli.benchmarks.ground import Ground, use_of
from ledger.cli.benchmarks.load import LOOPBACK, Fired, fire_apart, together
from ledger.cli.benchmarks.measurement import Floor, Measurement, percentiles
from ledger.cli.benchmarks.publishing import publish_beforehand
from ledger.cli.benchmarks.signed_looks import LookSigner, look_signer, plain_get
from ledger.core.hexadecimal import to_hex
from ledger.embedded import ports, processes
from ledger.embedded.stack import answers
from ledger.errors import EngineError

WARM_UP = 200
TURNS = 5
READER = "fire"
PLAIN = "plain-app"
PLAIN_START_SECONDS = 30.0


def measure_read(ground: Ground) -> list[Measurement]:
    """Single-record reads with decision, view and signed disclosure; two rows: at a pace, and saturated."""
    publish_beforehand(ground)
    with ground.client(READER) as client, _plain_app(ground) as plain_port:
        signer = look_signer(client, f"{LOOPBACK}:{ground.endpoints.api_port}")
        looks = random_reads(ground, signer)
        plain = Load(ground, plain_port, lambda: _plain_request(plain_port, random.choice(ground.record_ids)))  # noqa: S311
        for load in (looks, plain):
            load.fire(WARM_UP)
        return [_paced_row(ground, *_paced(ground, looks)), _saturated_row(ground, *_saturated(ground, looks, plain))]


@dataclass
class Load:
    """Requests to one server, each made (and signed, where it is) just before they are sent."""

    ground: Ground
    port: int
    request: Callable[[], bytes]

    def fire(self, count: int, per_second: float | None = None) -> Fired:
        """Send so many requests from a process of its own."""
        requests = [self.request() for _ in range(count)]
        return fire_apart(self.port, requests, self.ground.sizes.connections, per_second)

    def fire_measured(self, count: int, per_second: float | None = None) -> tuple[Fired, dict[str, float]]:
        """Send so many requests; returns also what the processes used meanwhile."""
        before = use_of(self.ground.demo.folder)
        fired = self.fire(count, per_second)
        return fired, use_of(self.ground.demo.folder).since(before)


def random_reads(ground: Ground, signer: LookSigner) -> Load:
    """Return looks at records of class 1, chosen at random."""
    return Load(ground, ground.endpoints.api_port, lambda: signer.record(random.choice(ground.record_ids)))  # noqa: S311 (which records are read, not a key)


def _paced(ground: Ground, looks: Load) -> tuple[Fired, dict[str, float]]:
    per_second, seconds = ground.sizes.paced_per_second, ground.sizes.paced_seconds
    ground.say(f"reading {per_second} records a second for {seconds} seconds")
    return looks.fire_measured(per_second * seconds, per_second)


def _saturated(ground: Ground, looks: Load, plain: Load) -> tuple[Fired, Fired, dict[str, float]]:
    """Let both take turns, so that they suffer alike from what else the machine does."""
    each = ground.sizes.saturated_reads // TURNS
    ground.say(f"reading {TURNS} times {each:,} records as fast as possible, in turns with plain SQL")
    ours, theirs, used = [], [], defaultdict[str, float](float)
    for _ in range(TURNS):
        before = use_of(ground.demo.folder)
        ours.append(looks.fire(each))
        for name, seconds in use_of(ground.demo.folder).cpu_since(before).items():
            used[name] += seconds
        theirs.append(plain.fire(each))
    return together(ours), together(theirs), dict(used)


def _paced_row(ground: Ground, fired: Fired, used: dict[str, float]) -> Measurement:
    return Measurement(
        "read at a pace",
        {**percentiles(fired.seconds), "failed": fired.failed, **used},
        (Floor("p99_ms", 30, at_least=False), Floor("failed", 0, at_least=False)),
        {
            "requests_per_second": ground.sizes.paced_per_second,
            "seconds": ground.sizes.paced_seconds,
            "loop": "open, measured from the moment that a request was due",
            **load_conditions(ground),
        },
    )


def _saturated_row(ground: Ground, fired: Fired, plain: Fired, used: dict[str, float]) -> Measurement:
    return Measurement(
        "read, saturated",
        {
            "reads_per_second": fired.per_second,
            "share_of_plain_sql": fired.per_second / plain.per_second,
            **percentiles(fired.seconds),
            "bytes_per_answer": fired.received_bytes / len(fired.seconds),
            "failed": fired.failed,
            **used,
        },
        (Floor("reads_per_second", 600), Floor("share_of_plain_sql", 0.35), Floor("failed", 0, at_least=False)),
        {"requests": len(fired.seconds), "loop": "closed", "turns": TURNS, **load_conditions(ground)},
        "the same row by plain SQL through the same framework and as many processes",
        {"reads_per_second": plain.per_second, **percentiles(plain.seconds), "failed": plain.failed},
    )


def load_conditions(ground: Ground) -> dict[str, Any]:
    """Return the conditions of every load of single requests."""
    return {
        "connections": ground.sizes.connections,
        "generator": "one process on the same cores; requests signed before",
        **ground.conditions(),
    }


def _plain_request(port: int, record_id: bytes) -> bytes:
    return plain_get(f"/records/{to_hex(record_id)}", f"{LOOPBACK}:{port}", {})


@contextmanager
def _plain_app(ground: Ground) -> Iterator[int]:
    """Serve the plain application with as many processes as the API; gives its port."""
    port = ports.choose(ground.demo.folder, PLAIN)
    command = [sys.executable, "-m", "uvicorn", "ledger.cli.benchmarks.plain_app:app", "--factory"]
    command += ["--host", LOOPBACK, "--port", str(port), "--workers", str(ground.settings.api_processes)]
    command += ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    environment = {"GONGZHI_DATA_FOLDER": str(ground.settings.data_folder)}
    served = processes.start(ground.demo.folder, processes.Program(PLAIN, command, environment))
    try:
        _wait(port, f"/records/{to_hex(ground.record_ids[0])}", served)
        yield port
    finally:
        processes.stop(ground.demo.folder, PLAIN)


def _wait(port: int, path: str, served: processes.ProcessRecord) -> None:
    until = time.monotonic() + PLAIN_START_SECONDS
    while time.monotonic() < until and served.is_running():
        if answers(f"http://{LOOPBACK}:{port}", path):
            return
        time.sleep(0.1)
    raise EngineError("the plain application did not start; see its log with --keep")
