"""AccessLedger: who asks whom for what, who decides, and when a grant is usable."""

from typing import Any

import pytest

from ledger.chain.artifacts import deploy_data
from ledger.chain.contracts.access_ledger import AccessInfo
from ledger.core.codes import Role
from tests.contracts.offices import (
    CONSENTED,
    HOSPITAL,
    ITEM,
    OPEN_ITEM,
    OTHER_ITEM,
    OTHER_PURPOSE,
    PURPOSE,
    REFUSED,
    SHUT_ITEM,
    STATUTORY,
    Offices,
    word,
)
from tests.contracts.sandbox import COMMUNITY, DAY, Refused, Sandbox

pytestmark = pytest.mark.contracts


@pytest.fixture
def sandbox(offices: Offices) -> Sandbox:
    return offices.sandbox


def state(sandbox: Sandbox, identifier: bytes) -> int:
    return sandbox.access.access_info(identifier, block="latest").state


def usable(sandbox: Sandbox, grant: bytes) -> bool:
    return sandbox.access.is_usable(grant, block="latest")


def test_a_request_is_known_by_the_digest_of_its_message(sandbox: Sandbox, offices: Offices) -> None:
    asked = offices.ask()
    name, args = sandbox.send(asked.call).event
    parties = {"reader": offices.reader.agency, "holder": offices.holder.agency}
    hashes = {member: "0x" + asked.message[member].hex() for member in ("basisRef", "scopeHash", "profile")}
    rest = {member: asked.message[member] for member in ("key", "item", "itemVersion", "purpose", "basis", "until")}
    assert (name, args) == ("AccessRequested", {"request": "0x" + asked.identifier.hex(), **parties, **hashes, **rest})
    info = sandbox.access.access_info(asked.identifier, block="latest")
    assert info == AccessInfo(*parties.values(), ITEM, 1, PURPOSE, STATUTORY, 1, 0, bytes(32))
    assert not usable(sandbox, asked.identifier)


def test_the_holder_grants_and_the_terms_are_told(sandbox: Sandbox, offices: Offices) -> None:
    request, expires_at = offices.asked(), sandbox.now + 9 * DAY
    terms = {"expiresAt": expires_at, "uses": 3, "terms": 9, "destroyBy": expires_at + DAY}
    outcome = sandbox.send(offices.decision(request, **terms, assessment=word("assessment")))
    name, args = outcome.event
    assert name == "AccessGranted"
    assert args == {
        "request": "0x" + request.hex(),
        "reader": offices.reader.agency,
        "holder": offices.holder.agency,
        "key": offices.decider.address,
        "itemVersion": 1,
        "profile": "0x" + word("profile").hex(),
        **terms,
        "assessment": "0x" + word("assessment").hex(),
    }
    info = sandbox.access.access_info(request, block="latest")
    assert (info.state, info.expires_at) == (2, expires_at)
    assert usable(sandbox, request)


def test_the_holder_refuses_with_a_reason(sandbox: Sandbox, offices: Offices) -> None:
    request = offices.asked()
    name, args = sandbox.send(offices.decision(request, REFUSED, reason=7, reasonHash=word("why"))).event
    assert (name, args["reason"], args["reasonHash"]) == ("AccessRefused", 7, "0x" + word("why").hex())
    assert state(sandbox, request) == 3
    assert not usable(sandbox, request)
    sandbox.refuses("StateWrong", offices.decision(request))


def test_a_grant_is_bound_to_the_version_that_the_holder_names(sandbox: Sandbox, offices: Offices) -> None:
    sandbox.send(offices.item(ITEM, 2))
    request = offices.asked()
    sandbox.send(offices.decision(request, itemVersion=2))
    assert sandbox.access.access_info(request, block="latest").item_version == 2


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("ScopeHashMissing", {"scopeHash": bytes(32)}),
        ("ProfileMissing", {"profile": bytes(32)}),
        ("ExpiryInvalid", {"until": 9}),
        ("ItemNotOpen", {"item": 77}),
        ("ItemNotOpen", {"itemVersion": 2}),
        ("ItemNotOpen", {"itemVersion": 0}),
        ("ShareClassNotConditional", {"item": OPEN_ITEM}),
        ("ShareClassNotConditional", {"item": SHUT_ITEM}),
        ("PurposeNotAllowed", {"purpose": 0}),
        ("PurposeNotAllowed", {"purpose": 3}),
        ("PurposeNotAllowed", {"purpose": 300}),
        ("AgencyNotActive", {"holder": 99}),
        ("BasisUnknown", {"basis": 0}),
        ("BasisUnknown", {"basis": 8}),
        ("BasisRefMissing", {"basisRef": bytes(32)}),
    ],
)
def test_a_request_for_what_cannot_be_had_is_refused(
    sandbox: Sandbox, offices: Offices, error: str, changes: dict[str, Any]
) -> None:
    sandbox.refuses(error, offices.ask(**changes).call)


def test_only_a_request_key_asks(sandbox: Sandbox, offices: Offices) -> None:
    for key in (offices.opener, offices.reader.admin, sandbox.key()):
        sandbox.refuses("KeyNotEntitled", offices.ask(key).call)


