"""Enrol a member agency: register it with its first ADMIN key, then bind its other keys."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ledger.core.canonical import document_hash
from ledger.core.codes import Role, excluded_pairs
from ledger.errors import UsageError
from ledger.ports import Signer
from ledger.services.administration import ZERO_ADDRESS, Administration

REGISTRATION_FORMAT = "gongzhi-agency/1"


@dataclass(frozen=True)
class AgencyToEnrol:
    """A new member: kind and region codes, the roles that it may give, and its keys."""

    slug: str
    name: str
    kind: int
    region: int
    allowed_roles: int
    admin: Signer
    keys: Sequence[tuple[Signer, int]]
    """(key, bitmap of roles)"""
    valid_from: int
    valid_until: int

    @property
    def document(self) -> Mapping[str, object]:
        """The registration document whose hash stands on chain."""
        return {"format": REGISTRATION_FORMAT, "name": self.name, "kind": self.kind, "region": str(self.region)}


def enrol(administration: Administration, agency: AgencyToEnrol, number_of: Callable[[str], int]) -> int:
    """Register `agency`, bind its keys, and return its number; repeating it changes nothing.

    `number_of` says which agency a key is bound to on chain. Raises UsageError for exclusive roles on one key,
    TransactionFailed where the registry refuses.
    """
    for _, roles in agency.keys:
        if pairs := excluded_pairs(roles):
            names = ", ".join(f"{Role(a).name}+{Role(b).name}" for a, b in pairs)
            raise UsageError(f"agency {agency.slug}: roles never on one key: {names}")
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
    for key, roles in agency.keys:
        administration.send_message(
            f"bind/{key.address}",
            "BindKey",
            {
                "admin": admin,
                "secondAdmin": ZERO_ADDRESS,
                "agency": number,
                "key": key.address,
                "roles": roles,
                "validFrom": agency.valid_from,
                "validUntil": agency.valid_until,
            },
            {admin: agency.admin, key.address: key},
        )
    return number
