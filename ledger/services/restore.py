"""Restore a backup: every digest first, then the chain is followed and what was erased since is erased again.

What the chain holds and the backup does not is named, never passed over in silence: batches whose entries are lost. The
ways out are `refetch` (a member's export has them) and `void` (nobody has them).
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ledger.core.backup import MANIFEST_FILE, BackupFile, BackupManifest, BackupTable, parse_backup
from ledger.core.history import AnchorFacts, History
from ledger.core.merkle import MerkleTree, entry_leaf
from ledger.errors import BackupInvalid, ChainError, Conflict, UsageError
from ledger.ports import Chain, Store, Transaction
from ledger.services.erase import erase_due
from ledger.services.facts import HistoryCache
from ledger.services.follow import follow_once

PIECE_BYTES = 1 << 20
STREAM_PATIENCE_SECONDS = 30.0
"""A worker fixes a batch in two seconds at most."""
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class ReadBackup:
    """A backup folder whose manifest was read; `digest` is the SHA-256 of the manifest, which names the backup."""

    folder: Path
    manifest: BackupManifest
    digest: bytes

    def content(self, path: str) -> bytes:
        """Return the bytes of a file of the backup; raises BackupInvalid if it is not there."""
        return b"".join(self.pieces(path))

    def pieces(self, path: str) -> Iterator[bytes]:
        """Yield a file of the backup in pieces; raises BackupInvalid if it is not there."""
        try:
            with (self.folder / path).open("rb") as opened:
                while piece := opened.read(PIECE_BYTES):
                    yield piece
        except OSError as failure:
            raise BackupInvalid(f"{path} cannot be read: {failure.strerror}") from None

    def tables(self) -> Sequence[tuple[BackupTable, Iterator[bytes]]]:
        """Return every table with its rows in pieces, in the order of the manifest."""
        return [(table, self.pieces(table.path)) for table in self.manifest.tables]


def read_backup(folder: Path, advance: Callable[[int], None] = lambda _: None) -> ReadBackup:
    """Read a backup and verify every digest; `advance` is told of bytes read.

    Raises UsageError for a folder that is no finished backup, BackupInvalid for one that is not what its manifest says
    (a file more, a file less, another byte), FormatError, UnsupportedFormat.
    """
    try:
        data = (folder / MANIFEST_FILE).read_bytes()
    except OSError:
        raise UsageError(f"{folder} is no backup: it has no {MANIFEST_FILE}") from None
    backup = ReadBackup(folder, parse_backup(data), hashlib.sha256(data).digest())
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}
    if unknown := sorted(found - {file.path for file in backup.manifest.files} - {MANIFEST_FILE}):
        raise BackupInvalid(f"{len(unknown)} files that the manifest does not name")
    for file in backup.manifest.files:
        _check(backup, file, advance)
    return backup


def _check(backup: ReadBackup, file: BackupFile, advance: Callable[[int], None]) -> None:
    digest, length = hashlib.sha256(), 0
    for piece in backup.pieces(file.path):
        digest.update(piece)
        length += len(piece)
        advance(len(piece))
    if (length, digest.digest()) != (file.length, file.sha256):
        raise BackupInvalid(f"{file.path} does not have the length and digest that the manifest says")


@dataclass(frozen=True)
class CaughtUp:
    """What was done after the load: blocks followed, versions erased, versions that a legal hold keeps.

    `adopted` are batches fixed after the backup whose entries it holds; `lost` are those whose entries it lacks.
    """

    followed: int
    erased: int
    held: int
    adopted: Sequence[int]
    lost: Sequence[AnchorFacts]

    @property
    def lost_entries(self) -> int:
        """How many numbered entries the database does not hold."""
        return sum(anchor.leaf_count for anchor in self.lost)


def catch_up(
    store: Store, chain: Chain, chain_id: int, gateway: int, confirmations: int, now: int, say: Callable[[str], None]
) -> CaughtUp:
    """Follow the chain to its head and carry out every erasure that it asks for; repeating it does no harm.

    Nothing is signed or sent. Raises ChainError for a node of another chain or one that lacks blocks, StoreError.
    """
    if chain.chain_id() != chain_id:
        raise ChainError(f"the node is of chain {chain.chain_id()}, the backup of {chain_id}")
    followed = follow_once(store, chain, confirmations, now)
    say(f"followed {followed:,} blocks that are newer than the backup")
    facts = HistoryCache()
    with store.begin() as transaction:
        transaction.replay_erasures()
    erased = held = 0
    while (report := erase_due(store, facts, now)).erased or report.held:
        erased, held = erased + report.erased, held + report.held
    say(f"erased {erased:,} record versions that were marked since" + (f"; a hold keeps {held:,}" if held else ""))
    with store.begin() as transaction:
        history = facts.history(transaction)
        adopted = adopt_known(transaction, history, gateway)
        lost = lost_batches(transaction, history, gateway)
    return CaughtUp(followed, erased, held, adopted, lost)


def lost_batches(transaction: Transaction, history: History, gateway: int) -> Sequence[AnchorFacts]:
    """Return the batches on chain that the database does not know, oldest first."""
    newest = transaction.newest_batch(gateway)
    known = 0 if newest is None else newest.batch
    return [anchor for anchor in history.anchors.get(gateway, []) if anchor.batch > known]


def take_stream(transaction: Transaction, gateway: int) -> None:
    """Take the right to fix batches until the transaction ends; raises Conflict if a worker keeps it too long."""
    until = time.monotonic() + STREAM_PATIENCE_SECONDS
    while not transaction.lock_stream(gateway):
        if time.monotonic() > until:
            raise Conflict("a worker is fixing a batch; stop it, or try again")
        time.sleep(POLL_SECONDS)


def adopt_known(transaction: Transaction, history: History, gateway: int) -> Sequence[int]:
    """Take over batches that were fixed after the backup and whose entries it holds all; returns their numbers.

    Entries that waited for their number are put into the order in which they are numbered, and count only when their
    root is the one on chain. It ends at the first batch of which an entry is missing. Raises as `take_stream`.
    """
    adopted: list[int] = []
    take_stream(transaction, gateway)
    for anchor in lost_batches(transaction, history, gateway):
        waiting = transaction.unnumbered(anchor.leaf_count)
        leaves = [entry_leaf(row[1], anchor.first_sequence + place, row[2]) for place, row in enumerate(waiting)]
        if len(leaves) < anchor.leaf_count or MerkleTree(leaves).root != anchor.root:
            break
        transaction.adopt_batch(anchor, [row[0] for row in waiting])
        adopted.append(anchor.batch)
    return adopted