def test_nobody_asks_itself(sandbox: Sandbox, offices: Offices) -> None:
    key = sandbox.bind(offices.holder, Role.REQUEST, Role.DECIDE)
    sandbox.refuses("HolderIsReader", offices.ask(key).call)


def test_only_admitted_kinds_hold_and_read(sandbox: Sandbox, offices: Offices) -> None:
    sandbox.refuses("AgencyKindNotAdmitted", offices.ask(holder=offices.authority.agency).call)
    outsider = sandbox.bind(offices.authority, Role.REQUEST)
    line = sandbox.refuses("AgencyKindNotAdmitted", offices.ask(outsider).call)
    assert line == f"AgencyKindNotAdmitted(item={ITEM}, kind=1)"


def test_a_suspended_holder_and_a_retired_item_are_not_asked_for(sandbox: Sandbox, offices: Offices) -> None:
    retire = {"authorityAdmin": "0x" + "0" * 40, "item": OTHER_ITEM}
    sandbox.send(sandbox.relayed("RetireItem", offices.authority.admin, **retire))
    sandbox.refuses("ItemNotOpen", offices.ask(item=OTHER_ITEM).call)
    offices.suspend(offices.holder)
    sandbox.refuses("AgencyNotActive", offices.ask().call)


def test_only_the_holder_decides_with_a_decide_key(sandbox: Sandbox, offices: Offices) -> None:
    request = offices.asked()
    own = sandbox.bind(offices.reader, Role.DECIDE)
    sandbox.refuses("NotParty", offices.decision(request, key=own))
    sandbox.refuses("NotParty", offices.decision(request, REFUSED, key=own))
    for key in (offices.witness, offices.requester):
        sandbox.refuses("KeyNotEntitled", offices.decision(request, key=key))


@pytest.mark.parametrize(
    ("error", "decision", "changes"),
    [
        ("DecisionInconsistent", 0, {"reason": 0}),
        ("DecisionInconsistent", 3, {"reason": 0}),
        ("DecisionInconsistent", 1, {"reason": 1}),
        ("DecisionInconsistent", 1, {"reasonHash": word("why")}),
        ("ProfileMissing", 1, {"profile": bytes(32)}),
        ("TermsUnknown", 1, {"terms": 16}),
        ("ItemNotOpen", 1, {"itemVersion": 2}),
        ("ItemNotOpen", 1, {"itemVersion": 0}),
        ("ExpiryInvalid", 1, {"expiresAt": 9}),
        ("ReasonMissing", 2, {"reason": 0}),
        *(("DecisionInconsistent", 2, {name: 1}) for name in ("itemVersion", "expiresAt", "uses", "terms")),
        ("DecisionInconsistent", 2, {"destroyBy": 1}),
        ("DecisionInconsistent", 2, {"profile": word("profile")}),
        ("DecisionInconsistent", 2, {"assessment": word("assessment")}),
    ],
)
def test_a_decision_that_does_not_say_what_it_means_is_refused(
    sandbox: Sandbox, offices: Offices, error: str, decision: int, changes: dict[str, Any]
) -> None:
    sandbox.refuses(error, offices.decision(offices.asked(), decision, **changes))


def test_a_grant_lives_at_most_as_long_as_the_parameter_says(sandbox: Sandbox, offices: Offices) -> None:
    sandbox.govern(sandbox.parameters.set("grantLife", 20 * DAY))
    request, now = offices.asked(), sandbox.now
    sandbox.refuses("ExpiryInvalid", offices.decision(request, expiresAt=now + 21 * DAY))
    sandbox.send(offices.decision(request, expiresAt=now + 20 * DAY))
    sandbox.sleep(20 * DAY - 1 - (sandbox.now - now))
    assert usable(sandbox, request)
    sandbox.sleep(1)
    assert not usable(sandbox, request)
    assert state(sandbox, request) == 2


def test_a_narrower_version_of_the_item_does_not_carry_a_grant(sandbox: Sandbox, offices: Offices) -> None:
    request = offices.asked()
    sandbox.send(offices.item(ITEM, 2, purposes=1 << OTHER_PURPOSE))
    sandbox.send(offices.item(ITEM, 3, readerKinds=1 << HOSPITAL))
    sandbox.refuses("PurposeNotAllowed", offices.decision(request, itemVersion=2))
    sandbox.refuses("AgencyKindNotAdmitted", offices.decision(request, itemVersion=3))
    sandbox.send(offices.item(ITEM, 4, shareClass=3))
    sandbox.refuses("ShareClassNotConditional", offices.decision(request, itemVersion=4))


def test_a_consent_of_another_recipient_holder_or_purpose_is_no_basis(sandbox: Sandbox, offices: Offices) -> None:
    other = sandbox.register(kind=COMMUNITY)
    for changes in (
        {"recipient": other.agency},
        {"holder": other.agency},
        {"purpose": OTHER_PURPOSE},
        {"validFrom": sandbox.now + DAY},
    ):
        request = offices.asked(basis=CONSENTED, basisRef=offices.consented(**changes).identifier)
        sandbox.refuses("ConsentMismatch", offices.decision(request))
    request = offices.asked(basis=CONSENTED, basisRef=word("no consent"))
    sandbox.refuses("ConsentMismatch", offices.decision(request))


