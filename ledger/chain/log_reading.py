"""Logs of a deployment's contracts, and of what succeeds RecordAnchors from where the directory names it on.

A successor is read as soon as the directory names it with the code that may succeed (`ledger.core.succession`); what
it said before counts for nothing, and code that nobody knows is not read at all.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.chain.event_decoding import EventDecoder
from ledger.chain.json_rpc import JsonRpc
from ledger.core.governance_facts import ContractFacts
from ledger.core.history import ChainEvent, Point
from ledger.core.points import ANCHORS
from ledger.core.succession import AnchorsContract, AnchorsLine

_DIRECTORY = "SystemDirectory"
_NAMED = (_DIRECTORY, "ContractSet")
BLOCKS_AT_ONCE = 1_000
"""In one request of the reader's own; nodes refuse longer ranges (Besu more than 5,000 blocks)."""


class LogReader:
    """Reads the events of one deployment from one node. Without a `line` nothing succeeds anything."""

    def __init__(self, rpc: JsonRpc, contracts: Mapping[str, str], line: AnchorsLine | None) -> None:
        self._rpc, self._contracts, self._line = rpc, dict(contracts), line
        self._addresses = [address.lower() for address in contracts.values()]
        self._decoder = EventDecoder(contracts)
        self._named: list[ContractFacts] = []
        """What the directory named RecordAnchors, up to block `_known_through`."""
        self._known_through = -1

    def events(self, first: int, last: int) -> dict[int, list[ChainEvent]]:
        """Return the events in the blocks first … last by block, each block's in order; raises ChainError."""
        events: dict[int, list[ChainEvent]] = {}
        if not self._addresses:
            return events
        found = self._follow_line(first, last)
        for event in sorted(found, key=lambda one: (one.block, one.log_index)):
            events.setdefault(event.block, []).append(event)
        return events

    def line(self, last: int) -> Sequence[AnchorsContract]:
        """Return the contracts of the line that the directory names up to block `last`; raises ChainError."""
        if self._line is None:
            return ()
        if last > self._known_through:
            self._learn(self._known_through + 1, last)
        return self._line.walk(self._named)[0]

    def _follow_line(self, first: int, last: int) -> list[ChainEvent]:
        """Return the events of the contracts that are known, then of those that these name."""
        if self._line is None:
            return self._read(self._addresses, first, last)
        # Blocks may have been replaced since they were read: only what stands before them is kept.
        self._named = [entry for entry in self._named if entry.point.block < first]
        self._known_through = min(self._known_through, first - 1)
        if first - 1 > self._known_through:
            self._learn(self._known_through + 1, first - 1)
        found = self._read(self._addresses, first, last)
        self._note(found)
        self._known_through = last
        successors = self._line.walk(self._named)[0][1:]
        if not successors:
            return found
        self._decoder = EventDecoder({**self._contracts, **{one.name: one.address for one in successors}})
        since = {one.name: one.since for one in successors}
        later = self._read([one.address for one in successors], first, last)
        return found + [event for event in later if _stands_after(event, since[event.contract])]

    def _learn(self, first: int, last: int) -> None:
        """Note what the directory named in the blocks first … last; what was read before a failure stays known."""
        directory = self._contracts.get(_DIRECTORY)
        while directory is not None and first <= last:
            end = min(first + BLOCKS_AT_ONCE - 1, last)
            self._note(self._read([directory.lower()], first, end))
            self._known_through, first = end, end + 1
        self._known_through = last

    def _note(self, events: Sequence[ChainEvent]) -> None:
        for event in events:
            if (event.contract, event.name) == _NAMED and event.args["name"] == ANCHORS:
                args, point = event.args, Point(event.block, event.log_index, 0)
                place = point, event.transaction
                self._named.append(ContractFacts(ANCHORS, args["at"], args["codeHash"], args["previous"], *place))

    def _read(self, addresses: Sequence[str], first: int, last: int) -> list[ChainEvent]:
        question: dict[str, Any] = {"fromBlock": hex(first), "toBlock": hex(last), "address": list(addresses)}
        found = []
        for log in self._rpc.read("eth_getLogs", question):
            contract, name, args = self._decoder.decode(log)
            number, place = int(log["blockNumber"], 16), int(log["logIndex"], 16)
            found.append(ChainEvent(number, place, log["transactionHash"], contract, name, args))
        return found


def _stands_after(event: ChainEvent, since: Point | None) -> bool:
    return since is None or (event.block, event.log_index) > (since.block, since.log_index)
