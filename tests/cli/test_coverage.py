"""`gongzhi coverage` over HTTP: the identifier comes from a private file or a prompt, and is seen nowhere."""

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.main import run
from ledger.core.canonical import decode
from ledger.core.hexadecimal import to_hex
from ledger.core.subjects import parse_opening
from tests.cli.gateway_server import GatewayServer, serving
from tests.unit.client.simulated_gateway import GATEWAY, PUBLISHER, SimulatedGateway

pytestmark = pytest.mark.cli
PLANTED = "99010119900307004X"
GROUNDS = ["--item", "3", "--purpose", "P07", "--basis", "LB3", "--basis-ref", "老年人权益保障法"]


class CoveringGateway(SimulatedGateway):
    """Holds two records about whoever is asked about, and keeps what it was sent."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.asked: list[tuple[str, Any]] = []

    def _route(
        self, method: str, path: str, query: str, headers: Mapping[str, str], content: bytes
    ) -> tuple[int, dict[str, Any] | bytes]:
        if path != "/v1/coverage":
            return super()._route(method, path, query, headers, content)
        request = self._verified(method, path, query, headers, content)
        self.asked.append((headers["gongzhi-opening"], decode(content)))
        message = {
            "gateway": GATEWAY,
            "request": request.request,
            "reader": PUBLISHER,
            "readerKey": request.address,
            "queryType": 1,
            "item": int(headers["gongzhi-item"]),
            "basis": int(headers["gongzhi-basis"]),
            "purpose": int(headers["gongzhi-purpose"]),
            "resultCount": 2,
            "factsBlock": 1,
            "answeredAt": self.now,
            "anchorBy": self.now + 300,
        }
        newest = {"recordedAt": 1_700_000_000, "publisher": 9}
        return 200, {"query": self.sign("Query", message), "exists": True, "count": 2, "newest": newest}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GatewayServer]:
    with serving(tmp_path) as made:
        made.gateway = CoveringGateway(now=int(time.time()))
        yield made


def private(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def test_coverage_is_asked_with_an_id_from_a_private_file(
    server: GatewayServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = private(tmp_path / "person", f"{PLANTED.lower()}\n")
    assert run(["coverage", "--id-file", str(file), *GROUNDS, *server.options, "--json"]) == 0
    printed = capsys.readouterr()
    age = (server.gateway.now - 1_700_000_000) // 86_400
    expected = {"exists": True, "count": 2, "recordedAt": 1_700_000_000, "ageDays": age, "publisher": 9}
    assert json.loads(printed.out) == expected
    assert isinstance(server.gateway, CoveringGateway)
    ((header, body),) = server.gateway.asked
    opening = parse_opening(header)
    assert opening.subject.canonical == PLANTED
    assert body == {"subjectCommitment": to_hex(opening.commitment)}
    file.unlink()
    kept = [path.read_text("utf-8", "replace") for path in tmp_path.rglob("*") if path.is_file()]
    assert any('"kind":"query"' in text for text in kept)
    assert not [text for text in (*kept, printed.out, printed.err) if PLANTED in text or header in text]


def test_an_id_can_be_typed_unseen(
    server: GatewayServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getpass", lambda _: PLANTED)
    assert run(["coverage", *GROUNDS, *server.options]) == 2
    assert "give --id-file" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    assert run(["coverage", *GROUNDS, *server.options]) == 0
    printed = capsys.readouterr()
    assert "exists" in printed.out
    assert PLANTED not in printed.out + printed.err


@pytest.mark.parametrize(
    ("content", "mode", "more", "code", "said"),
    [
        ("990101199003070041\n", 0o600, [], 1, "check character"),
        ("", 0o600, [], 2, "is empty"),
        (PLANTED, 0o644, [], 1, "chmod 600"),
        (PLANTED, 0o600, ["--id-type", "phone"], 1, "expected one of resident-id"),
    ],
)
def test_an_id_that_is_none_is_refused_and_not_repeated(
    server: GatewayServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: str,
    mode: int,
    more: list[str],
    code: int,
    said: str,
) -> None:
    file = private(tmp_path / "person", content)
    file.chmod(mode)
    assert run(["coverage", "--id-file", str(file), *more, *GROUNDS, *server.options]) == code
    printed = capsys.readouterr()
    assert said in printed.err
    assert not content or content.strip() not in printed.out + printed.err
    assert server.gateway.calls == []
