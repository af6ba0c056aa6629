"""Network files, node files, and what every node reads: the same bytes for whoever computes them."""

import json
import random
import tomllib
from dataclasses import replace

import pytest

from ledger.core.canonical import decode, encode
from ledger.core.keccak import keccak256
from ledger.core.network.member_files import genesis_digest, member_files
from ledger.core.network.network_file import Network, member_name, parse_network
from ledger.core.network.node_file import make_node, parse_node
from ledger.core.signature import address_of
from ledger.errors import FormatError, UnsupportedFormat
from ledger.network_errors import NetworkMembersDiffer, NodeFileForged
from tests.unit.core.network.members import NAMES, NETWORK, key_of, node_of, nodes

pytestmark = pytest.mark.unit
PINNED_GENESIS = "55bb4466f288beebba9055cbab9dbd252f99621643428aa4574f8ea902781d5d"
PINNED_FILES = "d97e9836d4342521a4111b6acecdaa0ccb724873f957044e42998164b04ce516"
MOST_NAMES = [f"m{number:02}" for number in range(65)]


def changed(data: bytes, **members: object) -> bytes:
    """A file with other members."""
    document = decode(data)
    assert isinstance(document, dict)
    return encode({**document, **members})


def test_a_network_file_reads_as_it_was_written() -> None:
    assert parse_network(NETWORK.encode()) == NETWORK


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"chainId": 1337}, "chainId: expected"),
        ({"chainId": 2**32}, "chainId: expected"),
        ({"gasLimit": 29_999_999}, "gasLimit: expected 30000000 to 60000000"),
        ({"blockSeconds": 0}, "blockSeconds: expected 1 to 60"),
        ({"time": -1}, "time: expected"),
        ({"members": list(NAMES[:3])}, "4 or more"),
        ({"members": MOST_NAMES}, "at most 64"),
        ({"members": ["bureau", "bureau", "fire", "police"]}, "each once"),
        ({"members": list(NAMES[::-1])}, "ascending"),
        ({"members": [*NAMES[:3], "../police"]}, "member name"),
        ({"more": 1}, "unknown member"),
    ],
)
def test_a_network_file_out_of_its_bounds_is_refused(members: dict[str, object], says: str) -> None:
    with pytest.raises(FormatError, match=says):
        parse_network(changed(NETWORK.encode(), **members))


def test_an_engine_that_is_not_known_is_refused() -> None:
    with pytest.raises(UnsupportedFormat, match="besu-qbft"):
        parse_network(changed(NETWORK.encode(), engine="proof-of-work"))


@pytest.mark.parametrize("name", ["a", "fire-2", "0" * 32])
def test_a_member_is_named_so_that_a_folder_can_be(name: str) -> None:
    assert member_name(name) == name


@pytest.mark.parametrize("name", ["", "-fire", "fire-", "Fire", "fire.", "0" * 33, 7])
def test_a_name_that_no_folder_should_have_is_refused(name: object) -> None:
    with pytest.raises(FormatError):
        member_name(name)


def test_a_node_file_reads_as_it_was_written_and_shows_no_key() -> None:
    node = node_of("fire")
    assert parse_node(node.encode()) == node
    assert node.address == address_of(key_of("fire"))
    assert key_of("fire").hex() not in node.encode().decode()


def test_an_enode_is_the_public_key_of_the_node_at_its_place() -> None:
    """The generator of secp256k1 is the public key of the number one (SEC 2, section 2.4.1)."""
    generator = (
        "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
        "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
    )
    one = (1).to_bytes(32, "big")
    assert make_node(one, "a", "10.0.0.1", 30303).enode == f"enode://{generator}@10.0.0.1:30303"
    assert make_node(one, "a", "fd00::1", 30303).enode == f"enode://{generator}@[fd00::1]:30303"


@pytest.mark.parametrize("host", ["node.example", "0.0.0.0", "224.0.0.1", "10.0.0.01", "FD00::1", "fd00:0::1", 7])
def test_a_place_that_is_no_ip_address_in_its_shortest_form_is_refused(host: str) -> None:
    with pytest.raises(FormatError, match="node host"):
        make_node(key_of("fire"), "fire", host, 30303)


@pytest.mark.parametrize("port", [0, 65536, "30303"])
def test_a_port_that_is_none_is_refused(port: int) -> None:
    with pytest.raises(FormatError, match="node port"):
        make_node(key_of("fire"), "fire", "10.0.0.1", port)


