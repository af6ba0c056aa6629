"""An import into an item that takes each person once, at the real API: refused rows are told, the others published."""

import csv
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from api.app import create_app
from ledger.client.tables.corrections import Corrections
from ledger.client.tables.job import REPORT, TableJob
from ledger.client.tables.mapping import load_mapping
from ledger.client.tables.rows import TableFile
from ledger.client.tables.sending import send_job
from ledger.client.tables.source import TableSource
from ledger.core.collect_once import CollectOnce, OnceMode, OnceRule
from ledger.core.hexadecimal import to_hex
from ledger.errors import LookRefused
from ledger.services.gateway import SubjectRules
from tests import engines
from tests.api.consortium import Consortium, running_consortium
from tests.api.members import BEGINNING, COMMUNITY, GATEWAY, PUBLISHER
from tests.api.persons import CARE, CARE_DOCUMENTS, caring, publish_care
from tests.api.serving import served
from tests.api.test_client_at_the_api import Desks

pytestmark = pytest.mark.api
__all__ = ["caring"]
PERSONS = [to_hex(os.urandom(32)) for _ in range(6)]
KNOWN = (0, 3, 4)


@pytest.fixture
def consortium(postgres: str, migrated: str, tmp_path: Path) -> Iterator[Consortium]:
    """A consortium that takes care records about a person once in 30 days."""
    dsn = engines.fresh_database(postgres, migrated)
    with running_consortium(dsn, tmp_path, CollectOnce(5, {CARE: OnceRule(OnceMode.REFUSE, 30)})) as made:
        yield made
    engines.drop_database(dsn)


def started(folder: Path) -> TableJob:
    constants = {
        "/region": "990101001003",
        "/occurredAt": BEGINNING - 3_060,
        "/recordedAt": BEGINNING - 3_000,
        "/class": "visit",
        "/synthetic": True,
    }
    slots = {path: {"transform": "constant", "value": value} for path, value in constants.items()}
    slots |= {path: {"transform": "copy", "column": path[1:]} for path in ("/subject", "/person/name")}
    schema = CARE_DOCUMENTS.schema
    document = {
        "format": "gongzhi-mapping/1",
        "title": {"zh": "测试", "en": "test"},
        "schema": schema.name,
        "schemaVersion": schema.version,
        "slots": slots,
    }
    mapping, table = folder / "mapping.json", folder / "care.csv"
    mapping.write_text(json.dumps(document), encoding="utf-8")
    rows = [f"{person},欧阳测试" for person in PERSONS]
    table.write_text("\n".join(("subject,person/name", *rows)) + "\n", encoding="utf-8")
    made = TableJob(TableSource(TableFile(table), load_mapping(mapping), schema), folder / "state", CARE, 1, 4)
    made.begin(GATEWAY, COMMUNITY)
    made.fill()
    return made


def refused(made: TableJob) -> list[int]:
    with (made.state / REPORT).open(encoding="utf-8-sig") as report:
        return [int(line["row"]) - 1 for line in csv.DictReader(report) if line["reason"] == "collected_before"]


def test_rows_about_persons_who_were_asked_before_are_told_and_the_others_published(
    caring: Consortium, tmp_path: Path
) -> None:
    for place in KNOWN:
        publish_care(caring, PERSONS[place])
    made = started(tmp_path)
    with ExitStack() as stack:
        publishing = Desks(caring, tmp_path / "desks", stack).open(PUBLISHER).publishing
        assert len(list(send_job(made, publishing))) == 2
        assert refused(made) == list(KNOWN)
        assert Corrections(made).summary().accepted == len(PERSONS) - len(KNOWN)
        assert list(send_job(started(tmp_path), publishing)) == []
    assert caring.rows()["submissions"] == len(KNOWN) + 2


def test_over_the_quota_of_questions_the_import_stops_and_goes_on_another_day(
    caring: Consortium, tmp_path: Path
) -> None:
    for place in KNOWN:
        publish_care(caring, PERSONS[place])
    made = started(tmp_path)
    thrifty = replace(caring.gateway, subject_rules=SubjectRules(queries_per_day=1))
    with ExitStack() as stack, served(create_app(thrifty, caring.settings)) as client:
        today = Desks(replace(caring, gateway=thrifty, client=client), tmp_path / "desks", stack).open(PUBLISHER)
        with pytest.raises(LookRefused, match="quota_exhausted"):
            list(send_job(made, today.publishing, at_once=1))
        assert {receipt.kind for receipt in today.desk.receipts.receipts()} == {"refusal"}
        assert len(made.outbox.pending()) == 2
        assert made.outbox.refused() == {}
        tomorrow = Desks(caring, tmp_path / "desks", stack).open(PUBLISHER)
        assert len(list(send_job(made, tomorrow.publishing, at_once=1))) == 2
    assert refused(made) == list(KNOWN)
