"""`gongzhi admin refetch`: entries that a restored gateway lacks, taken back from a member's export."""

import time
from pathlib import Path
from typing import Annotated

import typer

from ledger import wiring
from ledger.cli.admin_backup import OWN_NODE, lost_document, node_of
from ledger.cli.admin_options import DryRunOption, FolderOption, JsonOption, say
from ledger.cli.chain_reading import read_chain
from ledger.cli.output import print_result
from ledger.config import load_settings
from ledger.core.verdict import Verdict
from ledger.errors import BackupInvalid, UsageError
from ledger.services.audit_ledger import AuditRequest, audit_ledger, gateway_of
from ledger.services.refetch import refetch
from ledger.services.void import lost_now


def refetch_command(
    export: Annotated[Path, typer.Argument(help="folder of an export of this gateway's ledger")],
    data_folder: FolderOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take entries that this gateway lacks back from an export; it is verified against the chain first.

    Records come back as every auditor sees them: masked values, no sealed original. Exit code 3 while some batch is
    still lost.
    """
    settings = load_settings(data_folder)
    rpc = node_of(settings)
    if rpc is None:
        raise UsageError("no node: set GONGZHI_RPC_URL")
    if gateway_of(export) != settings.gateway:
        raise UsageError(f"{export} is no export of gateway {settings.gateway}")
    trust = wiring.load_trust(settings)
    chain = read_chain(wiring.open_trusted_chain(rpc, trust), trust)
    say("verifying the export")
    report, _ = audit_ledger(AuditRequest(export, trust, chain, OWN_NODE, as_of=int(time.time())))
    if report.verdict not in (Verdict.VERIFIED, Verdict.INCOMPLETE):
        raise BackupInvalid(f"the export does not verify: {report.headline}")
    relay = wiring.open_relay(settings)
    if relay is None:
        raise UsageError("the settings name no relay_key")
    gateway = wiring.open_gateway(settings, connections=2)
    try:
        done = [] if dry_run else refetch(gateway, relay, export)
        lost = lost_now(gateway)
    finally:
        gateway.store.close()
    result = {
        **({"dryRun": True} if dry_run else {}),
        "verdict": str(report.verdict),
        "refetched": [{"batch": one.batch, "entries": one.entries} for one in done],
        "lost": [lost_document(anchor) for anchor in lost],
    }
    print_result(result, as_json=as_json)
    if lost and not dry_run:
        raise typer.Exit(Verdict.INCOMPLETE.exit_code)