@pytest.mark.parametrize(
    "members",
    [
        {"host": "10.9.9.9"},
        {"port": 30304},
        {"member": "police"},
        {"address": "0x" + 40 * "1"},
        {"publicKey": "0x" + 128 * "1"},
        {"signature": "0x" + 130 * "0"},
        {"signature": decode(node_of("police").encode())["signature"]},  # type: ignore[index,call-overload]
    ],
)
def test_a_node_file_that_was_changed_on_its_way_is_refused(members: dict[str, object]) -> None:
    with pytest.raises(NodeFileForged):
        parse_node(changed(node_of("fire").encode(), **members))


def test_two_parties_compute_the_same_bytes_whatever_order_the_files_came_in() -> None:
    shuffled = nodes()
    random.Random(4).shuffle(shuffled)
    assert member_files(NETWORK, nodes()) == member_files(parse_network(NETWORK.encode()), shuffled)


def test_the_bytes_of_a_network_stay_what_they_are() -> None:
    """Pinned: a version that computed other bytes could not join a chain that an older one founded."""
    files = member_files(NETWORK, nodes())
    genesis = files["bureau"]["genesis.json"]
    assert {found["genesis.json"] for found in files.values()} == {genesis}
    assert genesis_digest(genesis) == PINNED_GENESIS
    everything = b"".join(files[member][name] for member in sorted(files) for name in sorted(files[member]))
    assert keccak256(everything).hex() == PINNED_FILES


def test_each_node_knows_the_others_and_admits_these_nodes_only() -> None:
    files = member_files(NETWORK, nodes())
    everybody = [node.enode for node in nodes()]
    for node in nodes():
        found = files[node.member]
        assert json.loads(found["static-nodes.json"]) == [enode for enode in everybody if enode != node.enode]
        assert tomllib.loads(found["permissions_config.toml"].decode()) == {"nodes-allowlist": everybody}


def test_each_node_takes_transactions_that_pay_nothing_from_senders_that_have_nothing() -> None:
    for node in nodes():
        settings = tomllib.loads(member_files(NETWORK, nodes())[node.member]["config.toml"].decode())
        assert settings["min-gas-price"] == 0
        assert settings["tx-pool-enable-balance-check"] is False
        assert settings["target-gas-limit"] == NETWORK.gas_limit
        assert settings["permissions-nodes-config-file-enabled"] is True
        assert settings["discovery-enabled"] is False
        assert (settings["p2p-host"], settings["p2p-port"]) == (node.host, node.port)
        assert not {"ADMIN", "DEBUG", "PERM", "QBFT"} & set(settings["rpc-http-api"])


def test_other_members_than_those_of_the_network_file_are_refused() -> None:
    with pytest.raises(NetworkMembersDiffer, match="missing: police"):
        member_files(NETWORK, nodes()[:3])
    with pytest.raises(NetworkMembersDiffer, match="not in the network file: mayor"):
        member_files(NETWORK, [*nodes(), make_node(key_of("fire"), "mayor", "10.0.0.9", 30303)])
    with pytest.raises(NetworkMembersDiffer, match="there twice: fire"):
        member_files(NETWORK, [*nodes(), node_of("fire")])


def test_two_members_with_one_key_or_one_place_are_refused() -> None:
    same_key = make_node(key_of("fire"), "police", "10.0.0.9", 30303)
    with pytest.raises(NetworkMembersDiffer, match="node key"):
        member_files(NETWORK, [*nodes()[:3], same_key])
    same_place = replace(node_of("police"), host=node_of("fire").host)
    with pytest.raises(NetworkMembersDiffer, match="host and port"):
        member_files(NETWORK, [*nodes()[:3], same_place])


def test_a_network_of_more_validators_than_besu_has_peers_allows_more_peers() -> None:
    names = tuple(MOST_NAMES[:30])
    many = Network(NETWORK.chain_id, NETWORK.time, NETWORK.gas_limit, NETWORK.block_seconds, names)
    found = [make_node((9 + n).to_bytes(32, "big"), name, f"10.0.0.{n + 1}", 30303) for n, name in enumerate(names)]
    assert tomllib.loads(member_files(many, found)["m00"]["config.toml"].decode())["max-peers"] == 30
