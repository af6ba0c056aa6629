"""Callers that go on whatever happens to their gateway, each in a thread, until their block ends."""

import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Self

from ledger.client.gongzhi import GongzhiClient
from ledger.client.grounds import Grounds
from ledger.client.looking import SearchTerms
from ledger.core.codes import Mark
from ledger.errors import ChainError, GatewayUnreachable, TooMany

PATIENCE_SECONDS = 90
"""For what takes a second or two on an idle machine."""


class Persistent(ABC):
    """Attempts the same again and again; being refused a connection, an answer or service is what it expects.

    A promise that it has no chain to judge by, since its node is away, interrupts it too. Any other error fails the
    test.
    """

    def __init__(self, pause_seconds: float) -> None:
        self._pause_seconds, self._stop = pause_seconds, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._failure: BaseException | None = None
        self.interruptions: Counter[str] = Counter()

    @abstractmethod
    def attempt(self) -> None:
        """Do it once."""

    def step(self) -> None:
        """Attempt once; an interruption is counted."""
        try:
            self.attempt()
        except (GatewayUnreachable, TooMany, ChainError) as error:
            self.interruptions[error.code] += 1

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(PATIENCE_SECONDS)
        assert not self._thread.is_alive()
        self.require_no_failure()

    @property
    def failed(self) -> bool:
        """Whether it ended by an error that nobody expects."""
        return self._failure is not None

    def require_no_failure(self) -> None:
        """Raise the error that it ended by, if it did."""
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            while not self._stop.wait(self._pause_seconds):
                self.step()
        except BaseException as failure:  # noqa: BLE001 (handed to the test's own thread)
            self._failure = failure


class Looks(Persistent):
    """Looks at an item's newest records; every disclosure is checked and its receipt kept."""

    def __init__(self, client: GongzhiClient, grounds: Grounds) -> None:
        super().__init__(pause_seconds=0.1)
        self._client, self._grounds = client, grounds
        self.served = 0

    def attempt(self) -> None:
        """Look at one page."""
        next(self._client.search(self._grounds, SearchTerms(limit=10)))
        self.served += 1


class Marks(Persistent):
    """Marks records that are given to it, each once; every promise to relay is checked and kept."""

    def __init__(self, client: GongzhiClient, record_ids: Sequence[bytes]) -> None:
        super().__init__(pause_seconds=0.3)
        self._client, self._record_ids = client, record_ids
        self._next = self.taken = 0

    def attempt(self) -> None:
        """Mark the next record, if there is one."""
        if self._next < len(self._record_ids):
            # One whose answer was lost may be marked: it is not tried again.
            self._next += 1
            self._client.mark(self._record_ids[self._next - 1], 0, Mark.DISPUTED, 1)
            self.taken += 1


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds; fails after PATIENCE_SECONDS."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
