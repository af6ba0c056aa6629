"""Which RecordAnchors a client of the chain reads: those of the line, each from where the directory names it on."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import httpx
import pytest

from ledger.chain.artifacts import anchors_code
from ledger.chain.client import Web3Chain
from ledger.chain.json_rpc import JsonRpc
from ledger.chain.log_reading import BLOCKS_AT_ONCE, LogReader
from ledger.core.codes import Role
from ledger.core.keccak import keccak256
from ledger.core.succession import AnchorsLine
from tests.contracts.sandbox import Key, Sandbox
from tests.contracts.successor import successor_of

pytestmark = pytest.mark.adapters


class ListeningRpc(JsonRpc):
    """A node of which is known over how many blocks each question for logs goes."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.lengths: list[int] = []

    def read(self, method: str, *parameters: Any) -> Any:
        """Ask the node, and note the length of a window."""
        if method == "eth_getLogs":
            self.lengths.append(int(parameters[0]["toBlock"], 16) - int(parameters[0]["fromBlock"], 16) + 1)
        return super().read(method, *parameters)


@pytest.fixture(scope="module")
def deployment(module_chain_rpc: str) -> Iterator[Sandbox]:
    with httpx.Client() as http:
        sandbox = Sandbox(module_chain_rpc, http)
        sandbox.deploy()
        enter(sandbox, sandbox)
        yield sandbox


@pytest.fixture
def sandbox(deployment: Sandbox) -> Iterator[Sandbox]:
    snapshot = deployment.rpc("evm_snapshot")
    yield deployment
    assert deployment.rpc("evm_revert", snapshot)


@pytest.fixture
def anchor_key(sandbox: Sandbox) -> Key:
    return sandbox.bind(sandbox.register(), Role.ANCHOR)


def enter(sandbox: Sandbox, later: Sandbox) -> int:
    """Let the directory name a RecordAnchors; returns the block."""
    address = later.addresses["RecordAnchors"]
    code = bytes.fromhex(sandbox.rpc("eth_getCode", address, "latest")[2:])
    return sandbox.govern(sandbox.directory.set_contract("RecordAnchors", address, keccak256(code))).block


def anchor(sandbox: Sandbox, key: Key, batch: int) -> None:
    sandbox.send(sandbox.anchors.anchor(keccak256(b"root"), 10, 10 * batch - 9), key.address)


def head(sandbox: Sandbox) -> int:
    return int(sandbox.rpc("eth_blockNumber"), 16)


def line_of(sandbox: Sandbox) -> AnchorsLine:
    first, registry = sandbox.addresses["RecordAnchors"], sandbox.addresses["AgencyRegistry"]
    return AnchorsLine(sandbox.chain_id, first, sandbox.governor, registry, anchors_code())


def chain_of(sandbox: Sandbox, **other: Any) -> Web3Chain:
    return Web3Chain(sandbox.rpc_url, sandbox.addresses, line=replace(line_of(sandbox), **other))


def told(chain: Web3Chain, pages: list[tuple[int, int]]) -> list[tuple[str, int]]:
    """Which contract told of which batch."""
    events = [event for first, last in pages for found in chain.events(first, last).values() for event in found]
    return [(event.contract, event.args["batch"]) for event in events if event.name == "Anchored"]


@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_a_line_of_three_is_read_in_pages_of_any_length(sandbox: Sandbox, anchor_key: Key, step: int) -> None:
    at = sandbox
    for batch in (1, 2, 3):
        anchor(at, anchor_key, batch)
        later = successor_of(at)
        enter(sandbox, later)
        at = later
    anchor(at, anchor_key, 4)
    newest = head(sandbox)
    with closing(chain_of(sandbox)) as chain:
        pages = [(first, min(first + step - 1, newest)) for first in range(0, newest + 1, step)]
        names = ["RecordAnchors", *(f"RecordAnchors-{number}" for number in (2, 3, 4))]
        assert told(chain, pages) == list(zip(names, (1, 2, 3, 4), strict=True))
        assert [one.name for one in chain.anchors_line()] == names
    with closing(chain_of(sandbox)) as resumed:
        assert told(resumed, pages[-1:])[-1] == ("RecordAnchors-4", 4)


def test_what_a_successor_says_before_it_is_named_counts_for_nothing(sandbox: Sandbox, anchor_key: Key) -> None:
    later = successor_of(sandbox)
    anchor(later, anchor_key, 1)
    enter(sandbox, later)
    anchor(later, anchor_key, 2)
    newest = head(sandbox)
    for pages in ([(0, newest)], [(number, number) for number in range(newest + 1)]):
        with closing(chain_of(sandbox)) as chain:
            assert told(chain, pages) == [("RecordAnchors-2", 2)]


def test_unknown_code_is_not_read(sandbox: Sandbox, anchor_key: Key) -> None:
    later = successor_of(sandbox)
    enter(sandbox, later)
    anchor(later, anchor_key, 1)
    for other in ({"code": None}, {"governor": sandbox.relay}):
        with closing(chain_of(sandbox, **other)) as chain:
            assert told(chain, [(0, head(sandbox))]) == []
            assert len(chain.anchors_line()) == 1
    with closing(Web3Chain(sandbox.rpc_url, sandbox.addresses)) as chain:
        assert (told(chain, [(0, head(sandbox))]), chain.anchors_line()) == ([], ())


def test_a_naming_that_the_chain_took_back_is_forgotten(sandbox: Sandbox, anchor_key: Key) -> None:
    later = successor_of(sandbox)
    before = head(sandbox)
    snapshot = sandbox.rpc("evm_snapshot")
    enter(sandbox, later)
    with closing(chain_of(sandbox)) as chain:
        chain.events(0, before + 1)
        assert len(chain.anchors_line()) == 2
        assert sandbox.rpc("evm_revert", snapshot)
        anchor(later, anchor_key, 1)
        assert told(chain, [(before + 1, before + 1)]) == []
        assert len(chain.anchors_line()) == 1
        enter(sandbox, later)
        anchor(later, anchor_key, 2)
        assert told(chain, [(before + 2, before + 3)]) == [("RecordAnchors-2", 2)]


def test_a_reader_that_knows_nothing_yet_asks_for_no_more_blocks_than_a_node_tells(sandbox: Sandbox) -> None:
    later = successor_of(sandbox)
    enter(sandbox, later)
    sandbox.rpc("anvil_mine", hex(2_100))
    newest = head(sandbox)
    rpc = ListeningRpc(sandbox.rpc_url)
    with closing(rpc):
        reader = LogReader(rpc, sandbox.addresses, line_of(sandbox))
        reader.events(newest, newest)
        assert [one.name for one in reader.line(newest)] == ["RecordAnchors", "RecordAnchors-2"]
        fresh = LogReader(rpc, sandbox.addresses, line_of(sandbox))
        assert fresh.line(newest) == reader.line(newest)
    assert max(rpc.lengths) == BLOCKS_AT_ONCE == 1_000
    assert sum(rpc.lengths) == 2 * (newest + 1) + 1
