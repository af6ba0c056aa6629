"""Node files `gongzhi-node/1`: the public part of a member's node, the only thing that travels.

    {"format","member","publicKey","address","host","port","signature"}

| member | what it is |
|---|---|
| member | name in the network file |
| publicKey | of the node key, 64 bytes: the name of the node among nodes (enode) |
| address | last 20 bytes of its Keccak-256: the name of the validator in the first block |
| host, port | IP address (enodes have no host names) and TCP port where other nodes find it |
| signature | of the node key over `gongzhi-node/1`, a line feed and the canonical file without this member |
"""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Final

from coincurve import PrivateKey

from ledger.core.canonical import decode, encode
from ledger.core.hexadecimal import from_hex, to_address, to_hex
from ledger.core.keccak import keccak256
from ledger.core.network.network_file import member_name
from ledger.core.shapes import format_members, from_one, text
from ledger.core.signature import SIGNATURE_BYTES, SigningKey, recover
from ledger.errors import FormatError, SignatureError
from ledger.network_errors import NodeFileForged

FORMAT: Final = "gongzhi-node/1"
PUBLIC_KEY_BYTES: Final = 64
DEFAULT_PORT: Final = 30303
_MEMBERS = ("format", "member", "publicKey", "address", "host", "port", "signature")


@dataclass(frozen=True)
class Node:
    """A member's node as others see it: `public_key` has 64 bytes, `host` is an IP address, `signature` 65 bytes."""

    member: str
    public_key: bytes
    host: str
    port: int
    signature: bytes

    @property
    def address(self) -> str:
        """Address of the node key, lowercase."""
        return to_hex(keccak256(self.public_key)[12:])

    @property
    def enode(self) -> str:
        """URL of the node among nodes, as static node lists hold it (devp2p, "enode URL format")."""
        host = f"[{self.host}]" if isinstance(ip_address(self.host), IPv6Address) else self.host
        return f"enode://{self.public_key.hex()}@{host}:{self.port}"

    def encode(self) -> bytes:
        """Return the canonical bytes of the node file."""
        return encode(_unsigned_members(self) | {"signature": to_hex(self.signature)})


def make_node(private_key: bytes, member: str, host: str, port: int) -> Node:
    """Return the node of a key (32 bytes), signed by it.

    Raises FormatError for a name, IP address or port that is none, SignatureError for bytes that are no key.
    """
    signer = SigningKey(private_key)
    public_key = PrivateKey(private_key).public_key.format(compressed=False)[1:]
    unsigned = Node(member_name(member), public_key, _host(host), _port(port), b"")
    return Node(unsigned.member, public_key, unsigned.host, port, signer.sign_preimage(_preimage(unsigned)))


def parse_node(data: bytes) -> Node:
    """Return the node of a file's bytes, whose signature is checked; raises FormatError, NodeFileForged."""
    document = format_members(decode(data), FORMAT, _MEMBERS, what="node file")
    node = Node(
        member=member_name(document["member"]),
        public_key=from_hex(document["publicKey"], PUBLIC_KEY_BYTES, what="node publicKey"),
        host=_host(document["host"]),
        port=_port(document["port"]),
        signature=from_hex(document["signature"], SIGNATURE_BYTES, what="node signature"),
    )
    if to_address(document["address"], what="node address") != node.address:
        raise NodeFileForged(f"the address in the node file of {node.member} is not that of its publicKey")
    if not _is_signed(node):
        raise NodeFileForged(f"the node file of {node.member} is not signed by its node key")
    return node


def _is_signed(node: Node) -> bool:
    try:
        return recover(keccak256(_preimage(node)), node.signature) == node.address
    except SignatureError:
        return False


def _preimage(node: Node) -> bytes:
    return FORMAT.encode() + b"\n" + encode(_unsigned_members(node))


def _unsigned_members(node: Node) -> dict[str, object]:
    return {
        "format": FORMAT,
        "member": node.member,
        "publicKey": to_hex(node.public_key),
        "address": node.address,
        "host": node.host,
        "port": node.port,
    }


def _host(value: object) -> str:
    try:
        found = ip_address(text(value, what="node host"))
    except ValueError:
        raise FormatError("node host: expected an IP address; enodes have no host names") from None
    if found.is_unspecified or found.is_multicast or str(found) != value:
        raise FormatError("node host: expected the IP address of one machine in its shortest form")
    return str(found)


def _port(value: object) -> int:
    return from_one(value, 16, what="node port")
