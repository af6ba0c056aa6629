"""ConsentRegistry: who records and withdraws, what is refused, and that nothing joins two consents of a person."""

from typing import Any

import pytest

from ledger.chain.artifacts import deploy_data
from ledger.chain.contracts.consent_registry import ConsentInfo
from ledger.core.codes import CaptureMode, Role
from tests.contracts.offices import GUARDIAN, OWN_KEY, PAPER, PURPOSE, Offices, word
from tests.contracts.sandbox import DAY, NOBODY, Refused, Sandbox

pytestmark = pytest.mark.contracts


@pytest.fixture
def sandbox(offices: Offices) -> Sandbox:
    return offices.sandbox


@pytest.mark.parametrize("mode", CaptureMode)
def test_a_consent_is_recorded_in_every_capture_mode_under_the_id_of_the_contracts_page(
    sandbox: Sandbox, offices: Offices, mode: int
) -> None:
    consent, call = offices.consent(mode)
    name, args = sandbox.send(call).event
    message = consent.message
    assert (name, args["consent"]) == ("ConsentRecorded", "0x" + consent.identifier.hex())
    told = {"0x" + value.hex() if isinstance(value, bytes) else value for value in message.values()}
    assert told - {message["key"], message["nonce"], message["deadline"]} <= set(args.values())
    expected = ConsentInfo(
        *(message["recipient"], message["holder"], PURPOSE, mode, 1, message["validFrom"], message["validUntil"]),
        *(message["controller"], message["capturedBy"]),
    )
    assert sandbox.consents.consent_info(consent.identifier, block="latest") == expected
    assert sandbox.consents.is_live(consent.identifier, block="latest")
    assert sandbox.consents.is_tag_used(message["subjectTag"], block="latest")


@pytest.mark.parametrize("mode", [OWN_KEY, GUARDIAN, PAPER])
def test_whoever_recorded_a_consent_withdraws_it_once_and_for_ever(
    sandbox: Sandbox, offices: Offices, mode: int
) -> None:
    consent = offices.consented(mode)
    outcome = sandbox.send(offices.withdrawal(consent, reason=4))
    assert outcome.event == ("ConsentWithdrawn", {"consent": "0x" + consent.identifier.hex(), "reason": 4})
    assert not sandbox.consents.is_live(consent.identifier, block="latest")
    assert sandbox.consents.consent_info(consent.identifier, block="latest").state == 2
    sandbox.refuses("ConsentAlreadyWithdrawn", offices.withdrawal(consent))


def test_nobody_else_withdraws_a_consent(sandbox: Sandbox, offices: Offices) -> None:
    own, paper = offices.consented(), offices.consented(PAPER)
    stranger = sandbox.bind(offices.reader, Role.SUBMIT)
    for key in (stranger, offices.witness, paper.key, sandbox.key()):
        sandbox.refuses("NotController", offices.withdrawal(own, key))
    for key in (stranger, offices.decider, own.key):
        sandbox.refuses("NotController", offices.withdrawal(paper, key))


def test_the_agency_withdraws_what_it_witnessed_with_any_usable_submit_key(sandbox: Sandbox, offices: Offices) -> None:
    consent = offices.consented(PAPER)
    late = sandbox.bind(offices.holder, Role.SUBMIT, validFrom=sandbox.now + DAY)
    past = sandbox.bind(offices.holder, Role.SUBMIT, validUntil=sandbox.now + 60)
    sandbox.sleep(60)
    sandbox.send(sandbox.relayed("RetireKey", offices.holder.admin, key=offices.witness.address))
    for key in (late, past, offices.witness):
        sandbox.refuses("NotController", offices.withdrawal(consent, key))
    sandbox.send(offices.withdrawal(consent, sandbox.bind(offices.holder, Role.SUBMIT)))


def test_a_withdrawal_needs_a_reason_and_a_consent(sandbox: Sandbox, offices: Offices) -> None:
    consent = offices.consented()
    sandbox.refuses("ReasonMissing", offices.withdrawal(consent, reason=0))
    consent.identifier = word("no consent")
    sandbox.refuses("ConsentUnknown", offices.withdrawal(consent))


def test_a_suspended_agency_still_withdraws_what_it_witnessed(sandbox: Sandbox, offices: Offices) -> None:
    consent = offices.consented(PAPER)
    offices.suspend(offices.holder)
    sandbox.send(offices.withdrawal(consent))


def test_the_controlling_key_withdraws_whatever_the_other_contracts_do(sandbox: Sandbox, offices: Offices) -> None:
    consent = offices.consented()
    for name in set(sandbox.addresses) - {"ConsentRegistry"}:
        sandbox.rpc("anvil_setCode", sandbox.addresses[name], "0x60006000fd")
    sandbox.send(offices.withdrawal(consent))
    assert not sandbox.consents.is_live(consent.identifier, block="latest")


