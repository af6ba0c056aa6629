"""Explain where a record, submission, entry or action is, what happened to it and when, and what it waits for."""

from typing import Any

from ledger.core.codes import Role
from ledger.core.hexadecimal import to_hex
from ledger.errors import NotFound
from ledger.rows import StoredEntry
from ledger.services.authenticate import Call
from ledger.services.relay import ActionState, find_action


def explain(call: Call, identifier: bytes) -> dict[str, Any]:
    """Return what is known about 32 bytes: a submissionId of the caller, an entry digest, an action or a recordId.

    Of what is another agency's, only what the chain shows anyway is told, unless the key has role AUDIT. Raises
    NotEntitled or NotFound.
    """
    call.require_member()
    submission = call.transaction.submission(call.agency, identifier)
    if submission is not None:
        return {"id": to_hex(identifier), "what": "submission", **_entry(call, submission.entry)}
    entry = call.transaction.entry(identifier)
    if entry is not None:
        return {"id": to_hex(identifier), "what": "entry", **_entry(call, entry)}
    if call.transaction.action(identifier) is not None:
        return {"id": to_hex(identifier), "what": "action", **_action(find_action(call, identifier))}
    return {"id": to_hex(identifier), "what": "record", **_record(call, identifier)}


def _entry(call: Call, stored: StoredEntry) -> dict[str, Any]:
    entry = stored.entry
    public = {
        "entry": to_hex(entry.digest),
        "entryType": entry.entry_type,
        "sequence": stored.sequence,
        "batch": stored.batch,
        "anchor": _anchor(call, stored),
    }
    if not _is_own(call, entry.agency):
        return public
    times = {"accepted": entry.created_at, "submitted": stored.submitted_at, "anchored": stored.anchored_at}
    return {**public, "times": times, "anchorBy": entry.anchor_by, "waitsFor": _waits_for(call, stored)}


def _anchor(call: Call, stored: StoredEntry) -> dict[str, Any] | None:
    anchor = None if stored.batch is None else call.history.anchor(call.gateway.agency, stored.batch)
    if anchor is None or stored.anchored_at is None:
        return None
    return {
        "root": to_hex(anchor.root),
        "transaction": anchor.transaction,
        "block": anchor.point.block,
        "time": anchor.point.time,
    }


def _waits_for(call: Call, stored: StoredEntry) -> str | None:
    if stored.anchored_at is not None:
        return None
    late = "; the promise is overdue" if call.now > stored.entry.anchor_by else ""
    if stored.batch is None:
        return f"the worker, to put it into a batch{late}"
    if stored.submitted_at is None:
        return f"the worker, to send batch {stored.batch}{late}"
    return f"the chain, to confirm the block with batch {stored.batch}{late}"


def _action(state: ActionState) -> dict[str, Any]:
    action, row = state.action, state.transaction
    waits = {"received": "the worker, to send it", "submitted": "the chain, to confirm its block"}.get(row.state)
    return {
        "contract": action.contract,
        "function": action.function,
        "summary": dict(action.summary),
        "state": row.state,
        "times": {"received": action.received_at, "submitted": row.submitted_at, row.state: row.settled_at}
        if row.settled_at
        else {"received": action.received_at, "submitted": row.submitted_at},
        "includeBy": action.include_by,
        "transaction": row.tx_hash,
        "block": row.block,
        "error": row.error,
        "waitsFor": waits,
    }


def _record(call: Call, record_id: bytes) -> dict[str, Any]:
    record = call.transaction.record(record_id)
    stored = None if record is None else call.transaction.entry_by_id(record.entry_id)
    marks = [
        {"agency": mark.agency, "mark": mark.mark, "version": mark.version, "block": mark.point.block}
        for mark in call.history.marks.get(record_id, ())
        if call.as_of.covers(mark.point)
    ]
    if record is None or stored is None:
        if not marks:
            raise NotFound("no submission, entry, action or record with this id")
        return {"marks": marks}
    own = _is_own(call, record.publisher)
    about = {"publisher": record.publisher, "item": record.item, "version": record.version} if own else {}
    return {**about, **_entry(call, stored), "marks": marks}


def _is_own(call: Call, agency: int) -> bool:
    return agency == call.agency or call.has_role(Role.AUDIT)
