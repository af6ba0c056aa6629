"""Signed messages on every contract: in time, once, in their own domain, as signed; whoever relays them."""

from collections.abc import Callable
from functools import partial

import pytest
from eth_account.messages import encode_typed_data

from ledger.chain.contracts.binding import Call
from ledger.core.codes import Role
from ledger.core.eip712 import ZERO32
from ledger.core.keccak import keccak256
from ledger.core.signature import CURVE_ORDER, sign_digest
from ledger.core.typed_messages import MESSAGES, PAUSABLE, message_digest, typed_data
from tests.contracts.offices import Offices
from tests.contracts.sandbox import NOBODY, Key, Sandbox, lane

pytestmark = pytest.mark.contracts

RECORD = keccak256(b"record")
DOCUMENT = keccak256(b"document")


@pytest.fixture
def submitter(sandbox: Sandbox) -> Key:
    return sandbox.bind(sandbox.register(), Role.SUBMIT)


def marking(sandbox: Sandbox, key: Key, **changes: int) -> Call:
    members = {"recordId": RECORD, "version": 1, "mark": 1, "reason": 1} | changes
    return sandbox.relayed("Mark", key, **members)


def one_of_each(sandbox: Sandbox) -> dict[str, Callable[..., Call]]:
    """A message of every type that would be taken, but for what a test changes."""
    member = sandbox.register()
    admin, agency = member.admin, member.agency
    key = sandbox.bind(member, Role.SUBMIT)
    lost = sandbox.register()
    sandbox.govern(sandbox.registry.revoke_key_as_governor(lost.admin.address, 1, 0))
    sandbox.govern(sandbox.catalogue.set_catalogue_authority(agency))
    fresh, first, restored = sandbox.key(), sandbox.key(), sandbox.key()
    life = {"validFrom": 0, "validUntil": 1 << 40}
    item = {
        "authorityAdmin": NOBODY,
        "item": 101,
        "version": 1,
        "responsible": agency,
        "shareClass": 2,
        "schemaHash": DOCUMENT,
        "publisherKinds": 2,
        "readerKinds": 2,
        "purposes": 2,
        "maskPolicyHash": DOCUMENT,
        "class1Profile": bytes(32),
        "updateEverySeconds": 0,
        "checkDays": 1,
        "answerDays": 1,
        "deliverDays": 1,
        "documentHash": DOCUMENT,
    }
    published = sandbox.message("PublishItem", responsibleAdmin=admin.address, **(item | {"item": 102}))
    signed = sandbox.sign("PublishItem", published, admin)
    sandbox.send(sandbox.catalogue.publish_item(published, *signed))
    guardian, anchorer = sandbox.bind(member, Role.GUARDIAN), sandbox.bind(member, Role.ANCHOR)
    sandbox.send(sandbox.anchors.anchor(RECORD, 1, 1), anchorer.address)
    submit = {"recordId": RECORD, "version": 1, "mark": 1, "reason": 1}

    def relayed(name: str, signer: Key, **members: object) -> Callable[..., Call]:
        return lambda **changes: sandbox.relayed(name, signer, **(members | changes))

    return {
        "RegisterAgency": lambda **changes: sandbox.registration(first, **changes),
        "RestoreAdmin": relayed("RestoreAdmin", restored, agency=lost.agency, **life),
        "BindKey": lambda **changes: sandbox.binding(member, fresh, [Role.READ], **changes),
        "RetireKey": relayed("RetireKey", admin, key=key.address),
        "RevokeKey": relayed("RevokeKey", admin, key=key.address, reason=1, suspectFrom=0),
        "SetEndpoint": relayed("SetEndpoint", admin, documentHash=DOCUMENT),
        "SetSealingKey": relayed("SetSealingKey", admin, sealingKey=DOCUMENT),
        "PublishItem": relayed("PublishItem", admin, **item),
        "RetireItem": relayed("RetireItem", admin, authorityAdmin=NOBODY, item=102),
        "SetDutyList": relayed("SetDutyList", admin, version=1, documentHash=DOCUMENT),
        "SetCalendar": relayed("SetCalendar", admin, version=1, documentHash=DOCUMENT),
        "Mark": relayed("Mark", key, **submit),
        "Repudiate": relayed("Repudiate", admin, batch=1, reason=1),
        **{name: relayed(name, guardian) for name in (f"Pause{contract}" for contract in PAUSABLE)},
    }


