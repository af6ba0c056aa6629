"""Four members of a network, with node keys that everybody may know."""

from ledger.core.network.network_file import Network
from ledger.core.network.node_file import Node, make_node

NAMES = ("bureau", "court", "fire", "police")
NETWORK = Network(chain_id=2_851_634_017, time=1_790_000_000, gas_limit=30_000_000, block_seconds=2, members=NAMES)


def key_of(name: str) -> bytes:
    """The node key of a member: 32 bytes."""
    return (NAMES.index(name) + 1).to_bytes(32, "big")


def node_of(name: str) -> Node:
    """The node of a member."""
    return make_node(key_of(name), name, f"172.28.0.{11 + NAMES.index(name)}", 30303)


def nodes() -> list[Node]:
    """One node of each member."""
    return [node_of(name) for name in NAMES]
