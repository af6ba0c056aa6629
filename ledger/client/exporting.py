"""An auditor's export, streamed into the directory layout `gongzhi-export/1`.

Files are written as the lines come and the manifest last, so a directory without manifest.json is no export.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from ledger.client.desk import Desk
from ledger.client.durable import private_folder, write_durably
from ledger.client.grounds import Grounds, state
from ledger.client.looking import Looking
from ledger.client.transport import SignedAnswer
from ledger.core.canonical import encode
from ledger.core.export import (
    ACTIONS_FILE,
    DOCUMENTS_FOLDER,
    ENTRIES_FILE,
    LOOKS_FILE,
    MANIFEST_FILE,
    RECORDS_FILE,
    ExportCounts,
    ExportManifest,
    manifest_document,
    parse_counts,
    parse_document,
    parse_manifest_line,
    parse_tagged_line,
)
from ledger.core.statements import StatementDomain
from ledger.errors import FormatError, LookRefused, PromiseBroken, UsageError

CLOCK_SKEW_SECONDS = 30
_FILES = {"entry": ENTRIES_FILE, "record": RECORDS_FILE, "look": LOOKS_FILE, "action": ACTIONS_FILE}


def export_ledger(
    desk: Desk, folder: Path, grounds: Grounds, after: int = 0, advance: Callable[[int], None] = lambda _: None
) -> tuple[ExportManifest, ExportCounts]:
    """Write the export after sequence `after` to `folder`; `advance` is told of every line.

    Needs an AUDIT key and the grounds of an audit (purpose P12, authority AUDIT). Raises UsageError if an
    export is there, PromiseBroken for a stream that is cut off, says other counts than it holds, or is of another chain
    or gateway; GatewayUnreachable.
    """
    if (folder / MANIFEST_FILE).exists():
        raise UsageError(f"{folder} holds an export already")
    private_folder(folder)
    stated, asked_at = state(grounds, desk.receipts), desk.transport.now()
    try:
        with desk.transport.stream("/v1/export", {"after": str(after)}, stated.headers) as lines:
            manifest, counts = write_lines(lines, folder, advance)
    except LookRefused as refused:
        answer = refused.context.get("answer")
        if isinstance(answer, SignedAnswer):
            Looking(desk).keep_refusal(answer, grounds, stated)
        raise
    domain = StatementDomain(manifest.chain_id, manifest.contract)
    if domain not in desk.facts.domains_at(manifest.exported_at) or manifest.gateway != desk.facts.gateway:
        raise PromiseBroken("the export is of another chain, contract or gateway")
    # A back-dated export could leave out what was anchored since as "not due yet".
    if not asked_at - CLOCK_SKEW_SECONDS <= manifest.exported_at <= desk.transport.now() + CLOCK_SKEW_SECONDS:
        raise PromiseBroken("the export is dated more than 30 s before it was asked for, or after it came")
    write_durably(folder / MANIFEST_FILE, encode(manifest_document(manifest, counts)))
    return manifest, counts


def write_lines(
    lines: Iterator[str], folder: Path, advance: Callable[[int], None] = lambda _: None
) -> tuple[ExportManifest, ExportCounts]:
    """Write an export's lines to its files, all but the manifest; raises PromiseBroken where they are not whole."""
    manifest: ExportManifest | None = None
    counted = dict.fromkeys(_FILES, 0)
    documents = private_folder(folder / DOCUMENTS_FOLDER)
    with ExitStack() as stack:
        files = {tag: stack.enter_context((folder / name).open("wb")) for tag, name in _FILES.items()}
        for line in lines:
            tag, members = _tagged(line)
            if tag == "manifest":
                manifest = parse_manifest_line(members)
            elif tag == "document":
                _write_document(documents, members)
            elif tag == "end" and manifest is not None:
                return manifest, _finish(members, counted)
            elif tag in files:
                _write_line(files[tag], members)
                counted[tag] += 1
            else:
                raise PromiseBroken("the export holds a line that has no place in it")
            advance(1)
    raise PromiseBroken("the export was cut off before its last line")


def _tagged(line: str) -> tuple[str, dict[str, Any]]:
    try:
        return parse_tagged_line(line)
    except FormatError as error:
        raise PromiseBroken(f"the export holds a malformed line: {error.detail}") from error


def _write_line(file: BinaryIO, members: dict[str, Any]) -> None:
    file.write(encode(members) + b"\n")


def _write_document(folder: Path, members: dict[str, Any]) -> None:
    try:
        document = parse_document(members)
    except FormatError as error:
        raise PromiseBroken(f"the export holds a document that is not its hash: {error.detail}") from error
    write_durably(folder / f"0x{document.hash.hex()}.json", document.content.encode("utf-8"))


def _finish(members: dict[str, Any], counted: dict[str, int]) -> ExportCounts:
    counts = parse_counts(members)
    if counts != ExportCounts(counted["entry"], counted["record"], counted["look"], counted["action"]):
        raise PromiseBroken("the export says other counts than it holds")
    return counts