def acts_of_offices(offices: Offices) -> dict[str, Callable[..., Call]]:
    """The same for consents, requests, grants and emergencies."""
    consent, request, grant = offices.consented(), offices.asked(), offices.granted()
    live, ended = offices.opened(), offices.ended()
    return {
        "RecordConsent": lambda **changes: offices.consent(**changes)[1],
        "WithdrawConsent": lambda **changes: (
            offices.act("WithdrawConsent", consent.key, consent=consent.identifier, reason=1, **changes).call
        ),
        "RequestAccess": lambda **changes: offices.ask(**changes).call,
        "DecideAccess": lambda **changes: offices.decision(request, **changes),
        "RevokeGrant": partial(called, offices, "RevokeGrant", offices.decider, grant=grant, reason=1),
        "WithdrawRequest": partial(called, offices, "WithdrawRequest", offices.requester, request=request),
        "CloseGrant": partial(called, offices, "CloseGrant", offices.requester, grant=grant, outcome=1),
        "OpenEmergency": lambda **changes: offices.alarm(**changes).call,
        **{name: partial(offices.about, name, live) for name in ("CoSignEmergency", "EndEmergency", "DeferNotice")},
        **{
            name: partial(offices.about, name, ended)
            for name in ("ReviewEmergency", "NoteNotified", "NoteDestroyed", "KeepData")
        },
    }


def called(offices: Offices, name: str, key: Key, **members: object) -> Call:
    return offices.act(name, key, **members).call


def every_act(offices: Offices) -> dict[str, Callable[..., Call]]:
    return acts_of_offices(offices) | one_of_each(offices.sandbox)


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_taken_until_its_deadline_and_only_once(offices: Offices, name: str) -> None:
    sandbox = offices.sandbox
    call = every_act(offices)[name](deadline=sandbox.now + 500)
    snapshot = sandbox.rpc("evm_snapshot")
    sandbox.send(call, sandbox.governor)
    sandbox.refuses("InvalidAccountNonce", call, sandbox.governor)
    sandbox.rpc("evm_revert", snapshot)
    sandbox.sleep(501)
    sandbox.refuses("DeadlinePassed", call, sandbox.governor)


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_for_another_chain_or_contract_is_refused(offices: Offices, name: str) -> None:
    sandbox, make = offices.sandbox, every_act(offices)[name]
    chain_id, addresses = sandbox.chain_id, sandbox.addresses
    sandbox.chain_id = chain_id + 1
    foreign_chain = make()
    sandbox.chain_id = chain_id
    sandbox.addresses = dict.fromkeys(addresses, addresses["Parameters"])
    foreign_contract = make()
    sandbox.addresses = addresses
    for call in (foreign_chain, foreign_contract):
        sandbox.refuses("SignatureInvalid", call, sandbox.governor)
    sandbox.send(make(), sandbox.governor)


@pytest.mark.parametrize("name", MESSAGES)
def test_a_digest_is_what_a_wallet_signs(sandbox: Sandbox, name: str) -> None:
    kind = MESSAGES[name]
    example = {"address": "0x" + "ab" * 20, "bytes32": DOCUMENT, "uint32[]": (7, 8)}
    message = {member: example.get(type_name, 7) for member, type_name in kind.members}
    address = sandbox.addresses[kind.contract]
    shown = encode_typed_data(full_message=typed_data(name, message, sandbox.chain_id, address))
    by_wallet = keccak256(b"\x19" + shown.version + shown.header + shown.body)
    assert message_digest(name, message, sandbox.chain_id, address) == by_wallet


def test_the_domains_told_on_chain_are_those_that_are_signed_in(sandbox: Sandbox) -> None:
    for contract in (*sandbox.bindings.values(), sandbox.parameters, sandbox.council, sandbox.directory):
        expected = (f"Gongzhi {contract.NAME}", "1", sandbox.chain_id, contract.address)
        assert contract.domain(block="latest") == expected


