"""`gongzhi up | down | status | logs | reset`: the processes of a data folder."""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from ledger.cli.connection import DEFAULT_PROFILE
from ledger.cli.output import print_json, print_result, print_table
from ledger.config import load_settings
from ledger.embedded import postgres, processes, stack, stack_status
from ledger.embedded.data_folder import DataFolder, read_json_object, write_durably
from ledger.embedded.rpc import loopback_client
from ledger.embedded.stack_status import ProcessStatus
from ledger.errors import UsageError

READY_PATH = "/v1/health/ready"
FOLLOW_SECONDS = 0.25
"""How often `logs --follow` looks for new lines."""

FolderOption = Annotated[
    Path | None, typer.Option("--data-folder", help="folder of the engines; else GONGZHI_DATA_FOLDER, else .gongzhi")
]
JsonOption = Annotated[bool, typer.Option("--json", help="print one JSON object")]


def data_folder(option: Path | None) -> DataFolder:
    """The data folder that the option or the settings name."""
    return DataFolder.at(load_settings(option).data_folder)


def say(line: str) -> None:
    """Tell progress, on stderr."""
    print(line, file=sys.stderr)


def up(folder: FolderOption = None, as_json: JsonOption = False) -> None:
    """Start what does not run: database, chain, worker and API; then print where they are.

    It is also the repair after a crash or a kill: what runs is left alone, what is missing is started, and the chain
    gets back every block that it forgot. Where the settings name a node (`rpc_url`), no chain is started here.
    """
    from ledger import wiring

    settings = load_settings(folder)
    if settings.database_url:
        raise UsageError("the settings name a database of their own: run `gongzhi worker` and `python -m api` there")
    where = DataFolder.at(settings.data_folder)
    found = stack.up(where, wiring.stack_plan(settings), say)
    note_addresses(where, found)
    result = {
        "api": found.api_url,
        "rpc": found.rpc_url,
        "chainId": found.chain_id,
        "genesis": found.genesis_hash,
        "database": found.database_url,
    }
    print_result(result, as_json=as_json)


def note_addresses(folder: DataFolder, found: stack.Endpoints) -> None:
    """Let the demonstration's file name the addresses in force: a port that somebody took meanwhile was chosen anew."""
    path = folder.root / DEFAULT_PROFILE.name
    document = read_json_object(path)
    addresses = {"api": found.api_url, "rpc": found.rpc_url}
    if document and not addresses.items() <= document.items():
        write_durably(path, json.dumps(document | addresses, indent=2, ensure_ascii=False).encode())


def down(folder: FolderOption = None, as_json: JsonOption = False) -> None:
    """Stop everything that runs in the data folder; nothing is lost."""
    stopped = stack.down(data_folder(folder), say)
    if as_json:
        print_json({"stopped": stopped})


def status(folder: FolderOption = None, as_json: JsonOption = False) -> None:
    """Show each process, and what the API says of its health.

    Exit code 0 when everything runs and is ready, else 1.
    """
    where = data_folder(folder)
    found = stack_status.status(where) if where.exists() else []
    health = api_health(found)
    well = bool(found) and all(process.running for process in found) and health in ("ready", "no api")
    result = {"well": well, "health": health, "processes": [asdict(process) for process in found]}
    print_result(result, as_json=as_json, show=lambda: show_status(found, health))
    raise typer.Exit(0 if well else 1)


def api_health(found: Sequence[ProcessStatus]) -> str:
    """What the API says of itself: `ready`, `not ready`, `no answer`; `no api` where none was started."""
    address = next((process.address for process in found if process.name == "api"), None)
    if address is None:
        return "no api"
    try:
        with loopback_client(address, stack.ANSWER_SECONDS) as client:
            answer = client.get(READY_PATH)
    except httpx.HTTPError:
        return "no answer"
    return "ready" if answer.status_code == httpx.codes.OK else "not ready"


def show_status(found: Sequence[ProcessStatus], health: str) -> None:
    """Print the table of processes."""
    if not found:
        print("nothing was started here yet; `gongzhi up` starts it")
        return
    rows = [
        (
            process.name,
            "running" if process.running else "stopped",
            process.pid or "",
            "" if process.started_at is None else f"{(time.time() - process.started_at) / 60:.0f} min",
            "" if process.memory_bytes is None else f"{process.memory_bytes / 2**20:.0f} MiB",
            process.address,
        )
        for process in found
    ]
    print_table(("process", "state", "pid", "since", "memory", "address"), rows)
    if health != "no api":
        print(f"health: {health}")


def logs(
    name: Annotated[str | None, typer.Argument(help="one process: postgres, chain, worker, api; else all")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="go on printing what is written")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="lines of each process to begin with")] = 20,
    folder: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the last lines that the processes wrote."""
    where = data_folder(folder)
    files = sorted(where.logs.glob("*.log")) if name is None else [where.logs / f"{name}.log"]
    if name is not None and (Path(name).name != name or not files[0].exists()):
        raise UsageError("no process of that name has written a log here; `gongzhi status` lists them")
    offsets = {file: file.stat().st_size for file in files}
    for file in files:
        for line in processes.last_lines(file, lines):
            print_line(file, line, as_json=as_json)
    while follow:
        time.sleep(FOLLOW_SECONDS)
        for file in files:
            for line in new_lines(file, offsets):
                print_line(file, line, as_json=as_json)


def print_line(file: Path, line: str, *, as_json: bool) -> None:
    """Print one log line with the name of its process."""
    if as_json:
        print_json({"process": file.stem, "line": line})
    else:
        print(f"{file.stem:<9} {line}", flush=True)


def new_lines(file: Path, offsets: dict[Path, int]) -> Iterator[str]:
    """The whole lines that were added to `file` since its offset, which moves on; from the start of a new file."""
    size = file.stat().st_size if file.exists() else 0
    if size < offsets[file]:
        offsets[file] = 0
    if size == offsets[file]:
        return
    with file.open("rb") as opened:
        opened.seek(offsets[file])
        added = opened.read()
    whole = added[: added.rfind(b"\n") + 1]
    offsets[file] += len(whole)
    yield from whole.decode("utf-8", "replace").splitlines()


def reset(
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    folder: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Stop everything and delete the data folder: database, chain, keys and logs.

    A folder that is no data folder of gongzhi is left alone.
    """
    where = data_folder(folder)
    result: dict[str, Any] = {"deleted": where.root.exists(), "folder": str(where.root)}
    if where.root.exists():
        if not yes and not typer.confirm(f"Delete {where.root} with database, chain and keys?"):
            raise typer.Abort
        stack.down(where, say)
        postgres.remove_outside(where)
        where.delete()
    print_result(result, as_json=as_json)
