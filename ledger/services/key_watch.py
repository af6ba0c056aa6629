"""How long this gateway's keys last, for health, metrics and whoever asks before it is too late."""

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.core.codes import Role
from ledger.core.history import History
from ledger.core.key_expiry import WARN_SECONDS, WATCHED_ROLES, days_left, keys_of, now_as_of, usable_until
from ledger.errors import HistoryError
from ledger.ports import Transaction
from ledger.services.gateway import Gateway


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that holds now and will not soon: a stable code, and what was found."""

    code: str
    found: str


def last_keys(gateway: Gateway, history: History) -> Mapping[Role, int]:
    """Return until when (Unix seconds) the gateway's agency has a usable key of each watched role, 0 if it has none.

    API_SIGN is judged by the key that this process signs with; empty before the first block.
    """
    if history.newest_block is None:
        return {}
    as_of = now_as_of(history.newest_block, gateway.clock())
    bound = keys_of(history, gateway.agency)
    held = {role: (gateway.api_signer.address,) if role is Role.API_SIGN else bound for role in WATCHED_ROLES}
    return {role: usable_until(history, keys, role, gateway.agency, as_of) for role, keys in held.items()}


def key_warnings(gateway: Gateway, history: History) -> list[Warned]:
    """Return a warning for each watched role whose last key expires within 30 days or is no longer usable."""
    now, found = gateway.clock(), []
    for role, until in last_keys(gateway, history).items():
        if until == 0:
            found.append(Warned("key_missing", f"no usable key of agency {gateway.agency} has role {role.name}"))
        elif until - now <= WARN_SECONDS:
            left = days_left(until, now)
            found.append(Warned("key_expiring", f"the last key with role {role.name} expires in {left} days"))
    return found


def seconds_left(gateway: Gateway, transaction: Transaction) -> Mapping[str, int]:
    """Return for each watched role how many seconds its last key lasts, 0 if none does; empty if nothing is known."""
    try:
        history = gateway.facts.history(transaction)
    except HistoryError:
        return {}
    now = gateway.clock()
    return {role.name: max(0, until - now) for role, until in last_keys(gateway, history).items()}
