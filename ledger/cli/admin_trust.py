"""`gongzhi admin trust`: the trust file, to be compared with what other members hold, and with the chain."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger import wiring, wiring_council
from ledger.chain.trust_reading import trust_as_told
from ledger.cli.admin_options import DryRunOption, FolderOption, JsonOption
from ledger.cli.chain_reading import load_trust_file, place_of
from ledger.cli.output import print_result, print_table
from ledger.config import load_settings
from ledger.core.canonical import encode
from ledger.core.chainfile import Endpoint, Trust
from ledger.core.hexadecimal import to_hex
from ledger.core.trust_changes import TrustDifference, differences, pinned
from ledger.embedded.data_folder import write_durably
from ledger.errors import ChainError, UsageError

trust_app = typer.Typer(no_args_is_help=True, help="The trust file: which chain and contracts are believed in.")
ChainsOption = Annotated[
    list[str] | None, typer.Option("--chain", metavar="URL", help="JSON-RPC URL of a node; repeatable")
]


@trust_app.command("export")
def trust_export(
    out: Annotated[Path, typer.Option("--out", help="file to write")],
    data_folder: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the trust file of this gateway's deployment, to be compared with what other members hold."""
    settings = load_settings(data_folder)
    trust = wiring.load_trust(settings)
    write_durably(out, encode(trust.document))
    print_result({"trust": str(out), "trustHash": to_hex(trust.hash)}, as_json=as_json)


@trust_app.command("diff")
def trust_diff(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="trust file")],
    other: Annotated[Path | None, typer.Argument(metavar="OTHER", help="another member's")] = None,
    chain: ChainsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare a trust file with another one, or with the chain as nodes tell it, member by member.

    With --chain also: whether the code is the published one, governed by the Council.
    Exit codes: 0 nothing differs, 1 something does, 2 usage, 4 a node does not answer.
    """
    trust = load_trust_file(file)
    if (other is None) == (not chain):
        raise UsageError("trust diff takes either another trust file or --chain")
    if other is not None:
        found = {str(other): differences(trust.document, load_trust_file(other).document)}
    else:
        found = {place_of(url): _differences_on(url, trust) for url in chain or []}
    _print_differences(file, trust, found, as_json=as_json)
    if any(found.values()):
        raise typer.Exit(1)


@trust_app.command("pin")
def trust_pin(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="trust file; replaced in one step")],
    chain: ChainsOption = None,
    block: Annotated[int | None, typer.Option(min=0, help="block to pin, of --chain; the newest if left out")] = None,
    endpoint: Annotated[
        list[str] | None, typer.Option(metavar="AGENCY=URL", help="a member's node that must agree; repeatable")
    ] = None,
    quorum: Annotated[int | None, typer.Option(min=1, help="how many endpoints must agree")] = None,
    validator: Annotated[
        list[str] | None, typer.Option(metavar="ADDRESS", help="who seals blocks; repeatable, all that there are")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="file to write in its place")] = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Pin a block that nodes agree on, name members' endpoints and how many of them must agree.

    What a node tells otherwise than the trust file stops it: compare first with `trust diff`. The hash of the file
    changes: tell it to the other members.
    """
    trust = load_trust_file(file)
    if not (chain or endpoint or quorum or validator):
        raise UsageError("nothing to pin: --chain, --endpoint, --quorum or --validator")
    if block is not None and not chain:
        raise UsageError("--block needs --chain: a block is pinned as nodes tell it")
    changed = pinned(
        trust,
        block=agreed_block(chain, trust, block) if chain else None,
        endpoints=[_endpoint(one) for one in endpoint or []],
        quorum=quorum,
        validators=validator or [],
    )
    if not dry_run:
        write_durably(out or file, encode(changed.document))
    found = [_members(one) for one in differences(trust.document, changed.document)]
    result = {"trust": str(out or file), "trustHash": to_hex(changed.hash), "changed": found}
    print_result({"dryRun": True, **result} if dry_run else result, as_json=as_json)


def told_by(url: str, trust: Trust) -> dict[str, Any]:
    """Return the trust file's document as the node at `url` would have to write it; raises ChainError."""
    with closing(wiring.open_trusted_chain(url, trust)) as node:
        return trust_as_told(node, trust)


def agreed_block(urls: Sequence[str], trust: Trust, number: int | None) -> tuple[int, str]:
    """Return number and hash of a block that all nodes have, at their lowest head if `number` is None.

    Raises ChainError where a node tells otherwise than the trust file, lacks the block, or differs from another one.
    """
    with ExitStack() as stack:
        nodes = {place_of(url): stack.enter_context(closing(wiring.open_trusted_chain(url, trust))) for url in urls}
        for name, node in nodes.items():
            if differences(trust.document, trust_as_told(node, trust)):
                raise ChainError(f"{name} tells otherwise than the trust file: see `gongzhi admin trust diff`")
        lowest = min(node.head().number for node in nodes.values()) if number is None else number
        blocks = {name: node.block(lowest) for name, node in nodes.items()}
    hashes = {name: block.hash for name, block in blocks.items() if block is not None}
    if len(hashes) < len(blocks):
        raise ChainError(f"{', '.join(sorted(set(blocks) - set(hashes)))} does not have block {lowest}")
    if len(set(hashes.values())) > 1:
        told = ", ".join(f"{name} has {found}" for name, found in sorted(hashes.items()))
        raise ChainError(f"nodes disagree about block {lowest}: {told}")
    return lowest, next(iter(hashes.values()))


def _differences_on(url: str, trust: Trust) -> tuple[TrustDifference, ...]:
    told = differences(trust.document, told_by(url, trust))
    return (*told, *(fault for fault in wiring_council.deployment_faults(url, trust) if fault not in told))


def _endpoint(value: str) -> Endpoint:
    agency, equals, url = value.partition("=")
    if not equals or not agency.isdecimal():
        raise UsageError("--endpoint is AGENCY=URL, as 3=https://node.example")
    place_of(url)
    return Endpoint(int(agency), url)


def _members(one: TrustDifference) -> dict[str, Any]:
    return {"member": one.member, "file": one.one, "other": one.other}


def _print_differences(
    file: Path, trust: Trust, found: Mapping[str, Sequence[TrustDifference]], *, as_json: bool
) -> None:
    compared = [{"with": name, "differences": [_members(one) for one in rows]} for name, rows in found.items()]

    def show() -> None:
        for name, rows in found.items():
            if not rows:
                print(f"{name}: nothing differs from {file}")
                continue
            print(f"{name}: {len(rows)} members differ from {file}")
            cells = [[one.member, _cell(one.one), _cell(one.other)] for one in rows]
            print_table(["member", "file", "other"], cells)

    print_result(
        {"trust": str(file), "trustHash": to_hex(trust.hash), "compared": compared}, as_json=as_json, show=show
    )


def _cell(value: Any) -> str:
    return "absent" if value is None else str(value)
