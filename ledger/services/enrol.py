"""Enrol member agencies: the Council registers them with their first ADMIN keys, then each binds its other keys."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ledger.core.codes import Role, excluded_pairs
from ledger.core.council_action import CouncilCall
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from ledger.core.officers import needs_officer, officer_pseudonym, roles_together
from ledger.council_errors import NotRegistered
from ledger.errors import UsageError
from ledger.ports import Signer
from ledger.services.administration import ZERO_ADDRESS, Administration
from ledger.services.council_acts import CouncilActs
from ledger.services.founding import (
    CLOCK_MARGIN_SECONDS,
    DAY_SECONDS,
    EncodeCall,
    NewAgency,
    registration_call,
    signed_registration,
)

NumberOf = Callable[[str], int]
"""Key → the agency that it is bound to on chain now, 0 if to none."""


@dataclass(frozen=True)
class KeyToEnrol:
    """A key: its roles (bitmap), and the staff number or post of who holds it, empty for a machine's."""

    signer: Signer
    roles: int
    officer: str = ""


@dataclass(frozen=True)
class AgencyToEnrol:
    """A member with its keys, which are on this machine."""

    slug: str
    agency: NewAgency
    admin: Signer
    keys: Sequence[KeyToEnrol]
    officer_secret: bytes = field(repr=False)
    """What pseudonyms of its officers are made with; empty where no key has one."""


def register_here(
    acts: CouncilActs,
    agencies: Sequence[AgencyToEnrol],
    approvers: Mapping[int, Signer],
    encode_call: EncodeCall,
    number_of: NumberOf,
) -> None:
    """Let member keys of this machine register those of `agencies` that are not, in their order; safe to repeat.

    Raises as `CouncilActs.enact`.
    """
    missing = [agency for agency in agencies if number_of(agency.admin.address) == 0]
    if not missing:
        return
    registry, chain_id = acts.administration.contracts["AgencyRegistry"], acts.council.chain_id

    def make_calls() -> list[CouncilCall]:
        now = acts.council.standing().now
        return [
            registration_call(signed_registration(one.agency, one.admin, chain_id, registry, now), encode_call)
            for one in missing
        ]

    keys = keccak256("".join(agency.admin.address for agency in missing).encode())
    acts.enact(f"register/{to_hex(keys)}", make_calls, approvers)


def check_officers(agency: AgencyToEnrol) -> None:
    """Raise UsageError for exclusive roles on one key or on keys of one officer, and for an officer who is missing."""
    roles_of_officer: dict[str, list[int]] = {}
    for key in agency.keys:
        _refuse_excluded(agency, key.roles, "on one key")
        if key.officer:
            roles_of_officer.setdefault(key.officer, []).append(key.roles)
        elif needs_officer(key.roles):
            names = ", ".join(role.name for role in Role if key.roles & role.bit)
            raise UsageError(f"agency {agency.slug}: a key with {names} needs an officer")
    for held in roles_of_officer.values():
        _refuse_excluded(agency, roles_together(held), "on keys of one officer")


def _refuse_excluded(agency: AgencyToEnrol, roles: int, where: str) -> None:
    if pairs := excluded_pairs(roles):
        names = ", ".join(f"{Role(a).name}+{Role(b).name}" for a, b in pairs)
        raise UsageError(f"agency {agency.slug}: roles never {where}: {names}")


def enrol(administration: Administration, agency: AgencyToEnrol, number_of: NumberOf, now: int) -> int:
    """Bind the keys of a registered agency from `now` on, and return its number; repeating it changes nothing.

    Raises UsageError as `check_officers`, NotRegistered where the Council has not registered it yet, TransactionFailed
    where the registry refuses.
    """
    check_officers(agency)
    admin = agency.admin.address
    number = number_of(admin)
    if number == 0:
        raise NotRegistered(f"no agency has the first ADMIN key {admin}")
    for key in agency.keys:
        address = key.signer.address
        officer = officer_pseudonym(agency.officer_secret, key.officer) if key.officer else ZERO32
        administration.send_message(
            f"bind/{address}",
            "BindKey",
            {
                "admin": admin,
                "secondAdmin": ZERO_ADDRESS,
                "agency": number,
                "key": address,
                "roles": key.roles,
                "officer": officer,
                "validFrom": now - CLOCK_MARGIN_SECONDS,
                "validUntil": now + DAY_SECONDS * agency.agency.valid_days,
            },
            {admin: agency.admin, address: key.signer},
        )
    return number
