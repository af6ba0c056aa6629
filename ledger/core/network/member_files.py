"""What each member's Besu node reads: the first block, its peers, whom it admits, and its settings.

Source: Besu documentation, "Static nodes", "Local permissioning" and the reference of its options.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final

from ledger.core.network.network_file import Network
from ledger.core.network.node_file import Node
from ledger.core.network.qbft import qbft_genesis
from ledger.network_errors import NetworkMembersDiffer

GENESIS: Final = "genesis.json"
STATIC_NODES: Final = "static-nodes.json"
PERMISSIONS: Final = "permissions_config.toml"
SETTINGS: Final = "config.toml"
RPC_PORT: Final = 8545
LEAST_PEERS: Final = 25
"""Besu's own limit of peers; more validators need more."""


def member_files(network: Network, nodes: Sequence[Node]) -> dict[str, dict[str, bytes]]:
    """Return member → file name → bytes, the same for everybody who has the same network and node files.

    Raises NetworkMembersDiffer unless there is one node of each member, each with its own key and place.
    """
    _check_members(network, nodes)
    ordered = sorted(nodes, key=lambda node: node.member)
    genesis = _json(qbft_genesis(network, [node.address for node in ordered]))
    permissions = _toml({"nodes-allowlist": [node.enode for node in ordered]})
    return {
        node.member: {
            GENESIS: genesis,
            STATIC_NODES: _json([other.enode for other in ordered if other is not node]),
            PERMISSIONS: permissions,
            SETTINGS: _toml(node_settings(network, node)),
        }
        for node in ordered
    }


def genesis_digest(genesis: bytes) -> str:
    """Return what members compare over the telephone: SHA-256 in hex, as `sha256sum genesis.json` prints it."""
    return sha256(genesis).hexdigest()


def node_settings(network: Network, node: Node) -> dict[str, object]:
    """Return the node's settings by Besu's option names; paths are those of docker-compose.yml."""
    return {
        "data-path": "/data",
        "genesis-file": f"/network/{GENESIS}",
        "node-private-key-file": "/run/secrets/node_key",
        "static-nodes-file": f"/network/{STATIC_NODES}",
        "permissions-nodes-config-file-enabled": True,
        "permissions-nodes-config-file": f"/network/{PERMISSIONS}",
        "sync-mode": "FULL",
        "discovery-enabled": False,
        "nat-method": "NONE",
        "p2p-host": node.host,
        "p2p-port": node.port,
        "max-peers": max(LEAST_PEERS, len(network.members)),
        "rpc-http-enabled": True,
        "rpc-http-host": "0.0.0.0",  # noqa: S104 (inside its container; no port of it is published)
        "rpc-http-port": RPC_PORT,
        "rpc-http-api": ["ETH", "NET", "WEB3"],
        "host-allowlist": ["localhost", "127.0.0.1", node.host],
        "min-gas-price": 0,
        "target-gas-limit": network.gas_limit,
        # Senders here have no balance, and need none: nothing costs.
        "tx-pool-enable-balance-check": False,
    }


def _check_members(network: Network, nodes: Sequence[Node]) -> None:
    there = Counter(node.member for node in nodes)
    missing = [name for name in network.members if name not in there]
    unknown = [name for name in there if name not in network.members]
    double = [name for name, count in there.items() if count > 1]
    for names, what in ((missing, "missing"), (unknown, "not in the network file"), (double, "there twice")):
        if names:
            raise NetworkMembersDiffer(f"node files {what}: {', '.join(sorted(names))}")
    for what, values in (
        ("node key", Counter(node.public_key for node in nodes)),
        ("host and port", Counter((node.host, node.port) for node in nodes)),
    ):
        if len(values) != len(nodes):
            raise NetworkMembersDiffer(f"two node files have the same {what}")


def _json(value: Mapping[str, object] | Sequence[object]) -> bytes:
    return json.dumps(value, indent=2, sort_keys=True).encode() + b"\n"


def _toml(values: Mapping[str, object]) -> bytes:
    # JSON's spelling of these values (text without escapes, numbers, booleans, arrays of text) is TOML's too.
    return "".join(f"{name}={json.dumps(value)}\n" for name, value in values.items()).encode()
