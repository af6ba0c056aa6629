"""Erase what its publisher marked erased on chain, and heed such marks and legal holds when marks are received.

A mark that is received withholds its record at once. Content goes when the mark stands in a followed block, unless a
legal hold stood on chain before it (`ledger.core.erasure`). The chain is what says so: a database that was restored
from an older copy is cleaned by the marks that it follows and holds, before anything of it can be served.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.core.codes import Mark
from ledger.core.decision import HIDING_MARKS
from ledger.core.erasure import ALL_VERSIONS, erasure_of, hold_against, may_hold
from ledger.core.history import AsOf, History
from ledger.core.member_facts import is_release
from ledger.core.typed_messages import message_from_json
from ledger.errors import LegalHold
from ledger.ports import Store, Transaction
from ledger.rows import Action, DueErasure
from ledger.services.facts import HistoryCache

ERASED_AT_ONCE = 200
"""Record versions that one pass erases, each in a transaction of its own: well under a second."""

TAG_SECONDS = 30 * 86_400
"""A tag waits this long for the consent and the record that it was asked for: a second witness may sign days later."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What a pass did: versions erased, and versions whose content a legal hold keeps."""

    erased: int
    held: int


def refuse_held(
    history: History, as_of: AsOf, agency: int, message: Mapping[str, Any], pending: Iterable[Action]
) -> None:
    """Raise LegalHold for a Mark `erased` of `agency` that a legal hold blocks, on chain or on its way there.

    `pending` are the actions on the record that were taken here and are on their way to the chain. A release on its way
    frees nothing yet: the order on chain decides.
    """
    if message["mark"] != Mark.ERASED:
        return
    record_id, version = message["recordId"], message["version"]
    hold = hold_against(history, record_id, agency, version, as_of)
    if hold is not None:
        raise LegalHold(f"agency {hold.agency} holds it since block {hold.point.block}")
    for action in pending:
        said = action.message
        meets = ALL_VERSIONS in (version, said["version"]) or version == said["version"]
        is_hold = said["mark"] == Mark.HOLD and not is_release(said["mark"], said["reason"])
        if is_hold and meets and may_hold(history, action.agency, agency):
            raise LegalHold(f"agency {action.agency} has sent a hold on it, which is on its way to the chain")


def withhold_marked(transaction: Transaction, agency: int, message: Mapping[str, Any]) -> None:
    """Withhold the record that a received Mark of `agency` withdraws or erases, from this transaction on.

    Marks of others than the publisher change nothing.
    """
    if message["mark"] in HIDING_MARKS:
        transaction.withhold(message["recordId"], agency, message["version"])


def erase_due(store: Store, facts: HistoryCache, now: int) -> Erased:
    """Carry out erasures that followed marks ask for, one transaction each; raises StoreError or HistoryError.

    Repeating it does no harm; a kill between two records leaves the rest for the next pass.
    """
    with store.begin() as transaction:
        due = transaction.erasures_due(ERASED_AT_ONCE)
    erased = held = 0
    for one in due:
        with store.begin() as transaction:
            history = facts.history(transaction)
            newest = history.newest_block
            as_of = history.at_block(newest.number) if newest is not None else AsOf(0)
            gone, kept = _carry_out(transaction, history, as_of, one, now)
        erased, held = erased + gone, held + kept
    if erased:
        with store.begin() as transaction:
            forget_tags(transaction, facts.history(transaction), now)
    return Erased(erased, held)


def forget_tags(transaction: Transaction, history: History, now: int) -> int:
    """Forget whom tags were made for where the person has no record here and no consent with the tag is live, or may
    be; returns how many. A tag is forgotten 30 days after it was made, or its consent came, at the earliest.
    """
    consents = tuple(history.consents.values())
    kept = {one.subject_tag for one in consents if one.withdrawn is None and now < one.valid_until}
    newest = -1 if history.newest_block is None else history.newest_block.number
    kept |= {
        message_from_json(one.name, one.message)["subjectTag"]
        for one in transaction.actions_under_way("RecordConsent", newest)
    }
    return transaction.forget_tags(tuple(kept), now - TAG_SECONDS)


def _carry_out(transaction: Transaction, history: History, as_of: AsOf, due: DueErasure, now: int) -> tuple[bool, bool]:
    erasure = erasure_of(history, due.record_id, due.publisher, due.version, as_of)
    if erasure is not None and not erasure.is_held:
        return transaction.erase(due.record_id, due.version, now), False
    # Held, or its mark was rewound: another block with the mark asks again.
    transaction.keep_content(due.record_id, due.version)
    return False, erasure is not None
