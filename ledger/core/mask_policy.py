"""Mask policy `gongzhi-mask-policy/1`: every profile that may be granted for an item version (policy page).

PERMANENT: its Keccak-256 over canonical bytes is the item's `maskPolicyHash` on chain; a change is a new format name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from ledger.core.canonical import JsonValue, document_hash
from ledger.core.codes import Purpose, Tier
from ledger.core.documents import EVERY_PURPOSE
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.shapes import array, code_of, format_members, from_one, members_of, unsigned
from ledger.errors import FormatError

MASK_POLICY_FORMAT = "gongzhi-mask-policy/1"
MOST_PROFILES = 128
_MEMBERS = ("format", "item", "itemVersion", "profiles")
_PROFILE_MEMBERS = ("tier", "purpose", "profile")


@dataclass(frozen=True)
class PolicyProfile:
    """A profile that the policy lists: for whom (`tier`), for what (`purpose`, 0 = every purpose of the item), and the
    hash (32 bytes) of its document.
    """

    tier: Tier
    purpose: int
    profile: bytes

    def serves(self, purpose: int) -> bool:
        """Say whether it may be granted for a purpose.

        Never what only an emergency or the resident himself opens: tier E, and the profile of purpose P12.
        """
        reserved = self.tier is Tier.E or self.purpose == Purpose.RIGHTS_AND_AUDIT
        return not reserved and self.purpose in (EVERY_PURPOSE, purpose)


@dataclass(frozen=True)
class MaskPolicy:
    """The profiles of an item version, ascending by tier and purpose. What is not listed is never granted."""

    item: int
    item_version: int
    profiles: tuple[PolicyProfile, ...]

    @cached_property
    def document(self) -> Mapping[str, JsonValue]:
        """The document as JSON members."""
        return {
            "format": MASK_POLICY_FORMAT,
            "item": self.item,
            "itemVersion": self.item_version,
            "profiles": [
                {"tier": int(one.tier), "purpose": one.purpose, "profile": to_hex(one.profile)} for one in self.profiles
            ],
        }

    @cached_property
    def hash(self) -> bytes:
        """Keccak-256 (32 bytes) of the canonical document: the item's `maskPolicyHash`."""
        return document_hash(self.document)

    def listed(self, profile_hash: bytes) -> PolicyProfile | None:
        """Return the entry of a profile by its hash, or None; whether it may be granted is what `serves` says."""
        return next((one for one in self.profiles if one.profile == profile_hash), None)

    def emergency_profile(self, purpose: int) -> bytes | None:
        """Return the hash of what an emergency opens for a purpose, or None: then it opens nothing of the item.

        The profile of tier E of exactly this purpose, else the one of tier E for every purpose.
        """
        emergency = {one.purpose: one.profile for one in self.profiles if one.tier is Tier.E}
        return emergency.get(purpose, emergency.get(EVERY_PURPOSE))

    def self_profile(self) -> bytes | None:
        """Return the hash of what the resident sees of a record of his own, or None: the one with purpose P12."""
        return next((one.profile for one in self.profiles if one.purpose == Purpose.RIGHTS_AND_AUDIT), None)


def parse_mask_policy(document: object) -> MaskPolicy:
    """Return the policy of a `gongzhi-mask-policy/1` document (its parsed JSON).

    Raises `UnsupportedFormat` for another format name, and `FormatError` for other members, unknown codes, no or too
    many profiles, an order other than ascending by tier and purpose, a hash twice, or two profiles with purpose P12.
    """
    members = format_members(document, MASK_POLICY_FORMAT, _MEMBERS, what="mask policy")
    raw = array(members["profiles"], what="mask policy profiles", most=MOST_PROFILES)
    if not raw:
        raise FormatError("mask policy profiles: expected at least one")
    profiles = tuple(_profile(one) for one in raw)
    if any((later.tier, later.purpose) <= (one.tier, one.purpose) for one, later in pairwise(profiles)):
        raise FormatError("mask policy profiles: expected ascending tiers and purposes, each pair once")
    if len({one.profile for one in profiles}) != len(profiles):
        raise FormatError("mask policy profiles: a profile stands twice")
    if sum(one.purpose == Purpose.RIGHTS_AND_AUDIT for one in profiles) > 1:
        raise FormatError("mask policy profiles: what the resident sees stands twice")
    return MaskPolicy(
        item=from_one(members["item"], 32, what="mask policy item"),
        item_version=from_one(members["itemVersion"], 32, what="mask policy itemVersion"),
        profiles=profiles,
    )


def _profile(value: object) -> PolicyProfile:
    members = members_of(value, _PROFILE_MEMBERS, what="mask policy profile")
    purpose = unsigned(members["purpose"], 16, what="mask policy purpose")
    if purpose != EVERY_PURPOSE:
        code_of(Purpose, purpose, what="mask policy purpose")
    return PolicyProfile(
        tier=code_of(Tier, members["tier"], what="mask policy tier"),
        purpose=purpose,
        profile=from_hex(members["profile"], 32, what="mask policy profile"),
    )
