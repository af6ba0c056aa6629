"""Places and moments of a chain: blocks, events, and "as of" a time or a place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """A place in the chain: block number, log index within it, and the block's time."""

    block: int
    log_index: int
    time: int


ANCHORS: Final = "RecordAnchors"


def anchors_name(number: int) -> str:
    """Return what events of the `number`-th RecordAnchors are called by: its name, from the second on with a number."""
    return ANCHORS if number == 1 else f"{ANCHORS}-{number}"


def anchors_number(name: str) -> int | None:
    """Return which RecordAnchors a name means, None for other contracts."""
    kind, dash, number = name.partition("-")
    if kind != ANCHORS:
        return None
    if not dash:
        return 1
    return int(number) if number.isdecimal() and number.isascii() and name == anchors_name(int(number)) else None


def contract_kind(name: str) -> str:
    """Return the name of a contract's code: the same for all that succeed one another."""
    return name if anchors_number(name) is None else ANCHORS


END_OF_BLOCK = 1 << 62
"""A log index behind every event of a block."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block's number, hash, parent hash (0x hex) and time (Unix seconds)."""

    number: int
    hash: str
    parent_hash: str
    time: int


@dataclass(frozen=True, slots=True)
class ChainEvent:
    """A decoded event of one of our contracts; `args` as in a chain file: numbers, 0x hex, parameter names as text.

    `contract` is a name; that of a RecordAnchors which succeeds another one has a number (`anchors_name`).
    """

    block: int
    log_index: int
    transaction: str
    contract: str
    name: str
    args: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """Name of the contract's code: the same for all that succeed one another."""
        return contract_kind(self.contract)


@dataclass(frozen=True, slots=True)
class AsOf:
    """A question's moment: everything whose block time is at most `time`, or up to the place `point`."""

    time: int
    point: Point | None = None

    def covers(self, point: Point) -> bool:
        """Say whether what happened at `point` had happened by this moment."""
        return point.time <= self.time if self.point is None else point <= self.point


@dataclass(frozen=True, slots=True)
class Dated:
    """A value and the point from which it holds."""

    since: Point
    value: Any


def latest(dated: list[Dated], as_of: AsOf, default: Any) -> Any:
    """Return the newest value that held at that moment, or `default`."""
    for entry in reversed(dated):
        if as_of.covers(entry.since):
            return entry.value
    return default
