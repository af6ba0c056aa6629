"""`gongzhi admin network`: a chain of several members' validators; node files travel, node keys stay where they are.

One member proposes the network file. Each makes a node key in a folder of its own, and hands out its node file. From
these, anybody computes the same first block and the files of every node. Every verb may be repeated; no key, network
file or genesis is ever overwritten.
"""

import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.admin_options import DryRunOption, JsonOption
from ledger.cli.output import print_result
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.network.member_files import GENESIS, genesis_digest, member_files
from ledger.core.network.network_file import BESU_QBFT, CHAIN_IDS, GAS_LIMITS, Network, parse_network
from ledger.core.network.node_file import DEFAULT_PORT, Node, make_node, parse_node
from ledger.embedded.data_folder import write_durably
from ledger.errors import UsageError
from ledger.keys.private_file import read_private, write_private
from ledger.network_errors import NetworkMembersDiffer, OtherNetwork

network_app = typer.Typer(no_args_is_help=True, help="A chain of several members' validators: keys, files, genesis.")

NODE_KEY = "node.key"
CHAIN_DATA = "data"
KEY_BYTES = 32


@network_app.command()
def propose(
    file: Annotated[Path, typer.Argument(help="network file to write; never overwritten")],
    members: Annotated[
        list[str], typer.Option("--member", help="name of a member that runs a validator; four or more")
    ],
    engine: Annotated[str, typer.Option(help="besu-qbft")] = BESU_QBFT,
    gas_limit: Annotated[int, typer.Option(help="gas of a block, 30 to 60 million")] = GAS_LIMITS[0],
    block_seconds: Annotated[int, typer.Option(help="pause between two blocks, in seconds")] = 2,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Propose a network: write down its members, a random chain id and the time of the first block."""
    drawn = CHAIN_IDS[0] + secrets.randbelow(CHAIN_IDS[1] - CHAIN_IDS[0] + 1)
    proposed = Network(drawn, int(time.time()), gas_limit, block_seconds, tuple(sorted(members)), engine)
    content = parse_network(proposed.encode()).encode()
    if file.exists():
        raise OtherNetwork(f"{file} is there already; a network is proposed once")
    if not dry_run:
        write_durably(file, content)
    shown = {"network": str(file), "chainId": drawn, "members": list(proposed.members)}
    print_result({"dryRun": True, **shown} if dry_run else shown, as_json=as_json)


@network_app.command()
def key(
    folder: Annotated[Path, typer.Argument(help="folder of this member's node; its key stays there")],
    member: Annotated[str, typer.Option(help="name of this member in the network file")],
    host: Annotated[str, typer.Option(help="IP address where other nodes find this one")],
    port: Annotated[int, typer.Option(help="TCP port where other nodes find this one")] = DEFAULT_PORT,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make a member's node key, unless it has one, and write the node file that travels to the other members."""
    kept = folder / NODE_KEY
    made = not kept.exists()
    private_key = os.urandom(KEY_BYTES) if made else read_node_key(kept)
    node = make_node(private_key, member, host, port)
    public = folder / f"{member}.node.json"
    if dry_run:
        print_result({"dryRun": True, "key": "would be made" if made else "kept", "file": str(public)}, as_json=as_json)
        return
    folder.mkdir(parents=True, exist_ok=True)
    if made:
        write_private(kept, to_hex(private_key).encode() + b"\n")
    write_durably(public, node.encode())
    print_result(
        {"key": "made" if made else "kept", "address": node.address, "enode": node.enode, "file": str(public)},
        as_json=as_json,
    )


@network_app.command()
def files(
    network_file: Annotated[Path, typer.Argument(help="network file, the same for all members")],
    node_files: Annotated[list[Path], typer.Argument(help="one node file of each member")],
    out: Annotated[Path, typer.Option("--out", help="folder that holds, or gets, a folder of each member")],
    member: Annotated[str | None, typer.Option(help="write this member's folder only")] = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Compute genesis, static nodes, permissions and settings of each node: the same bytes for everybody."""
    network = parse_network(read_file(network_file))
    nodes = [parse_node(read_file(path)) for path in node_files]
    computed = member_files(network, nodes)
    if member is not None and member not in computed:
        raise NetworkMembersDiffer(f"{member} is no member of {network_file}")
    wanted = {name: found for name, found in computed.items() if member in (None, name)}
    states = {}
    for node in nodes:
        if node.member in wanted:
            check_key(out / node.member / NODE_KEY, node)
            states[node.member] = states_of(out / node.member, wanted[node.member])
    if not dry_run:
        for name, found in wanted.items():
            write_folder(out / name, found, states[name])
    digest = genesis_digest(next(iter(computed.values()))[GENESIS])
    shown = {"chainId": network.chain_id, "genesisSha256": digest, **{name: states[name] for name in sorted(states)}}
    print_result({"dryRun": True, **shown} if dry_run else shown, as_json=as_json)


def states_of(folder: Path, found: Mapping[str, bytes]) -> dict[str, str]:
    """Return name → new, same or changed for files of a folder; raises OtherNetwork if its genesis is another one."""
    states = {}
    for name, content in sorted(found.items()):
        path = folder / name
        there = path.read_bytes() if path.exists() else None
        states[name] = "new" if there is None else "same" if there == content else "changed"
        if name == GENESIS and states[name] == "changed":
            raise OtherNetwork(f"{path} is the genesis of another network")
    return states


def write_folder(folder: Path, found: Mapping[str, bytes], states: Mapping[str, str]) -> None:
    """Write what is new or changed, and make the folder of the node's chain data (for its owner only)."""
    (folder / CHAIN_DATA).mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, content in found.items():
        if states[name] != "same":
            write_durably(folder / name, content)


def check_key(path: Path, node: Node) -> None:
    """Raise OtherNetwork if a node key is there that is not the one of the node file; where none is, all is well."""
    if path.exists() and make_node(read_node_key(path), node.member, node.host, node.port).address != node.address:
        raise OtherNetwork(f"{path} is not the key of the node file of {node.member}")


def read_node_key(path: Path) -> bytes:
    """Return the 32 bytes of a node key file; raises KeyProviderError, FormatError."""
    return from_hex(read_private(path).decode("ascii", "replace").strip(), KEY_BYTES, what="node key file")


def read_file(path: Path) -> bytes:
    """Return the bytes of a file; raises UsageError if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        raise UsageError(f"{path} cannot be read") from None
