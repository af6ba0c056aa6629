"""A load generator on plain sockets: it costs far less than what it measures, and says what it got.

Only for loopback: it sends bytes that were prepared and signed before, as fast as it is told, and bounded in number.
"""

import multiprocessing
import socket
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count

TIMEOUT_SECONDS = 30.0
START_SECONDS = 0.1
"""Until every connection is there, before the first request is due."""
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Fired:
    """What a load gave: seconds of each request, how many did not end in 200, seconds and bytes in all."""

    seconds: list[float]
    failed: int
    elapsed_seconds: float
    received_bytes: int

    @property
    def per_second(self) -> float:
        """Requests per second."""
        return len(self.seconds) / self.elapsed_seconds


class KeptConnection:
    """One HTTP/1.1 connection to a port of this machine, kept alive."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((LOOPBACK, port), TIMEOUT_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def exchange(self, request: bytes) -> tuple[int, bytes]:
        """Send a request and return status and body; raises OSError when the connection breaks."""
        self._socket.sendall(request)
        head, _, body = self._read_head().partition(b"\r\n\r\n")
        chunks, missing = [body], _content_length(head) - len(body)
        while missing > 0:
            chunk = self._receive()
            chunks.append(chunk)
            missing -= len(chunk)
        return int(head[9:12]), b"".join(chunks)

    def _read_head(self) -> bytes:
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._receive()
        return received

    def _receive(self) -> bytes:
        chunk = self._socket.recv(1 << 18)
        if not chunk:
            raise ConnectionResetError("the server closed the connection")
        return chunk


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ConnectionError("an answer without Content-Length")


@dataclass
class _Run:
    port: int
    requests: Sequence[bytes]
    per_second: float | None
    started: float
    places: "count[int]" = field(default_factory=count)
    seconds: list[float] = field(default_factory=list)
    failed: int = 0
    received_bytes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def work(self) -> None:
        """Send requests, one after the other on one connection, until there are no more."""
        connection, seconds, failed, received = KeptConnection(self.port), [], 0, 0
        try:
            while (place := next(self.places)) < len(self.requests):
                begun = self._begin(place)
                status, body = connection.exchange(self.requests[place])
                seconds.append(time.perf_counter() - begun)
                failed += status != 200
                received += len(body)
        finally:
            connection.close()
        with self.lock:
            self.seconds += seconds
            self.failed += failed
            self.received_bytes += received

    def _begin(self, place: int) -> float:
        """Wait for a request's turn and return the moment from which it is measured: when it was due, not when sent."""
        if self.per_second is None:
            return time.perf_counter()
        due = self.started + place / self.per_second
        time.sleep(max(0.0, due - time.perf_counter()))
        return due


def together(fired: Sequence[Fired]) -> Fired:
    """Return several loads as one, as if they had followed on each other."""
    return Fired(
        [second for part in fired for second in part.seconds],
        sum(part.failed for part in fired),
        sum(part.elapsed_seconds for part in fired),
        sum(part.received_bytes for part in fired),
    )


def fire(port: int, requests: Sequence[bytes], connections: int, per_second: float | None = None) -> Fired:
    """Send prepared requests over some connections: as fast as answers come, or (open loop) at a fixed pace.

    At a pace, a request that has to wait for a connection is late, and its lateness counts. Raises OSError.
    """
    run = _Run(port, requests, per_second, time.perf_counter() + START_SECONDS)
    begun = time.perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        for done in [pool.submit(run.work) for _ in range(connections)]:
            done.result()
    return Fired(run.seconds, run.failed, time.perf_counter() - begun, run.received_bytes)


def fire_apart(port: int, requests: Sequence[bytes], connections: int, per_second: float | None = None) -> Fired:
    """`fire` in a process of its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(fire, port, requests, connections, per_second).result()
