"""Receipts against the ledger: what members were promised must stand in the stream, in time, once it is due."""

from collections.abc import Iterable, Mapping

from ledger.core.audit.actions import check_included
from ledger.core.audit.checks import Tally
from ledger.core.audit.ground import Ground
from ledger.core.audit.promises import is_broken
from ledger.core.bundle import SignedSubmission
from ledger.core.codes import Role
from ledger.core.entry import entry_digest
from ledger.core.history import AsOf
from ledger.core.receipt import Receipt, SignedAction
from ledger.core.received import ABOUT, ReceivedAction
from ledger.core.signature import recover
from ledger.core.statements import OWN_TIME, StatementDomain, statement_digest
from ledger.core.typed_messages import MESSAGES, message_digest
from ledger.errors import SignatureError

NamedReceipt = tuple[str, Receipt]
"""A receipt and the name under which its holder keeps it."""


def wanted_entry(receipt: Receipt) -> bytes:
    """Return the digest of the entry that a receipt promises."""
    if receipt.kind == "acceptance":
        digest: bytes = receipt.message["entry"]
        return digest
    statement = statement_digest(receipt.domain, receipt.statement, receipt.message)
    return entry_digest(statement, receipt.signer, receipt.signature)


def check_receipts(
    ground: Ground,
    tally: Tally,
    receipts: Iterable[NamedReceipt],
    found: Mapping[bytes, int],
    *,
    judged_until: int,
    is_whole: bool,
) -> None:
    """Check receipts of this gateway, given the block times at which their entries were found.

    `judged_until` is the time of the newest batch whose content was read; `is_whole` says that all of the stream up to
    there was read, so that what was not found is not there.
    """
    for name, receipt in receipts:
        domains = ground.domain, *ground.later_domains.values()
        if receipt.domain not in domains or receipt.message["gateway"] != ground.gateway:
            tally.incomplete.append(f"receipt {name} is of another ledger or gateway")
            continue
        refusal = why_not_authentic(ground, receipt)
        expected = f"a promise that {ground.blamed} signed"
        if tally.judge("receipt.authentic", refusal is None, name, expected, refusal or "", "whoever made the receipt"):
            _check_kept(ground, tally, name, receipt, found, judged_until, is_whole)
            if isinstance(receipt.evidence, SignedAction):
                _check_included(ground, tally, name, receipt, receipt.evidence)


def why_not_authentic(ground: Ground, receipt: Receipt) -> str | None:
    """Return why a receipt is no promise of this gateway, or None: signature, role at its own time, and evidence."""
    message = receipt.message
    try:
        signer = recover(statement_digest(receipt.domain, receipt.statement, message), receipt.signature)
    except SignatureError as error:
        return error.detail
    if signer != receipt.signer:
        return "another key signed it"
    as_of = AsOf(message[OWN_TIME[receipt.statement]])
    refusal = ground.history.why_not_entitled(signer, Role.API_SIGN, ground.gateway, as_of)
    if refusal is None and isinstance(receipt.evidence, SignedAction):
        return _why_not_action(ground, receipt.evidence, message["action"])
    if refusal is not None or not isinstance(receipt.evidence, SignedSubmission):
        return refusal
    is_same = _entry_of(receipt.evidence, receipt.domain) == message["entry"]
    return None if is_same else "the submission beside it is another"


def _why_not_action(ground: Ground, action: SignedAction, digest: bytes) -> str | None:
    addresses = ground.addresses(MESSAGES[action.action].contract)
    if action.action not in ABOUT or not addresses:
        return "no gateway relays the action beside it"
    chain_id = ground.domain.chain_id
    is_same = digest in [message_digest(action.action, action.message, chain_id, one) for one in addresses]
    return None if is_same else "the action beside it is another"


def _entry_of(submission: SignedSubmission, domain: StatementDomain) -> bytes:
    statement = statement_digest(domain, "Submission", submission.message)
    return entry_digest(statement, submission.signer, submission.signature, submission.sealed_hash)


def _check_kept(
    ground: Ground,
    tally: Tally,
    name: str,
    receipt: Receipt,
    found: Mapping[bytes, int],
    judged_until: int,
    is_whole: bool,
) -> None:
    due: int = receipt.message["anchorBy"]
    stands_at = found.get(wanted_entry(receipt))
    if stands_at is None and not is_whole:
        tally.incomplete.append(f"receipt {name}: its entry was not among those that were read")
        return
    if stands_at is None and judged_until <= due:
        tally.incomplete.append(f"receipt {name} is not due before {due}")
        return
    expected = f"an entry anchored by {due}"
    actual = "no such entry" if stands_at is None else f"anchored at {stands_at}"
    if is_broken(ground.history, ground.gateway, due, stands_at):
        tally.fail("receipt.kept", name, expected, actual, ground.blamed)
    elif stands_at is None:
        tally.incomplete.append(f"receipt {name}: no entry, but no block in time could have held it")
    else:
        tally.passed["receipt.kept"] += 1


def _check_included(ground: Ground, tally: Tally, name: str, receipt: Receipt, action: SignedAction) -> None:
    message, key = receipt.message, ground.history.keys.get(action.message["key"])
    received = ReceivedAction(
        message["action"],
        action.action,
        action.message,
        message["receivedAt"],
        message["includeBy"],
        agency=0 if key is None else key.agency,
    )
    if not check_included(ground, tally, "receipt.included", name, received):
        tally.incomplete.append(f"receipt {name}: its action is not due before {message['includeBy']}")
