"""`gongzhi export ledger | chain`: what verification needs when there is no server."""

from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.chain_reading import open_node, read_chain
from ledger.cli.connection import Connection, connected, load_profile, open_client, open_trust, rpc_of
from ledger.cli.grounds_options import BasisOption, GroundsOptions, OfficerOption, ReferenceOption
from ledger.cli.output import print_result, progress_bar
from ledger.core.canonical import encode
from ledger.core.chainfile import chain_document
from ledger.errors import UsageError

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="Write the ledger or the chain to files.")


@app.command("ledger")
@connected
def export_ledger(
    *,
    out: Annotated[Path, typer.Option(help="folder to write; its manifest comes last")],
    basis: BasisOption = "LB3",
    basis_ref: ReferenceOption = "audit",
    officer: OfficerOption = None,
    after: Annotated[int, typer.Option(min=0, help="only entries with a greater sequence")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    connection: Connection,
) -> None:
    """Export every anchored entry with its content, for an auditor. Needs a key with role AUDIT."""
    grounds = GroundsOptions(0, "P12", basis, basis_ref, officer, authority="audit").grounds
    with open_client(connection) as client, progress_bar("lines") as advance:
        manifest, counts = client.export(out, grounds, after, advance)
    result = {
        "folder": str(out),
        "gateway": manifest.gateway,
        "lastBatch": manifest.last_batch,
        "lastSequence": manifest.last_sequence,
        **counts.members(),
    }
    print_result(result, as_json=as_json)


@app.command("chain")
@connected
def export_chain(
    *,
    out: Annotated[Path, typer.Option(help="file to write")],
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    connection: Connection,
) -> None:
    """Export blocks and events of the trust file's chain as one node tells them. Needs no key."""
    from ledger.client.durable import write_durably

    profile = load_profile(connection)
    trust, rpc = open_trust(connection, profile), rpc_of(connection, profile)
    if rpc is None:
        raise UsageError("no node: give --rpc, or a profile that names one")
    with progress_bar("blocks") as advance:
        chain = read_chain(open_node(rpc, trust), trust, advance)
    document = chain_document(chain.chain_id, chain.genesis, chain.contracts, chain.blocks, chain.events)
    write_durably(out, encode(document))
    head = chain.blocks[-1]
    result = {
        "file": str(out),
        "chainId": chain.chain_id,
        "blocks": len(chain.blocks),
        "events": len(chain.events),
        "head": {"number": head.number, "hash": head.hash, "time": head.time},
    }
    print_result(result, as_json=as_json)
