"""Receipts of consents for the person, made from what this desk sent, or from what the gateway received, and the chain.

The consent's id is a hash of the message that records it, and what that does not cover is compared with the chain: a
gateway that tells another message is found out.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.client.consents import Consents
from ledger.client.desk import Desk
from ledger.client.own_consents import ToldConsent
from ledger.core.canonical import JsonValue
from ledger.core.codes import AgencyKind
from ledger.core.consent_documents import ConsentText
from ledger.core.consent_receipt import GIVEN, WITHDRAWN, ConsentEvent, Party, consent_receipt
from ledger.core.hexadecimal import from_hex
from ledger.core.receipt import SignedAction
from ledger.core.received import consent_id
from ledger.core.shapes import array, text, unsigned
from ledger.core.typed_messages import message_from_json
from ledger.errors import FormatError, NotFound, PromiseBroken


def receipt_of(desk: Desk, consent: bytes, names: Mapping[int, str], language: str = "zh") -> dict[str, JsonValue]:
    """Return the receipt of a consent (32-byte id) in which this agency has a part, with its withdrawal if any.

    `names` are public names of agencies by number. Raises NotFound for a consent that neither this desk nor the gateway
    took, FormatError for a language that the text does not have, PromiseBroken.
    """
    message, events = _sent(desk, consent) or _told(desk, consent, Consents(desk).told(consent))
    return _made(desk, consent, message, Consents(desk).text(message["textHash"]), events, names, language)


def receipt_told(desk: Desk, told: ToldConsent, names: Mapping[int, str], language: str = "zh") -> dict[str, JsonValue]:
    """Return the receipt of a consent as it was told to its person.

    Raises as `receipt_of`: NotFound for one that came to the chain past the gateway, or whose text is not there.
    """
    if told.text is None:
        raise NotFound("the gateway does not have the text of this consent")
    message, events = _told(desk, told.id, told.told)
    return _made(desk, told.id, message, told.text, events, names, language)


def _made(
    desk: Desk,
    consent: bytes,
    message: Mapping[str, Any],
    shown: ConsentText,
    events: Sequence[ConsentEvent],
    names: Mapping[int, str],
    language: str,
) -> dict[str, JsonValue]:
    parties = [
        _party(desk, agency, names, shown.contact.get(language, ""))
        for agency in (message["holder"], message["recipient"])
    ]
    return consent_receipt(consent, message, shown, parties, events, language)


def _sent(desk: Desk, consent: bytes) -> tuple[Mapping[str, Any], list[ConsentEvent]] | None:
    """Return the message and events of a consent by the promises that this desk keeps, None if it did not record it."""
    kept = [(one, one.evidence) for one in desk.receipts.receipts() if isinstance(one.evidence, SignedAction)]
    given = next(
        ((one, sent) for one, sent in kept if sent.action == "RecordConsent" and consent_id(sent.message) == consent),
        None,
    )
    if given is None:
        return None
    ends = [
        (one, sent) for one, sent in kept if sent.action == "WithdrawConsent" and sent.message["consent"] == consent
    ]
    message = given[1].message
    entity = message["capturedBy"] or desk.agency
    promised = [(GIVEN, given[0]), *((WITHDRAWN, one) for one, _ in ends)]
    events = [
        ConsentEvent(state, one.message["receivedAt"], entity, one.message["action"], _block(desk, consent, state))
        for state, one in promised
    ]
    return message, events


def _told(desk: Desk, consent: bytes, told: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[ConsentEvent]]:
    """Return the message and events of a consent as the gateway tells them; the message is checked by the id."""
    try:
        taken = {
            text(one["action"], what="action"): one
            for one in array(told.get("actions", told.get("underWay")), what="actions")
        }
        if "RecordConsent" not in taken:
            raise NotFound("this gateway did not take the consent; the desk that recorded it makes the receipt")
        given = taken["RecordConsent"]
        message = message_from_json("RecordConsent", given["message"])
        if consent_id(message) != consent:
            raise PromiseBroken("the gateway tells another message than the one that has this consent's id")
        if told.get("stands") == "final" and desk.facts.chain is not None:
            _check_terms(desk, consent, message)
        events = [_event_told(desk, consent, GIVEN, given, message)]
        if "WithdrawConsent" in taken:
            events.append(_event_told(desk, consent, WITHDRAWN, taken["WithdrawConsent"], message))
        elif told.get("withdrawnAt") is not None:
            at, entity = unsigned(told["withdrawnAt"], 53, what="withdrawnAt"), message["capturedBy"]
            events.append(ConsentEvent(WITHDRAWN, at, entity, None, _block(desk, consent, WITHDRAWN)))
    except (FormatError, KeyError, TypeError) as error:
        raise PromiseBroken("what the gateway tells of the consent is misshapen") from error
    return message, events


def _check_terms(desk: Desk, consent: bytes, message: Mapping[str, Any]) -> None:
    """Compare what the id does not cover with the chain, fetched anew where the consent is not in what is known."""
    facts = Consents(desk).facts(consent)
    on_chain = facts.valid_from, facts.valid_until, facts.capture_mode
    if on_chain != (message["validFrom"], message["validUntil"], message["captureMode"]):
        raise PromiseBroken("the gateway tells of other validity or capture than the chain")


def _event_told(
    desk: Desk, consent: bytes, state: str, one: Mapping[str, Any], message: Mapping[str, Any]
) -> ConsentEvent:
    at = unsigned(one["receivedAt"], 53, what="receivedAt")
    entity = message["capturedBy"] or unsigned(one["agency"], 32, what="agency")
    return ConsentEvent(state, at, entity, from_hex(one["digest"], 32, what="digest"), _block(desk, consent, state))


def _block(desk: Desk, consent: bytes, state: str) -> int | None:
    facts = desk.facts.chain.history.consents.get(consent) if desk.facts.chain else None
    point = None if facts is None else facts.recorded if state == GIVEN else facts.withdrawn
    return None if point is None else point.block


def _party(desk: Desk, agency: int, names: Mapping[int, str], contact: str) -> Party:
    told = desk.transport.get_public(f"/v1/agencies/{agency}").members("kind")
    return Party(agency, names.get(agency, f"agency {agency}"), AgencyKind(told["kind"]), contact)


def names_of(agencies: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Return public names by number, of a profile's agencies."""
    return {int(one["id"]): str(one.get("title") or one["name"]) for one in agencies}
