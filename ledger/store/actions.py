"""Signed actions that were taken for relay, and how often grants were used."""

import json
from collections.abc import Mapping, Sequence
from struct import Struct

from ledger.core.keccak import keccak256
from ledger.rows import Action
from ledger.store.locks import ABOUT_NAMESPACE
from ledger.store.session import Row, Session, any_of

_NAMES = (
    *("digest", "agency", "contract", "function", "intent", "entry_id", "received_at", "include_by", "summary"),
    *("name", "message", "signatures", "about"),
)
COLUMNS = ", ".join(f"actions.{name}" for name in _NAMES)
ADD = f"""
    INSERT INTO actions ({", ".join(_NAMES)})
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s::json, %s, %s::json, %s, %s)"""
ACTION = f"SELECT {COLUMNS} FROM actions WHERE digest = %s"
ABOUT = f"SELECT {COLUMNS} FROM actions WHERE about = ANY(%s) ORDER BY entry_id"
ABOUT_NAMED = "SELECT {columns} FROM actions WHERE about {abouts} AND name {names} ORDER BY entry_id"
OF_ENTRIES = f"SELECT {COLUMNS} FROM actions WHERE entry_id = ANY(%s)"
# Begins with the few unfinished rows of the outbox, by its partial indexes, and not with every action of the name.
UNDER_WAY = f"""
    SELECT {COLUMNS} FROM actions JOIN outbox USING (intent)
    WHERE name = %s AND (state IN ('received', 'submitted') OR (state = 'final' AND block > %s)) ORDER BY entry_id"""
WITH_NONCE = (
    f"SELECT {COLUMNS} FROM actions WHERE contract = %s AND message ->> 'key' = %s AND message ->> 'nonce' = %s"
)
LOCK = "SELECT pg_advisory_xact_lock(%s::int, %s::int)"
LOCK_SHARED = "pg_advisory_xact_lock_shared(%s::int, %s::int)"
# The row is locked by the conflict, so of two last uses at once one waits and finds none left.
USE = """
    INSERT INTO grant_uses (grant_id, used) VALUES (%s, 1)
    ON CONFLICT (grant_id) DO UPDATE SET used = grant_uses.used + 1 WHERE grant_uses.used < %s"""
_TWO = Struct(">ii")


def stored_action(row: Row) -> Action:
    """Return the action of a row of COLUMNS."""
    columns = list(row)
    columns[11] = tuple(row[11])
    return Action(*columns)


class Actions(Session):
    """See `ledger.ports.Transaction`, actions."""

    _shared: frozenset[bytes] = frozenset()
    """Ids that nobody acts on until this transaction ends."""

    def add_action(self, action: Action) -> None:
        """Keep a relayed action; raises Conflict if its digest, or its key's nonce, is there."""
        who = (action.digest, action.agency, action.contract, action.function, action.intent, action.entry_id)
        promised = (action.received_at, action.include_by, json.dumps(dict(action.summary)))
        said = (action.name, json.dumps(dict(action.message)), list(action.signatures), action.about)
        self._run(ADD, (*who, *promised, *said))

    def action(self, digest: bytes) -> Action | None:
        """Return an action."""
        row = self._row(ACTION, (digest,))
        return None if row is None else stored_action(row)

    def actions_about(self, abouts: Sequence[bytes], names: Sequence[str] | None = None) -> Sequence[Action]:
        """Return the actions (of these message names, all if None) that bear on any of these ids, by entry."""
        if names is None:
            return [stored_action(row) for row in self._rows(ABOUT, (list(abouts),))]
        if not abouts or not names:
            return []
        statement = ABOUT_NAMED.format(columns=COLUMNS, abouts=any_of(len(abouts)), names=any_of(len(names)))
        return [stored_action(row) for row in self._rows(statement, (*abouts, *names))]

    def actions_of_entries(self, entry_ids: Sequence[int]) -> Mapping[int, Action]:
        """Return actions by their RECEIVED entry."""
        found = map(stored_action, self._rows(OF_ENTRIES, (list(entry_ids),)))
        return {action.entry_id: action for action in found}

    def actions_under_way(self, name: str, block: int) -> Sequence[Action]:
        """Return actions of a message name that did not fail and that no block up to `block` holds, by entry."""
        return [stored_action(row) for row in self._rows(UNDER_WAY, (name, block))]

    def action_with_nonce(self, contract: str, signer: str, keyed_nonce: int) -> Action | None:
        """Return the action of a contract whose message a key signed, as its first signer, with this keyed nonce."""
        row = self._row(WITH_NONCE, (contract, signer, str(keyed_nonce)))
        return None if row is None else stored_action(row)

    def lock_about(self, about: bytes) -> None:
        """Wait for the right to act on an id, alone, until this transaction ends."""
        self._rows(LOCK, lock_of(about))

    def share_about(self, abouts: Sequence[bytes]) -> None:
        """Wait until nobody acts on any of these ids, and let nobody, until this transaction ends.

        So what is read after it is all that stands before this transaction's entries in the stream.
        """
        wanted = [about for about in abouts if about not in self._shared]
        if wanted:
            locks = ", ".join([LOCK_SHARED] * len(wanted))
            self._run(f"SELECT {locks}", [number for about in wanted for number in lock_of(about)])
            self._shared = self._shared.union(wanted)

    def use_grant(self, grant_id: bytes, most: int) -> bool:
        """Count one use of a grant; False, and nothing counted, when `most` (at least 1) uses are used."""
        return self._run(USE, (grant_id, most)) == 1


def lock_of(about: bytes) -> tuple[int, int]:
    """Return the two numbers of the lock of an id."""
    first, second = _TWO.unpack(keccak256(ABOUT_NAMESPACE + about)[:8])
    return first, second
