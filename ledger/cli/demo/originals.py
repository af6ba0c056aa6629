"""The originals that a community keeps as class 2: some of its real calls, published with everything that was said."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from itertools import islice
from pathlib import Path

from ledger.cli.demo.calls import write_calls
from ledger.client.gongzhi import GongzhiClient
from ledger.client.submissions import new_record
from ledger.client.tables.mapping import load_mapping
from ledger.client.tables.rows import TableFile
from ledger.client.tables.source import Outcome, TableSource
from ledger.domain import load_document

ITEM = 2
FIRES, OTHERS = 12, 4
"""How many calls of each sort are published with their originals."""
SEED = 119


@dataclass(frozen=True)
class Originals:
    """Records of the community that holds originals: one fire, and one call of another class."""

    fire: bytes
    other: bytes
    count: int


def publish_originals(client: GongzhiClient, calls: Path, region: str, folder: Path) -> Originals:
    """Publish some fires and some other calls of a region as item 2; returns two of them."""
    chosen = _chosen(calls, region, folder)
    path, _ = write_calls(chosen, folder, SEED)[region]
    schema, version = client.schema_of(ITEM)
    with as_file(files("ledger.domain")) as domain:
        source = TableSource(TableFile(path), load_mapping(domain / "mappings" / "montgomery-911.json"), schema)
    values = [row.originals for row in source.map(source.rows(), Outcome())]
    records = [new_record(one) for one in values]
    client.publish(schema, ITEM, version, records)
    by_sort = {str(one["/class"]).startswith("fire/"): record for one, record in zip(values, records, strict=True)}
    return Originals(by_sort[True].record_id, by_sort[False].record_id, len(records))


def _chosen(calls: Path, region: str, folder: Path) -> Path:
    regions: Mapping[str, str] = load_document("regions/demo-townships.json")["townships"]
    with calls.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if regions[row["township"]] == region]
    fires = islice((row for row in rows if row["title"].startswith("Fire:")), FIRES)
    others = islice((row for row in rows if row["title"].startswith("Traffic:")), OTHERS)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    path = folder / "chosen.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows([*fires, *others])
    return path
