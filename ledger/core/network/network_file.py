"""Network files `gongzhi-network/1`: what members agree on before their chain has a first block.

One member proposes the file, with a chain id and a time drawn for it; everybody else only reads it.

    {"format","engine","chainId","time","gasLimit","blockSeconds","members"}

| member | what it is |
|---|---|
| engine | `besu-qbft` |
| chainId | random, so that no two consortia share one: 2^31 … 2^32-1 |
| time | seconds since 1970 of the first block |
| gasLimit | of every block, 30 to 60 million: the largest transaction of ours needs 5 million |
| blockSeconds | pause between two blocks, 1 to 60 seconds |
| members | names of those who run a validator, ascending, 4 to 64; a name is a folder's name too |
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ledger.core.canonical import decode, encode
from ledger.core.shapes import array, format_members, text, unsigned
from ledger.errors import FormatError, UnsupportedFormat

FORMAT: Final = "gongzhi-network/1"
BESU_QBFT: Final = "besu-qbft"
ENGINES: Final = (BESU_QBFT,)
CHAIN_IDS: Final = (2**31, 2**32 - 1)
"""Above every registered id that matters, below what wallets refuse (2^52)."""
GAS_LIMITS: Final = (30_000_000, 60_000_000)
BLOCK_SECONDS: Final = (1, 60)
FEWEST_VALIDATORS: Final = 4
"""QBFT goes on while fewer than a third of its validators fail: with three or less, none may."""
MOST_VALIDATORS: Final = 64
_MEMBERS = ("format", "engine", "chainId", "time", "gasLimit", "blockSeconds", "members")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


@dataclass(frozen=True)
class Network:
    """What is agreed: `time` in seconds since 1970, `gas_limit` in gas, `members` ascending."""

    chain_id: int
    time: int
    gas_limit: int
    block_seconds: int
    members: tuple[str, ...]
    engine: str = BESU_QBFT

    def encode(self) -> bytes:
        """Return the canonical bytes of the network file."""
        return encode(
            {
                "format": FORMAT,
                "engine": self.engine,
                "chainId": self.chain_id,
                "time": self.time,
                "gasLimit": self.gas_limit,
                "blockSeconds": self.block_seconds,
                "members": list(self.members),
            }
        )


def parse_network(data: bytes) -> Network:
    """Return the network of a file's bytes; raises FormatError, UnsupportedFormat for an engine not known here."""
    document = format_members(decode(data), FORMAT, _MEMBERS, what="network file")
    if document["engine"] not in ENGINES:
        raise UnsupportedFormat(f"network file: expected an engine of {', '.join(ENGINES)}")
    names = array(document["members"], what="network members", most=MOST_VALIDATORS)
    members = tuple(member_name(name) for name in names)
    if len(members) < FEWEST_VALIDATORS:
        raise FormatError(f"network members: expected {FEWEST_VALIDATORS} or more, with fewer no node may fail")
    if any(later <= earlier for earlier, later in pairwise(members)):
        raise FormatError("network members: expected ascending names, each once")
    return Network(
        chain_id=_between(document["chainId"], CHAIN_IDS, what="network chainId"),
        time=unsigned(document["time"], 40, what="network time"),
        gas_limit=_between(document["gasLimit"], GAS_LIMITS, what="network gasLimit"),
        block_seconds=_between(document["blockSeconds"], BLOCK_SECONDS, what="network blockSeconds"),
        members=members,
        engine=document["engine"],
    )


def member_name(value: object) -> str:
    """Return `value` if it is a member's name: 1 to 32 of a-z, 0-9 and -, none at the ends; raises FormatError."""
    name = text(value, what="member name")
    if _NAME.fullmatch(name) is None:
        raise FormatError("member name: expected 1 to 32 of a-z, 0-9 and -, without - at an end")
    return name


def _between(value: object, bounds: tuple[int, int], *, what: str) -> int:
    number = unsigned(value, 53, what=what)
    if not bounds[0] <= number <= bounds[1]:
        raise FormatError(f"{what}: expected {bounds[0]} to {bounds[1]}")
    return number
