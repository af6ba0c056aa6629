"""The demonstration's proofs and chain, read with OpenZeppelin's library, ethers and cast: no code of this project."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ledger.embedded.chain import anvil_program
from tests.e2e.demo_stack import ROOT, DemoStack

pytestmark = pytest.mark.e2e

CHECKER = Path(__file__).parent / "check_proof.mjs"
READ_CHAIN = """
const { readFileSync } = require("fs");
const { Contract, JsonRpcProvider } = require("ethers");
const [rpc, registryAddress, anchorsAddress] = process.argv.slice(1);
const abi = (name) => JSON.parse(readFileSync(`contracts/artifacts/${name}.json`)).abi;
(async () => {
  const provider = new JsonRpcProvider(rpc, undefined, { cacheTimeout: -1 });
  const registry = new Contract(registryAddress, abi("AgencyRegistry"), provider);
  const anchors = new Contract(anchorsAddress, abi("RecordAnchors"), provider);
  const anchored = await anchors.queryFilter(anchors.filters.Anchored(1));
  const registered = await registry.queryFilter(registry.filters.AgencyRegistered());
  console.log(JSON.stringify({
    agencies: Number(await registry.agencyCount()),
    kinds: registered.map((event) => Number(event.args.kind)),
    batches: anchored.map((event) => ({
      batch: Number(event.args.batch), root: event.args.root, leafCount: Number(event.args.leafCount),
      firstSequence: Number(event.args.firstSequence), head: event.args.head, transaction: event.transactionHash,
    })),
  }));
  provider.destroy();
})();
"""


def run(*command: str | Path) -> str:
    """Return what a program prints; proxies of the environment are not for a node on this machine."""
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True, timeout=120)
    return done.stdout


def check(bundle: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("node", CHECKER, bundle))
    return found


def read_chain(demo: DemoStack) -> dict[str, Any]:
    contracts = demo.document["contracts"]
    printed = run("node", "-e", READ_CHAIN, demo.rpc, contracts["AgencyRegistry"], contracts["RecordAnchors"])
    found: dict[str, Any] = json.loads(printed)
    return found


def test_openzeppelin_accepts_the_proofs_of_a_bundle(files: Path) -> None:
    found = check(files / "bundle.json")
    assert (found["record"], found["entryProven"], found["signer"]) == (True, True, True)


@pytest.mark.parametrize(
    ("path", "verdicts"),
    [
        (("record", "version"), (False, True)),
        (("recordProof", 0), (False, True)),
        (("submission", "message", "signedAt"), (True, False)),
        (("submission", "sealedHash"), (True, False)),
        (("sequence",), (True, False)),
        (("anchor", "root"), (True, False)),
    ],
)
def test_openzeppelin_refuses_altered_ones(
    files: Path, tmp_path: Path, path: tuple[str | int, ...], verdicts: tuple[bool, bool]
) -> None:
    bundle = json.loads((files / "bundle.json").read_text(encoding="utf-8"))
    place: Any = bundle
    for step in path[:-1]:
        place = place[step]
    old = place[path[-1]]
    place[path[-1]] = old + 1 if isinstance(old, int) else "0x" + "00" * 32
    altered = tmp_path / "altered.json"
    altered.write_text(json.dumps(bundle), encoding="utf-8")
    found = check(altered)
    assert (found["record"], found["entryProven"]) == verdicts


def test_ethers_reads_the_registry_and_every_anchor_by_the_committed_abi(demo: DemoStack, files: Path) -> None:
    found = read_chain(demo)
    agencies = demo.document["agencies"]
    assert found["agencies"] == len(agencies) == 17
    assert found["kinds"] == [agency["kind"] for agency in agencies]
    numbers = [batch["batch"] for batch in found["batches"]]
    assert numbers == list(range(1, len(numbers) + 1))
    sequence = 1
    for batch in found["batches"]:
        assert batch["firstSequence"] == sequence
        sequence += batch["leafCount"]
    anchor = json.loads((files / "bundle.json").read_text(encoding="utf-8"))["anchor"]
    named = found["batches"][anchor["batch"] - 1]
    shared = ("batch", "root", "leafCount", "firstSequence", "transaction")
    assert {name: named[name] for name in shared} == {name: anchor[name] for name in shared}


def test_the_head_that_an_auditor_verified_is_the_one_that_stands_on_chain(demo: DemoStack, files: Path) -> None:
    trust, chain = demo.document["trust"], files / "chain.json"
    printed = demo.gongzhi(
        *("verify", "ledger", "--export", files / "export", "--chain", chain, "--trust", trust, "--offline", "--json")
    )
    verified = json.loads(printed)["head"]
    bundle = json.loads((files / "bundle.json").read_text(encoding="utf-8"))
    batches = {batch["head"]: batch["batch"] for batch in read_chain(demo)["batches"]}
    assert batches[verified] >= bundle["anchor"]["batch"]


def test_cast_reads_the_registry_and_the_head(demo: DemoStack) -> None:
    cast = Path(str(anvil_program()).replace("anvil", "cast"))

    def call(contract: str, signature: str, *arguments: str) -> str:
        address = demo.document["contracts"][contract]
        return run(cast, "call", "--rpc-url", demo.rpc, address, signature, *arguments).strip()

    assert call("AgencyRegistry", "agencyCount()(uint32)") == "17"
    fire = demo.signer("fire").address
    assert call("AgencyRegistry", "entitledAgency(address,uint8)(uint32)", fire, "12") == str(demo.agency("fire")["id"])
    assert call("AgencyRegistry", "isEntitled(address,uint8)(bool)", fire, "7") == "false"
    head, batch, following = call("RecordAnchors", "head(uint32)((bytes32,uint64,uint64))", "1").strip("()").split(", ")
    named = read_chain(demo)["batches"][int(batch) - 1]
    assert (head, int(following)) == (named["head"], named["firstSequence"] + named["leafCount"])
