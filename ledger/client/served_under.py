"""Under what a look was served: the profile that its disclosure names, and those that bound it.

Everything is fetched by its hash. Where the client has a chain, the chain says which profile was granted and which mask
policy an item version has; without one the gateway's word on the catalogue is taken, and what was granted is not known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.client.catalogue import item_document
from ledger.client.desk import Desk
from ledger.client.promises import broken
from ledger.core.access_facts import AccessFacts
from ledger.core.codes import Authority
from ledger.core.documents import CatalogueItem, MaskProfile
from ledger.errors import NotFound


@dataclass(frozen=True, slots=True)
class ServedUnder:
    """Item and profile that a disclosure names, and the profiles that it must not be wider than."""

    item: CatalogueItem
    profile: MaskProfile
    bounds: tuple[MaskProfile, ...] = ()


def served_under(desk: Desk, message: Mapping[str, Any], asked_profile: bytes | None) -> ServedUnder | None:
    """Return under what a disclosure's message says that it was served; None for OWN and AUDIT.

    `asked_profile` is the narrower profile that was asked for. Raises PromiseBroken where a document is not there, and
    where the item's mask policy or the grant permits no such look.
    """
    authority = message["authority"]
    if authority in (Authority.OWN, Authority.AUDIT):
        return None
    profile = desk.profile(message["profile"])
    bounds = () if asked_profile is None else (desk.profile(asked_profile),)
    if authority == Authority.CLASS1:
        return ServedUnder(desk.item(message["authorityId"]), profile, bounds)
    item = _item(desk, message)
    widest = _widest(desk, item, message)
    return ServedUnder(item, profile, bounds if widest is None else (*bounds, desk.profile(widest)))


def _item(desk: Desk, message: Mapping[str, Any]) -> CatalogueItem:
    try:
        return item_document(desk, message["item"], message["itemVersion"])
    except NotFound as error:
        broken(f"the disclosure is of an item version that is not there: {error.detail}")


def _widest(desk: Desk, item: CatalogueItem, message: Mapping[str, Any]) -> bytes | None:
    """Return the hash of the widest profile that the authority permits; None where the client cannot know it."""
    if message["authority"] == Authority.GRANT:
        return _granted(desk, message)
    if item.mask_policy_hash is None:
        broken("the item version has no mask policy, so neither an emergency nor a resident opens it")
    policy = desk.mask_policy(item.mask_policy_hash)
    is_self = message["authority"] == Authority.SELF
    widest = policy.self_profile() if is_self else policy.emergency_profile(message["purpose"])
    if widest is None:
        broken("the item's mask policy has no profile for this authority and purpose")
    return widest


def _granted(desk: Desk, message: Mapping[str, Any]) -> bytes | None:
    if desk.facts.chain is None:
        return None
    access: AccessFacts | None = desk.facts.chain.history.accesses.get(message["authorityId"])
    if access is None or access.grant is None:
        broken("the grant that the disclosure names is not on the chain")
    expected = {"reader": access.reader, "item": access.item, "purpose": access.purpose, "basis": access.basis}
    for member, value in expected.items():
        if message[member] != value:
            broken(f"the disclosure says another {member} than its grant")
    return access.grant.profile
