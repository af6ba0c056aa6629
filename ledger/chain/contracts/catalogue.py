"""Catalogue: what is shared, by whom, with whom, under which documents."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from web3.types import BlockIdentifier

from ledger.chain.contracts.binding import Call, PausableBinding
from ledger.types import AgencyId


@dataclass(frozen=True, slots=True)
class ItemVersion:
    """A published version of an item. Kinds and purposes are bitmaps; clocks are in working days."""

    responsible: AgencyId
    share_class: int
    publisher_kinds: int
    reader_kinds: int
    purposes: int
    update_every_seconds: int
    check_days: int
    answer_days: int
    deliver_days: int
    schema_hash: bytes
    mask_policy_hash: bytes
    class1_profile: bytes
    document_hash: bytes


@dataclass(frozen=True, slots=True)
class ItemState:
    """Where an item stands; all zero if it was never published."""

    responsible: AgencyId
    latest_version: int
    retired: bool


@dataclass(frozen=True, slots=True)
class VersionedDocument:
    """A document that is replaced as a whole; version 0 if there is none yet."""

    version: int
    document_hash: bytes


class Catalogue(PausableBinding):
    """Calls and views of Catalogue; messages are those of `ledger.core.typed_messages`."""

    NAME: ClassVar[str] = "Catalogue"

    def set_catalogue_authority(self, agency: int) -> Call:
        """Name the agency that keeps the catalogue; sent by the governor."""
        return self._write("setCatalogueAuthority", agency)

    def publish_item(
        self, message: Mapping[str, Any], responsible_signature: bytes, authority_signature: bytes = b""
    ) -> Call:
        """Publish the next version of an item; anybody relays it.

        The last signature is empty where the message names no ADMIN of the catalogue authority.
        """
        return self._relay("PublishItem", message, (responsible_signature, authority_signature))

    def retire_item(
        self, message: Mapping[str, Any], responsible_signature: bytes, authority_signature: bytes = b""
    ) -> Call:
        """Retire an item, all versions; anybody relays it."""
        return self._relay("RetireItem", message, (responsible_signature, authority_signature))

    def set_duty_list(self, message: Mapping[str, Any], signature: bytes) -> Call:
        """Replace the duty list; anybody relays it."""
        return self._relay("SetDutyList", message, (signature,))

    def set_calendar(self, message: Mapping[str, Any], signature: bytes) -> Call:
        """Replace the calendar of working days; anybody relays it."""
        return self._relay("SetCalendar", message, (signature,))

    def catalogue_authority(self, *, block: BlockIdentifier) -> AgencyId:
        """Return the agency that keeps the catalogue, 0 before one was named."""
        return AgencyId(self._view("catalogueAuthority", block=block))

    def item(self, item: int, version: int, *, block: BlockIdentifier) -> ItemVersion:
        """Return a version of an item; all zero if it was never published."""
        return ItemVersion(*self._view("item", item, version, block=block))

    def item_state(self, item: int, *, block: BlockIdentifier) -> ItemState:
        """Return where an item stands."""
        return ItemState(*self._view("itemState", item, block=block))

    def duty_list(self, *, block: BlockIdentifier) -> VersionedDocument:
        """Return the duty list."""
        return VersionedDocument(*self._view("dutyList", block=block))

    def calendar(self, *, block: BlockIdentifier) -> VersionedDocument:
        """Return the calendar."""
        return VersionedDocument(*self._view("calendar", block=block))