def test_a_withdrawn_consent_ends_what_rests_on_it_and_carries_no_decision(sandbox: Sandbox, offices: Offices) -> None:
    consent = offices.consented()
    grant = offices.granted(basis=CONSENTED, basisRef=consent.identifier)
    waiting = offices.asked(basis=CONSENTED, basisRef=consent.identifier)
    assert usable(sandbox, grant)
    sandbox.send(offices.withdrawal(consent))
    assert not usable(sandbox, grant)
    sandbox.refuses("ConsentMismatch", offices.decision(waiting))
    sandbox.send(offices.decision(waiting, REFUSED))


def test_a_grant_ends_with_its_consent_at_the_latest(sandbox: Sandbox, offices: Offices) -> None:
    end = sandbox.now + 5 * DAY
    consent = offices.consented(validUntil=end)
    request = offices.asked(basis=CONSENTED, basisRef=consent.identifier)
    line = sandbox.refuses("ExpiryInvalid", offices.decision(request, expiresAt=end + 1))
    assert line.endswith(f"latest={end})")
    sandbox.send(offices.decision(request, expiresAt=end))
    sandbox.sleep(end - sandbox.now)
    assert not usable(sandbox, request)


@pytest.mark.parametrize("party", ["reader", "holder"])
def test_a_grant_rests_while_one_of_its_agencies_is_not_active(sandbox: Sandbox, offices: Offices, party: str) -> None:
    grant = offices.granted()
    offices.suspend(getattr(offices, party))
    assert not usable(sandbox, grant)
    offices.suspend(getattr(offices, party), 1)
    assert usable(sandbox, grant)


def test_the_holder_revokes_a_grant_for_ever(sandbox: Sandbox, offices: Offices) -> None:
    grant = offices.granted()
    call = offices.act("RevokeGrant", offices.decider, grant=grant, reason=5).call
    stranger = offices.act("RevokeGrant", sandbox.bind(offices.reader, Role.DECIDE), grant=grant, reason=5).call
    sandbox.refuses("NotParty", stranger)
    sandbox.refuses("ReasonMissing", offices.act("RevokeGrant", offices.decider, grant=grant, reason=0).call)
    assert sandbox.send(call).event == ("GrantRevoked", {"grant": "0x" + grant.hex(), "reason": 5})
    assert not usable(sandbox, grant)
    assert state(sandbox, grant) == 5
    sandbox.refuses("StateWrong", offices.act("RevokeGrant", offices.decider, grant=grant, reason=5).call)


def test_the_reader_withdraws_a_request_that_was_not_decided(sandbox: Sandbox, offices: Offices) -> None:
    request, grant = offices.asked(), offices.granted()
    sandbox.refuses("StateWrong", offices.act("WithdrawRequest", offices.requester, request=grant).call)
    other = sandbox.bind(offices.holder, Role.REQUEST)
    sandbox.refuses("NotParty", offices.act("WithdrawRequest", other, request=request).call)
    outcome = sandbox.send(offices.act("WithdrawRequest", offices.requester, request=request).call)
    assert outcome.event == ("RequestWithdrawn", {"request": "0x" + request.hex()})
    sandbox.refuses("StateWrong", offices.decision(request))


def test_the_reader_closes_a_grant_accepted_or_disputed(sandbox: Sandbox, offices: Offices) -> None:
    for outcome in (1, 2):
        grant = offices.granted()
        for wrong in (0, 3):
            sandbox.refuses(
                "OutcomeUnknown", offices.act("CloseGrant", offices.requester, grant=grant, outcome=wrong).call
            )
        closing = offices.act("CloseGrant", offices.requester, grant=grant, outcome=outcome).call
        assert sandbox.send(closing).event == ("GrantClosed", {"grant": "0x" + grant.hex(), "outcome": outcome})
        assert not usable(sandbox, grant)


def test_the_ledger_names_the_contracts_that_it_asks(sandbox: Sandbox) -> None:
    for view, name in (
        ("registry", "AgencyRegistry"),
        ("catalogue", "Catalogue"),
        ("consents", "ConsentRegistry"),
        ("parameters", "Parameters"),
    ):
        told = sandbox.access._view(view, block="latest")
        assert told.lower() == sandbox.addresses[name]


@pytest.mark.parametrize("missing", range(4))
def test_access_is_not_deployed_beside_an_address_without_code(sandbox: Sandbox, missing: int) -> None:
    addresses = [sandbox.addresses[name] for name in ("AgencyRegistry", "Catalogue", "ConsentRegistry", "Parameters")]
    addresses[missing] = sandbox.relay
    with pytest.raises(Refused, match="ContractMissing"):
        sandbox.create(deploy_data("AccessLedger", sandbox.governor, *addresses))


def test_every_admitted_kind_of_reader_asks(sandbox: Sandbox, offices: Offices) -> None:
    hospital = sandbox.bind(sandbox.register(kind=HOSPITAL), Role.REQUEST)
    sandbox.send(offices.ask(hospital).call)
