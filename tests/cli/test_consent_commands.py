"""Consents and rights of residents as a community office runs them, over HTTP."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.main import run
from ledger.core.canonical import decode, encode
from ledger.core.consent_documents import parse_evidence
from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from ledger.core.received import consent_id
from ledger.core.scope import parse_scope
from ledger.core.signature import address_of
from ledger.core.subjects import canonical_id, parse_opening
from tests.cli.gateway_server import GatewayServer, serving
from tests.unit.client.simulated_actions import SimulatedActions
from tests.unit.client.simulated_gateway import DESK_KEY, GATEWAY, OTHER_KEY, PUBLISHER

pytestmark = pytest.mark.cli
PERSON = "E12345678"
TAG = bytes([0x7A]) * 32
TERMS = [
    *("--recipient", "15", "--purpose", "P07", "--category", "general", "--category", "sensitive"),
    *("--text", "care-to-hospital", "--region", "990101001", "--until", "2099-12-31", "--id-type", "passport"),
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GatewayServer]:
    with serving(tmp_path) as made:
        (tmp_path / "id.txt").write_text(PERSON + "\n")
        (tmp_path / "id.txt").chmod(0o600)
        yield made


@pytest.fixture
def actions(server: GatewayServer) -> SimulatedActions:
    made = SimulatedActions(server.gateway)
    server.gateway.further["subject-tags"] = lambda _, __, body: (200, tagged(server, body))
    return made


def tagged(server: GatewayServer, body: dict[str, Any]) -> dict[str, Any]:
    """A tag for a consent, with its signed Query."""
    gateway = server.gateway
    assert body["recipient"] == 15
    message = {
        "gateway": GATEWAY,
        "request": gateway.newest_request,
        "reader": PUBLISHER,
        "readerKey": address_of(DESK_KEY),
        "queryType": 2,
        "item": 0,
        "purpose": 7,
        "basis": 1,
        "resultCount": 1,
        "factsBlock": 1,
        "answeredAt": gateway.now,
        "anchorBy": gateway.now + 300,
    }
    return {"query": gateway.sign("Query", message), "subjectTag": to_hex(TAG), "period": 0}


def record(server: GatewayServer, folder: Path, *more: str) -> list[str]:
    return ["consent", "record", *TERMS, "--id-file", str(folder / "id.txt"), *more, *server.options]


def own_key(folder: Path) -> list[str]:
    password = folder / "desk.password"
    return ["--consent-key", str(folder / "own.json"), "--consent-password-file", str(password)]


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def test_a_consent_by_the_person_s_own_key_names_nobody_and_is_withdrawn_by_that_key(
    server: GatewayServer, actions: SimulatedActions, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(record(server, tmp_path, "--mode", "own_key", *own_key(tmp_path), "--json")) == 0
    consent = printed(capsys)["id"]
    (sent,) = actions.taken
    message = sent.message
    assert consent == to_hex(consent_id(message))
    assert (message["subjectTag"], message["nonce"], message["capturedBy"], message["categories"]) == (TAG, 0, 0, 6)
    assert message["controller"] == message["key"] not in (address_of(DESK_KEY), address_of(OTHER_KEY))
    assert PERSON not in sent.encode().decode()
    scope, text, evidence = (decode(document) for document in sent.documents)
    assert (parse_scope(scope).hash, keccak256(encode(text))) == (message["scopeHash"], message["textHash"])
    assert parse_evidence(evidence).hash == message["evidenceHash"]

    server.gateway.documents[to_hex(message["textHash"])] = encode(text)
    key = ["--action-key", str(tmp_path / "own.json"), "--action-password-file", str(tmp_path / "desk.password")]
    assert run(["consent", "withdraw", consent, *key, *server.options]) == 0
    assert (actions.taken[1].message["key"], actions.taken[1].message["reason"]) == (message["key"], 1)
    capsys.readouterr()
    out = tmp_path / "receipt.json"
    assert run(["consent", "receipt", consent, "--language", "en", "--out", str(out), *server.options]) == 0
    receipt = json.loads(out.read_text())
    assert [event["event_state"] for event in receipt["events"]] == ["given", "withdrawn"]
    assert receipt["events"][0]["action"] == to_hex(sent.digest)
    assert [party["party_name"] for party in receipt["parties"]] == ["Community 7", "agency 15"]
    server.gateway.further["consents"] = lambda _, __, ___: (200, {"consent": to_hex(TAG), "actions": []})
    assert run(["consent", "receipt", to_hex(TAG), *server.options]) == 1
    assert "did not take the consent" in capsys.readouterr().err


def test_a_witnessed_consent_has_two_persons_behind_it(
    server: GatewayServer, actions: SimulatedActions, tmp_path: Path
) -> None:
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(b"a scan")
    supervise, password = str(tmp_path / "supervise.json"), str(tmp_path / "desk.password")
    second = ["--second-witness", supervise, "--second-witness-password-file", password, "--second-witness-agency", "5"]
    assert run(record(server, tmp_path, "--mode", "witnessed_paper", "--paper", str(scan), *second)) == 0
    (sent,) = actions.taken
    assert (sent.message["key"], sent.message["capturedBy"]) == (address_of(DESK_KEY), PUBLISHER)
    assert int(sent.message["controller"], 16) == 0
    evidence = parse_evidence(decode(sent.documents[2]))
    assert evidence.witness is not None
    assert (evidence.witness.agency, evidence.witness.key) == (5, address_of(OTHER_KEY))
    assert evidence.paper == keccak256(b"a scan")
    kept = tmp_path / "evidence.json"
    kept.write_text(sent.documents[2])
    tag = ["--subject-tag", to_hex(TAG)]
    assert run(record(server, tmp_path, "--mode", "witnessed_paper", "--evidence", str(kept), *tag)) == 0
    other = ["--subject-tag", to_hex(bytes([1]) * 32)]
    assert run(record(server, tmp_path, "--mode", "witnessed_paper", "--evidence", str(kept), *other)) == 1


def test_a_second_witness_signs_away_from_the_network(
    server: GatewayServer,
    actions: SimulatedActions,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waiting, signed, scan = tmp_path / "waiting.json", tmp_path / "signed.json", tmp_path / "scan.pdf"
    scan.write_bytes(b"a scan")
    mode = ["--mode", "witnessed_paper"]
    assert run(record(server, tmp_path, *mode, "--paper", str(scan), "--evidence-out", str(waiting), "--json")) == 0
    assert printed(capsys) == {"file": str(waiting), "subjectTag": to_hex(TAG)}
    assert actions.taken == []
    assert run(record(server, tmp_path, "--mode", "own_key", *own_key(tmp_path), "--evidence-out", str(signed))) == 2
    assert not signed.exists()
    capsys.readouterr()
    command = ["consent", "witness", str(waiting), "--signer", str(tmp_path / "supervise.json"), "--agency", "5"]
    command += ["--password-file", str(tmp_path / "desk.password"), "--out", str(signed), "--json"]
    with monkeypatch.context() as patch:

        def refuse(*_: object, **__: object) -> None:
            raise AssertionError("a witness opens no socket")

        patch.setattr("socket.socket", refuse)
        assert run([*command, "--yes"]) == 0
        shown = capsys.readouterr()
        assert run([*command[:2], str(signed), *command[3:], "--yes"]) == 1
        assert run([*command[:2], str(tmp_path / "missing"), *command[3:], "--yes"]) == 2
    for part in ("witnessed", to_hex(TAG), to_hex(keccak256(b"a scan"))):
        assert part in shown.err
    assert PERSON not in shown.out + shown.err + signed.read_text()
    evidence = parse_evidence(decode(signed.read_bytes()))
    assert json.loads(shown.out)["evidenceHash"] == to_hex(evidence.hash)
    (tmp_path / "id.txt").unlink()
    assert run(record(server, tmp_path, *mode, "--evidence", str(signed))) == 0
    (sent,) = actions.taken
    assert (sent.message["subjectTag"], sent.message["evidenceHash"]) == (TAG, evidence.hash)
    signed.write_text(signed.read_text().replace('"captureMode":3', '"captureMode":4'))
    assert run(record(server, tmp_path, *mode, "--evidence", str(signed))) == 1
    assert run(record(server, tmp_path, *mode, "--evidence", str(waiting))) == 1
    assert len(actions.taken) == 1


def test_a_consent_is_prepared_for_a_key_that_is_elsewhere(
    server: GatewayServer, actions: SimulatedActions, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, path = "0x" + "5e" * 20, tmp_path / "consent.json"
    guardian = ["--mode", "guardian", "--relation", "parent", "--action-key", key, "--prepare", str(path)]
    assert run(record(server, tmp_path, *guardian, "--json")) == 0
    assert printed(capsys)["missing"] == [key]
    assert actions.taken == []
    assert PERSON not in path.read_text()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--mode", "own_key"], "has a key of its own"),
        (["--mode", "assisted"], "has a second witness"),
        (["--mode", "assisted", "--second-witness", "0x" + "11" * 20], "the second witness signs here"),
        (["--mode", "assisted", "--relation", "parent"], "--relation goes with mode guardian"),
        (["--mode", "assisted", "--paper", "x"], "--paper goes with mode witnessed_paper"),
        (["--mode", "witnessed_paper", "--paper", "missing.pdf"], "cannot be read"),
        (["--mode", "by_nod"], "capturemode is one of"),
        (["--mode", "statutory_notice", "--text", "no-such-text"], "no consent text"),
        (["--mode", "statutory_notice", "--purpose", "P02"], "does not speak of this purpose"),
        (["--mode", "statutory_notice", "--id-type", "nickname"], "expected one of"),
    ],
)
def test_a_consent_that_lacks_what_its_mode_needs_is_not_sent(
    server: GatewayServer,
    actions: SimulatedActions,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    said: str,
) -> None:
    server.gateway.further["subject-tags"] = lambda _, __, body: (200, tagged(server, body))
    tag = ["--subject-tag", to_hex(TAG)] if "P02" in more else []
    assert run(record(server, tmp_path, *more, *tag)) in (1, 2)
    assert said in capsys.readouterr().err
    assert actions.taken == []


def test_a_request_of_a_resident_is_published_and_its_steps_follow(
    server: GatewayServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    SimulatedActions(server.gateway)
    step = ["--synthetic", "--dry-run", "--json", *server.options]
    wanted = to_hex(TAG)
    for command, before, after in (
        (["rights", "verify", wanted], "filed", "verified"),
        (["rights", "done", wanted], "verified", "done"),
        (["rights", "refuse", wanted, "--reason", "law-keeps"], "verified", "refused"),
        (["request", "check", wanted], "requested", "checked"),
        (["request", "deliver", wanted], "answered", "delivered"),
        (["grant", "destroyed", wanted], "due", "destroyed"),
        (["grant", "returned", wanted, "--evidence", to_hex(TAG)], "due", "returned"),
        (["grant", "notified", wanted, "--region", "990101001"], "due", "notified"),
    ):
        assert run([*command, *step]) == 0
        values = printed(capsys)["wouldPublish"]
        assert (values["/subjectRecordId"], values["/from"], values["/to"]) == (wanted, before, after)
        assert values["/region"] == ("990101001" if "--region" in command else "990101001007")
    assert run(["rights", "refuse", wanted, *server.options]) == 2
    assert run(["rights", "done", wanted, "--reason", "whim", *server.options]) == 2
    assert run(["rights", "done", "0x11", *server.options]) == 1


def test_a_resident_sees_his_records_and_is_named_in_no_header_that_is_kept(
    server: GatewayServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []
    handle = server.gateway.handle

    def listening(method: str, target: str, headers: Any, content: bytes) -> tuple[int, bytes]:
        if "gongzhi-opening" in headers:
            opening = parse_opening(headers["gongzhi-opening"])
            assert to_hex(opening.commitment) == headers["gongzhi-subject"]
            assert opening.subject == canonical_id("passport", PERSON)
            seen.append(headers["gongzhi-authority"])
        return handle(method, target, headers, content)

    server.gateway.handle = listening  # type: ignore[method-assign]
    server.gateway.refuse_with = 5
    server.gateway.before_signing["Refusal"] = lambda message: message | {"authority": 5, "authorityId": bytes(32)}
    person = ["--id-type", "passport", "--id-file", str(tmp_path / "id.txt")]
    assert run(["rights", "access", "--item", "1", *person, *server.options]) == 1
    assert "look_refused" in capsys.readouterr().err
    assert seen == ["self"]
    receipts = list((tmp_path / "clients").rglob("*.json"))
    assert receipts
    assert all(PERSON not in path.read_text() for path in receipts)
