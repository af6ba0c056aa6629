"""Values outside a code set that only warns: their rows become records, and are counted by path."""

import json
from pathlib import Path

import pytest

from ledger.client.tables.job import TableJob
from ledger.client.tables.mapping import load_mapping
from ledger.client.tables.reports import summary_of
from ledger.client.tables.rows import TableFile
from ledger.client.tables.source import TableSource
from ledger.domain import load_document
from ledger.services.catalogue_documents import schema_documents

pytestmark = pytest.mark.unit

TITLE = {"zh": "商户", "en": "Shop"}
SLOT = {"kind": "o", "type": "string", "nullable": True, "class": "O", "path": "/creditCode"}
SCHEMA, _ = schema_documents(
    {
        "format": "gongzhi-schema/1",
        "schema": "shop",
        "version": 1,
        "title": TITLE,
        "slots": [SLOT | {"code_set": "credit-code/1"}],
    },
    load_document,
)
MAPPING = {
    "format": "gongzhi-mapping/1",
    "title": TITLE,
    "schema": "shop",
    "schemaVersion": 1,
    "slots": {"/creditCode": {"transform": "copy", "column": "code"}},
}
ROWS = ("91110000600037341L", "91110000600037341X", "early-real-one", "9144030071526726XG")


@pytest.fixture
def source(tmp_path: Path) -> TableSource:
    table, mapping = tmp_path / "shops.csv", tmp_path / "mapping.json"
    table.write_text("\n".join(("code", *ROWS)) + "\n", encoding="utf-8")
    mapping.write_text(json.dumps(MAPPING), encoding="utf-8")
    return TableSource(TableFile(table), load_mapping(mapping), SCHEMA)


def test_a_dry_run_counts_warnings_by_path_and_rejects_none(source: TableSource) -> None:
    summary = summary_of(source.check())
    assert (summary.accepted, summary.rejected, summary.warned) == (4, (), {"/creditCode": 2})


def test_a_job_keeps_what_it_warned_of(source: TableSource, tmp_path: Path) -> None:
    job = TableJob(source, tmp_path / "state", 901, 1, 2)
    job.begin(1, 7)
    assert job.fill().warned == {"/creditCode": 2}
    assert job.fill().warned == {"/creditCode": 2}
    kept = b"".join(path.read_bytes() for path in (tmp_path / "state").glob("*.*"))
    assert b"early-real-one" not in kept
