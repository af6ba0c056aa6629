"""AgencyRegistry: member agencies and their keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from eth_utils.address import to_checksum_address
from web3.types import BlockIdentifier

from ledger.chain.contracts.binding import Call, PausableBinding
from ledger.core.codes import Role
from ledger.types import Address, AgencyId


@dataclass(frozen=True, slots=True)
class AgencyInfo:
    """An agency now. `status` 1 active, 2 suspended, 3 left, 0 never registered; roles are a bitmap."""

    kind: int
    status: int
    allowed_roles: int
    region: int
    document_hash: bytes
    endpoint_hash: bytes
    sealing_key: bytes


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A key now. `state` 1 bound, 2 retired, 3 revoked, 0 never bound; times in Unix seconds, 0 if none."""

    agency: AgencyId
    roles: int
    state: int
    valid_from: int
    valid_until: int
    ended_at: int
    suspect_from: int


class AgencyRegistry(PausableBinding):
    """Calls and views of AgencyRegistry; messages are those of `ledger.core.typed_messages`."""

    NAME: ClassVar[str] = "AgencyRegistry"

    def register_agency(self, message: Mapping[str, Any], signature: bytes) -> Call:
        """Register an agency with its first ADMIN key, which has signed; sent by the governor."""
        return self._relay("RegisterAgency", message, (signature,))

    def restore_admin(self, message: Mapping[str, Any], signature: bytes) -> Call:
        """Give an ADMIN key to an agency that has no usable one; sent by the governor."""
        return self._relay("RestoreAdmin", message, (signature,))

    def set_status(self, agency: int, status: int) -> Call:
        """Set an agency's status (1 active, 2 suspended, 3 left for ever); sent by the governor."""
        return self._write("setStatus", agency, status)

    def set_allowed_roles(self, agency: int, allowed_roles: int) -> Call:
        """Set the roles (bitmap) that an agency may give to new keys; sent by the governor."""
        return self._write("setAllowedRoles", agency, allowed_roles)

    def revoke_key_as_governor(self, key: str, reason: int, suspect_from: int) -> Call:
        """Revoke any key, suspect since any time (Unix seconds, 0 if not); sent by the governor."""
        return self._write("revokeKeyAsGovernor", to_checksum_address(key), reason, suspect_from)

    def bind_key(
        self,
        message: Mapping[str, Any],
        admin_signature: bytes,
        key_signature: bytes,
        second_admin_signature: bytes = b"",
    ) -> Call:
        """Bind a key; anybody relays it. The last signature is empty where the message names no second ADMIN."""
        return self._relay("BindKey", message, (admin_signature, key_signature, second_admin_signature))

    def retire_key(self, message: Mapping[str, Any], signature: bytes) -> Call:
        """Retire a key; anybody relays it."""
        return self._relay("RetireKey", message, (signature,))

    def revoke_key(self, message: Mapping[str, Any], signature: bytes) -> Call:
        """Revoke a key; anybody relays it."""
        return self._relay("RevokeKey", message, (signature,))

    def set_endpoint(self, message: Mapping[str, Any], signature: bytes) -> Call:
        """Name the endpoint document of the signer's agency; anybody relays it."""
        return self._relay("SetEndpoint", message, (signature,))

    def set_sealing_key(self, message: Mapping[str, Any], signature: bytes) -> Call:
        """Name the X25519 sealing key of the signer's agency; anybody relays it."""
        return self._relay("SetSealingKey", message, (signature,))

    def agency_count(self, *, block: BlockIdentifier) -> int:
        """Return how many agencies were ever registered; their numbers are 1 to this."""
        count: int = self._view("agencyCount", block=block)
        return count

    def agency(self, agency: int, *, block: BlockIdentifier) -> AgencyInfo:
        """Return what is known of an agency; all zero if it does not exist."""
        return AgencyInfo(*self._view("agencyInfo", agency, block=block))

    def key_info(self, key: str, *, block: BlockIdentifier) -> KeyInfo:
        """Return what is known of a key; all zero if it was never bound."""
        return KeyInfo(*self._view("keyInfo", to_checksum_address(key), block=block))

    def officer_of(self, key: str, *, block: BlockIdentifier) -> bytes:
        """Return the officer (32 bytes) that was named when a key was bound, zero if none was."""
        officer: bytes = self._view("officerOf", to_checksum_address(key), block=block)
        return officer

    def is_entitled(self, key: str, role: Role, *, block: BlockIdentifier) -> bool:
        """Say whether the key may act in a role: bound, in time, not ended, its agency active."""
        entitled: bool = self._view("isEntitled", to_checksum_address(key), int(role), block=block)
        return entitled

    def entitled_agency(self, key: str, role: Role, *, block: BlockIdentifier) -> AgencyId:
        """Return the agency for which the key may act in a role, 0 if it may not."""
        return AgencyId(self._view("entitledAgency", to_checksum_address(key), int(role), block=block))

    def usable_admins(self, agency: int, *, block: BlockIdentifier) -> tuple[Address, ...]:
        """Return the ADMIN keys of an agency that are usable, at most 16."""
        return tuple(Address(key.lower()) for key in self._view("usableAdmins", agency, block=block))
