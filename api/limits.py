"""Limits per agency: how often and how many at a time, by a token bucket and a count. Each process has its own."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ledger.errors import TooMany

_RETRY_SECONDS = 1
"""When to come back after too many at a time: an answer takes milliseconds, a wait seconds."""


@dataclass(slots=True)
class _Use:
    tokens: float
    filled_at: float
    running: int = 0


class Limits:
    """What each agency has used. `rate_per_second` refills a bucket of `rate_burst`; `clock` counts seconds."""

    def __init__(
        self,
        rate_per_second: float,
        rate_burst: int,
        concurrency: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate, self._burst, self._concurrency, self._clock = rate_per_second, rate_burst, concurrency, clock
        self._uses: dict[int, _Use] = {}
        self._lock = threading.Lock()

    @contextmanager
    def admission(self) -> Iterator[Callable[[int], None]]:
        """Give a function that admits an agency, once, for as long as the `with` block lasts.

        The function raises TooMany, whose `retry_after` says in how many seconds to come back. It may be called by
        another thread, which may be late: then the agency is let go at once.
        """
        admitted: list[_Use] = []
        is_over = False

        def admit(agency: int) -> None:
            use = self._enter(agency)
            with self._lock:
                admitted.append(use)
                use.running -= is_over

        try:
            yield admit
        finally:
            with self._lock:
                is_over = True
                for use in admitted:
                    use.running -= 1

    def _enter(self, agency: int) -> _Use:
        now = self._clock()
        with self._lock:
            use = self._uses.setdefault(agency, _Use(self._burst, now))
            use.tokens = min(self._burst, use.tokens + (now - use.filled_at) * self._rate)
            use.filled_at = now
            if use.running >= self._concurrency:
                raise TooMany(f"{self._concurrency} requests of this agency are running", retry_after=_RETRY_SECONDS)
            if use.tokens < 1:
                wait = math.ceil((1 - use.tokens) / self._rate)
                raise TooMany(f"more than {self._rate:g} requests per second", retry_after=wait)
            use.tokens -= 1
            use.running += 1
            return use
