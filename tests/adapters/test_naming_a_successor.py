"""A successor of RecordAnchors is deployed and named; whoever reads the directory follows it, and nothing else."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from ledger import wiring, wiring_council, wiring_succession
from ledger.chain.artifacts import deploy_data, with_published_code
from ledger.chain.client import Web3Chain
from ledger.chain.trust_reading import trust_as_told
from ledger.cli.chain_reading import read_facts
from ledger.core.canonical import encode
from ledger.core.chainfile import Trust, parse_trust
from ledger.core.council_action import CouncilAction
from ledger.core.hexadecimal import from_hex
from ledger.council_errors import DirectoryDiffers
from ledger.embedded.rpc import Rpc
from ledger.services.council import propose
from ledger.services.council_acts import CouncilActs
from ledger.services.deploy import trust_of
from ledger.store.migrate import migrate
from ledger.store.postgres import PostgresStore
from tests.adapters.founding_ground import FOUNDERS, FoundingGround

pytestmark = pytest.mark.adapters
APPROVERS = dict(enumerate(FOUNDERS, 1))


@pytest.fixture
def ground(database: str, chain_rpc: str) -> Iterator[FoundingGround]:
    migrate(database)
    with closing(PostgresStore(database)) as store, closing(Web3Chain(chain_rpc, {})) as chain:
        yield FoundingGround(store, chain, chain_rpc)


@pytest.fixture
def founded(ground: FoundingGround) -> tuple[Trust, CouncilActs]:
    """The trust file, with the published code, and the Council."""
    deployment = ground.deploy()
    acts = ground.found(deployment)
    return with_published_code(parse_trust(encode(trust_of(deployment, "anvil")))), acts


def name(acts: CouncilActs, address: str, code_hash: str) -> None:
    """Let the Council name an address RecordAnchors, whatever stands there."""
    encode_call = wiring_council.call_encoder(acts.administration.contracts)
    place: tuple[Any, ...] = ("RecordAnchors", address, from_hex(code_hash, 32))
    acts.enact(f"name {address}", lambda: [encode_call("SystemDirectory", "set_contract", *place)], APPROVERS)


def test_a_successor_is_deployed_once_and_followed_when_it_is_named(
    ground: FoundingGround, founded: tuple[Trust, CouncilActs]
) -> None:
    (trust, acts), rpc = founded, ground.rpc_url
    line = [trust.line.first]
    for _ in range(2):
        made = wiring_succession.deploy_successor(acts.administration, trust, rpc)
        assert wiring_succession.deploy_successor(acts.administration, trust, rpc) == made
        assert (made.succeeds, wiring_council.anchors_in_force(trust, rpc)) == (line[-1], line[-1])
        code = from_hex(made.code_hash, 32)
        assert wiring_succession.why_not_in_force(trust, rpc, made.address, code) is None
        wiring_succession.name_successor(acts, made, APPROVERS)
        line.append(made.address)
        assert wiring_succession.why_not_in_force(trust, rpc, made.address, code) == "it was named before"
        wiring_council.check_directory(trust, rpc)
        assert wiring_council.anchors_in_force(trust, rpc) == made.address
    facts = read_facts(rpc, trust)
    assert [one.address for one in trust.line.contracts(facts.history)] == line
    with closing(wiring.open_trusted_chain(rpc, trust)) as chain:
        assert trust_as_told(chain, trust) == trust.document


def put_into_storage(ground: FoundingGround, address: str, value: int) -> None:
    """Let something stand in a contract's storage, as a creation code of the deployer's own could have put it there."""
    with Rpc(ground.rpc_url) as rpc:
        rpc.call("anvil_setStorageAt", address, "0x" + "07" * 32, f"0x{value:064x}")


def test_a_successor_in_whose_storage_something_stands_must_be_shown_to_be_created_as_published(
    ground: FoundingGround, founded: tuple[Trust, CouncilActs]
) -> None:
    (trust, acts), rpc = founded, ground.rpc_url
    made = wiring_succession.deploy_successor(acts.administration, trust, rpc)
    place = made.address, from_hex(made.code_hash, 32)
    put_into_storage(ground, made.address, 1)
    why = wiring_succession.why_not_in_force(trust, rpc, *place)
    assert why is not None
    assert "something stands in its storage" in why
    assert wiring_succession.why_not_in_force(trust, rpc, *place, made.transaction) is None

    registry, before = trust.contracts["AgencyRegistry"].address, trust.line.first
    data = deploy_data("RecordAnchors", trust.contracts["Council"].address, registry, before)
    other = acts.administration.send("another", None, data)
    padded = acts.administration.send("padded", None, data + bytes(32))
    for row in (other, padded):
        why = wiring_succession.why_not_in_force(trust, rpc, *place, row.tx_hash)
        assert why == f"transaction {row.tx_hash} did not create it by the published creation code"


def test_of_two_that_succeed_the_same_contract_the_later_one_is_refused_and_mended(
    ground: FoundingGround, founded: tuple[Trust, CouncilActs]
) -> None:
    (trust, acts), rpc = founded, ground.rpc_url
    made = wiring_succession.deploy_successor(acts.administration, trust, rpc)
    council, registry = trust.contracts["Council"].address, trust.contracts["AgencyRegistry"].address
    data = deploy_data("RecordAnchors", council, registry, made.succeeds)
    stale = acts.administration.send("stale", None, data).contract_address
    assert stale is not None
    code_hash = trust.line.successor_hash(stale, made.succeeds)
    assert code_hash is not None
    encode_call = wiring_council.call_encoder(acts.administration.contracts)

    def naming(*places: tuple[str, str]) -> CouncilAction:
        calls = [
            encode_call("SystemDirectory", "set_contract", "RecordAnchors", at, from_hex(code, 32))
            for at, code in places
        ]
        return propose(acts.council, [encode_call("Parameters", "set", "factsAge", 30), *calls], 14 * 86_400)

    both = (made.address, made.code_hash), (stale, code_hash)
    for place in both:
        assert wiring_succession.why_not_named(trust, rpc, naming(place)) is None
    assert wiring_succession.why_not_named(trust, rpc, naming()) is None
    assert wiring_succession.why_not_named(trust, rpc, naming(*both)) == "it names RecordAnchors more than once"
    wiring_succession.name_successor(acts, made, APPROVERS)
    why = wiring_succession.why_not_named(trust, rpc, naming(both[1]))
    assert why is not None
    assert f"made to succeed {made.address}" in why

    # Whoever sends it all the same stops everybody, until the last good one is named once more.
    name(acts, stale, code_hash)
    with pytest.raises(DirectoryDiffers, match="another RecordAnchors"):
        wiring_council.check_directory(trust, rpc)
    assert wiring_council.anchors_in_force(trust, rpc) == made.address
    assert wiring_succession.why_not_named(trust, rpc, naming(both[0])) is None
    wiring_succession.name_successor(acts, made, APPROVERS)
    wiring_council.check_directory(trust, rpc)
    read_facts(rpc, trust)


def test_code_that_nobody_knows_is_followed_by_nobody(
    ground: FoundingGround, founded: tuple[Trust, CouncilActs]
) -> None:
    (trust, acts), rpc = founded, ground.rpc_url
    other = trust.contracts["Catalogue"]
    why = wiring_succession.why_not_in_force(trust, rpc, other.address, from_hex(other.code_hash, 32))
    assert why is not None
    assert "nobody would accept it" in why
    name(acts, other.address, other.code_hash)
    with pytest.raises(DirectoryDiffers, match="another RecordAnchors"):
        wiring_council.check_directory(trust, rpc)
    with pytest.raises(DirectoryDiffers, match="no published code"):
        read_facts(rpc, trust)
    with closing(wiring.open_trusted_chain(rpc, trust)) as chain:
        assert trust_as_told(chain, trust)["contracts"]["RecordAnchors"]["address"] == other.address


def test_a_contract_whose_code_changed_after_it_was_named_is_refused(
    ground: FoundingGround, founded: tuple[Trust, CouncilActs]
) -> None:
    (trust, acts), rpc = founded, ground.rpc_url
    made = wiring_succession.deploy_successor(acts.administration, trust, rpc)
    wiring_succession.name_successor(acts, made, APPROVERS)
    with closing(wiring.open_trusted_chain(rpc, trust)) as chain:
        chain.web3.provider.make_request("anvil_setCode", [made.address, "0x00"])  # type: ignore[arg-type]
    with pytest.raises(DirectoryDiffers, match="not the one that was named"):
        wiring_council.check_directory(trust, rpc)