def test_a_relay_changes_nothing_in_a_message(sandbox: Sandbox, submitter: Key) -> None:
    message = sandbox.message("Mark", key=submitter.address, recordId=RECORD, version=1, mark=1, reason=1)
    signature = sandbox.sign("Mark", message, submitter)[0]
    changes = {"recordId": DOCUMENT, "version": 2, "mark": 2, "reason": 2}
    changes |= {"nonce": message["nonce"] + 1, "deadline": message["deadline"] + 1}
    changes |= {"key": sandbox.key().address}
    for member, value in changes.items():
        altered = sandbox.anchors.mark(message | {member: value}, signature)
        sandbox.refuses("SignatureInvalid", altered)
    sandbox.send(sandbox.anchors.mark(message, signature))


def test_anybody_may_relay_and_is_nothing_by_it(sandbox: Sandbox, submitter: Key) -> None:
    relay = sandbox.key()
    sandbox.send(marking(sandbox, submitter), relay.address)
    assert sandbox.registry.key_info(relay.address, block="latest").agency == 0


def test_lanes_are_used_in_any_order_and_each_without_a_gap(sandbox: Sandbox, submitter: Key) -> None:
    nonces = [lane(5, 0), lane(9, 0), lane(5, 1), lane(0, 0), lane((1 << 192) - 1, 0)]
    for reason, nonce in enumerate(nonces, start=1):
        sandbox.send(marking(sandbox, submitter, nonce=nonce, version=reason))
    for unusable in (lane(5, 1), lane(5, 3), lane(0, 0), lane(7, 1)):
        call = marking(sandbox, submitter, nonce=unusable, version=99)
        sandbox.refuses("InvalidAccountNonce", call)
    assert sandbox.anchors.nonce(submitter.address, 5, block="latest") == lane(5, 2)
    assert sandbox.anchors.nonce(submitter.address, 6, block="latest") == lane(6, 0)


def test_signatures_that_are_not_strict_are_refused(sandbox: Sandbox, submitter: Key) -> None:
    members = {"recordId": RECORD, "version": 1, "mark": 1, "reason": 1}
    message = sandbox.message("Mark", key=submitter.address, **members)
    signature = sandbox.sign("Mark", message, submitter)[0]
    high_s = (CURVE_ORDER - int.from_bytes(signature[32:64], "big")).to_bytes(32, "big")
    v = signature[64]
    for bad in (
        b"",
        signature[:64],
        signature + b"\0",
        signature[:64] + bytes([v - 27]),
        signature[:32] + high_s + bytes([55 - v]),
        bytes(65),
    ):
        sandbox.refuses("SignatureInvalid", sandbox.anchors.mark(message, bad))


def test_nobody_signs_for_the_zero_address(sandbox: Sandbox) -> None:
    members = {"recordId": RECORD, "version": 1, "mark": 1, "reason": 1, "key": NOBODY}
    sandbox.refuses("SignatureInvalid", sandbox.relayed("Mark", sandbox.key(), **members))


def test_a_contract_may_hold_a_key_and_sign_by_erc_1271(sandbox: Sandbox) -> None:
    # PUSH4 0x1626ba7e, PUSH1 224, SHL, PUSH1 0, MSTORE, PUSH1 32, PUSH1 0, RETURN: it agrees with every signature.
    agreeing, address = "0x631626ba7e60e01b60005260206000f3", sandbox.key().address
    member = sandbox.register()
    sandbox.rpc("anvil_setCode", address, agreeing)
    members = {"validFrom": 0, "validUntil": 1 << 40, "secondAdmin": NOBODY, "officer": ZERO32}
    message = sandbox.message(
        "BindKey",
        admin=member.admin.address,
        agency=member.agency,
        key=address,
        roles=Role.SUBMIT.bit,
        **members,
    )
    digest = message_digest("BindKey", message, sandbox.chain_id, sandbox.addresses["AgencyRegistry"])
    signature = sign_digest(digest, member.admin.private)
    sandbox.send(sandbox.registry.bind_key(message, signature, b"anything"))
    marks = sandbox.message("Mark", key=address, recordId=RECORD, version=1, mark=1, reason=1)
    sandbox.send(sandbox.anchors.mark(marks, b""))
    sandbox.rpc("anvil_setCode", address, "0x60006000fd")
    marks = sandbox.message("Mark", key=address, recordId=RECORD, version=2, mark=1, reason=1)
    sandbox.refuses("SignatureInvalid", sandbox.anchors.mark(marks, b""))
