"""Several endpoints must tell the same chain: whoever differs is named, and nothing is judged by what he says."""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.artifacts import deploy_data
from ledger.cli.chain_reading import read_given
from ledger.cli.main import run
from ledger.core.canonical import encode
from ledger.core.chainfile import ContractPin, parse_trust, trust_document
from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from ledger.embedded.rpc import loopback_client
from tests.lying_endpoint import NODE_TIMEOUT_SECONDS, Alter, endpoint, honest
from tests.simulated_ledger import honest_ledger

pytestmark = pytest.mark.cli
DEPLOYER = "0x" + "d1" * 20
NOWHERE = "http://127.0.0.1:9"


def rpc(node: str, method: str, *parameters: Any) -> Any:
    with loopback_client(node, NODE_TIMEOUT_SECONDS) as http:
        answer = http.post(node, json={"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}).json()
    assert "error" not in answer, answer
    return answer["result"]


@pytest.fixture(scope="module")
def node(module_chain_rpc: str) -> str:
    """A node whose chain holds Parameters, deployed, and a few blocks."""
    rpc(module_chain_rpc, "anvil_impersonateAccount", DEPLOYER)
    data = to_hex(deploy_data("Parameters", DEPLOYER))
    call = {"from": DEPLOYER, "data": data, "gas": hex(5_000_000), "gasPrice": "0x0"}
    rpc(module_chain_rpc, "eth_sendTransaction", call)
    rpc(module_chain_rpc, "anvil_mine", "0x3")
    return module_chain_rpc


def trust_of(node: str, quorum: int, **more: Any) -> dict[str, Any]:
    address = rpc(node, "eth_getBlockByNumber", "0x1", True)["transactions"][0]["hash"]
    contract = rpc(node, "eth_getTransactionReceipt", address)["contractAddress"]
    code = rpc(node, "eth_getCode", contract, "latest")
    pin = ContractPin(contract, to_hex(keccak256(bytes.fromhex(code[2:]))))
    genesis = rpc(node, "eth_getBlockByNumber", "0x0", False)["hash"]
    chain_id = int(rpc(node, "eth_chainId"), 16)
    document = trust_document(chain_id, genesis, {"Parameters": pin}, "anvil", quorum)
    return {**document, **more}


class Asking:
    """`verify ledger` of an export, by endpoints of the node."""

    def __init__(self, node: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.node, self.capsys = node, capsys

    def verdict(self, quorum: int, *alterations: Alter | str, trusted: bool = False) -> tuple[int, list[str]]:
        """Return the exit code and the notices; a text stands for a URL."""
        with ExitStack() as stack:
            urls = [
                one if isinstance(one, str) else stack.enter_context(endpoint(self.node, one)) for one in alterations
            ]
            endpoints = [{"agency": number, "url": url} for number, url in enumerate(urls, 1)]
            trust = trust_of(self.node, quorum, **({"endpoints": endpoints} if trusted else {}))
            Path("trust.json").write_bytes(encode(trust))
            chains = [] if trusted else [word for url in urls for word in ("--chain", url)]
            code = run(["verify", "ledger", "--trust", "trust.json", "--export", "export", *chains, "--json"])
        report: Mapping[str, Any] = json.loads(self.capsys.readouterr().out)
        assert report["exitCode"] == code
        return code, report["notices"]


@pytest.fixture
def asking(node: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Asking:
    """In a folder with an export; its trust file names no RecordAnchors, which is said after the chain is read."""
    monkeypatch.chdir(tmp_path)
    honest_ledger().export().write(Path("export"))
    return Asking(node, capsys)


READ = "the trust file names no contract RecordAnchors"
"""What is said of a chain on which all endpoints agree."""


def lying(method: str, member: str, value: Any, block: str | None = None) -> Alter:
    """Alter a member of one method's results, for one block only if that is named."""

    def alter(asked: str, _parameters: list[Any], result: Any) -> Any:
        for one in result if isinstance(result, list) else [result]:
            if asked == method and isinstance(one, dict) and block in (None, one.get("number")):
                one[member] = value
        return result

    return alter


def silent_about_logs(method: str, _parameters: list[Any], result: Any) -> Any:
    return [] if method == "eth_getLogs" else result


def other_code(method: str, _parameters: list[Any], result: Any) -> Any:
    return "0x60" if method == "eth_getCode" else result


def other_chain(method: str, _parameters: list[Any], result: Any) -> Any:
    return "0x7" if method == "eth_chainId" else result


def behind(method: str, parameters: list[Any], result: Any) -> Any:
    """The newest block, as a node tells that is two blocks behind."""
    if method == "eth_getBlockByNumber" and parameters[0] == "latest":
        return {**result, "number": hex(int(result["number"], 16) - 2)}
    return result


def stuck_at(number: int, seconds: int = 0, lie: Alter = honest) -> Alter:
    """The node of a chain whose newest block is this one, made so many seconds before the true newest one."""

    def alter(method: str, parameters: list[Any], result: Any) -> Any:
        if method == "eth_getBlockByNumber" and parameters[0] == "latest":
            return {**result, "number": hex(number), "timestamp": hex(int(result["timestamp"], 16) - seconds)}
        return lie(method, parameters, result)

    return alter


@pytest.fixture
def long_chain(node: str) -> int:
    """Let the node's chain grow until an endpoint can lag; returns its newest block."""
    newest = int(rpc(node, "eth_blockNumber"), 16)
    if newest < 40:
        rpc(node, "anvil_mine", hex(40 - newest))
    return max(newest, 40)


VALUE = "0x" + hex(500)[2:].rjust(64, "0")


@pytest.mark.parametrize(
    ("lie", "about"),
    [
        (lying("eth_getBlockByNumber", "hash", "0x" + "ab" * 32, "0x2"), "block 2"),
        (lying("eth_getBlockByNumber", "timestamp", "0x1", "0x0"), "block 0"),
        (lying("eth_getLogs", "data", VALUE), "the events of block 1"),
        (silent_about_logs, "the events of block 1"),
        (other_code, "the code of Parameters"),
    ],
    ids=["hash", "time", "event", "events left out", "code"],
)
def test_the_endpoint_that_lies_is_named_by_the_two_that_agree(lie: Alter, about: str, asking: Asking) -> None:
    code, notices = asking.verdict(2, honest, lie, honest)
    assert code == 4
    assert notices[0].startswith(f"endpoints disagree about {about}: endpoint 2 (127.0.0.1:")
    assert notices[0].endswith("against the other 2")
    code, notices = asking.verdict(2, lie, honest)
    assert code == 4
    assert notices[0].startswith(f"endpoints disagree about {about}: endpoint 1 (127.0.0.1:")
    assert ") against endpoint 2 (127.0.0.1:" in notices[0]


def test_endpoints_that_agree_are_believed_as_far_as_the_one_that_is_behind(asking: Asking) -> None:
    code, notices = asking.verdict(2, honest, behind)
    assert (code, notices) == (4, [READ])
    code, notices = asking.verdict(1, honest)
    assert (code, notices) == (4, [READ])


def test_an_endpoint_far_behind_is_named_and_not_waited_for(asking: Asking, node: str, long_chain: int) -> None:
    trust = parse_trust(encode(trust_of(node, 2)))
    for far in (stuck_at(long_chain - 31), stuck_at(long_chain - 2, seconds=61)):
        code, notices = asking.verdict(2, honest, far)
        assert code == 4
        assert notices[0].startswith("endpoint 2 (127.0.0.1:")
        assert notices[0].endswith("): 2 endpoints must keep up, as the trust file says")
        with endpoint(node, far) as lagging, endpoint(node, stuck_at(long_chain - 1, seconds=3_600)) as near:
            chain, _, said = read_given([lagging, near, node], trust)
        assert chain.blocks[-1].number == long_chain - 1
        assert said[1].startswith(f"endpoint 1 ({lagging.removeprefix('http://')}) ends at block ")
        assert said[1].endswith(": what came later was not compared with it")
    for close in (stuck_at(long_chain - 30), stuck_at(long_chain - 2, seconds=60)):
        assert asking.verdict(2, honest, close) == (4, [READ])


def test_an_endpoint_far_behind_may_not_contradict_either(asking: Asking, long_chain: int) -> None:
    lie = lying("eth_getBlockByNumber", "hash", "0x" + "ab" * 32, "0x2")
    code, notices = asking.verdict(1, honest, stuck_at(long_chain - 31, lie=lie))
    assert code == 4
    assert notices[0].startswith("endpoints disagree about block 2: endpoint 1 (127.0.0.1:")


def test_how_many_endpoints_were_believed_is_said(node: str) -> None:
    trust = parse_trust(encode(trust_of(node, 1)))
    place = node.removeprefix("http://")
    chain, source, notices = read_given([node], trust)
    assert (source, notices) == (
        f"endpoint 1 ({place})",
        [f"RPC quorum 1: endpoint 1 ({place}) alone was believed"],
    )
    with endpoint(node, behind) as second:
        agreed, source, notices = read_given([node, second], trust)
    assert agreed.blocks == chain.blocks[:-2]
    assert source == f"endpoint 1 ({place}), endpoint 2 ({second.removeprefix('http://')})"
    assert notices == [f"RPC quorum 1: 2 endpoints agree: {source}"]


def test_fewer_endpoints_than_the_trust_file_asks_for_are_not_believed(asking: Asking) -> None:
    assert asking.verdict(2, honest) == (4, ["2 endpoints must agree, as the trust file says, and there are 1"])


def test_an_endpoint_of_another_chain_is_named(asking: Asking) -> None:
    code, notices = asking.verdict(2, honest, other_chain)
    assert code == 4
    assert notices[0].startswith("endpoint 2 (127.0.0.1:")
    assert "is of chain 7" in notices[0]


def test_an_endpoint_that_is_silent_or_talks_nonsense_is_named(asking: Asking) -> None:
    code, notices = asking.verdict(1, honest, NOWHERE)
    assert code == 4
    assert notices[0].endswith("(endpoint 2 (127.0.0.1:9))")
    blocks: list[tuple[str, Any]] = [("number", "soon"), ("hash", None), ("timestamp", {})]
    logs: list[tuple[str, Any]] = [("address", 7), ("topics", 7), ("topics", [7]), ("data", None)]
    nonsense = [lying("eth_getBlockByNumber", member, value) for member, value in blocks]
    nonsense += [lying("eth_getLogs", member, value) for member, value in logs]
    for lie in nonsense:
        code, notices = asking.verdict(1, honest, lie)
        assert code == 4, notices
        assert "endpoint 2 (127.0.0.1:" in notices[0]


def test_a_node_named_twice_or_beside_a_file_is_a_mistake(asking: Asking) -> None:
    assert asking.verdict(1, asking.node, asking.node) == (2, ["--chain names a node twice"])
    assert asking.verdict(1, asking.node, "chain.json") == (2, ["--chain takes one chain file, or URLs of nodes"])
    code, notices = asking.verdict(1, "http://somebody:secret@127.0.0.1:1")
    assert (code, notices) == (2, ["URL of a node: expected http or https, a host, and no user"])


def test_without_a_source_the_endpoints_of_the_trust_file_are_asked(asking: Asking) -> None:
    assert asking.verdict(2, honest, honest, trusted=True) == (4, [READ])
    assert asking.verdict(2, honest, honest, NOWHERE, trusted=True) == (4, [READ])
    code, notices = asking.verdict(2, honest, silent_about_logs, honest, trusted=True)
    assert code == 4
    assert "the endpoint of agency 2 (127.0.0.1:" in notices[0]
    assert "there are 1" in asking.verdict(2, honest, NOWHERE, trusted=True)[1][0]
    assert asking.verdict(1, NOWHERE, trusted=True) == (4, ["none of the trust file's endpoints answers"])
    assert asking.verdict(1, trusted=True)[1] == ["no chain: --chain takes a chain file or the URL of a node"]
