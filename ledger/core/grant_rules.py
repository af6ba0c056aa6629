"""What a grant may be: its terms fit what it opens, it goes no further than its request (policy page, "Terms of a
grant"), and its profile is one that may be given for the purpose, of a tier of its reader.

The contract keeps a grant's times and hashes; what a profile opens stands in documents, so this is judged beside the
chain: by the gateway before it takes a decision, and by an auditor over what was granted.
"""

from ledger.core.access_facts import AccessFacts, GrantTerms
from ledger.core.codes import Term, Tier
from ledger.core.documents import MaskProfile, SlotName
from ledger.core.mask_policy import MaskPolicy
from ledger.core.schema import ORIGINAL, Schema

OPEN_CLASS, SENSITIVE_CLASS = "O", "S"


def opened_classes(profile: MaskProfile, schema: Schema) -> frozenset[str]:
    """Return the classes (`O`, `G`, `S`) of the slots that a profile opens in a schema."""
    named = frozenset(profile.open)
    return frozenset(slot.data_class for slot in schema.slots if (slot.path, slot.kind) in named)


def why_terms_unfit(terms: GrantTerms, classes: frozenset[str] | None, after: int) -> str | None:
    """Return why a grant's terms do not fit what it opens, or None; it begins with a name like a contract's error.

    `classes` of the opened slots (None: not known, then only what is entrusted is judged); data must be destroyed later
    than `after` (Unix seconds) or not at all.
    """
    known = classes or frozenset()
    is_entrusted = terms.terms >> Term.ENTRUSTED & 1
    if (is_entrusted or SENSITIVE_CLASS in known) and not any(terms.assessment):
        what = "entrusted processing" if is_entrusted else "a profile that opens sensitive slots (class S)"
        return f"AssessmentMissing: {what} is granted with the id of an impact assessment"
    if terms.terms >> Term.STATISTICS_ONLY & 1 and known - {OPEN_CLASS}:
        return "StatisticsOnlyUnfit: a grant for statistics only opens slots of class O only, or none"
    if terms.destroy_by and terms.destroy_by <= after:
        return f"DestroyByPast: destroyBy is 0 or lies after {after}"
    return None


def why_beyond_request(
    access: AccessFacts, terms: GrantTerms, granted: MaskProfile | None, asked: MaskProfile | None
) -> str | None:
    """Return why a grant lasts longer or opens more than was asked, or None; it says what was asked.

    `granted` and `asked` are the profiles that grant and request name, None where they are not known or the same: then
    only the time is judged.
    """
    if terms.expires_at > access.until:
        return f"GrantBeyondRequest: it was asked until {access.until}; a holder grants that or less"
    beyond = () if granted is None or asked is None else slots_beyond(granted, asked)
    if not beyond:
        return None
    named = ", ".join(f"{path} ({kind})" for path, kind in beyond)
    return f"GrantBeyondRequest: profile 0x{access.profile.hex()} was asked, which does not open {named}"


def slots_beyond(granted: MaskProfile, asked: MaskProfile) -> tuple[SlotName, ...]:
    """Return the slots (path, kind) that a profile opens and the one that was asked does not.

    Whoever may see an original learns nothing from what is derived from it.
    """
    named = frozenset(asked.open)
    return tuple(slot for slot in granted.open if slot not in named and (slot[0], ORIGINAL) not in named)


def is_listed(policy: MaskPolicy | None, profile: bytes, purpose: int) -> bool:
    """Say whether a mask policy lists a profile (32 bytes) for a purpose; an item without a policy lists none."""
    listed = None if policy is None else policy.listed(profile)
    return listed is not None and listed.serves(purpose)


def why_tier_unfit(asked: MaskProfile, reader: int, kind: int, tiers: frozenset[Tier]) -> str | None:
    """Return why agency `reader` of this kind may not be granted by the profile that it asked for, or None.

    `tiers` are those under which its kind looks (the table's). What is granted opens no more than what was asked, so
    the tier that was asked binds it: a holder may grant a narrower profile of another tier.
    """
    if asked.tier in tiers:
        return None
    theirs = ", ".join(sorted(one.name for one in tiers)) or "none"
    return f"agency {reader} of kind {kind} looks under {theirs}, the profile is of tier {asked.tier.name}"
