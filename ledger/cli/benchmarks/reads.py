"""Reading one record: at a pace, saturated, and beside it the same row by plain SQL."""

import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ledger.cli.benchmarks.ground import Ground, use_of
from ledger.cli.benchmarks.load import LOOPBACK, Fired, fire_apart
from ledger.cli.benchmarks.measurement import Floor, Measurement, percentiles
from ledger.cli.benchmarks.publishing import publish_beforehand
from ledger.cli.benchmarks.signed_looks import look_signer, plain_get
from ledger.core.hexadecimal import to_hex
from ledger.embedded import ports, processes
from ledger.embedded.stack import answers
from ledger.errors import EngineError

WARM_UP = 200
READER = "fire"
PLAIN = "plain-app"
PLAIN_START_SECONDS = 30.0


def measure_read(ground: Ground) -> list[Measurement]:
    """Single-record reads with decision, view and signed disclosure; two rows: at a pace, and saturated."""
    publish_beforehand(ground)
    sizes, port = ground.sizes, ground.endpoints.api_port
    with ground.client(READER) as client:
        signer = look_signer(client, f"{LOOPBACK}:{port}")

        def requests(count: int) -> list[bytes]:
            return [signer.record(record_id) for record_id in _some(ground, count)]

        fire_apart(port, requests(WARM_UP), sizes.connections)
        ground.say(f"reading {sizes.paced_per_second} records a second for {sizes.paced_seconds} seconds")
        paced, paced_use = _measured(
            ground,
            lambda: fire_apart(
                port, requests(sizes.paced_per_second * sizes.paced_seconds), sizes.connections, sizes.paced_per_second
            ),
        )
        ground.say(f"reading {sizes.saturated_reads:,} records as fast as possible")
        saturated, saturated_use = _measured(
            ground, lambda: fire_apart(port, requests(sizes.saturated_reads), sizes.connections)
        )
    plain = _plain_reads(ground)
    return [_paced_row(ground, paced, paced_use), _saturated_row(ground, saturated, saturated_use, plain)]


def _paced_row(ground: Ground, fired: Fired, used: dict[str, float]) -> Measurement:
    return Measurement(
        "read at a pace",
        {**percentiles(fired.seconds), "failed": fired.failed, **used},
        (Floor("p99_ms", 30, at_least=False), Floor("failed", 0, at_least=False)),
        {
            "requests_per_second": ground.sizes.paced_per_second,
            "seconds": ground.sizes.paced_seconds,
            "loop": "open, measured from the moment that a request was due",
            **_conditions(ground),
        },
    )


def _saturated_row(ground: Ground, fired: Fired, used: dict[str, float], plain: Fired) -> Measurement:
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
        {"requests": len(fired.seconds), "loop": "closed", **_conditions(ground)},
        "the same row by plain SQL through the same framework and as many processes",
        {"reads_per_second": plain.per_second, **percentiles(plain.seconds), "failed": plain.failed},
    )


def _conditions(ground: Ground) -> dict[str, Any]:
    return {
        "connections": ground.sizes.connections,
        "generator": "one process on the same cores; requests signed before",
        **ground.conditions(),
    }


def _some(ground: Ground, count: int) -> list[bytes]:
    return random.choices(ground.record_ids, k=count)  # noqa: S311 (which records are read, not a key)


def _measured(ground: Ground, work: Callable[[], Fired]) -> tuple[Fired, dict[str, float]]:
    before = use_of(ground.demo.folder)
    fired = work()
    return fired, use_of(ground.demo.folder).since(before)


def _plain_reads(ground: Ground) -> Fired:
    ground.say("the same by plain SQL")
    with _plain_app(ground) as port:
        authority = f"{LOOPBACK}:{port}"
        requests = [
            plain_get(f"/records/{to_hex(record_id)}", authority, {})
            for record_id in _some(ground, ground.sizes.saturated_reads)
        ]
        fire_apart(port, requests[:WARM_UP], ground.sizes.connections)
        return fire_apart(port, requests, ground.sizes.connections)


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
