"""How far a relayed action is: as its outbox row says, unless its effect stands on chain without that row."""

from dataclasses import replace

from ledger.core.received import stands_at
from ledger.core.typed_messages import message_from_json
from ledger.rows import Action, OutboxTransaction
from ledger.services.authenticate import Call

FAILED, FINAL = "failed", "final"


def row_of(call: Call, action: Action) -> OutboxTransaction | None:
    """Return the outbox row of an action, None if there is none.

    A gateway restored from an older backup offers actions again that were mined meanwhile: the contract refuses
    the second one, and nothing failed. Such a row is told as final, with the time of the block that holds the effect.
    """
    row = call.transaction.transaction(action.intent)
    if row is None or row.state != FAILED:
        return row
    message = message_from_json(action.name, action.message)
    at = stands_at(call.history, action.name, message, action.digest, action.agency, action.received_at)
    return row if at is None else replace(row, state=FINAL, settled_at=at, error=None)
