"""Enrol a member agency: register it with its first ADMIN key, then bind its other keys."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ledger.core.canonical import document_hash
from ledger.core.codes import Role, excluded_pairs
from ledger.core.eip712 import ZERO32
from ledger.core.officers import needs_officer, officer_pseudonym, roles_together
from ledger.errors import UsageError
from ledger.ports import Signer
from ledger.services.administration import ZERO_ADDRESS, Administration

REGISTRATION_FORMAT = "gongzhi-agency/1"


@dataclass(frozen=True)
class KeyToEnrol:
    """A key: its roles (bitmap), and the staff number or post of who holds it, empty for a machine's."""

    signer: Signer
    roles: int
    officer: str = ""


@dataclass(frozen=True)
class AgencyToEnrol:
    """A new member: kind and region codes, the roles that it may give, and its keys."""

    slug: str
    name: str
    kind: int
    region: int
    allowed_roles: int
    admin: Signer
    keys: Sequence[KeyToEnrol]
    valid_from: int
    valid_until: int
    officer_secret: bytes = field(repr=False)
    """What pseudonyms of its officers are made with; empty where no key has one."""

    @property
    def document(self) -> Mapping[str, object]:
        """The registration document whose hash stands on chain."""
        return {"format": REGISTRATION_FORMAT, "name": self.name, "kind": self.kind, "region": str(self.region)}


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


def enrol(administration: Administration, agency: AgencyToEnrol, number_of: Callable[[str], int]) -> int:
    """Register `agency`, bind its keys, and return its number; repeating it changes nothing.

    `number_of` says which agency a key is bound to on chain. Raises UsageError as `check_officers`, TransactionFailed
    where the registry refuses.
    """
    check_officers(agency)
    admin = agency.admin.address
    administration.send_message(
        f"register/{admin}",
        "RegisterAgency",
        {
            "kind": agency.kind,
            "region": agency.region,
            "allowedRoles": agency.allowed_roles,
            "documentHash": document_hash(agency.document),
            "firstAdmin": admin,
            "validFrom": agency.valid_from,
            "validUntil": agency.valid_until,
        },
        {admin: agency.admin},
    )
    number = number_of(admin)
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
                "validFrom": agency.valid_from,
                "validUntil": agency.valid_until,
            },
            {admin: agency.admin, address: key.signer},
        )
    return number
