"""`gongzhi sign FILE` away from any network, and `gongzhi send FILE` where there is one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.acting import Acting, ActingOptions, file_result
from ledger.cli.connection import Connection, connected
from ledger.cli.option_groups import takes
from ledger.cli.output import print_json, print_members
from ledger.client.durable import write_durably
from ledger.core.action_file import PreparedAction, parse_action_file
from ledger.errors import UsageError
from ledger.keys.keystore import open_keystore
from ledger.keys.private_file import read_password
from ledger.keys.signer_file import open_signer_file
from ledger.ports import Signer

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="action file, as --prepare writes it")]
JsonOption = Annotated[bool, typer.Option("--json", help="print one JSON object")]


@dataclass(frozen=True)
class SendOptions:
    """How a file is sent."""

    wait: Annotated[int, typer.Option("--wait", min=0, help="wait this many seconds until it stands on chain")] = 0
    as_json: JsonOption = False


def sign(
    file: FileArgument,
    *,
    keystore: Annotated[Path, typer.Option(help="keystore of a key that the message names as a signer")],
    password_file: Annotated[
        Path | None, typer.Option(help="file with the keystore's password; else it is asked for")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="file to write; else FILE itself")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask before signing")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what an action file says, and add a signature to it. Take the file where the key is.

    No connection is opened, but to the remote signer that a signer file in the keystore's place names.

    The lines are made from the message that is signed, not from the file's own summary, and the file's digest,
    documents and earlier signatures are checked first.
    """
    prepared = read_action_file(file)
    _show(prepared)
    signer = open_asking(keystore, password_file)
    if signer.address not in (key for _, key in prepared.signers):
        named = ", ".join(f"{member} {key}" for member, key in prepared.signers)
        raise UsageError(f"the key {signer.address} is no signer of this action; they are: {named}")
    if not yes and not typer.confirm("Sign this?", err=True):
        raise typer.Abort
    signed = prepared.with_signature(signer.sign_preimage(prepared.preimage))
    _written(out or file, signed, as_json=as_json)


def _show(prepared: PreparedAction) -> None:
    domain = f"chain: {prepared.chain_id}", f"contract: {prepared.contract} ({prepared.kind.contract})"
    for line in (*prepared.summary, *domain):
        typer.echo(f"  {line}", err=True)
    for document in prepared.documents:
        typer.echo(f"  with the document {_visible(document)}", err=True)


def _visible(text: str) -> str:
    """Return a text whose invisible characters are spelled out: none moves the cursor or turns the writing round."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def read_action_file(path: Path) -> PreparedAction:
    """Return the action of a file; raises UsageError where there is none, FormatError for one that does not check."""
    try:
        content = path.read_bytes()
    except OSError as failure:
        raise UsageError(f"{path} cannot be read: {failure.strerror}") from None
    return parse_action_file(content)


def open_asking(keystore: Path, password_file: Path | None) -> Signer:
    """Return the key of a keystore, its password from a file or a prompt, or that of a signer file.

    Raises KeyProviderError.
    """
    remote = open_signer_file(keystore)
    if remote is not None:
        return remote
    if password_file is not None:
        return open_keystore(keystore, read_password(password_file))
    return open_keystore(keystore, typer.prompt("Password of the keystore", hide_input=True, err=True))


def _written(path: Path, prepared: PreparedAction, *, as_json: bool) -> None:
    write_durably(path, prepared.encode())
    result = file_result(path, prepared)
    if as_json:
        print_json(result)
    else:
        print_members(result)


@connected
@takes("options", SendOptions)
def send(file: FileArgument, *, options: SendOptions, connection: Connection) -> None:
    """Hand over an action file once every signer has signed it. Anybody may: the message's own signers count."""
    prepared = read_action_file(file)
    with Acting.opened(connection, ActingOptions(wait=options.wait, as_json=options.as_json)) as acting:
        domain = acting.client.desk.facts.domain
        if prepared.chain_id != domain.chain_id:
            raise UsageError(f"the action is signed for chain {prepared.chain_id}, the trust file is of another one")
        if prepared.contract != acting.client.desk.facts.contract_address(prepared.kind.contract):
            raise UsageError("the action is signed for another contract than the trust file names")
        acting.send(prepared)
