"""The contracts read with tools that hold no code of ours: by the committed ABI, cast, ethers, and the standards."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.artifacts import CONTRACTS, abi_types, load
from ledger.core.codes import Role
from ledger.core.keccak import keccak256
from ledger.core.typed_messages import PAUSABLE
from ledger.embedded.chain import anvil_program
from tests.contracts.sandbox import DATA_BUREAU, Sandbox

pytestmark = pytest.mark.contracts

ROOT = Path(__file__).parents[2]
ROOT_OF_BATCH = keccak256(b"root")
READ_WITH_ETHERS = """
const { readFileSync } = require("fs");
const { Contract, JsonRpcProvider } = require("ethers");
const [rpc, registryAddress, anchorsAddress, key, gateway] = process.argv.slice(1);
const abi = (name) => JSON.parse(readFileSync(`contracts/artifacts/${name}.json`)).abi;
(async () => {
  const provider = new JsonRpcProvider(rpc, undefined, { cacheTimeout: -1 });
  const registry = new Contract(registryAddress, abi("AgencyRegistry"), provider);
  const anchors = new Contract(anchorsAddress, abi("RecordAnchors"), provider);
  const info = await registry.keyInfo(key);
  const head = await anchors.head(gateway);
  const [anchored] = await anchors.queryFilter(anchors.filters.Anchored(gateway));
  console.log(JSON.stringify({
    agency: Number(info.agency), roles: Number(info.roles), entitled: await registry.isEntitled(key, 7),
    head: head.head, batchCount: Number(head.batchCount), nextSequence: Number(head.nextSequence),
    root: anchored.args.root, domain: (await anchors.eip712Domain()).name,
  }));
  provider.destroy();
})();
"""


def run(*command: str | Path) -> str:
    """Return what a program prints; proxies of the environment are not for a node on this machine."""
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True, timeout=60)
    return done.stdout


@pytest.fixture
def anchored(sandbox: Sandbox) -> dict[str, Any]:
    """A gateway with one anchored batch: what any reader must find."""
    gateway = sandbox.register(kind=DATA_BUREAU)
    key = sandbox.bind(gateway, Role.ANCHOR)
    outcome = sandbox.send(sandbox.anchors.anchor(ROOT_OF_BATCH, 12, 1), key.address)
    return {"gateway": gateway.agency, "key": key.address, "head": outcome.event[1]["head"]}


def test_cast_reads_registry_and_anchors(sandbox: Sandbox, anchored: dict[str, Any]) -> None:
    cast = Path(str(anvil_program()).replace("anvil", "cast"))

    def call(contract: str, signature: str, *arguments: str) -> str:
        return run(cast, "call", "--rpc-url", sandbox.rpc_url, sandbox.addresses[contract], signature, *arguments)

    entitled = call("AgencyRegistry", "isEntitled(address,uint8)(bool)", anchored["key"], "7")
    assert entitled.strip() == "true"
    agency = call(
        "AgencyRegistry",
        "agencyInfo(uint32)((uint8,uint8,uint16,uint64,bytes32,bytes32,bytes32))",
        str(anchored["gateway"]),
    )
    assert agency.startswith(f"({DATA_BUREAU}, 1, 8191,")
    head = call("RecordAnchors", "head(uint32)((bytes32,uint64,uint64))", str(anchored["gateway"]))
    assert head.strip() == f"({anchored['head']}, 1, 13)"


def test_ethers_reads_registry_and_anchors_by_the_committed_abi(sandbox: Sandbox, anchored: dict[str, Any]) -> None:
    registry, anchors = sandbox.addresses["AgencyRegistry"], sandbox.addresses["RecordAnchors"]
    printed = run(
        *("node", "-e", READ_WITH_ETHERS, sandbox.rpc_url, registry, anchors),
        *(anchored["key"], str(anchored["gateway"])),
    )
    assert json.loads(printed) == {
        "agency": anchored["gateway"],
        "roles": Role.ANCHOR.bit,
        "entitled": True,
        "head": anchored["head"],
        "batchCount": 1,
        "nextSequence": 13,
        "root": "0x" + ROOT_OF_BATCH.hex(),
        "domain": "Gongzhi RecordAnchors",
    }


@pytest.mark.parametrize("name", CONTRACTS)
def test_deployed_code_is_the_committed_code_but_for_its_immutables(sandbox: Sandbox, name: str) -> None:
    code = bytes.fromhex(sandbox.rpc("eth_getCode", sandbox.addresses[name], "latest")[2:])
    artifact = load(name)
    assert code != artifact.deployed_bytecode
    assert artifact.is_code(code)
    for other in set(CONTRACTS) - {name}:
        assert not load(other).is_code(code)


def interface_id(name: str) -> bytes:
    """The ERC-165 id of a contract's own interface, from its ABI: all functions but those of what it inherits."""
    identifier = 0
    for entry in load(name).abi:
        if entry["type"] == "function" and entry["name"] not in INHERITED | PAUSING:
            types = ",".join(abi_types(entry["inputs"]))
            identifier ^= int.from_bytes(keccak256(f"{entry['name']}({types})".encode())[:4], "big")
    return identifier.to_bytes(4, "big")


INHERITED = {"eip712Domain", "governor", "nonces", "supportsInterface", "version"}
PAUSING = {"pause", "pauseAsGovernor", "pausedUntil", "lastPauseOf"}


def pausing() -> bytes:
    """The ERC-165 id of what can be paused."""
    identifier = 0
    for function in (
        "pause((address,uint256,uint64),bytes)",
        "pauseAsGovernor(uint64)",
        "pausedUntil()",
        "lastPauseOf(uint32)",
    ):
        identifier ^= int.from_bytes(keccak256(function.encode())[:4], "big")
    return identifier.to_bytes(4, "big")


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_contract_tells_its_interfaces(sandbox: Sandbox, name: str) -> None:
    def supports(identifier: bytes) -> bool:
        data = keccak256(b"supportsInterface(bytes4)")[:4] + identifier.ljust(32, b"\0")
        call = {"to": sandbox.addresses[name], "data": "0x" + data.hex()}
        return int(sandbox.rpc("eth_call", call, "latest"), 16) == 1

    governed = keccak256(b"governor()")[:4]
    versioned, described = keccak256(b"version()")[:4], keccak256(b"eip712Domain()")[:4]
    for identifier in (bytes.fromhex("01ffc9a7"), versioned, described, interface_id(name)):
        assert supports(identifier)
    assert supports(governed) == (name not in {"EmergencyAccess", "Council"})
    assert supports(pausing()) == (name in PAUSABLE)
    assert not supports(b"\xff" * 4)
