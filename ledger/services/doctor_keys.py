"""Judge the keys that a gateway's settings name: that they open, and what the chain says of them."""

from dataclasses import dataclass

from ledger.core.codes import Role
from ledger.core.key_expiry import WARN_SECONDS, days_left
from ledger.services.doctor import Fault, Finding, Level

BOUND, ACTIVE = 1, 1
_ROTATE = "bind a new key in good time, add it to the settings, then retire this one"


@dataclass(frozen=True, slots=True)
class BoundKey:
    """A key as AgencyRegistry has it now, and the status of its agency. `state`: 0 never bound, 1 bound, else ended."""

    agency: int
    roles: int
    state: int
    valid_from: int
    valid_until: int
    agency_status: int


@dataclass(frozen=True, slots=True)
class ConfiguredKey:
    """A key of the settings: its name there, the role it needs (None: any), its address, what the chain says.

    `address` is a Fault where the key does not open; `bound` is None where the chain could not be asked.
    """

    name: str
    role: Role | None
    address: str | Fault
    bound: BoundKey | None


def judge_key(key: ConfiguredKey, gateway: int, now: int) -> Finding:
    """Return the finding on a configured key of agency `gateway`."""
    if isinstance(key.address, Fault):
        cure = "mend the setting: its path or URL, its password file, the modes of both"
        return Finding("key_unavailable", Level.ERROR, f"{key.name}: {key.address.why}", cure)
    what = f"{key.name} {key.address}"
    if key.role is None or key.bound is None:
        return Finding("key_opens", Level.OK, f"{what} opens")
    fault = _why_not(key.bound, key.role, gateway, now)
    if fault is not None:
        code, why, cure = fault
        return Finding(code, Level.ERROR, f"{what} {why}", cure)
    left = f"has role {key.role.name} for {days_left(key.bound.valid_until, now)} days"
    if key.bound.valid_until - now <= WARN_SECONDS:
        return Finding("key_expiring", Level.WARN, f"{what} {left}", _ROTATE)
    return Finding("key_usable", Level.OK, f"{what} {left}")


def _why_not(bound: BoundKey, role: Role, gateway: int, now: int) -> tuple[str, str, str] | None:
    """Return code, what and cure of the first thing that keeps a key from its work, or None."""
    bind = "an ADMIN of the agency binds a key with that role"
    if bound.state == 0:
        return "key_unbound", "is bound to no agency", bind
    if bound.agency != gateway:
        return "key_foreign", f"belongs to agency {bound.agency}, not {gateway}", "mend the setting gateway, or the key"
    if not bound.roles >> role & 1:
        return "key_role_missing", f"does not have role {role.name}", f"{bind}; a binding never changes"
    if bound.state != BOUND:
        return "key_ended", "was retired or revoked", bind
    if now < bound.valid_from:
        return "key_not_yet", "is not valid yet", "wait, and compare this machine's clock"
    if now >= bound.valid_until:
        return "key_expired", "has expired", bind
    if bound.agency_status != ACTIVE:
        return "agency_not_active", f"is of agency {gateway}, which is suspended or has left", "ask the Council"
    return None
