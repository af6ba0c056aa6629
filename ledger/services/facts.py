"""The chain's history as this process knows it: folded once, then kept up to date from the store."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ledger.core.history import History
from ledger.errors import HistoryError
from ledger.ports import Transaction

NEVER = -1
"""A generation that no followed chain has."""
BLOCKS_AT_ONCE = 500
"""Followed blocks that are read from the database at a time."""


class HistoryCache:
    """One fold for all threads of a process.

    A thread asks as of the newest block that it saw; what another thread appends meanwhile lies behind that moment.
    """

    def __init__(self) -> None:
        """Start with nothing; the first question folds the whole followed chain."""
        self._lock = threading.Lock()
        self._folded = (NEVER, History())

    def history(self, transaction: Transaction) -> History:
        """Return the history as of the followed state that the transaction saw last; one small query at most when
        nothing is new.

        A rewind of the followed chain voids the fold: a new one is made, and whoever still reads the old one keeps it.
        Raises StoreError, or HistoryError when the stored chain contradicts itself.
        """
        state = transaction.seen_state()
        generation, history = self._folded
        if state.generation == generation and _newest(history) >= _number(state.newest_block):
            return history
        with self._lock:
            return self._refreshed(transaction)

    def known(self) -> History:
        """Return the history as far as this process knows it, without a question: good to foresee, not to decide by."""
        return self._folded[1]

    def agency_of(self, key: str) -> int | None:
        """Return the agency to which a key (lower-case 0x address) was bound, as far as this process knows."""
        bound = self._folded[1].keys.get(key)
        return None if bound is None else bound.agency

    def _refreshed(self, transaction: Transaction) -> History:
        while True:
            generation = transaction.followed_state().generation
            history = self._folded[1] if self._folded[0] == generation else History()
            before = _newest(history)
            # Until the fold is whole it counts for no generation, so an error leads to a fresh one.
            self._folded = (NEVER, self._folded[1])
            try:
                with _uncollected():
                    _fold(history, transaction)
            except HistoryError:
                if transaction.followed_state().generation == generation:
                    raise
                continue
            if transaction.followed_state().generation == generation:
                self._folded = (generation, history)
                if _newest(history) - before >= BLOCKS_AT_ONCE:
                    # It stays as long as the process: no full collection need go through it again.
                    gc.freeze()
                return history


def _fold(history: History, transaction: Transaction) -> None:
    while followed := transaction.blocks_after(_newest(history), BLOCKS_AT_ONCE):
        for block in followed:
            history.append(block.block, block.events)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no garbage meanwhile: what a fold makes stays, and going through it again and again takes a third."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _newest(history: History) -> int:
    return _number(None if history.newest_block is None else history.newest_block.number)


def _number(block: int | None) -> int:
    return -1 if block is None else block
