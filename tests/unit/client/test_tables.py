"""CSV files become records by a mapping; rows that cannot are named by path and reason, never by value."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from ledger.client.gongzhi import GongzhiClient
from ledger.client.tables.job import TableJob
from ledger.client.tables.mapping import load_mapping
from ledger.client.tables.reports import summary_of
from ledger.client.tables.rows import TableFile
from ledger.client.tables.source import TableSource
from ledger.client.tables.transforms import build_transform
from ledger.errors import FormatError, RowRejected, UnsupportedFormat, UsageError
from tests.unit.client.simulated_gateway import GATEWAY, ITEM, PUBLISHER, SCHEMA, VERSION, SimulatedGateway

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[3]
TOWNSHIPS = json.loads((ROOT / "ledger/domain/regions/demo-townships.json").read_text("utf-8"))["townships"]
MAPPING = ROOT / "ledger" / "domain" / "mappings" / "montgomery-911.json"
CALLS = ROOT / "tests" / "data" / "montgomery-911-calls.csv"
HEADER = "lat,lng,title,reported_at,township,address,reporter_name,reporter_phone"
GOOD = "40.0883549,-75.3821004,EMS: FALL VICTIM,2016-01-15 12:01,UPPER MERION,DEKALB PIKE,张三,13800138000"


def transformed(row: dict[str, str], **spec: Any) -> Any:
    return build_transform("/x", spec)(row, [])


def rejected(row: dict[str, str], **spec: Any) -> str:
    with pytest.raises(RowRejected) as caught:
        transformed(row, **spec)
    return caught.value.reason


def clock(text: str, **spec: str) -> Any:
    members = {"transform": "time", "column": "t", "format": "%Y-%m-%d %H:%M", "zone": "America/New_York"}
    return transformed({"t": text}, **{**members, **spec})


def test_local_times_follow_the_clock_of_their_zone() -> None:
    assert clock("2016-01-15 12:01") == 1452877260
    assert clock("2016-07-15 12:01") == 1468598460
    assert clock("2018-11-04 01:30", ambiguous="earlier") == 1541309400
    assert clock("2018-11-04 01:30", ambiguous="later") == 1541313000
    offset = {"transform": "time", "column": "t", "format": "%Y-%m-%d", "offset": "+08:00"}
    assert transformed({"t": "1970-01-02"}, **offset) == 16 * 3600


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2018-11-04 01:30", "time_twice_by_clock_change"),
        ("2018-03-11 02:30", "time_skipped_by_clock_change"),
        ("15.01.2016", "time_malformed"),
        ("", "value_missing"),
    ],
)
def test_times_that_mean_nothing_or_two_things_are_rejected(text: str, reason: str) -> None:
    with pytest.raises(RowRejected) as caught:
        clock(text)
    assert caught.value.reason == reason


def test_each_transform_gives_its_value_or_its_reason() -> None:
    assert transformed({"a": " e\u0301 "}, transform="copy", column="a") == "\u00e9"
    assert rejected({"a": " "}, transform="copy", column="a") == "value_missing"
    assert transformed({}, transform="copy", column="a", optional=True) is None
    assert transformed({}, transform="constant", value=[1]) == [1]
    assert transformed({"a": "x"}, transform="present", column="a") is True
    assert transformed({}, transform="present", column="a") is False
    assert transformed({"a": "-7"}, transform="integer", column="a") == -7
    assert rejected({"a": "7.0"}, transform="integer", column="a") == "integer_malformed"
    codes = {"codes": {"A": "b"}, "transform": "code", "column": "a"}
    assert transformed({"a": "A"}, **codes) == "b"
    assert rejected({"a": "B"}, **codes) == "code_unknown"
    assert transformed({"a": "B"}, **codes, default="c") == "c"
    point = {"transform": "point", "lat": "y", "lng": "x"}
    assert transformed({"y": "31.24", "x": "-121.4700"}, **point) == "31.24,-121.4700"
    assert rejected({"y": "31", "x": "121.47"}, **point) == "point_malformed"
    assert rejected({"y": "91.24", "x": "121.47"}, **point) == "point_out_of_range"
    address = {"transform": "address", "members": {"street": "s", "district": "d"}}
    assert transformed({"s": "长江路", "d": ""}, **address) == {
        "district": None,
        "street": "长江路",
        "community": None,
        "building": None,
        "room": None,
    }
    assert rejected({}, **address) == "value_missing"


@pytest.mark.parametrize(
    "spec",
    [
        [],
        {"transform": "guess"},
        {"transform": "copy"},
        {"transform": "copy", "column": "a", "more": 1},
        {"transform": "code", "column": "a", "codes": []},
        {"transform": "address", "members": {"planet": "a"}},
        {"transform": "time", "column": "a", "format": "%Y"},
        {"transform": "time", "column": "a", "format": "%Y", "zone": "UTC", "offset": "+01:00"},
        {"transform": "time", "column": "a", "format": "%Y", "offset": "1"},
        {"transform": "time", "column": "a", "format": "%Y", "zone": "UTC", "ambiguous": "maybe"},
    ],
)
def test_a_mapping_that_is_not_as_documented_is_refused(spec: Any) -> None:
    with pytest.raises(FormatError):
        build_transform("/x", spec)


def test_an_unknown_zone_says_what_to_do() -> None:
    with pytest.raises(UsageError, match="tzdata"):
        clock("2016-01-15 12:01", zone="Middle/Earth")


def test_all_real_calls_become_incidents() -> None:
    mapping = load_mapping(MAPPING)
    mapping.require_schema(SCHEMA)
    result = TableSource(TableFile(CALLS), mapping, SCHEMA).check()
    assert (result.accepted, result.rejected) == (3051, [])


def write(path: Path, *rows: str, header: str = HEADER) -> Path:
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def source(path: Path, only_region: str = "") -> TableSource:
    return TableSource(TableFile(path), load_mapping(MAPPING), SCHEMA, only_region)


def test_rows_that_cannot_become_records_are_named_without_their_values(tmp_path: Path) -> None:
    path = write(
        tmp_path / "calls.csv",
        GOOD,
        GOOD.replace("UPPER MERION", "ATLANTIS"),
        GOOD.replace("13800138000", "23800138000"),
        GOOD + ",more",
        GOOD.replace("40.0883549", "40.1"),
    )
    result = source(path).check()
    assert result.accepted == 1
    assert [(r.row, r.line, f.path, f.reason) for r in summary_of(result).rejected for f in r.faults] == [
        (2, 3, "/region", "code_unknown"),
        (3, 4, "/reporter/phone", "derivation_failed"),
        (4, 5, "/", "cells_not_as_header"),
        (5, 6, "/place/point", "derivation_failed"),
    ]
    assert source(path, "990101002").check().skipped == 3


@pytest.mark.parametrize("content", [b"\xff\xfe", b'lat,lng\n"a', b"lat,lng\n", b"lat,lat\n", b""])
def test_a_file_that_is_no_such_csv_is_a_usage_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "calls.csv").write_bytes(content)
    with pytest.raises(UsageError):
        list(TableFile(tmp_path / "calls.csv").open(load_mapping(MAPPING).columns).rows)
    with pytest.raises(UsageError):
        TableFile(tmp_path / "nothing.csv").open()


def test_mapping_files_of_another_kind_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mapping.json"
    with pytest.raises(UsageError):
        load_mapping(path)
    path.write_text("{")
    with pytest.raises(FormatError):
        load_mapping(path)
    path.write_text("{}")
    with pytest.raises(UnsupportedFormat):
        load_mapping(path)
    document = json.loads(MAPPING.read_text("utf-8"))
    codes = {"transform": "code", "column": "a", "codes": {"file": str(MAPPING), "member": ["nothing"]}}
    path.write_text(json.dumps({**document, "slots": {"/region": codes}}))
    with pytest.raises(FormatError):
        load_mapping(path)
    for change in ({"schema": "other"}, {"slots": {"/other": {"transform": "constant", "value": 1}}}):
        path.write_text(json.dumps({**document, "slots": {}, **change}))
        with pytest.raises(UsageError):
            load_mapping(path).require_schema(SCHEMA)


def test_a_job_that_is_run_again_sends_only_what_is_missing(
    gateway: SimulatedGateway, client: GongzhiClient, tmp_path: Path
) -> None:
    rows = [GOOD.replace("12:01", f"12:{minute:02d}") for minute in range(10)]
    path = write(tmp_path / "calls.csv", *rows, GOOD.replace("UPPER MERION", "ATLANTIS"))

    def job() -> TableJob:
        return TableJob(source(path), tmp_path / "state", ITEM, VERSION, batch=3)

    assert not job().begin(GATEWAY, PUBLISHER)
    job().fill()
    (tmp_path / "state" / "filled").unlink()
    sending = job().outbox.send_all(client.publishing)
    next(sending)
    sending.close()
    assert job().begin(GATEWAY, PUBLISHER)
    job().fill()
    assert job().fill().accepted == 10
    list(job().outbox.send_all(client.publishing))
    times = [made.values[1] for taken in gateway.taken.values() for made in taken.records]
    assert len(times) == len(set(times)) == 10
    assert job().rejected_count() == 1
    with (tmp_path / "state" / "rejected.csv").open(encoding="utf-8-sig") as report:
        assert next(csv.DictReader(report)) == {
            "row": "11",
            "line": "12",
            "column": "township",
            "path": "/region",
            "reason": "code_unknown",
            "reason_zh": "不认识的代码或名称，可填内容见右列",
            "accepted": "、".join((*list(TOWNSHIPS)[:40], f"… and {len(TOWNSHIPS) - 40} more")),
            "first_row": "",
        }


def test_a_state_folder_belongs_to_one_job(tmp_path: Path) -> None:
    path = write(tmp_path / "calls.csv", GOOD)
    TableJob(source(path), tmp_path / "state", ITEM, VERSION).begin(GATEWAY, PUBLISHER)
    for change in (
        lambda: TableJob(source(path), tmp_path / "state", ITEM, VERSION, 5).begin(GATEWAY, PUBLISHER),
        lambda: TableJob(source(path, "99"), tmp_path / "state", ITEM, VERSION).begin(GATEWAY, PUBLISHER),
        lambda: TableJob(source(path), tmp_path / "state", ITEM, VERSION).begin(GATEWAY, 8),
        lambda: TableJob(source(write(path, GOOD, GOOD)), tmp_path / "state", ITEM, VERSION).begin(GATEWAY, PUBLISHER),
    ):
        with pytest.raises(UsageError, match="another"):
            change()
