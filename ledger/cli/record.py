"""`gongzhi record`: publish one record from a file, with what is attached to it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli.connection import Connection, connected, open_client
from ledger.cli.output import print_json, print_members
from ledger.core.canonical import JsonValue, decode
from ledger.core.hexadecimal import to_hex
from ledger.errors import UsageError

if TYPE_CHECKING:
    from ledger.client.stripping import CleanFile

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Publish one record.")


@app.callback()
def _root() -> None:
    """Publish one record."""


@app.command()
@connected
def publish(
    file: Annotated[Path, typer.Argument(help="UTF-8 JSON file: an object of values by slot path")],
    *,
    item: Annotated[int, typer.Option(help="number of the catalogue item")],
    item_version: Annotated[int | None, typer.Option(min=1, help="its version; the newest if not given")] = None,
    attach: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH=FILE", help="JPEG or PNG file (PDF if the gateway takes it) for the slot at PATH; repeatable"
        ),
    ] = None,
    state: Annotated[Path | None, typer.Option(help="folder of the job's state; FILE.gongzhi if not given")] = None,
    wait: Annotated[int, typer.Option(min=0, max=30, help="seconds to wait for the anchor")] = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="check everything, and send nothing")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    connection: Connection,
) -> None:
    """Publish one record, and files with it. Run it again after any interruption: it is published once.

    Pictures are encoded anew without place, time, device, owner and comments before they leave this machine; the file
    itself stays as it is. A slot that is not in FILE is null.
    """
    from ledger.client.record_job import RecordJob, RecordSource

    originals, files = _originals(file), _files(attach or ())
    with open_client(connection) as client:
        schema, version = client.schema_of(item, item_version)
        source = RecordSource(item, version, originals, files)
        attachments = [{"path": path, "media": one.media, "bytes": len(one.content)} for path, one in files.items()]
        if dry_run:
            source.prepared(schema)
            _print({"dryRun": True, "item": item, "itemVersion": version, "attachments": attachments}, as_json)
            return
        job = RecordJob(state or file.with_name(f"{file.name}.gongzhi"))
        record_id = job.begin(source, schema)
        sent = job.send(client.publishing, wait)
    members = {name: sent[name] for name in ("submissionId", "entry", "acceptedAt", "anchorBy")}
    _print({"recordId": to_hex(record_id), **members, "attachments": attachments}, as_json)


def _originals(file: Path) -> Mapping[str, JsonValue]:
    try:
        value = decode(file.read_bytes())
    except OSError as failure:
        raise UsageError(f"the record's file cannot be read: {failure.strerror}") from None
    if not isinstance(value, dict):
        raise UsageError("the record's file holds no JSON object of values by slot path")
    return value


def _files(given: Sequence[str]) -> dict[str, "CleanFile"]:
    from ledger.client.stripping import clean_file

    files = {}
    for one in given:
        path, separator, name = one.partition("=")
        if not separator or not path.startswith("/") or not name:
            raise UsageError("--attach: expected PATH=FILE, the path beginning with /")
        if path in files:
            raise UsageError(f"--attach: two files for {path}")
        files[path] = clean_file(Path(name))
    return files


def _print(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(result)
    else:
        print_members(result)
