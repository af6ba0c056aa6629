"""`gongzhi consent witness FILE`: the second person behind a consent signs its evidence, away from any network."""

from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.output import print_result
from ledger.cli.signing import JsonOption, open_asking
from ledger.client.consents import witnessed
from ledger.client.durable import write_durably
from ledger.core.canonical import decode, encode
from ledger.core.consent_documents import Evidence, parse_unwitnessed
from ledger.core.hexadecimal import to_hex
from ledger.errors import UsageError


def witness(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="evidence, as `consent record --evidence-out` writes it")
    ],
    *,
    signer: Annotated[Path, typer.Option(help="keystore of the second witness's key")],
    agency: Annotated[int, typer.Option(min=1, help="number of the agency that this key is bound to")],
    password_file: Annotated[
        Path | None, typer.Option(help="file with the keystore's password; else it is asked for")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="file to write; else FILE itself")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask before signing")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what the evidence of a consent says, and sign it as the second witness. Opens no connection.

    Codes and digests are all that it holds: no name, no id. Sign only what you saw yourself: the text as it was shown,
    and the paper whose digest is there. The desk gives the file to `consent record --evidence`.
    """
    evidence = read_unwitnessed(file)
    for line in said_by(evidence):
        typer.echo(f"  {line}", err=True)
    key = open_asking(signer, password_file)
    if not yes and not typer.confirm(f"Sign this as second witness, of agency {agency}?", err=True):
        raise typer.Abort
    signed = witnessed(evidence, agency, key)
    path = out or file
    write_durably(path, encode(signed.document))
    result = {"file": str(path), "agency": agency, "key": key.address, "evidenceHash": to_hex(signed.hash)}
    print_result(result, as_json=as_json)


def read_unwitnessed(path: Path) -> Evidence:
    """Return the evidence of a file that waits for its witness; raises UsageError, FormatError, CanonicalJsonError."""
    try:
        content = path.read_bytes()
    except OSError as failure:
        raise UsageError(f"{path} cannot be read: {failure.strerror}") from None
    return parse_unwitnessed(decode(content))


def said_by(evidence: Evidence) -> list[str]:
    """Return what a second witness signs, in lines for people: codes and digests."""
    mode = evidence.capture_mode
    lines = [
        f"capture mode  {int(mode)} {mode.zh} / {mode.en}",
        f"subject tag   {to_hex(evidence.subject_tag)}",
        f"text          {to_hex(evidence.text_hash)}",
        f"salt          {to_hex(evidence.salt)}",
    ]
    if evidence.paper is not None:
        lines.append(f"paper         {to_hex(evidence.paper)}")
    return lines
