"""`gongzhi rights looks` over HTTP: who looked, in plain words; the id is read from a private file, seen nowhere."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.main import run
from ledger.core.hexadecimal import to_hex
from ledger.core.signature import address_of
from tests.cli.gateway_server import GatewayServer, serving
from tests.unit.client.simulated_gateway import DESK_KEY, GATEWAY, ITEM, PUBLISHER

pytestmark = pytest.mark.cli
PLANTED = "99010119900307004X"
NOTHING, SOMETHING = to_hex(bytes(32)), to_hex(bytes([0x3C]) * 32)
GRANTED: dict[str, Any] = {
    "disclosedAt": 1_800_000_000,
    "reader": 15,
    "item": ITEM,
    "itemVersion": 1,
    "purpose": 7,
    "basis": 1,
    "authority": 2,
    "authorityId": SOMETHING,
    "tier": 7,
    "profile": SOMETHING,
    "officer": SOMETHING,
    "caseRef": NOTHING,
    "recordId": SOMETHING,
    "version": 2,
    "publisher": PUBLISHER,
    "opened": [
        {"path": "/person/name", "kind": "o", "title": {"zh": "姓名", "en": "name"}},
        {"path": "/level", "kind": "o", "title": None},
    ],
    "entry": SOMETHING,
    "anchoredAt": 1_800_000_060,
    "consent": {
        "consent": SOMETHING,
        "captureMode": 2,
        "guardian": 1,
        "capturedBy": 0,
        "secondWitness": None,
    },
}
WITNESSED = {"consent": SOMETHING, "captureMode": 4, "guardian": None, "capturedBy": 21, "secondWitness": 22}
OWN = GRANTED | {
    "consent": None,
    "authority": 7,
    "tier": 0,
    "authorityId": NOTHING,
    "officer": NOTHING,
    "anchoredAt": None,
}
HIMSELF = GRANTED | {"consent": WITNESSED, "authority": 5, "purpose": 60_000, "opened": [], "item": 88}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GatewayServer]:
    with serving(tmp_path) as made:
        (tmp_path / "id.txt").write_text(PLANTED + "\n")
        (tmp_path / "id.txt").chmod(0o600)
        made.gateway.further["looks"] = lambda _, asked, __: (200, told(made, asked))
        yield made


def told(server: GatewayServer, asked: dict[str, str]) -> dict[str, Any]:
    """Two pages: one look, then two."""
    gateway, looks = server.gateway, [OWN, HIMSELF] if "cursor" in asked else [GRANTED]
    message = {
        "gateway": GATEWAY,
        "request": gateway.newest_request,
        "reader": PUBLISHER,
        "readerKey": address_of(DESK_KEY),
        "queryType": 2,
        "item": 0,
        "purpose": 12,
        "basis": 3,
        "resultCount": len(looks),
        "factsBlock": 1,
        "answeredAt": gateway.now,
        "anchorBy": gateway.now + 300,
    }
    following = None if "cursor" in asked else "next-one"
    return {"query": gateway.sign("Query", message), "items": [ITEM], "looks": looks, "next": following}


def command(folder: Path, server: GatewayServer, *more: str) -> list[str]:
    return ["rights", "looks", "--id-file", str(folder / "id.txt"), *more, *server.options]


def test_looks_are_told_in_plain_words_in_both_languages(
    server: GatewayServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command(tmp_path, server)) == 0
    chinese = capsys.readouterr().out
    for words in (
        "所见内容: 姓名、/level",
        "用途: ",
        "发布机构自己查看",
        "您本人经服务机构查看",
        "尚未上链",
        "查看共 3 次",
        f"所依据的同意: {SOMETHING}、监护人、由监护人（父母）作出",
        "协助办理、由机构 21 见证、第二见证人属机构 22",
    ):
        assert words in chinese
    assert run(command(tmp_path, server, "--language", "en")) == 0
    english = capsys.readouterr().out
    for words in (
        f"looked at record {SOMETHING} (version 2, published by",
        "what was opened: name, /level",
        f"by what right: grant {SOMETHING}",
        "the publisher itself",
        "you yourself",
        "what was opened: nothing",
        "purpose: 60000",
        "item: 88\n",
        "not anchored yet",
        "looks: 3; items told of: 1",
        f"by consent: {SOMETHING}, guardian, by the guardian (parent)",
        "assisted, witnessed by agency 21, a second witness of agency 22",
    ):
        assert words in english
    assert english.count(f"officer, as commitment: {SOMETHING}") == 2
    assert NOTHING not in english
    assert english.count("by consent: ") == 2
    assert f"item: {ITEM}\n" not in english


def test_looks_are_told_as_json_and_the_id_is_kept_nowhere(
    server: GatewayServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command(tmp_path, server, "--json")) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {"items": [ITEM], "looks": [GRANTED, OWN, HIMSELF]}
    (tmp_path / "id.txt").unlink()
    kept = [path.read_text("utf-8", "replace") for path in tmp_path.rglob("*") if path.is_file()]
    assert sum('"kind":"query"' in text for text in kept) == 2
    assert not [text for text in (*kept, printed.out, printed.err) if PLANTED in text]


def test_where_the_items_change_between_two_pages_all_is_asked_anew(
    server: GatewayServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = 0

    def changing(_: object, asked: dict[str, str], __: object) -> tuple[int, dict[str, Any]]:
        nonlocal pages
        pages += 1
        return 200, told(server, asked) | {"items": [ITEM] if pages == 1 else [ITEM, ITEM + 1]}

    server.gateway.further["looks"] = changing
    assert run(command(tmp_path, server, "--json")) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {"items": [ITEM, ITEM + 1], "looks": [GRANTED, OWN, HIMSELF]}
    assert pages == 4


def test_another_language_is_refused_before_anything_is_asked(
    server: GatewayServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command(tmp_path, server, "--language", "de")) == 2
    assert "zh or en" in capsys.readouterr().err
    assert server.gateway.calls == []
