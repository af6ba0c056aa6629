"""What the command line prints: results on stdout, progress and errors on stderr; one JSON object with `--json`.

Rich is imported only when a table or a progress bar is drawn for a terminal.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ledger.action_errors import DuplicateSubject
from ledger.errors import (
    ChainError,
    GongzhiError,
    LookRefused,
    PromiseBroken,
    RequestError,
    UnsupportedFormat,
    UsageError,
    VerificationError,
)

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_UNVERIFIABLE = 4
EXIT_UNSUPPORTED = 5
_EXIT_CODES: Sequence[tuple[type[GongzhiError], int]] = (
    (UsageError, EXIT_USAGE),
    (UnsupportedFormat, EXIT_UNSUPPORTED),
    (ChainError, EXIT_UNVERIFIABLE),
)


def exit_code_of(error: GongzhiError) -> int:
    """Return the exit code of an error: 2 usage, 4 no chain, 5 unknown format, 1 every other one."""
    return next((code for kind, code in _EXIT_CODES if isinstance(error, kind)), EXIT_FAILED)


def error_document(error: GongzhiError) -> dict[str, Any]:
    """Return `{"error":{"code","detail","when","remedy",…}}`; it holds no value of a record."""
    members: dict[str, Any] = {
        "code": error.code,
        "detail": error.detail,
        "when": error.when,
        "remedy": error.remedy,
    }
    if isinstance(error, LookRefused):
        members |= {"reason": error.reason, "name": error.name, "needed": error.needed}
    if isinstance(error, DuplicateSubject):
        members["places"] = [*error.places]
    if isinstance(error, RequestError):
        members["reason"] = error.reason
    if isinstance(error, VerificationError):
        members["step"] = error.step
    if isinstance(error, PromiseBroken) and "receipt" in error.context:
        members["receipt"] = str(error.context["receipt"])
    return {"error": members}


def print_error(error: GongzhiError, *, as_json: bool) -> None:
    """Print code, detail, when and remedy: to stdout as JSON, else to stderr for people."""
    document = error_document(error)
    if as_json:
        print_json(document)
        return
    members = document["error"]
    lines = [f"{members['code']}: {members['detail']}"]
    if members["when"] != members["detail"]:
        lines.append(f"  when    {members['when']}")
    lines.append(f"  remedy  {members['remedy']}")
    if "receipt" in members:
        lines.append(f"  receipt {members['receipt']}")
    print("\n".join(lines), file=sys.stderr)


def print_json(value: object) -> None:
    """Print one JSON value on one line of stdout."""
    print(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")))


def print_result(value: Mapping[str, Any], *, as_json: bool, show: Callable[[], None] | None = None) -> None:
    """Print `value` as JSON, or for people by `show` (as `name  value` lines if that is None)."""
    if as_json:
        print_json(value)
    elif show is not None:
        show()
    else:
        print_members(value)


def print_members(value: Mapping[str, Any]) -> None:
    """Print `name  value` lines, names aligned."""
    width = max((len(name) for name in value), default=0)
    for name, member in value.items():
        text = member if isinstance(member, str) else json.dumps(member, ensure_ascii=False)
        print(f"{name.ljust(width)}  {text}")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table: drawn on a terminal, tab-separated elsewhere."""
    if not sys.stdout.isatty():
        for row in (columns, *rows):
            print("\t".join(str(cell) for cell in row))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    Console().print(table)


@contextmanager
def progress_bar(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show progress on stderr while a terminal is there; yields `advance(by)`."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda by: progress.advance(task, by)
