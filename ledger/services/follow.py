"""Follow the chain: store its confirmed blocks with our contracts' events, and rewind when it changed its mind.

A chain that only lacks the newest followed blocks has not changed its mind: its node catches up, or was set back and is
about to be brought up again. Nothing is rewound then, unless somebody decides it (`rewind_to_head`).
"""

from ledger.core.history import Block
from ledger.errors import ChainBehind, ChainError
from ledger.ports import Chain, Store, Transaction

BLOCKS_AT_ONCE = 1_000
"""Blocks in one database transaction: half a second of work, after which everybody sees them."""


def follow_once(store: Store, chain: Chain, confirmations: int, now: int) -> int:
    """Bring the followed chain up to the newest block that has `confirmations` blocks on top of it.

    The cursor moves in the same transaction as its rows, so a crash at any point loses and doubles nothing. Returns how
    many blocks were stored. Raises ChainBehind, ChainError (the node does not answer, or has another genesis) or
    StoreError.
    """
    head = chain.head()
    with store.begin() as transaction:
        if not transaction.lock_following():
            return 0
        _rewind(transaction, chain, head)
        newest = transaction.followed_head()
    following = 0 if newest is None else newest.number + 1
    last = head.number - confirmations
    stored = 0
    while following <= last:
        until = min(following + BLOCKS_AT_ONCE - 1, last)
        if not _store(store, chain, following, until, now):
            return stored
        stored += until - following + 1
        following = until + 1
    with store.begin() as transaction:
        transaction.note_checked(now)
    return stored


def _store(store: Store, chain: Chain, first: int, last: int, now: int) -> bool:
    """Store blocks first … last; False if another follower was quicker or the chain was rewound meanwhile."""
    blocks = chain.followed_blocks(first, last)
    with store.begin() as transaction:
        if not transaction.lock_following():
            return False
        newest = transaction.followed_head()
        before = -1 if newest is None else newest.number
        if before != first - 1 or (newest is not None and blocks[0].block.parent_hash != newest.hash):
            return False
        transaction.add_followed(blocks, now)
    return True


def rewind_to_head(store: Store, chain: Chain) -> None:
    """Accept that the chain was set back: forget what was followed beyond its head, so that the outbox sends it again.

    For development chains, and for a network whose members have agreed on it. Raises ChainError or StoreError.
    """
    head = chain.head()
    with store.begin() as transaction:
        if transaction.lock_following():
            newest = transaction.followed_head()
            if newest is not None and newest.number > head.number:
                transaction.rewind(head.number)


def _rewind(transaction: Transaction, chain: Chain, head: Block) -> None:
    """Forget followed blocks that the chain has replaced; raises ChainBehind if it only lacks them."""
    newest = transaction.followed_head()
    if newest is None:
        return
    number = min(newest.number, head.number)
    while not _stands(transaction, chain, number):
        number -= 1
        if number < 0:
            raise ChainError("the node's genesis is not that of the chain that was followed")
    if number == newest.number:
        return
    if number == head.number:
        raise ChainBehind(f"the node's head is block {head.number}; block {newest.number} was followed already")
    transaction.rewind(number)


def _stands(transaction: Transaction, chain: Chain, number: int) -> bool:
    followed, current = transaction.followed_block(number), chain.block(number)
    return followed is not None and current is not None and followed.hash == current.hash
