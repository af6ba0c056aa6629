"""The worker: follow, anchor, send, again and again. Whatever kills it, the next one goes on from the database."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog

from ledger.errors import ChainBehind, ChainError, GongzhiError
from ledger.ports import Chain, Signer, Store
from ledger.services.anchor import Anchoring, anchor_pending
from ledger.services.erase import erase_due, forget_tags
from ledger.services.facts import HistoryCache
from ledger.services.follow import follow_once, rewind_to_head
from ledger.services.send import restore_lost, send_pending

SHORTEST_PAUSE_SECONDS = 0.01
"""After a pass that moved something: what it moved is often ready for the next step at once."""
LONGEST_PAUSE_SECONDS = 5.0
"""Between passes that fail, doubled from the usual pause up to this."""
FORGET_SECONDS = 10.0
"""How often expired request nonces, and attachments that no record names, are deleted."""
FORGET_TAGS_SECONDS = 3_600.0
"""How often tags are forgotten whose consents ended; an erasure does so at once."""
FORGET_AT_ONCE = 5_000
"""Nonces in one transaction: some 20 milliseconds."""
SWEPT_AT_ONCE = 100
"""Attachments in one transaction: each has a few megabytes."""
NONCE_GRACE_SECONDS = 120
"""Kept this long after they expired, in case clocks of gateway processes differ."""

log = structlog.get_logger("worker")


@dataclass
class Worker:
    """One process for a gateway; a second one started by mistake does no harm (locks in the database)."""

    store: Store
    chain: Chain
    signers: Mapping[str, Signer]
    """Keys of this process by address: ANCHOR keys and the relay key."""
    anchoring: Anchoring
    confirmations: int = 0
    poll_seconds: float = 0.25
    behind_patience_seconds: float | None = None
    """How long a chain may lack followed blocks before it counts as set back; None: until somebody decides."""
    staged_seconds: int = 86_400
    """How long an attachment waits for the record that names it."""
    clock: Callable[[], float] = time.time
    facts: HistoryCache = field(default_factory=HistoryCache)
    _restored: bool = field(default=False, init=False)
    _replayed: bool = field(default=False, init=False)
    _behind_since: float | None = field(default=None, init=False)
    _forgot_at: float = field(default=0.0, init=False)
    _forgot_tags_at: float = field(default=0.0, init=False)

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set. An engine that does not answer is waited for, with growing pauses."""
        log.info("worker started", gateway=self.anchoring.gateway, senders=len(self.signers))
        pause = self.poll_seconds
        while not stop.is_set():
            try:
                moved = self.work_once()
                pause = SHORTEST_PAUSE_SECONDS if moved else self.poll_seconds
            except GongzhiError as failure:
                log.warning("pass failed", code=failure.code, detail=failure.detail)
                self._restored = False
                pause = min(max(pause, self.poll_seconds) * 2, LONGEST_PAUSE_SECONDS)
            stop.wait(pause)
        log.info("worker stopped")

    def work_once(self) -> bool:
        """Do one pass; returns whether anything moved. Raises ChainError, StoreError, HistoryError, StreamDiverged.

        Batches are fixed even while the chain does not answer, and sent when it is back.
        """
        now = self.clock()
        try:
            moved = self._follow(now) > 0
        except ChainError:
            self._anchor(now)
            raise
        moved = self._erase(now) or moved
        moved = self._anchor(now) or moved
        moved = self._send(now) or moved
        self._forget(now)
        return moved

    def _follow(self, now: float) -> int:
        try:
            stored = follow_once(self.store, self.chain, self.confirmations, int(now))
        except ChainBehind:
            self._count_behind(now)
            raise
        self._behind_since = None
        if stored:
            log.debug("blocks followed", count=stored)
        return stored

    def _count_behind(self, now: float) -> None:
        if self._behind_since is None:
            self._behind_since = now
        if self.behind_patience_seconds is not None and now - self._behind_since >= self.behind_patience_seconds:
            log.warning("the chain was set back; what it lacks is sent again")
            rewind_to_head(self.store, self.chain)
            self._behind_since = None

    def _anchor(self, now: float) -> bool:
        with self.store.begin() as transaction:
            history = self.facts.history(transaction)
        batch = anchor_pending(self.store, self.anchoring, history, now)
        if batch is not None:
            log.info("batch fixed", batch=batch)
        return batch is not None

    def _send(self, now: float) -> bool:
        if not self._restored:
            lost = restore_lost(self.store, self.chain)
            if lost:
                log.warning("the chain lost transactions; they are sent again", count=lost)
            self._restored = True
        with self.store.begin() as transaction:
            through = transaction.followed_state().newest_block
        report = send_pending(self.store, self.chain, self.signers, int(now), -1 if through is None else through)
        for intent in report.quarantined:
            log.error("transaction quarantined", intent=intent)
        if report.did_something():
            log.info("outbox moved", sent=len(report.sent), settled=len(report.settled))
        return report.did_something()

    def _erase(self, now: float) -> bool:
        if not self._replayed:
            with self.store.begin() as transaction:
                pending = transaction.replay_erasures()
            if pending:
                log.warning("marks of erasure are carried out again", count=pending)
            self._replayed = True
        report = erase_due(self.store, self.facts, int(now))
        if report.held:
            log.warning("a legal hold keeps what was marked erased", count=report.held)
        if report.erased:
            log.info("records erased", count=report.erased)
        return report.erased > 0

    def _forget(self, now: float) -> None:
        if now - self._forgot_at < FORGET_SECONDS:
            return
        self._forgot_at = now
        with self.store.begin() as transaction:
            transaction.forget_nonces(int(now) - NONCE_GRACE_SECONDS, FORGET_AT_ONCE)
            swept = transaction.forget_attachments(int(now) - self.staged_seconds, SWEPT_AT_ONCE)
        if swept:
            log.info("attachments removed that no record names", count=swept)
        if now - self._forgot_tags_at < FORGET_TAGS_SECONDS:
            return
        self._forgot_tags_at = now
        with self.store.begin() as transaction:
            tags = forget_tags(transaction, self.facts.history(transaction), int(now))
        if tags:
            log.info("tags forgotten of persons without a record and a live consent", count=tags)
