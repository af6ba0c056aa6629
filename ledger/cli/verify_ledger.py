"""`gongzhi verify ledger`: gathers what the verification needs, runs it, pins the state."""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ledger.cli.moments import read_moment
from ledger.cli.verify_inputs import read_bytes, read_chain, read_trust
from ledger.core.audit.receipts import NamedReceipt
from ledger.core.chainfile import ChainFile, Trust
from ledger.core.receipt import parse_receipt
from ledger.core.verdict import Report
from ledger.errors import FormatError, UnsupportedFormat, UsageError
from ledger.services.audit_ledger import AuditRequest, audit_ledger
from ledger.services.audit_state import read_state, write_state


@dataclass(frozen=True)
class LedgerArguments:
    """The options of the command."""

    trust: Path | None
    chain: str | None
    api: str | None
    export: Path | None
    keystore: Path | None
    password_file: Path | None
    basis_reference: str
    since: Path | None
    receipts: Path | None
    sample: int | None
    workers: int | None
    fail_fast: bool
    as_of: str | None = None


def verify_ledger(arguments: LedgerArguments, offline: bool) -> Report:
    """Verify a ledger; returns the report. Raises UsageError, ChainError, UnsupportedFormat."""
    if (arguments.api is None) == (arguments.export is None):
        raise UsageError("verify ledger takes either --export or --api")
    if arguments.api is not None and offline:
        raise UsageError("--offline takes --export, not --api")
    if arguments.export is not None and not arguments.export.is_dir():
        raise UsageError(f"there is no folder {arguments.export}")
    trust = read_trust(arguments.trust)
    chain = read_chain(arguments.chain, trust, offline=offline)
    if arguments.export is not None:
        return _verify(arguments, trust, chain, arguments.export)
    with tempfile.TemporaryDirectory(prefix="gongzhi-export-") as folder:
        _export(arguments, trust, chain, Path(folder))
        return _verify(arguments, trust, chain, Path(folder) / "export")


def _verify(arguments: LedgerArguments, trust: Trust, chain: ChainFile, folder: Path) -> Report:
    progress = _Progress()
    request = AuditRequest(
        folder=folder,
        trust=trust,
        chain=chain,
        chain_source=arguments.chain or "",
        receipts=_receipts(arguments.receipts),
        since=read_state(arguments.since) if arguments.since else None,
        sample=arguments.sample,
        workers=arguments.workers,
        fail_fast=arguments.fail_fast,
        as_of=None if arguments.as_of is None else read_moment(arguments.as_of),
        advance=progress.show,
    )
    report, state = audit_ledger(request)
    progress.clear()
    if arguments.since is not None and state is not None:
        write_state(arguments.since, state)
    return report


def _receipts(folder: Path | None) -> list[NamedReceipt]:
    if folder is None:
        return []
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}")
    found = []
    for path in sorted(folder.rglob("*.json")):
        try:
            found.append((path.name, parse_receipt(read_bytes(path, "receipt"))))
        except UnsupportedFormat:
            continue  # commitments' openings and other files that a client keeps beside its receipts
        except FormatError as error:
            raise UsageError(f"receipt {path.name}: {error.detail}") from error
    return found


def _export(arguments: LedgerArguments, trust: Trust, chain: ChainFile, folder: Path) -> None:
    from ledger.cli.audit_export import export_for_audit

    if arguments.api is None or arguments.keystore is None or arguments.password_file is None:
        raise UsageError("--api needs --keystore and --password-file of a key with role AUDIT")
    export_for_audit(
        arguments.api, arguments.keystore, arguments.password_file, arguments.basis_reference, trust, chain, folder
    )


class _Progress:
    """How far a verification is, on stderr while that is a terminal."""

    def __init__(self) -> None:
        self._is_shown = sys.stderr.isatty()

    def show(self, done: int, total: int) -> None:
        """Show bytes done."""
        if self._is_shown and total:
            print(f"\rverifying {100 * done // total:3d} % of {total / 1e6:,.0f} MB", end="", file=sys.stderr)

    def clear(self) -> None:
        """Clear the line."""
        if self._is_shown:
            print("\r\x1b[K", end="", file=sys.stderr)