def test_a_consent_lives_from_its_first_second_to_before_its_end(sandbox: Sandbox, offices: Offices) -> None:
    start = sandbox.now + 1000
    consent = offices.consented(validFrom=start, validUntil=start + 1000)
    for moment, live in ((start - 1, False), (start, True), (start + 999, True), (start + 1000, False)):
        sandbox.sleep(moment - sandbox.now)
        assert sandbox.consents.is_live(consent.identifier, block="latest") == live


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("CaptureModeUnknown", {"captureMode": 0}),
        ("CaptureModeUnknown", {"captureMode": 6}),
        ("CaptureInconsistent", {"captureMode": PAPER}),
        ("CaptureInconsistent", {"capturedBy": 1}),
        ("CaptureInconsistent", {"controller": NOBODY}),
        ("ControllerNotFresh", {"nonce": 1 << 64}),
        ("SubjectTagMissing", {"subjectTag": bytes(32)}),
        ("DocumentHashMissing", {"scopeHash": bytes(32)}),
        ("DocumentHashMissing", {"textHash": bytes(32)}),
        ("DocumentHashMissing", {"evidenceHash": bytes(32)}),
        ("CategoriesInvalid", {"categories": 0}),
        ("CategoriesInvalid", {"categories": 1}),
        ("CategoriesInvalid", {"categories": 1 << 53}),
        ("PurposeInvalid", {"purpose": 0}),
        ("PurposeInvalid", {"purpose": 53}),
        ("ValidityInvalid", {"validFrom": 9, "validUntil": 9}),
        ("ValidityInvalid", {"validFrom": 0, "validUntil": 9}),
        ("ValidityInvalid", {"validUntil": 1 << 53}),
        ("AgencyNotActive", {"recipient": 99}),
        ("AgencyNotActive", {"holder": 0}),
    ],
)
def test_a_consent_that_says_nothing_possible_is_refused(
    sandbox: Sandbox, offices: Offices, error: str, changes: dict[str, Any]
) -> None:
    sandbox.refuses(error, offices.consent(**changes)[1])


def test_a_witness_speaks_for_its_own_agency_with_a_submit_key(sandbox: Sandbox, offices: Offices) -> None:
    for key in (offices.decider, sandbox.bind(offices.reader, Role.SUBMIT), sandbox.key()):
        sandbox.refuses("KeyNotEntitled", offices.consent(PAPER, key)[1])
    sandbox.refuses("CaptureInconsistent", offices.consent(PAPER, capturedBy=0)[1])
    sandbox.refuses("CaptureInconsistent", offices.consent(PAPER, controller=offices.witness.address)[1])


def test_a_controlling_key_controls_one_consent_only(sandbox: Sandbox, offices: Offices) -> None:
    key = sandbox.key()
    sandbox.send(offices.consent(key=key)[1])
    sandbox.refuses("ControllerNotFresh", offices.consent(key=key)[1])
    sandbox.refuses("ControllerNotFresh", offices.consent(GUARDIAN, key=key, nonce=7 << 64)[1])
    sandbox.refuses("InvalidAccountNonce", offices.consent(key=key, nonce=0)[1])


def test_a_tag_stands_in_one_consent_only(sandbox: Sandbox, offices: Offices) -> None:
    tag = offices.consented().message["subjectTag"]
    for mode in (OWN_KEY, PAPER):
        sandbox.refuses("SubjectTagUsed", offices.consent(mode, subjectTag=tag)[1])


def test_nothing_on_chain_joins_two_consents_of_one_person(sandbox: Sandbox, offices: Offices) -> None:
    """The same person, recipient, purpose and text, twice: what both transactions share, every consent could share."""
    seen: list[set[bytes]] = []
    for _ in range(2):
        consent, call = offices.consent(validFrom=1, validUntil=1 << 40, deadline=1 << 40)
        words: set[bytes] = set()
        for act in (lambda call=call: call, lambda consent=consent: offices.withdrawal(consent)):
            each = act()
            receipt = sandbox.mine({"from": sandbox.relay, "to": each.to, "data": "0x" + each.data.hex()})
            data = [each.data[4:], *(bytes.fromhex(log["data"][2:]) for log in receipt["logs"])]
            data += [bytes.fromhex(topic[2:]) for log in receipt["logs"] for topic in log["topics"][1:]]
            words |= {part[place : place + 32] for part in data for place in range(0, len(part), 32)}
        seen.append(words)
    public = {word("text"), *(number.to_bytes(32, "big") for number in (1, 1 << 3, 1 << 40, PURPOSE))}
    public |= {member.agency.to_bytes(32, "big") for member in (offices.reader, offices.holder)}
    long = {shared for shared in seen[0] & seen[1] if int.from_bytes(shared, "big") >= 1 << 64}
    assert long <= public | {value for value in long if value[1:] == bytes(31)}


def test_consents_are_not_deployed_without_a_registry(sandbox: Sandbox) -> None:
    with pytest.raises(Refused, match="ContractMissing"):
        sandbox.create(deploy_data("ConsentRegistry", sandbox.governor, sandbox.relay))
