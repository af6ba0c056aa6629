"""Signed actions that were taken for relay."""

import json

from ledger.rows import Action
from ledger.store.session import Session

COLUMNS = "digest, agency, contract, function, intent, entry_id, received_at, include_by, summary"
ADD = f"INSERT INTO actions ({COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s::json)"
ACTION = f"SELECT {COLUMNS} FROM actions WHERE digest = %s"


class Actions(Session):
    """See `ledger.ports.Transaction`, actions."""

    def add_action(self, action: Action) -> None:
        """Keep a relayed action; raises Conflict if its digest is there."""
        who = (action.digest, action.agency, action.contract, action.function, action.intent, action.entry_id)
        self._run(ADD, (*who, action.received_at, action.include_by, json.dumps(dict(action.summary))))

    def action(self, digest: bytes) -> Action | None:
        """Return an action."""
        row = self._row(ACTION, (digest,))
        return None if row is None else Action(*row)
