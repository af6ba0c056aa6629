"""`gongzhi verify bundle | ledger` and `gongzhi inspect`: the auditor's commands.

`verify bundle` at level `file` imports `ledger.core` and Typer alone, so that it starts at once; everything else is
imported where it is needed.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Verify a bundle or the whole ledger: recompute everything, trust nothing but the trust file.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class Level(StrEnum):
    """How far a bundle is verified."""

    FILE = "file"
    CHAIN = "chain"


ChainOption = Annotated[
    list[str] | None,
    typer.Option("--chain", metavar="FILE|URL", help="chain file, or URLs of nodes that must agree"),
]
TrustOption = Annotated[
    Path | None, typer.Option("--trust", metavar="FILE", help="which chain and contracts you trust")
]
OfflineOption = Annotated[bool, typer.Option("--offline", help="open no socket")]
JsonOption = Annotated[bool, typer.Option("--json", help="print the result as one JSON object")]


@app.command("bundle")
def bundle(
    files: Annotated[list[Path] | None, typer.Argument(metavar="FILE…", help="bundles")] = None,
    level: Annotated[Level, typer.Option(help="file: the file alone; chain: signer and anchor too")] = Level.CHAIN,
    chain: ChainOption = None,
    trust: TrustOption = None,
    offline: OfflineOption = False,
    as_json: JsonOption = False,
) -> None:
    """Verify proof bundles in the numbered steps of the verification reference.

    Exit codes: 0 verified (level file: consistent), 1 faulty, 2 usage, 3 incomplete, 4 unverifiable, 5 unsupported.
    """
    from ledger.cli.verify_bundles import verify_bundles
    from ledger.cli.verify_output import conclude

    conclude(lambda: verify_bundles(files or [], level is Level.CHAIN, chain or [], trust, offline), as_json=as_json)


@app.command("ledger")
def ledger(
    trust: TrustOption = None,
    chain: ChainOption = None,
    api: Annotated[
        list[str] | None, typer.Option("--api", metavar="URL", help="gateway to export the ledger from; repeatable")
    ] = None,
    export: Annotated[
        list[Path] | None, typer.Option("--export", metavar="DIR", help="export that is on disk; one of each gateway")
    ] = None,
    keystore: Annotated[Path | None, typer.Option(help="key with role AUDIT, for --api")] = None,
    password_file: Annotated[Path | None, typer.Option(help="the keystore's password")] = None,
    basis_reference: Annotated[str, typer.Option(help="what the audit is based on, for --api; kept here")] = "audit",
    since: Annotated[Path | None, typer.Option(metavar="STATE", help="head that was verified last; replaced")] = None,
    receipts: Annotated[Path | None, typer.Option(metavar="DIR", help="receipts that must be kept promises")] = None,
    sample: Annotated[int | None, typer.Option(min=1, metavar="N", help="only N batches, chosen at random")] = None,
    workers: Annotated[int | None, typer.Option(min=1, metavar="N", help="processes; else one per processor")] = None,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="stop at the first failure")] = False,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="TIME|DATE", help="judge duties then, not at the export's time")
    ] = None,
    persons: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="what a key-holder found of your sample of looks")
    ] = None,
    persons_sample: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="your sample, as `verify sample` drew it")
    ] = None,
    offline: OfflineOption = False,
    as_json: JsonOption = False,
) -> None:
    """Verify a whole ledger from an auditor's export and a chain: every entry, record, look and promise.

    Export the chain first, the ledger second; what was anchored in between is pending. Several gateways of one chain
    are verified together. Overdue duties are listed by agency and change no verdict. Exit codes: 0 verified, 1 faulty,
    2 usage, 3 incomplete, 4 unverifiable, 5 unsupported.
    """
    from ledger.cli.verify_ledger import LedgerArguments, verify_ledger
    from ledger.cli.verify_output import conclude

    arguments = LedgerArguments(
        *(trust, chain or [], api or [], export or [], keystore, password_file, basis_reference, since, receipts),
        *(sample, workers, fail_fast, as_of, persons or [], persons_sample or []),
    )
    conclude(lambda: verify_ledger(arguments, offline), as_json=as_json)


@app.command("sample")
def sample_command(
    export: Annotated[Path, typer.Option(metavar="DIR", help="export that is on disk")],
    seed: Annotated[str, typer.Option(metavar="TEXT", help="what you name now, and nobody knew: 8 to 200 characters")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="file for the key-holder, gongzhi-persons-sample/1")],
    number: Annotated[int, typer.Option(min=1, max=10_000, metavar="N", help="how many records")] = 200,
    trust: TrustOption = None,
    chain: ChainOption = None,
    offline: OfflineOption = False,
    as_json: JsonOption = False,
) -> None:
    """Draw records that were opened on a consent, for the gateway's key-holder: he compares whose they are.

    The file goes to `gongzhi admin compare-persons`; keep it for `verify ledger --persons-sample`, where it is drawn
    again. Nothing is judged here.
    """
    from ledger.cli.verify_persons import write_sample

    write_sample(export, seed, number, out, trust, chain or [], offline=offline, as_json=as_json)


def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="a file of any of our formats, or an export's folder")],
    as_json: JsonOption = False,
) -> None:
    """Parse a file and print what it says, without judging it."""
    from ledger.cli.inspect_file import inspect_file

    inspect_file(file, as_json=as_json)
