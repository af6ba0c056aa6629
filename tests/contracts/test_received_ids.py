"""What a gateway computes of received actions is what the contracts make of them."""

import pytest

from ledger.core.codes import CaptureMode
from ledger.core.received import about_of, consent_id
from tests.contracts.offices import Offices

pytestmark = pytest.mark.contracts


@pytest.mark.parametrize("mode", [CaptureMode.OWN_KEY, CaptureMode.WITNESSED_PAPER])
def test_a_consent_has_the_id_that_its_message_gives(offices: Offices, mode: CaptureMode) -> None:
    consent, call = offices.consent(mode)
    _, args = offices.sandbox.send(call).event
    assert args["consent"] == "0x" + consent_id(consent.message).hex()
    assert about_of("RecordConsent", consent.message, bytes(32)) == consent_id(consent.message)


def test_a_request_has_the_digest_of_its_message_as_its_id(offices: Offices) -> None:
    asked = offices.ask()
    _, args = offices.sandbox.send(asked.call).event
    about = about_of("RequestAccess", asked.message, asked.identifier)
    assert args["request"] == "0x" + about.hex()
