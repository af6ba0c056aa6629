"""What a real Council writes is judged legal, and what no action of it called for is found."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from ledger.chain.client import Web3Chain
from ledger.core.audit.checks import Tally
from ledger.core.audit.governance import DEPLOYER
from ledger.core.audit.governance_acts import check_governance
from ledger.core.canonical import encode
from ledger.core.chainfile import ChainFile, ContractPin, Trust, parse_trust, trust_document, why_unverifiable
from ledger.core.codes import Role
from ledger.core.governance_rules import PARAMETER_BOUNDS
from ledger.core.hexadecimal import to_hex
from ledger.services.chain_quorum import NamedNode, read_agreed
from tests.contracts.chamber import HOUR, Chamber
from tests.contracts.sandbox import DAY, Sandbox

pytestmark = pytest.mark.contracts


@contextmanager
def told(sandbox: Sandbox) -> Iterator[tuple[Trust, ChainFile]]:
    """The trust file of the deployment, and the chain as the node tells it now."""
    with closing(Web3Chain(sandbox.rpc_url, sandbox.addresses)) as chain:
        pins = {
            name: ContractPin(address.lower(), to_hex(chain.code_hash(address)))
            for name, address in sandbox.addresses.items()
        }
        genesis = chain.block(0)
        assert genesis is not None
        trust = parse_trust(encode(trust_document(sandbox.chain_id, genesis.hash, pins, "besu-qbft")))
        yield trust, read_agreed([NamedNode("the node", chain)], trust)


def judged(sandbox: Sandbox) -> Tally:
    with told(sandbox) as (trust, chain):
        tally, history = Tally(), chain.history()
        assert why_unverifiable(trust, chain, history) is None
        check_governance(tally, trust, chain, history)
    return tally


def test_a_history_that_a_real_council_has_written_is_legal(chamber: Chamber) -> None:
    sandbox, members = chamber.sandbox, chamber.members
    registry, directory = sandbox.registry, sandbox.directory
    with told(sandbox) as (trust, _):
        codes = {name: bytes.fromhex(pin.code_hash[2:]) for name, pin in trust.contracts.items()}
    names = [name for name in codes if name not in ("Council", "SystemDirectory")]
    chamber.carried(*(directory.set_contract(name, sandbox.addresses[name], codes[name]) for name in names))
    chamber.carried(sandbox.parameters.set("factsAge", 120), sandbox.catalogue.set_catalogue_authority(2))
    newcomer = sandbox.key()
    later = sandbox.now + 30 * DAY
    chamber.carried(sandbox.registration(newcomer, kind=1, deadline=later), registry.set_status(5, 2))
    sandbox.send(chamber.execution(chamber.scheduled(registry.revoke_key_as_governor(newcomer.address, 1, 0))))
    late = sandbox.key()
    lost = {"agency": 6, "admin": late.address, "validFrom": 0, "validUntil": 1 << 40, "deadline": later}
    chamber.carried(sandbox.relayed("RestoreAdmin", late, **lost))
    sandbox.send(chamber.cancelling(chamber.scheduled(sandbox.parameters.set("factsAge", 90))))
    chamber.carried(chamber.council.set_members([1, 2, 3, 4], 4))
    action = chamber.action(registry.set_allowed_roles(4, Role.ADMIN.bit))
    sandbox.send(chamber.scheduling(action, *members[:4]))
    sandbox.sleep(24 * HOUR)
    sandbox.send(chamber.execution(action, *members[:4]))
    tally = judged(sandbox)
    assert tally.failures == []
    assert not tally.notices
    checks = ("members", "founding", "approvals", "delay", "execution", "acts")
    assert all(tally.passed[f"council.{check}"] for check in checks)
    assert tally.passed["council.delay"] == 9
    assert tally.passed["directory.contracts"] == len(names)


def test_pauses_of_real_modules_are_within_their_limits_and_a_repudiated_batch_is_told(chamber: Chamber) -> None:
    sandbox, members = chamber.sandbox, chamber.members
    guardians = [sandbox.bind(member, Role.GUARDIAN) for member in members[:2]]
    anchors = sandbox.bind(members[0], Role.ANCHOR)
    sandbox.send(sandbox.relayed("PauseAgencyRegistry", guardians[0]))
    longer = sandbox.now + 20 * DAY
    sandbox.send(chamber.execution(chamber.scheduled(sandbox.catalogue.pause_as_governor(longer))))
    sandbox.send(sandbox.relayed("PauseCatalogue", guardians[1]))
    sandbox.send(chamber.execution(chamber.scheduled(sandbox.catalogue.pause_as_governor(0))))
    sandbox.send(sandbox.relayed("RevokeKey", guardians[0], key=guardians[0].address, reason=1, suspectFrom=0))
    sandbox.send(sandbox.anchors.anchor(bytes(31) + b"\1", 1, 1), anchors.address)
    later = sandbox.now + 30 * DAY
    outcome = chamber.carried(
        sandbox.relayed("Repudiate", members[0].admin, batch=1, reason=3, deadline=later),
        sandbox.registration(sandbox.key(), deadline=later),
    )
    sandbox.bind(members[2], Role.READ)
    tally = judged(sandbox)
    assert tally.failures == []
    assert tally.passed["pause.limits"] == 4
    assert tally.passed["pause.kept"] >= 2
    assert f"batch 1 of gateway 1 was repudiated in block {outcome.block} for reason 3" in tally.notices


def test_an_act_that_no_action_called_for_is_found(chamber: Chamber) -> None:
    sandbox = chamber.sandbox
    chamber.carried(sandbox.registry.set_status(5, 2))
    assert judged(sandbox).failures == []
    sandbox.govern(sandbox.registry.set_status(5, 1))
    failures = judged(sandbox).failures
    assert [(one.check, one.blames) for one in failures] == [("council.acts", DEPLOYER)]
    assert failures[0].subject.startswith("AgencyStatusSet of AgencyRegistry in block ")


def test_bounds_of_parameters_are_those_of_the_contract(sandbox: Sandbox) -> None:
    bounds = {name: sandbox.parameters.bounds(name, block="latest") for name in PARAMETER_BOUNDS}
    assert bounds == PARAMETER_BOUNDS
    assert PARAMETER_BOUNDS["grantLife"] == (DAY, 3 * 365 * DAY)
