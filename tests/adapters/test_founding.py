"""Deployment under the Council and the founding: what stands afterwards, who has no right, what a crash leaves."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from ledger import wiring_council
from ledger.chain.artifacts import load
from ledger.chain.client import Web3Chain
from ledger.chain.contracts.agency_registry import AgencyRegistry
from ledger.chain.contracts.binding import Call, node
from ledger.chain.contracts.parameters import Parameters
from ledger.chain.contracts.system_directory import SystemDirectory
from ledger.core.canonical import encode
from ledger.core.chainfile import Trust, parse_trust
from ledger.core.codes import Role
from ledger.core.typed_messages import PAUSABLE
from ledger.council_errors import DirectoryDiffers, FoundedAlready, SomeFoundersMissing
from ledger.embedded.rpc import Rpc
from ledger.errors import TransactionFailed, UsageError
from ledger.keys.keystore import KeystoreSigner
from ledger.rows import NewTransaction
from ledger.services.council import approve, propose
from ledger.services.deploy import pins_of, trust_of
from ledger.services.enrol import AgencyToEnrol, register_here
from ledger.services.founding import founding_calls, signed_registration
from ledger.store.migrate import migrate
from ledger.store.postgres import PostgresStore
from tests.adapters.founding_ground import DEPLOYER, FOUNDERS, PLAN, FoundingGround
from tests.adapters.ground import ChainOfChanges, Crash, FragileChain, FragileStore, Tripwire

pytestmark = pytest.mark.adapters
TRANSACTIONS = 10
"""Nine contracts and one founding action."""


@pytest.fixture
def ground(database: str, chain_rpc: str) -> Iterator[FoundingGround]:
    migrate(database)
    store, chain = PostgresStore(database), Web3Chain(chain_rpc, {})
    yield FoundingGround(store, chain, chain_rpc)
    chain.close()
    store.close()


def registry_of(ground: FoundingGround, deployment: dict[str, Any]) -> AgencyRegistry:
    return AgencyRegistry(node(ground.rpc_url), deployment["contracts"]["AgencyRegistry"]["address"])


def trust(deployment: dict[str, Any], **changes: Any) -> Trust:
    return parse_trust(encode(trust_of(deployment, "anvil") | changes))


def state(ground: FoundingGround, deployment: dict[str, Any]) -> tuple[object, ...]:
    """What stands on chain, and how many transactions made it."""
    standing = ground.acts(deployment).council.standing()
    registry = registry_of(ground, deployment)
    wiring_council.check_directory(trust(deployment), ground.rpc_url)
    agencies = [registry.agency(number, block="latest") for number in range(1, 7)]
    admins = [registry.usable_admins(number, block="latest") for number in range(1, 6)]
    addresses = {name: pin["address"] for name, pin in deployment["contracts"].items()}
    sent = ground.chain.next_tx_nonce(DEPLOYER.address)
    return replace(standing, now=0), agencies, admins, addresses, sent


def test_a_founded_consortium_stands_with_its_members_and_directory(ground: FoundingGround) -> None:
    deployment = ground.deploy()
    acts = ground.found(deployment)
    standing = acts.council.standing()
    assert (standing.founded, standing.members, standing.threshold, standing.epoch) == (True, (1, 2, 3, 4, 5), 3, 1)
    registry = registry_of(ground, deployment)
    numbers = [registry.entitled_agency(signer.address, Role.ADMIN, block="latest") for signer in FOUNDERS]
    assert numbers == [1, 2, 3, 4, 5]
    before = state(ground, deployment)
    assert before[-1] == TRANSACTIONS
    assert ground.deploy() == deployment
    ground.found(deployment)
    assert state(ground, deployment) == before


def test_the_deployer_ends_with_no_right(ground: FoundingGround) -> None:
    deployment = ground.deploy()
    ground.found(deployment)
    contracts = {name: pin.address for name, pin in pins_of(deployment).items()}
    encode_call = wiring_council.call_encoder(contracts)
    stranger = "0x" + "77" * 20
    registry = contracts["AgencyRegistry"]
    registration = signed_registration(PLAN.founders[0], FOUNDERS[0], ground.chain_id, registry, 1_000)
    restored = {"agency": 1, "admin": stranger, "validFrom": 0, "validUntil": 1, "nonce": 0, "deadline": 1}
    repudiated = {"admin": stranger, "batch": 1, "reason": 1, "nonce": 0, "deadline": 1}
    governed = [
        ("AgencyRegistry", "register_agency", registration.message, *registration.relayed_signatures),
        ("AgencyRegistry", "set_status", 1, 2),
        ("AgencyRegistry", "set_allowed_roles", 1, 1),
        ("AgencyRegistry", "restore_admin", restored, bytes(65)),
        ("AgencyRegistry", "revoke_key_as_governor", FOUNDERS[0].address, 1, 0),
        ("Catalogue", "set_catalogue_authority", 2),
        ("Parameters", "set", "factsAge", 30),
        ("SystemDirectory", "set_contract", "Parameters", contracts["Parameters"], bytes(32)),
        ("RecordAnchors", "repudiate", repudiated, bytes(65)),
        *((module, "pause_as_governor", 0) for module in PAUSABLE),
    ]
    own = [("Council", "set_members", [1], 1), ("Council", "complete_founding", registry)]
    for error, attempts in (("NotGovernor", governed), ("NotCouncil", own)):
        for contract, method, *arguments in attempts:
            call = encode_call(contract, method, *arguments)
            with pytest.raises(TransactionFailed, match=error):
                ground.chain.simulate(NewTransaction("x", DEPLOYER.address, call.target, call.data))


def test_the_council_is_the_governor_of_every_contract_that_has_one(ground: FoundingGround) -> None:
    deployment = ground.deploy()
    contracts = {name: pin.address for name, pin in pins_of(deployment).items()}
    governed = [name for name in contracts if any(entry.get("name") == "governor" for entry in load(name).abi)]
    assert {"AgencyRegistry", "Catalogue", "Parameters", "RecordAnchors", "SystemDirectory", *PAUSABLE} == set(governed)
    for name in governed:
        binding = Parameters(node(ground.rpc_url), contracts[name])
        assert binding.governor(block="latest") == contracts["Council"]


def test_a_founding_lacks_no_founder_and_its_action_is_worthless_elsewhere(ground: FoundingGround) -> None:
    deployment = ground.deploy()
    acts, pins = ground.acts(deployment), pins_of(deployment)
    encode_call = wiring_council.call_encoder(acts.administration.contracts)
    registry, now = pins["AgencyRegistry"].address, acts.council.standing().now
    signed = [
        signed_registration(founder, signer, ground.chain_id, registry, now)
        for founder, signer in zip(PLAN.founders, FOUNDERS, strict=True)
    ]
    for wrong in (signed[:4], [*signed[:4], signed[3]], [signed[1], signed[0], *signed[2:]]):
        with pytest.raises(UsageError, match="founding file's order"):
            founding_calls(PLAN, wrong, pins, encode_call)
    unsigned = [*signed[:4], replace(signed[4], signatures={})]
    with pytest.raises(UsageError, match="not signed"):
        founding_calls(PLAN, unsigned, pins, encode_call)
    wider = replace(PLAN, founders=(replace(PLAN.founders[0], allowed_roles=1 << 3 | 1), *PLAN.founders[1:]))
    with pytest.raises(UsageError, match="says something else"):
        founding_calls(wider, signed, pins, encode_call)
    action = propose(acts.council, founding_calls(PLAN, signed, pins, encode_call), 86_400)
    approvals = [approve(action, agency, signer) for agency, signer in enumerate(FOUNDERS, 1)]
    with pytest.raises(SomeFoundersMissing, match="founder 2, 5"):
        acts.found(action, [approvals[0], approvals[2], approvals[3]])
    elsewhere = replace(action, chain_id=action.chain_id + 1)
    with pytest.raises(UsageError, match="another chain"):
        acts.found(elsewhere, [approve(elsewhere, agency, signer) for agency, signer in enumerate(FOUNDERS, 1)])
    acts.found(action, approvals)
    assert acts.council.standing().founded


def test_contracts_of_other_founders_are_not_taken_for_these(ground: FoundingGround) -> None:
    ground.deploy()
    with pytest.raises(FoundedAlready, match="Council"):
        ground.deploy(replace(PLAN, threshold=4))


def test_a_directory_that_differs_from_the_trust_file_is_refused(ground: FoundingGround) -> None:
    deployment = ground.deploy()
    with pytest.raises(DirectoryDiffers, match="the directory names no contract 'AccessLedger'"):
        wiring_council.check_directory(trust(deployment), ground.rpc_url)
    acts = ground.found(deployment)
    contracts = deployment["contracts"]
    fewer = {name: pin for name, pin in contracts.items() if name != "Catalogue"}
    with pytest.raises(DirectoryDiffers, match="the trust file names no contract 'Catalogue'"):
        wiring_council.check_directory(trust(deployment, contracts=fewer), ground.rpc_url)
    for name in ("Catalogue", "SystemDirectory"):
        other = contracts | {name: contracts[name] | {"codeHash": "0x" + "11" * 32}}
        with pytest.raises(DirectoryDiffers, match=name):
            wiring_council.check_directory(trust(deployment, contracts=other), ground.rpc_url)
    without = {name: pin for name, pin in contracts.items() if name != "SystemDirectory"}
    with pytest.raises(DirectoryDiffers, match="no SystemDirectory"):
        wiring_council.check_directory(trust(deployment, contracts=without), ground.rpc_url)
    # A successor that the Council enters is not followed by whoever has not pinned it.
    directory = SystemDirectory(node(), contracts["SystemDirectory"]["address"])
    successor: Call = directory.set_contract(
        "Catalogue", contracts["Parameters"]["address"], bytes.fromhex(contracts["Parameters"]["codeHash"][2:])
    )
    encode_call = wiring_council.call_encoder(acts.administration.contracts)
    call = encode_call("SystemDirectory", "set_contract", "Catalogue", *_pin(contracts["Parameters"]))
    assert call.data == successor.data
    acts.enact("successor", lambda: [call], dict(enumerate(FOUNDERS, 1)))
    with pytest.raises(DirectoryDiffers, match="another Catalogue"):
        wiring_council.check_directory(trust(deployment), ground.rpc_url)


def _pin(pin: dict[str, str]) -> tuple[str, bytes]:
    return pin["address"], bytes.fromhex(pin["codeHash"][2:])


def crash_at(ground: FoundingGround, fatal: int | None, chain: type[FragileChain] = FragileChain) -> int:
    """Deploy and found, and crash at a step; returns how many steps there were."""
    wire = Tripwire(fatal)
    fragile = FoundingGround(FragileStore(ground.store, wire), chain(ground.chain, wire), ground.rpc_url)
    try:
        fragile.found(fragile.deploy())
    except Crash:
        assert wire.steps == fatal
    return wire.steps


@pytest.mark.slow
def test_a_founding_that_crashes_a_step_later_each_time_ends_in_the_same_state(ground: FoundingGround) -> None:
    fatal = 1
    while crash_at(ground, fatal) == fatal:
        fatal += 1
    deployment = ground.deploy()
    assert state(ground, deployment)[-1] == TRANSACTIONS


@pytest.mark.slow
def test_a_registration_that_crashes_a_step_later_each_time_is_made_once(ground: FoundingGround) -> None:
    deployment = ground.deploy()
    ground.found(deployment)
    admin = KeystoreSigner(b"\x42" * 32)
    agency = replace(PLAN.founders[1], name="Newcomer", admin=admin.address)
    newcomer = AgencyToEnrol("newcomer", agency, admin, [], b"")
    registry = registry_of(ground, deployment)
    encode_call = wiring_council.call_encoder({name: pin.address for name, pin in pins_of(deployment).items()})
    sent = ground.chain.next_tx_nonce(DEPLOYER.address)

    def number_of(key: str) -> int:
        return registry.key_info(key, block="latest").agency

    fatal, is_done = 0, False
    while not is_done:
        fatal += 1
        wire = Tripwire(fatal)
        fragile = FoundingGround(FragileStore(ground.store, wire), FragileChain(ground.chain, wire), ground.rpc_url)
        with contextlib.suppress(Crash):
            register_here(fragile.acts(deployment), [newcomer], dict(enumerate(FOUNDERS, 1)), encode_call, number_of)
            is_done = True
    assert fatal > 10
    assert number_of(admin.address) == registry.agency_count(block="latest") == 6
    assert ground.chain.next_tx_nonce(DEPLOYER.address) == sent + 2


@pytest.mark.slow
def test_a_founding_that_crashed_at_any_step_is_finished_by_running_it_again(
    ground: FoundingGround, database: str
) -> None:
    with Rpc(ground.rpc_url) as rpc:
        snapshot = rpc.call("evm_snapshot")
    steps = crash_at(ground, None, ChainOfChanges)
    expected = state(ground, ground.deploy())
    assert steps > 100
    for fatal in range(1, steps + 1):
        with Rpc(ground.rpc_url) as rpc:
            assert rpc.call("evm_revert", snapshot)
            snapshot = rpc.call("evm_snapshot")
            # A revert sets the node's clock back too.
            rpc.call("evm_setTime", int(time.time()))
        with psycopg.connect(database) as connection:
            connection.execute("TRUNCATE outbox, settings")
        assert crash_at(ground, fatal, ChainOfChanges) == fatal
        deployment = ground.deploy()
        ground.found(deployment)
        assert state(ground, deployment) == expected, f"after a crash at step {fatal}"
