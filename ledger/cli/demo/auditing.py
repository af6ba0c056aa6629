"""The auditor verifies the ledger, and then copies that a lying operator has altered."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from ledger.cli.chain_reading import open_node, read_chain
from ledger.cli.demo.consortium import CALENDAR
from ledger.cli.demo.story import Story
from ledger.cli.demo.tampering import TAMPERINGS, Tampering
from ledger.client.durable import private_folder
from ledger.client.exporting import export_ledger, write_lines
from ledger.client.gongzhi import GongzhiClient
from ledger.client.grounds import Grounds
from ledger.config import Settings
from ledger.core.audit.receipts import NamedReceipt
from ledger.core.calendar import parse_calendar
from ledger.core.canonical import encode
from ledger.core.chainfile import ChainFile, Trust, chain_document
from ledger.core.codes import Authority, Basis, Purpose
from ledger.core.export import MANIFEST_FILE, ExportManifest, manifest_document
from ledger.core.receipt import parse_receipt
from ledger.core.verdict import Report, Verdict
from ledger.domain import load_document
from ledger.embedded.copies import alter, clone_copy, copy_database, drop_database
from ledger.embedded.data_folder import DataFolder
from ledger.services.audit_ledger import AuditRequest, audit_ledger
from ledger.services.export import Export, export_lines
from ledger.store.postgres import PostgresStore
from ledger.wiring import load_trust

AUDIT = Grounds(1, Purpose.RIGHTS_AND_AUDIT, Basis.STATUTORY_DUTY, "审计法 第三条", authority=Authority.AUDIT)
COPY = "rehearsal"


@dataclass(frozen=True)
class Evidence:
    """What an auditor holds: the chain as a file, the trust file, and receipts that agencies gave him."""

    chain: ChainFile
    trust: Trust
    receipts: Sequence[NamedReceipt]


def gather(rpc: str, trust: Trust, clients: Path) -> Evidence:
    """Read the chain, and the receipts that the demo's agencies kept."""
    receipts = [(path.name, parse_receipt(path.read_bytes())) for path in sorted(clients.glob("*/receipts/*.json"))]
    return Evidence(read_chain(open_node(rpc, trust), trust), trust, receipts)


def keep_chain(evidence: Evidence, path: Path) -> None:
    """Write the chain file, so that anybody can verify without a node."""
    chain = evidence.chain
    path.write_bytes(encode(chain_document(chain.chain_id, chain.genesis, chain.contracts, chain.blocks, chain.events)))


def verify_export(folder: Path, evidence: Evidence, *, with_receipts: bool = False, as_of: int | None = None) -> Report:
    """Verify an export against the evidence; duties are judged as of a time, the export's if None."""
    receipts = evidence.receipts if with_receipts else ()
    report, _ = audit_ledger(
        AuditRequest(folder, evidence.trust, evidence.chain, "the auditor's own node", receipts=receipts, as_of=as_of)
    )
    return report


def audit(auditor: GongzhiClient, evidence: Evidence, folder: Path, story: Story) -> Report:
    """Export the ledger as the auditor, verify it, and tell the verdict and what is overdue weeks later."""
    export_ledger(auditor.desk, folder, AUDIT)
    as_of = beyond_the_next_holiday(int(time.time()))
    report = verify_export(folder, evidence, as_of=as_of)
    story.say(f"The auditor exports the ledger and verifies it offline: {report.headline}")
    day = parse_calendar(load_document(CALENDAR)).local_day(as_of)
    story.say(f"Should nothing more happen until {day}, beyond the next holiday, these duties are overdue then:")
    for duty in report.overdue:
        story.say(f"   agency {duty.agency}: {duty.missing}, {duty.overdue_working_days} working days late")
    return report


def beyond_the_next_holiday(now: int) -> int:
    """Return a time (Unix seconds) some weeks behind the first free day that lies ahead by the calendar."""
    calendar = parse_calendar(load_document(CALENDAR))
    today = calendar.local_day(now)
    holiday = calendar.next_holiday(today + timedelta(weeks=3)) or today
    return calendar.end_of_day(holiday + timedelta(weeks=6))


def rehearse(settings: Settings, evidence: Evidence, scratch: Path, story: Story) -> list[dict[str, Any]]:
    """Alter copies of the database, one lie each, and tell what the auditor finds and whom he blames."""
    folder = DataFolder.at(settings.data_folder)
    copy_database(folder, COPY)
    try:
        return [_one_lie(settings, tampering, evidence, scratch / tampering.name, story) for tampering in TAMPERINGS]
    finally:
        drop_database(folder, COPY)


def _one_lie(
    settings: Settings, tampering: Tampering, evidence: Evidence, export: Path, story: Story
) -> dict[str, Any]:
    folder = DataFolder.at(settings.data_folder)
    name = f"{COPY}_lie"
    dsn = clone_copy(folder, name, COPY)
    try:
        alter(folder, name, tampering.statement)
        export_copy(settings, dsn, export)
    finally:
        drop_database(folder, name)
    report = verify_export(export, evidence)
    found = report.failures[0] if report.failures else None
    story.say(f"On a copy, {tampering.words}: {report.verdict}, exit code {report.verdict.exit_code}.")
    if found is not None:
        story.say(f"   found at {found.id} of {found.subject}; blamed: {found.blames}")
    return {
        "name": tampering.name,
        "verdict": report.verdict.value,
        "exitCode": report.verdict.exit_code,
        "found": report.verdict is Verdict.FAULTY,
        "check": found.id if found else "",
        "subject": found.subject if found else "",
        "blames": found.blames if found else "",
    }


def export_copy(settings: Settings, dsn: str, folder: Path) -> None:
    """Export a database as its gateway would, whatever it holds."""
    trust = load_trust(settings)
    store = PostgresStore(dsn, connections=1)
    try:
        with store.begin() as transaction:
            newest = transaction.newest_batch(settings.gateway)
        last_batch, last_sequence = (newest.batch, newest.first_sequence + newest.leaf_count - 1) if newest else (0, 0)
        contract = trust.contracts["RecordAnchors"].address
        now = int(time.time())
        manifest = ExportManifest(trust.chain_id, contract, settings.gateway, last_batch, last_sequence, now)
        private_folder(folder)
        found, counts = write_lines(iter(export_lines(store, Export(manifest, 0))), folder)
        (folder / MANIFEST_FILE).write_bytes(encode(manifest_document(found, counts)))
    finally:
        store.close()
