"""`gongzhi admin trust diff | pin`: trust files held against each other and against a real chain."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.artifacts import deploy_data
from ledger.chain.contracts.binding import node
from ledger.chain.contracts.system_directory import SystemDirectory
from ledger.cli.main import run
from ledger.core.canonical import encode
from ledger.core.chainfile import ContractPin, parse_trust, trust_document
from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from ledger.embedded.rpc import loopback_client
from tests.lying_endpoint import NODE_TIMEOUT_SECONDS, endpoint

pytestmark = pytest.mark.cli
GOVERNOR = "0x" + "d1" * 20


@dataclass
class Node:
    """A chain of its own, on which a plain key governs."""

    url: str

    def __call__(self, method: str, *parameters: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        with loopback_client(self.url, NODE_TIMEOUT_SECONDS) as http:
            answer = http.post(self.url, json=body).json()
        assert "error" not in answer, answer
        return answer["result"]

    def send(self, data: bytes, to: str | None = None, sender: str = GOVERNOR) -> Any:
        """Send without a key of the sender's; returns the receipt."""
        self("anvil_impersonateAccount", sender)
        call = {"from": sender, "data": to_hex(data), "gas": hex(8_000_000), "gasPrice": "0x0"}
        sent = self("eth_sendTransaction", call if to is None else {**call, "to": to})
        # The node answers before its block is made.
        while (receipt := self("eth_getTransactionReceipt", sent)) is None:
            time.sleep(0.01)
        assert receipt["status"] == "0x1", receipt
        return receipt

    def deployed(self, name: str, *arguments: Any) -> ContractPin:
        """Deploy a contract."""
        address = self.send(deploy_data(name, *arguments))["contractAddress"]
        code = bytes.fromhex(self("eth_getCode", address, "latest")[2:])
        return ContractPin(address, to_hex(keccak256(code)))

    def names(self, name: str, pin: ContractPin, directory: ContractPin) -> None:
        """Enter a contract in the directory, as its governor."""
        binding = SystemDirectory(node(self.url), directory.address)
        call = binding.set_contract(name, pin.address, bytes.fromhex(pin.code_hash[2:]))
        self.send(call.data, directory.address, binding.governor(block="latest"))


@pytest.fixture(scope="module")
def chain(module_chain_rpc: str) -> Node:
    return Node(module_chain_rpc)


