"""Actions received for relay: each there as it was signed, and on chain by the time that was promised.

A gateway that holds an action back is convicted by its own RECEIVED entry, unless the chain could not have taken the
action: a signer's key or an agency had ended by then, or what the action bears on had moved on.
"""

from collections.abc import Sequence

from ledger.core.audit.checks import Tally
from ledger.core.audit.consents import check_consent
from ledger.core.audit.excuses import why_not_includable
from ledger.core.audit.ground import Ground
from ledger.core.audit.promises import is_broken
from ledger.core.codes import EntryType
from ledger.core.export import ExportedAction, ExportedEntry
from ledger.core.hexadecimal import to_hex
from ledger.core.history import AsOf
from ledger.core.received import ABOUT, ReceivedAction, stands_at
from ledger.core.signature import recover
from ledger.core.typed_messages import MESSAGES, message_digest
from ledger.errors import SignatureError

NOT_INCLUDABLE = "received actions that the chain could not take any more"
_ZERO_ADDRESS = "0x" + "00" * 20


def received_action(ground: Ground, entry: ExportedEntry, action: ExportedAction) -> ReceivedAction | None:
    """Return the action of a RECEIVED entry, None if it is not the one that the entry names by its digest."""
    addresses = ground.addresses(MESSAGES[action.action].contract)
    if entry.entry_type is not EntryType.RECEIVED or action.action not in ABOUT:
        return None
    digest, chain_id = entry.message["action"], ground.domain.chain_id
    digests = [message_digest(action.action, action.message, chain_id, address) for address in addresses]
    if digest not in digests or action.sequence != entry.sequence:
        return None
    key = ground.history.keys.get(action.message["key"])
    return ReceivedAction(
        digest,
        action.action,
        action.message,
        entry.message["receivedAt"],
        entry.message["includeBy"],
        entry.sequence,
        0 if key is None else key.agency,
    )


def check_action(
    ground: Ground, tally: Tally, entry: ExportedEntry, lines: Sequence[ExportedAction], *, is_judged: bool
) -> None:
    """Check `action.present` and `action.included` of an entry, `action.signature` unless it was judged before.

    Of a consent `consent.evidence` too, unless it was judged before.
    """
    subject, blames = f"entry {entry.sequence}", ground.blamed
    received = received_action(ground, entry, lines[0]) if len(lines) == 1 else None
    expected = f"the message with digest {to_hex(entry.message['action'])}"
    found = "another message" if lines else "no action line"
    if not tally.judge("action.present", received is not None, subject, expected, found, blames) or received is None:
        return
    if not is_judged:
        fault = _why_not_signed(received, lines[0].signatures)
        tally.judge("action.signature", fault is None, subject, "signed by its keys", fault or "", blames)
        if received.name == "RecordConsent":
            check_consent(ground, tally, subject, received)
    check_included(ground, tally, "action.included", subject, received)


def check_included(ground: Ground, tally: Tally, check: str, subject: str, action: ReceivedAction) -> bool:
    """Check that an action stands on chain by its `include_by`; returns False where it is not due yet.

    One that the chain could not take is counted apart and blames nobody.
    """
    history, due = ground.history, action.include_by
    # A gateway sees at the latest after anchorDelay that somebody else has brought the same action on chain.
    not_before = action.received_at - history.parameter("anchorDelay", AsOf(action.received_at))
    stands = stands_at(history, action.name, action.message, action.digest, action.agency, not_before)
    newest = history.newest_block
    if stands is None and (newest is None or newest.time <= due):
        tally.skipped[check] += 1
        return False
    broken = is_broken(history, ground.gateway, due, stands)
    excuse = why_not_includable(history, action) if broken else None
    if excuse is not None:
        tally.skipped[check] += 1
        tally.notices[f"{NOT_INCLUDABLE}: {excuse}"] += 1
        return True
    actual = "it stands nowhere: the action was held back" if stands is None else f"it stands at {stands}"
    tally.judge(check, not broken, subject, f"{action.name} on chain by {due}", actual, ground.blamed)
    return True


def _why_not_signed(action: ReceivedAction, signatures: Sequence[bytes]) -> str | None:
    signers = MESSAGES[action.name].signers
    if len(signatures) != len(signers):
        return f"{len(signatures)} signatures instead of {len(signers)}"
    for member, signature in zip(signers, signatures, strict=True):
        key = action.message[member]
        if key == _ZERO_ADDRESS and not signature:
            continue
        try:
            signer: str = recover(action.digest, signature)
        except SignatureError as error:
            return f"{member}: {error.detail}"
        if signer != key:
            return f"{member}: signed by another key"
    return None
