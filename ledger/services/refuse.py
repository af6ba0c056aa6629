"""Refuse with the error class that says why: a key, a role, a kind of agency, an item."""

from collections.abc import Mapping
from typing import Any

from ledger.core.codes import Role
from ledger.core.entitlement import CLOCK_SKEW_SECONDS, why_not_anchorable, why_not_publishable
from ledger.core.history import AsOf, History, Point
from ledger.errors import (
    ChainError,
    ItemUnknown,
    KeyEnded,
    KindNotAllowed,
    NotEntitled,
    RoleMissing,
    SchemaError,
    StaleStatement,
    SubmissionRefused,
)


def entitlement_error(history: History, key: str, role: Role, agency: int | None, as_of: AsOf) -> NotEntitled:
    """Return the error for a key that may not act in `role` at that moment."""
    why = history.why_not_entitled(key, role, agency, as_of) or "the key may not do this"
    return _key_error(history, key, role, as_of)(why)


def refuse_unpublishable(history: History, message: Mapping[str, Any], signer: str, now: int) -> None:
    """Raise what verification step 8 would find: of a Submission signed by `signer` and anchored from `now` on.

    Raises a NotEntitled (key, role, kind of agency, item), or SchemaError if the item has another schema.
    """
    why = why_not_publishable(history, message, signer)
    if why is None:
        newest = history.newest_block
        at_once = Point(newest.number + 1 if newest else 0, 0, max(now, message["signedAt"]))
        why = why_not_anchorable(history, message, signer, at_once)
        if why is not None:
            raise KeyEnded(why)
        return
    raise _publishing_error(history, message, signer)(why)


def refuse_untimely(history: History, message: Mapping[str, Any], now: int) -> None:
    """Raise StaleStatement unless `signedAt` leaves at least half of anchorDelay to keep the promise in."""
    signed_at = message["signedAt"]
    delay = history.parameter("anchorDelay", AsOf(signed_at))
    if signed_at > now + CLOCK_SKEW_SECONDS:
        raise StaleStatement(f"signedAt lies {signed_at - now} s ahead of the gateway's clock")
    if signed_at + delay - now < delay / 2:
        raise StaleStatement(f"signedAt lies {now - signed_at} s back; at most {delay // 2} s leave time to anchor")


def refuse_unseen_chain(history: History, checked_at: int, now: int, as_of: AsOf) -> None:
    """Raise ChainError if the chain's head was not seen for half of anchorDelay: no promise could be kept then.

    `checked_at` is when it was last seen (Unix seconds).
    """
    if now - checked_at > history.parameter("anchorDelay", as_of) / 2:
        raise ChainError(f"the chain's head was last seen {now - checked_at} s ago; nothing can be promised")


def _publishing_error(
    history: History, message: Mapping[str, Any], signer: str
) -> type[SubmissionRefused] | type[SchemaError]:
    as_of = AsOf(message["signedAt"])
    if history.why_not_entitled(signer, Role.SUBMIT, message["publisher"], as_of) is not None:
        return _key_error(history, signer, Role.SUBMIT, as_of)
    item = history.items.get(message["item"])
    version = item.version(message["itemVersion"], as_of) if item else None
    if version is None:
        return ItemUnknown
    if version["schemaHash"] != "0x" + message["schemaHash"].hex():
        return SchemaError
    return KindNotAllowed


def _key_error(history: History, key: str, role: Role, as_of: AsOf) -> type[NotEntitled]:
    facts = history.keys.get(key)
    if facts is None or not as_of.covers(facts.bound):
        return NotEntitled
    if not facts.roles >> role & 1:
        return RoleMissing
    if as_of.time >= facts.valid_until or (facts.ended is not None and as_of.covers(facts.ended)):
        return KeyEnded
    return NotEntitled
