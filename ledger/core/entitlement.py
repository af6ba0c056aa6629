"""Whether who signed was entitled, for gateways and auditors alike: a submission's signer (formats page, verification
step 8), and the second witness of a consent (contracts page, "Witnessed paper").
"""

from collections.abc import Mapping
from typing import Any

from ledger.core.codes import Role
from ledger.core.consent_documents import SecondWitness
from ledger.core.history import AsOf, History, Point

CLOCK_SKEW_SECONDS = 30


def why_not_publishable(history: History, message: Mapping[str, Any], signer: str) -> str | None:
    """Return why `signer` might not sign this Submission message at its `signedAt`, or None if it might.

    Checks the key's binding, role, validity and agency, and that the item version was published with this schema for
    this kind of publisher and not retired, all as of `signedAt`.
    """
    as_of = AsOf(message["signedAt"])
    refusal = history.why_not_entitled(signer, Role.SUBMIT, message["publisher"], as_of)
    if refusal is not None:
        return refusal
    item = history.items.get(message["item"])
    version = item.version(message["itemVersion"], as_of) if item else None
    if version is None:
        return f"item {message['item']} version {message['itemVersion']} is unknown or the item is retired"
    if version["schemaHash"] != "0x" + message["schemaHash"].hex():
        return f"item {message['item']} version {message['itemVersion']} has another schema"
    kind = history.agencies[message["publisher"]].kind
    if not version["publisherKinds"] >> kind & 1:
        return f"agencies of kind {kind} may not publish item {message['item']}"
    return None


def why_not_anchorable(history: History, message: Mapping[str, Any], signer: str, anchored: Point) -> str | None:
    """Return why an entitled signature may not count when it is anchored at `anchored`, or None if it may."""
    signed_at = message["signedAt"]
    if anchored.time < signed_at - CLOCK_SKEW_SECONDS:
        return "the anchoring block is older than the signature"
    key = history.keys[signer]
    if key.ended is not None and key.ended <= anchored and signed_at >= key.ended.time:
        return "the key had ended before the signature"
    if key.revoked is not None and key.revoked <= anchored and 0 < key.suspect_from <= signed_at:
        return "the key is suspect since before the signature, and was revoked before it was anchored"
    if is_late(history, message, anchored):
        refusal = history.why_not_entitled(signer, Role.SUBMIT, message["publisher"], AsOf(anchored.time, anchored))
        if refusal is not None:
            return f"anchored late, and by then {refusal}"
    return None


def is_late(history: History, message: Mapping[str, Any], anchored: Point) -> bool:
    """Say whether the anchoring block is later than signedAt + anchorDelay: the gateway's broken promise."""
    delay = history.parameter("anchorDelay", AsOf(message["signedAt"]))
    return bool(anchored.time > message["signedAt"] + delay)


def why_not_witness(history: History, witness: SecondWitness, message: Mapping[str, Any], as_of: AsOf) -> str | None:
    """Return why somebody was no second witness of a `RecordConsent` message at that moment, or None if he was one.

    He has a key of his own, not the one that signs the message or controls the consent, and it is a key of the agency
    that the evidence names, which is active. Any role will do: who stands by need not be one who publishes.
    """
    if witness.key in (message["key"], message["controller"]):
        return "the second witness is the one who signs or controls the consent"
    refusal = history.why_not_entitled(witness.key, None, witness.agency, as_of)
    return None if refusal is None else f"the second witness: {refusal}"