@pytest.fixture
def trust(chain: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The trust file of a fresh deployment, in the current folder as `trust.json`."""
    monkeypatch.chdir(tmp_path)
    council = chain.deployed("Council", [GOVERNOR], 1, True)
    pins = {
        "Council": council,
        "Parameters": chain.deployed("Parameters", council.address),
        "SystemDirectory": chain.deployed("SystemDirectory", council.address),
    }
    chain.names("Parameters", pins["Parameters"], pins["SystemDirectory"])
    genesis = chain("eth_getBlockByNumber", "0x0", False)["hash"]
    document = trust_document(int(chain("eth_chainId"), 16), genesis, pins, "anvil")
    Path("trust.json").write_bytes(encode(document))
    return document


class Ask:
    """`gongzhi admin trust`, and its JSON."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *arguments: str, expect: int = 0) -> dict[str, Any]:
        self.capsys.readouterr()
        code = run(["admin", "trust", *arguments, "--json"])
        out = self.capsys.readouterr().out
        assert code == expect, out
        answer: dict[str, Any] = json.loads(out)
        return answer

    def members(self, *arguments: str) -> dict[str, tuple[Any, Any]]:
        """Return what `diff` finds with the one thing that it compares with."""
        (compared,) = self("diff", "trust.json", *arguments, expect=1)["compared"]
        return {one["member"]: (one["file"], one["other"]) for one in compared["differences"]}


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    return Ask(capsys)


@pytest.mark.usefixtures("trust")
def test_a_trust_file_of_its_chain_differs_in_nothing(
    ask: Ask, chain: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    place = chain.url.removeprefix("http://").rstrip("/")
    answer = ask("diff", "trust.json", "--chain", chain.url)
    assert answer["compared"] == [{"with": place, "differences": []}]
    Path("other.json").write_bytes(Path("trust.json").read_bytes())
    ask("diff", "trust.json", "other.json")
    assert run(["admin", "trust", "diff", "trust.json", "other.json"]) == 0
    assert capsys.readouterr().out == "other.json: nothing differs from trust.json\n"


def test_files_are_compared_member_by_member(
    ask: Ask, trust: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("other.json").write_bytes(encode({**trust, "engine": "besu-qbft", "rpcQuorum": 2}))
    assert ask.members("other.json") == {"engine": ("anvil", "besu-qbft"), "rpcQuorum": (1, 2)}
    assert run(["admin", "trust", "diff", "trust.json", "other.json"]) == 1
    assert "rpcQuorum\t1\t2" in capsys.readouterr().out


def test_another_contract_in_the_directory_is_shown(ask: Ask, trust: dict[str, Any], chain: Node) -> None:
    directory = ContractPin(trust["contracts"]["SystemDirectory"]["address"], "")
    council = trust["contracts"]["Council"]["address"]
    successor, stranger = chain.deployed("Parameters", council), chain.deployed("SystemDirectory", GOVERNOR)
    chain.names("Parameters", successor, directory)
    chain.names("Other", stranger, directory)
    assert ask.members("--chain", chain.url) == {
        "contracts.Other.address": (None, stranger.address),
        "contracts.Other.codeHash": (None, stranger.code_hash),
        "contracts.Parameters.address": (trust["contracts"]["Parameters"]["address"], successor.address),
    }


def test_code_that_nobody_published_and_a_governor_of_one_s_own_are_shown(
    ask: Ask, trust: dict[str, Any], chain: Node
) -> None:
    own = chain.deployed("Parameters", GOVERNOR)
    pins = trust["contracts"] | {"Parameters": {"address": own.address, "codeHash": own.code_hash}}
    chain.names("Parameters", own, ContractPin(pins["SystemDirectory"]["address"], ""))
    Path("trust.json").write_bytes(encode({**trust, "contracts": pins}))
    assert ask.members("--chain", chain.url) == {
        "contracts.Parameters.refersTo": ("governor", "0x" + GOVERNOR[2:].rjust(64, "0")),
    }
    chain("anvil_setCode", own.address, "0x60")
    pins["Parameters"]["codeHash"] = to_hex(keccak256(b"\x60"))
    Path("trust.json").write_bytes(encode({**trust, "contracts": pins}))
    assert ask.members("--chain", chain.url) == {
        "contracts.Parameters.code": ("published", pins["Parameters"]["codeHash"]),
    }


def test_what_a_chain_tells_otherwise_is_shown(ask: Ask, trust: dict[str, Any], chain: Node) -> None:
    def rewrite(**more: Any) -> None:
        Path("trust.json").write_bytes(encode({**trust, **more}))

    rewrite(development=False)
    assert ask.members("--chain", chain.url) == {"development": (False, True)}
    rewrite(block={"number": 1, "hash": "0x" + "ab" * 32})
    found = chain("eth_getBlockByNumber", "0x1", False)["hash"]
    assert ask.members("--chain", chain.url) == {"block.hash": ("0x" + "ab" * 32, found)}
    rewrite(block={"number": 10_000, "hash": found})
    assert ask.members("--chain", chain.url) == {"block.hash": (found, None)}
    rewrite(chainId=7)
    assert ask.members("--chain", chain.url) == {"chainId": (7, trust["chainId"])}
    pin = {"address": trust["contracts"]["SystemDirectory"]["address"], "codeHash": "0x" + "ab" * 32}
    rewrite(contracts={**trust["contracts"], "SystemDirectory": pin})
    assert list(ask.members("--chain", chain.url)) == ["contracts.SystemDirectory.codeHash"]


def test_a_block_that_nodes_agree_on_is_pinned_with_members_endpoints(
    ask: Ask, trust: dict[str, Any], chain: Node
) -> None:
    with endpoint(chain.url) as second:
        nodes = ["--chain", chain.url, "--chain", second, "--endpoint", f"1={chain.url}", "--endpoint", f"2={second}"]
        before = Path("trust.json").read_bytes()
        planned = ask("pin", "trust.json", *nodes, "--quorum", "2", "--dry-run")
        assert Path("trust.json").read_bytes() == before
        done = ask("pin", "trust.json", *nodes, "--quorum", "2")
        assert {**planned, "dryRun": None} == {**done, "dryRun": None}
        pinned = parse_trust(Path("trust.json").read_bytes())
        head = chain("eth_getBlockByNumber", "latest", False)
        assert pinned.block == (int(head["number"], 16), head["hash"])
        assert (pinned.rpc_quorum, [one.agency for one in pinned.endpoints]) == (2, [1, 2])
        assert done["trustHash"] == to_hex(pinned.hash)
        assert {one["member"] for one in done["changed"]} == {
            *("block.hash", "block.number", "endpoints.1", "endpoints.2", "rpcQuorum")
        }
        ask("diff", "trust.json", "--chain", second)
    refused = ask("pin", "trust.json", "--chain", chain.url, "--block", "1", expect=2)
    assert "a later one" in refused["error"]["detail"]
    ask("pin", "trust.json", "--validator", GOVERNOR, "--out", "validators.json")
    assert parse_trust(Path("validators.json").read_bytes()).validators == (GOVERNOR,)
    assert parse_trust(Path("trust.json").read_bytes()).validators == ()
    assert trust["rpcQuorum"] == 1


def other_hash(method: str, _parameters: list[Any], result: Any) -> Any:
    if method == "eth_getBlockByNumber" and int(result["number"], 16) > 0:
        return {**result, "hash": "0x" + "ab" * 32}
    return result


def other_code(method: str, _parameters: list[Any], result: Any) -> Any:
    return "0x60" if method == "eth_getCode" else result


@pytest.mark.usefixtures("trust")
def test_nothing_is_pinned_that_nodes_tell_otherwise(ask: Ask, chain: Node) -> None:
    before = Path("trust.json").read_bytes()
    for lie, why in ((other_hash, "disagree about block"), (other_code, "otherwise than the trust file")):
        with endpoint(chain.url, lie) as liar:
            refused = ask("pin", "trust.json", "--chain", chain.url, "--chain", liar, expect=4)
        assert why in refused["error"]["detail"]
    refused = ask("pin", "trust.json", "--chain", chain.url, "--block", "10000", expect=4)
    assert "does not have block 10000" in refused["error"]["detail"]
    assert Path("trust.json").read_bytes() == before


@pytest.mark.usefixtures("trust")
@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["diff", "trust.json"], "either another trust file or --chain"),
        (["diff", "missing.json", "trust.json"], "no trust file"),
        (["pin", "trust.json"], "nothing to pin"),
        (["pin", "trust.json", "--quorum", "2"], "quorum of 2"),
        (["pin", "trust.json", "--block", "1", "--quorum", "1"], "--block needs --chain"),
        (["pin", "trust.json", "--endpoint", "https://one.example"], "AGENCY=URL"),
        (["pin", "trust.json", "--endpoint", "1=https://somebody:secret@one.example"], "no user"),
    ],
)
def test_arguments_that_do_not_fit_are_usage(ask: Ask, arguments: list[str], why: str) -> None:
    refused = ask(*arguments, expect=2)
    assert why in refused["error"]["detail"]
    assert "secret" not in json.dumps(refused)
