"""Consent receipts with the fields of ISO/IEC TS 27560."""

from collections.abc import Sequence
from typing import Any

import pytest

from ledger.core.canonical import encode
from ledger.core.codes import AgencyKind
from ledger.core.consent_documents import parse_consent_text
from ledger.core.consent_receipt import GIVEN, WITHDRAWN, ConsentEvent, Party, consent_receipt
from ledger.core.hexadecimal import to_hex
from ledger.errors import FormatError
from tests.unit.core.consents import CONTROLLER, TAG, consent_message, consent_text

pytestmark = pytest.mark.unit

CONSENT = b"\x31" * 32
HOLDER = Party(7, "Community 1", AgencyKind.COMMUNITY, "service desk")
RECIPIENT = Party(15, "Hospital", AgencyKind.HOSPITAL, "admission")
GAVE = ConsentEvent(GIVEN, 1001, 7, b"\x41" * 32, 12)
WITHDREW = ConsentEvent(WITHDRAWN, 2002, 7, b"\x42" * 32)


def receipt(
    language: str = "en",
    *,
    parties: Sequence[Party] = (HOLDER, RECIPIENT),
    events: Sequence[ConsentEvent] = (GAVE,),
    text: dict[str, Any] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    shown = parse_consent_text(text or consent_text())
    message = {**consent_message(textHash=shown.hash), **changes}
    return consent_receipt(CONSENT, message, shown, parties, events, language)


def test_a_withdrawal_whose_message_is_not_known_is_told_without_it() -> None:
    made = receipt(events=(GAVE, ConsentEvent(WITHDRAWN, 2002, 7, None, 15)))
    assert made["receipt_id"] == to_hex(b"\x41" * 32)
    assert (made["events"][1]["action"], made["events"][1]["block"]) == (None, 15)


def test_a_receipt_holds_the_fields_of_the_standard() -> None:
    made = receipt()
    encode(made)
    assert made["schema_version"] == "ISO/IEC TS 27560:2023"
    assert (made["record_id"], made["receipt_id"]) == (to_hex(CONSENT), to_hex(GAVE.action))
    assert made["pii_principal_id"] == to_hex(TAG)
    assert made["consent_controller"] == CONTROLLER
    assert made["privacy_notice"]["version"] == 3
    assert [(party["party_id"], party["party_role"]) for party in made["parties"]] == [
        (7, "pii_controller"),
        (15, "recipient_third_party"),
    ]
    (purpose,) = made["purposes"]
    assert purpose["purpose"] == "P07 care of people living alone and children"
    assert purpose["lawful_basis"] == "LB1"
    assert [one["sensitive_pii_category"] for one in purpose["pii_information"]] == [False, True]
    assert (purpose["pii_controllers"], purpose["recipient_third_parties"]) == ([7], [15])
    assert purpose["retention_period"] == "one year"
    assert purpose["necessity"] == "needed for treatment"
    assert purpose["collection_method"] == "own key"


def test_a_receipt_in_chinese_has_chinese_words() -> None:
    (purpose,) = receipt("zh")["purposes"]
    assert purpose["purpose"].startswith("P07 独居老人")
    assert purpose["collection_method"] == "本人密钥"
    assert purpose["pii_information"][0]["pii_type"] == "一般个人信息"
    assert purpose["withdrawal_method"] == "可随时撤回"


def test_events_say_what_happened_and_how_long_the_consent_is_valid() -> None:
    given, withdrawn = receipt(events=(GAVE, WITHDREW))["events"]
    assert (given["event_state"], given["event_time"], given["block"]) == ("given", 1001, 12)
    assert (given["valid_from"], given["valid_until"], given["validity_duration_seconds"]) == (1000, 4000, 3000)
    assert (withdrawn["event_state"], withdrawn["block"], withdrawn["entity_id"]) == ("withdrawn", None, 7)
    assert receipt(events=(GAVE, WITHDREW))["receipt_id"] == to_hex(WITHDREW.action)


def test_only_the_categories_of_the_consent_are_in_the_receipt() -> None:
    text = consent_text(categories=[1], necessity=None)
    (purpose,) = receipt(text=text, categories=0b010)["purposes"]
    assert [one["pii_attribute_id"] for one in purpose["pii_information"]] == [1]
    assert purpose["necessity"] is None


def test_a_statutory_notice_is_not_called_an_explicit_consent() -> None:
    assert receipt()["events"][0]["event_type"] == "explicit"
    assert receipt(captureMode=5)["events"][0]["event_type"] == "notice"


def test_a_receipt_is_made_of_what_belongs_together_only() -> None:
    with pytest.raises(FormatError, match="text is not the one"):
        receipt(textHash=bytes(32))
    with pytest.raises(FormatError, match="language"):
        receipt("fr")
    with pytest.raises(FormatError, match="event"):
        receipt(events=())
    with pytest.raises(FormatError, match="recipient"):
        receipt(parties=(HOLDER,))
    with pytest.raises(FormatError, match="holder"):
        receipt(parties=(RECIPIENT,))
