"""`gongzhi opening`: show an auditor the officer, case and basis of own looks, and verify what was shown. Offline."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli.output import print_result
from ledger.cli.verify_inputs import read_bytes
from ledger.client.durable import write_durably
from ledger.client.receipts import ReceiptFolder
from ledger.core.canonical import encode
from ledger.core.hexadecimal import to_hex
from ledger.core.receipt import Receipt, parse_receipt
from ledger.core.shown_openings import (
    OPENED,
    SaltedText,
    ShownOpenings,
    committed,
    parse_openings_shown,
    verify_openings,
)
from ledger.errors import NotFound

app = typer.Typer(
    add_completion=False, rich_markup_mode=None, help="Officer, case and basis of looks: show them, and verify them."
)
ReceiptArgument = Annotated[Path, typer.Argument(metavar="RECEIPT", help="receipt of the look, gongzhi-receipt/1")]
JsonOption = Annotated[bool, typer.Option("--json", help="print one JSON object")]


@app.command("show")
def show(
    receipt: ReceiptArgument,
    *,
    only: Annotated[list[str] | None, typer.Option(help="officer, case or basis; all that there are")] = None,
    out: Annotated[Path | None, typer.Option(help="file for whoever is to verify it, gongzhi-openings/1")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what opens the commitments of an own look, from the folder in which its receipt is kept. Give the file of
    --out to the auditor together with the receipt.
    """
    kept = parse_receipt(read_bytes(receipt, "receipt"))
    wanted = {name: value for name, value in committed(kept).items() if any(value) and name in (only or OPENED)}
    found = {name: ReceiptFolder.kept_opening(receipt.parent, value) for name, value in wanted.items()}
    opened = {name: SaltedText(*one) for name, one in found.items() if one is not None}
    if not opened:
        raise NotFound("nothing beside this receipt opens what its look committed to")
    shown = ShownOpenings(kept.message["request"], opened)
    texts = verify_openings(shown, kept)
    if out is not None:
        write_durably(out, encode(shown.document))
    print_result({**_about(kept), **texts, **({} if out is None else {"file": str(out)})}, as_json=as_json)


@app.command("verify")
def verify(
    openings: Annotated[Path, typer.Argument(metavar="OPENINGS", help="what was shown, gongzhi-openings/1")],
    receipt: ReceiptArgument,
    *,
    as_json: JsonOption = False,
) -> None:
    """Verify what an agency shows of a look against the signed answer and its request. Asks no server; who signed is
    checked against a chain by `verify ledger --receipts`.
    """
    kept = parse_receipt(read_bytes(receipt, "receipt"))
    texts = verify_openings(parse_openings_shown(read_bytes(openings, "openings")), kept)
    print_result({"verdict": "consistent", **_about(kept), **texts}, as_json=as_json)


def _about(receipt: Receipt) -> dict[str, Any]:
    about = {"answer": receipt.kind, "request": to_hex(receipt.message["request"]), "signer": receipt.signer}
    numbers = {name: receipt.message[name] for name in ("reader", "item", "purpose") if name in receipt.message}
    return {**about, **numbers}
