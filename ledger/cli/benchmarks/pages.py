"""Bulk reading: readers who go through an item page by page."""

import json
import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ledger.cli.benchmarks.ground import Ground, use_of
from ledger.cli.benchmarks.load import LOOPBACK, KeptConnection
from ledger.cli.benchmarks.measurement import Floor, Measurement, percentiles
from ledger.cli.benchmarks.publishing import publish_beforehand
from ledger.cli.benchmarks.signed_looks import LookSigner, look_signer
from ledger.errors import GatewayProblem

PAGE = 200
READERS = ("fire", "police", "street-1", "street-2")
_NEXT = re.compile(rb'"next":(null|"[^"]*")')
_OPENING = b'"slots":['
"""Once in each view."""


@dataclass
class Pages:
    """Pages that were read: records in all, seconds of each page, seconds in all."""

    records: int = 0
    seconds: list[float] = field(default_factory=list)
    elapsed_seconds: float = 0.0

    def __add__(self, other: "Pages") -> "Pages":
        elapsed = self.elapsed_seconds + other.elapsed_seconds
        return Pages(self.records + other.records, self.seconds + other.seconds, elapsed)

    @property
    def per_second(self) -> float:
        """Records per second."""
        return self.records / self.elapsed_seconds

    def figures(self) -> dict[str, float]:
        """Return records per second, and how long a page took."""
        return {
            "records_per_second": self.per_second,
            **{f"page_{name}": value for name, value in percentiles(self.seconds).items()},
        }


def measure_bulk_read(ground: Ground) -> list[Measurement]:
    """Read pages of 200 records, each decided, opened, signed and logged; the next one when the last has come."""
    publish_beforehand(ground)
    readers = READERS[: ground.sizes.page_readers]
    each = ground.sizes.pages // len(readers)
    ground.say(f"{len(readers)} readers read {each} pages of {PAGE} records each")
    clients = [ground.client(agency) for agency in readers]
    try:
        authority = f"{LOOPBACK}:{ground.endpoints.api_port}"
        signers = [look_signer(client, authority) for client in clients]
        before = use_of(ground.demo.folder)
        pages = read_at_once(ground.endpoints.api_port, signers, each)
        used = use_of(ground.demo.folder).since(before)
    finally:
        for client in clients:
            client.close()
    return [_row(ground, pages, used)]


def _row(ground: Ground, pages: Pages, used: dict[str, float]) -> Measurement:
    return Measurement(
        "bulk read",
        {**pages.figures(), **used},
        (Floor("records_per_second", 8_000),),
        {
            "records_per_page": PAGE,
            "pages": len(pages.seconds),
            "readers": ground.sizes.page_readers,
            "generator": "on the same cores; answers are counted, not verified",
            **ground.conditions(),
        },
    )


def read_at_once(port: int, signers: Sequence[LookSigner], pages: int) -> Pages:
    """Let every signer read so many pages, all at the same time."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(len(signers)) as pool:
        shares = list(pool.map(lambda signer: _read(port, signer, pages), signers))
    elapsed = time.perf_counter() - begun
    return Pages(sum(count for count, _ in shares), [second for _, share in shares for second in share], elapsed)


def _read(port: int, signer: LookSigner, pages: int) -> tuple[int, list[float]]:
    """Read pages by cursor, from the beginning again at the end; returns how many records came, and the seconds."""
    connection, cursor, records, seconds = KeptConnection(port), None, 0, []
    try:
        for _ in range(pages):
            begun = time.perf_counter()
            status, body = connection.exchange(signer.page(cursor, PAGE))
            seconds.append(time.perf_counter() - begun)
            found = _NEXT.search(body)
            if status != 200 or found is None:
                raise GatewayProblem(f"status {status} for a page")
            records += body.count(_OPENING)
            cursor = json.loads(found[1])
    finally:
        connection.close()
    return records, seconds
