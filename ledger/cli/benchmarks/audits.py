"""Verifying offline: the whole ledger beside bare hashing of the same bytes, and one bundle in a cold process."""

import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

from ledger import wiring
from ledger.cli.benchmarks.ground import Ground
from ledger.cli.benchmarks.measurement import Floor, Measurement
from ledger.cli.benchmarks.publishing import BATCH, publish_beforehand
from ledger.cli.benchmarks.pure import incident_schema, measure_bundle
from ledger.cli.demo.auditing import AUDIT, gather, keep_chain
from ledger.cli.demo.looks import SEARCHES
from ledger.client.exporting import export_ledger
from ledger.core.commitment import field_digest, record_root
from ledger.core.export import ExportedRecord, parse_members, parse_record
from ledger.core.merkle import MerkleTree, record_leaf
from ledger.core.schema import Schema
from ledger.errors import VerificationError

KIBIBYTES_A_MEBIBYTE = 1_024


def measure_bundle_row(ground: Ground) -> list[Measurement]:
    """Fetch a bundle from the gateway, and verify it in processes that start cold."""
    publish_beforehand(ground)
    path = ground.scratch / "bundle.json"
    with ground.client("fire") as client:
        path.write_bytes(client.bundle(ground.record_ids[0], SEARCHES[0].grounds).data)
    ground.say(f"verifying a bundle in {ground.sizes.cold_starts} cold processes")
    return [measure_bundle(path, ground.sizes.cold_starts)]


def measure_verify_ledger(ground: Ground) -> list[Measurement]:
    """Export the ledger by the API as an auditor, and verify it offline with a process per core."""
    publish_beforehand(ground)
    folder, workers = ground.scratch / f"export-{time.monotonic_ns()}", os.cpu_count() or 1
    ground.say("exporting the ledger")
    begun = time.perf_counter()
    with ground.client("auditor") as auditor:
        _, counts = export_ledger(auditor.desk, folder, AUDIT)
    exported_seconds = time.perf_counter() - begun
    ground.say(f"verifying {counts.records:,} records and {counts.looks:,} looks with {workers} processes")
    bare = [_bare_hashing(folder, ground.sizes.hashed_records, workers)]
    seconds, peak_mib, report = _verify(ground, folder, workers)
    bare.append(_bare_hashing(folder, ground.sizes.hashed_records, workers))
    per_second = counts.records / seconds
    return [
        Measurement(
            "verify ledger",
            {
                "records_per_second": per_second,
                "share_of_bare_hashing": per_second / statistics.mean(bare),
                "seconds": seconds,
                "peak_memory_mib": peak_mib,
                "export_seconds": exported_seconds,
                "export_mib": sum(file.stat().st_size for file in folder.glob("*.ndjson")) / 2**20,
            },
            (Floor("records_per_second", 10_000), Floor("share_of_bare_hashing", 0.40)),
            {
                "records": counts.records,
                "entries": counts.entries,
                "looks": counts.looks,
                "processes": workers,
                "verdict": report["verdict"],
                "memory": "of the largest process",
            },
            "hashing of the same bytes alone, with as many processes, before and after",
            {"records_per_second": statistics.mean(bare)},
        )
    ]


def _verify(ground: Ground, export: Path, workers: int) -> tuple[float, float, dict[str, Any]]:
    """Run `gongzhi verify ledger --offline`; returns seconds, peak memory of its largest process, and its report."""
    chain, trust = ground.scratch / "chain.json", ground.settings.trust_path
    keep_chain(gather(ground.endpoints.rpc_url, wiring.load_trust(ground.settings), ground.scratch / "none"), chain)
    command = [sys.executable, "-m", "ledger.cli", "verify", "ledger", "--export", str(export), "--offline"]
    command += ["--chain", str(chain), "--trust", str(trust), "--workers", str(workers), "--json"]
    begun = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 (fixed program)
        output = process.stdout.read() if process.stdout else b""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - begun
    report: dict[str, Any] = json.loads(output)
    if report.get("verdict") != "verified":
        raise VerificationError(0, f"the ledger of the benchmark is {report.get('verdict')}")
    return seconds, used.ru_maxrss / KIBIBYTES_A_MEBIBYTE, report


def _bare_hashing(export: Path, records: int, processes: int) -> float:
    """Return how many records' hashes a second so many processes compute, all at once, of rows that are in memory."""
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        shares = [pool.submit(hash_records, export, records, place, processes) for place in range(processes)]
        return sum(share.result() for share in shares)


def hash_records(export: Path, records: int, place: int, of: int) -> float:
    """Hash every `of`-th of the first records of an export: slots, roots, leaves, tree; returns records a second."""
    schema = incident_schema()
    with (export / "records.ndjson").open("rb") as lines:
        rows = [_row(line) for line in islice(lines, place, records, of)]
    begun = time.perf_counter()
    for start in range(0, len(rows), BATCH):
        MerkleTree(list(_leaves(schema, rows[start : start + BATCH])))
    return len(rows) / (time.perf_counter() - begun)


def _row(line: bytes) -> tuple[ExportedRecord, list[bytes]]:
    record = parse_record(parse_members(line))
    return record, [value.encode("utf-8") for value in record.values]


def _leaves(schema: Schema, rows: list[tuple[ExportedRecord, list[bytes]]]) -> Iterator[bytes]:
    stored = [slot.hashes for slot in schema.slots if slot.is_stored_open]
    for record, values in rows:
        salts = record.salts
        digests = [
            field_digest(record.record_id, hashes, salts[32 * place : 32 * place + 32], values[place])
            for place, hashes in enumerate(stored)
        ]
        root = record_root(record.record_id, record.version, record.previous, schema.hash, [*digests, record.digests])
        yield record_leaf(record.record_id, record.version, root)
