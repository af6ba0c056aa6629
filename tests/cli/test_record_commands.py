"""`gongzhi record publish`: one record from a file, published once however often the command is run."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.main import run
from ledger.client.record_job import RecordJob, RecordSource
from tests.api.members import SCHEMA, originals
from tests.cli.gateway_server import GatewayServer, serving

pytestmark = pytest.mark.cli
OWN = ["--item", "1", "--purpose", "P02", "--basis", "LB3", "--basis-ref", "x"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GatewayServer]:
    with serving(tmp_path) as made:
        yield made


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "record.json"
    path.write_text(json.dumps(originals()), encoding="utf-8")
    return path


def publish(server: GatewayServer, path: Path, *more: str) -> list[str]:
    return ["record", "publish", str(path), "--item", "1", *server.options, "--json", *more]


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def test_a_record_is_published_once(server: GatewayServer, record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(publish(server, record, "--dry-run")) == 0
    assert (printed(capsys)["dryRun"], server.gateway.taken) == (True, {})
    results = []
    for _ in range(2):
        assert run(publish(server, record)) == 0
        results.append(printed(capsys))
    assert results[0] == results[1]
    assert len(server.gateway.taken) == 1
    assert run(["read", results[0]["recordId"], *OWN, *server.options, "--json"]) == 0
    assert printed(capsys)["record"]["recordId"] == results[0]["recordId"]
    assert not list(record.with_name("record.json.gongzhi").rglob("*.content.ndjson"))


def test_another_record_needs_a_state_of_its_own(
    server: GatewayServer, record: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(publish(server, record)) == 0
    first = printed(capsys)["recordId"]
    record.write_text(json.dumps(originals(level=3)), encoding="utf-8")
    assert run(publish(server, record)) == 2
    assert printed(capsys)["error"]["code"] == "usage"
    assert run(publish(server, record, "--state", str(record.with_name("second")))) == 0
    assert printed(capsys)["recordId"] != first
    assert len(server.gateway.taken) == 2


def test_a_record_that_was_not_accepted_gives_way_to_its_correction(
    server: GatewayServer, record: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record.write_text(json.dumps(originals(**{"class": "no such class"})), encoding="utf-8")
    assert run(publish(server, record)) == 1
    assert printed(capsys)["error"]["code"] == "code_unknown"
    job = RecordJob(record.with_name("record.json.gongzhi"))
    job.begin(RecordSource(1, 1, originals(level=1), {}), SCHEMA)
    assert len(job.outbox.pending()) == 1
    record.write_text(json.dumps(originals(level=3)), encoding="utf-8")
    assert run(publish(server, record)) == 0
    assert len(server.gateway.taken) == 1


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (["--attach", "/evidence/photo"], "usage"),
        (["--attach", "evidence=photo.jpg"], "usage"),
        (["--attach", "/evidence/photo=missing.jpg"], "usage"),
        (["--attach", "/region=FILE"], "usage"),
        (["--attach", "/a=FILE", "--attach", "/a=FILE"], "usage"),
        (["--attach", "/a=TEXT"], "attachment_media"),
    ],
)
def test_an_attachment_that_cannot_be_is_refused_before_anything_is_sent(
    server: GatewayServer,
    record: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    code: str,
) -> None:
    pdf, text = tmp_path / "张三的诊断.pdf", tmp_path / "张三的诊断.txt"
    pdf.write_bytes(b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n%%EOF\n")
    text.write_text("no picture")
    given = [one.replace("FILE", str(pdf)).replace("TEXT", str(text)) for one in more]
    assert run(publish(server, record, *given)) != 0
    error = printed(capsys)["error"]
    assert error["code"] == code
    assert "张三" not in json.dumps(error, ensure_ascii=False)
    assert server.gateway.taken == {}


@pytest.mark.parametrize("more", [["--attachment", "/evidence/photo"], ["--out", "photo.jpg"]])
def test_a_file_is_read_to_a_place_that_is_named(
    server: GatewayServer, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    assert run(["read", "0x" + "00" * 32, *OWN, *server.options, "--json", *more]) == 2
    assert "go together" in printed(capsys)["error"]["detail"]


def test_no_file_is_written_over(server: GatewayServer, record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for out in (record, record / "nowhere" / "photo.jpg"):
        look = ["read", "0x" + "00" * 32, *OWN, *server.options, "--json", "--attachment", "/a", "--out", str(out)]
        assert run(look) == 2
        assert "--out" in printed(capsys)["error"]["detail"]
    assert json.loads(record.read_text("utf-8")) == originals()


@pytest.mark.parametrize("content", [b"[1]", b"{", None], ids=["a list", "no JSON", "no file"])
def test_a_file_that_holds_no_record_is_refused(
    server: GatewayServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    path = tmp_path / "record.json"
    if content is not None:
        path.write_bytes(content)
    assert run(publish(server, path)) != 0
    assert printed(capsys)["error"]["code"] in ("usage", "json_not_canonical")
