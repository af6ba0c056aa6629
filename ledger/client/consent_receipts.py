"""Receipts of consents for the person, made from what this desk sent and what the chain says."""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.client.consents import Consents
from ledger.client.desk import Desk
from ledger.core.canonical import JsonValue
from ledger.core.codes import AgencyKind
from ledger.core.consent_receipt import GIVEN, WITHDRAWN, ConsentEvent, Party, consent_receipt
from ledger.core.receipt import Receipt, SignedAction
from ledger.core.received import consent_id
from ledger.errors import NotFound


def receipt_of(desk: Desk, consent: bytes, names: Mapping[int, str], language: str = "zh") -> dict[str, JsonValue]:
    """Return the receipt of a consent (32-byte id) that this desk recorded, with its withdrawal if it sent that too.

    `names` are public names of agencies by number. Raises NotFound for a consent that this desk did not record,
    FormatError for a language that the text does not have, PromiseBroken.
    """
    kept = [(one, one.evidence) for one in desk.receipts.receipts() if isinstance(one.evidence, SignedAction)]
    given = next(
        ((one, sent) for one, sent in kept if sent.action == "RecordConsent" and consent_id(sent.message) == consent),
        None,
    )
    if given is None:
        raise NotFound("this desk keeps no promise of such a consent; the one that recorded it makes the receipt")
    ends = [
        (one, sent) for one, sent in kept if sent.action == "WithdrawConsent" and sent.message["consent"] == consent
    ]
    message = given[1].message
    text = Consents(desk).text(message["textHash"])
    parties = [
        _party(desk, agency, names, text.contact.get(language, ""))
        for agency in (message["holder"], message["recipient"])
    ]
    events = [_event(desk, given[0], GIVEN, message, consent)]
    events += [_event(desk, one, WITHDRAWN, message, consent) for one, _ in ends]
    return consent_receipt(consent, message, text, parties, events, language)


def _event(desk: Desk, receipt: Receipt, state: str, message: Mapping[str, Any], consent: bytes) -> ConsentEvent:
    facts = desk.facts.chain.history.consents.get(consent) if desk.facts.chain else None
    point = None if facts is None else facts.recorded if state == GIVEN else facts.withdrawn
    said = receipt.message
    entity = message["capturedBy"] or desk.agency
    return ConsentEvent(state, said["receivedAt"], entity, said["action"], None if point is None else point.block)


def _party(desk: Desk, agency: int, names: Mapping[int, str], contact: str) -> Party:
    told = desk.transport.get_public(f"/v1/agencies/{agency}").members("kind")
    return Party(agency, names.get(agency, f"agency {agency}"), AgencyKind(told["kind"]), contact)


def names_of(agencies: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Return public names by number, of a profile's agencies."""
    return {int(one["id"]): str(one.get("title") or one["name"]) for one in agencies}
