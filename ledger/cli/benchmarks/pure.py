"""Workloads without a server: commit, verify one bundle in a cold process."""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from ledger.cli.benchmarks.measurement import Floor, Measurement, rates
from ledger.core.commitment import CommittedRecord, RecordContent, commit, salts
from ledger.core.keccak import keccak256
from ledger.core.schema import Schema, parse_schema
from ledger.domain import load_document

SAMPLE: dict[str, Any] = {
    "/region": "990101001001",
    "/occurredAt": 1_452_877_260,
    "/recordedAt": 1_452_877_260,
    "/class": "traffic/accident",
    "/level": 3,
    "/persons": 2,
    "/nature": "Traffic: VEHICLE ACCIDENT -",
    "/place/point": "40.1979468,-75.5338527",
    "/place/address": {
        "district": "LIMERICK",
        "street": "FOXMEADOW DR & FOXCROFT CIR",
        "community": None,
        "building": None,
        "room": None,
    },
    "/reporter/name": "欧阳娜娜",
    "/reporter/phone": "13800138000",
    "/reporter/idNumber": "990101199003070015",
    "/description": "欧阳娜娜（13800138000）报告：FOXMEADOW DR & FOXCROFT CIR",
    "/synthetic": True,
}
"""A record of the incident schema (20 slots), all synthetic."""


def incident_schema() -> Schema:
    """Return the schema of the incident item."""
    return parse_schema(load_document("schemas/incident-1.json"))


def fresh_content() -> RecordContent:
    """Return a new record with the sample's values."""
    return RecordContent(os.urandom(32), 1, bytes(32), os.urandom(32), SAMPLE)


def measure_commit(records: int = 4_000) -> Measurement:
    """Schema check, derived values and commitment of 20-slot records, beside bare hashing of the same bytes."""
    schema = incident_schema()
    contents = [fresh_content() for _ in range(records)]

    def work() -> list[CommittedRecord]:
        return [commit(schema, content) for content in contents]

    committed = work()[0]
    per_second, bare = rates((work, lambda: _hash_alone(schema, contents, committed)), records)
    return Measurement(
        "commit",
        {"records_per_second": per_second, "share_of_bare_hashing": per_second / bare},
        (Floor("records_per_second", 6_000), Floor("share_of_bare_hashing", 0.40)),
        {"slots": len(schema.slots), "records": records, "cores": 1},
        "Keccak and HMAC of the same bytes alone",
        {"records_per_second": bare},
    )


def _hash_alone(schema: Schema, contents: list[RecordContent], sample: CommittedRecord) -> bytes:
    message, last = bytes(192), b""
    for content in contents:
        made = salts(content.salt_secret, schema.salt_messages)
        digests = [
            keccak256(message[:160] + salt + keccak256(value)) for salt, value in zip(made, sample.values, strict=True)
        ]
        last = keccak256(message + keccak256(b"".join(digests)))
    return last


def measure_bundle(bundle: Path, runs: int = 9) -> Measurement:
    """`gongzhi verify bundle --level file` in a cold process, beside `python -c pass`."""
    command = [sys.executable, "-m", "ledger.cli", "verify", "bundle", str(bundle), "--level", "file", "--json"]
    ours, empty = [], []
    for _ in range(runs):
        ours.append(_seconds_of(command))
        empty.append(_seconds_of([sys.executable, "-c", "pass"]))
    verdict = json.loads(subprocess.run(command, capture_output=True, check=False).stdout)["verdict"]  # noqa: S603
    return Measurement(
        "verify bundle",
        {"median_seconds": statistics.median(ours), "max_seconds": max(ours)},
        (Floor("median_seconds", 0.35, at_least=False),),
        {"runs": runs, "level": "file", "verdict": verdict},
        "python -c pass",
        {"median_seconds": statistics.median(empty)},
    )


def _seconds_of(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    return time.perf_counter() - started
