"""Requests, grants, emergencies and action files as an agency runs them, over HTTP."""

import io
import json
import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.main import run
from ledger.core.action_file import parse_action_file
from ledger.core.canonical import decode, encode
from ledger.core.consent_documents import Reasons, parse_reasons
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.keccak import keccak256
from ledger.core.scope import parse_scope
from ledger.core.signature import address_of
from tests.cli.gateway_server import GatewayServer, serving
from tests.unit.client.simulated_actions import SimulatedActions, make_conditional, profiles_of, request_row
from tests.unit.client.simulated_gateway import DESK_KEY, OTHER_KEY

pytestmark = pytest.mark.cli
ID = "0x" + "11" * 32
DESK, SUPERVISOR = address_of(DESK_KEY), address_of(OTHER_KEY)
NEW = [
    *("request", "new", "--holder", "3", "--item", "1", "--purpose", "P02", "--basis", "LB3"),
    *("--basis-ref", "消防法 第五条", "--region", "990101", "--from", "2026-01-01", "--to", "2026-06-30"),
    *("--class", "fire/", "--tier", "T5", "--until", "2099-12-31"),
]
OPEN = [
    *("emergency", "open", "--case", "case 2026-7", "--item", "2", "--item", "1", "--region", "990101"),
    *("--reason", "fire", "--hours", "6"),
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GatewayServer]:
    with serving(tmp_path) as made:
        yield made


@pytest.fixture
def actions(server: GatewayServer) -> SimulatedActions:
    return SimulatedActions(server.gateway)


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def test_a_request_names_scope_and_profile_and_keeps_what_opens_its_reference(
    server: GatewayServer, actions: SimulatedActions, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_conditional(server.gateway)
    assert run([*NEW, *server.options, "--json", "--wait", "5"]) == 0
    told = capsys.readouterr()
    assert "note: bases-2.json has no flow community to community for P02 on LB3" in told.err
    result = json.loads(told.out.strip().splitlines()[-1])
    (sent,) = actions.taken
    assert (result["id"], result["state"]) == (to_hex(sent.digest), "final")
    assert sent.message["profile"] == profiles_of(server.gateway)["T5P02"].hash
    scope = parse_scope(decode(sent.documents[0]))
    assert (scope.regions, scope.classes, sent.message["scopeHash"]) == (("990101",), ("fire/",), scope.hash)
    assert (scope.from_at, scope.until_at) == (1_767_196_800, 1_782_835_199)
    kept = tmp_path / "clients" / "community" / "receipts" / "commitments" / f"{sent.message['basisRef'].hex()}.json"
    assert json.loads(kept.read_text())["text"] == "消防法 第五条"
    assert "消防法" not in json.dumps([sent.document["message"], sent.documents])


def test_a_request_that_is_of_a_flow_is_sent_without_a_note(
    server: GatewayServer, actions: SimulatedActions, capsys: pytest.CaptureFixture[str]
) -> None:
    make_conditional(server.gateway)
    assert run([*NEW, "--basis", "LB4", *server.options, "--json"]) == 0
    assert "no flow" not in capsys.readouterr().err
    assert len(actions.taken) == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (["--tier", "E"], "T3, T5"),
        (["--tier", "T1"], "T3, T5"),
        (["--mask-profile", "0x" + "11" * 32], "does not list"),
        (["--basis", "LB1"], "consent id"),
        (["--until", "soon"], "expected Unix seconds"),
        (["--holder", "nobody"], "no agency"),
        (["--region", "99x"], "at most 15 digits"),
    ],
)
def test_a_request_that_nobody_could_grant_is_not_sent(
    server: GatewayServer,
    actions: SimulatedActions,
    capsys: pytest.CaptureFixture[str],
    changed: list[str],
    said: str,
) -> None:
    make_conditional(server.gateway)
    assert run([*NEW, *changed, *server.options]) in (1, 2)
    assert said in capsys.readouterr().err
    assert actions.taken == []


def test_an_item_without_a_mask_policy_has_nothing_to_ask_for(
    server: GatewayServer, actions: SimulatedActions, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*NEW, *server.options]) == 2
    assert "no mask policy" in capsys.readouterr().err
    assert actions.taken == []


@pytest.mark.parametrize(
    ("command", "action", "members"),
    [
        (["request", "withdraw", ID], "WithdrawRequest", {"request": bytes.fromhex("11" * 32)}),
        (["request", "accept", ID], "CloseGrant", {"outcome": 1}),
        (["request", "dispute", ID], "CloseGrant", {"outcome": 2}),
        (["grant", "revoke", ID, "--reason", "terms-broken"], "RevokeGrant", {"reason": 2}),
        (["grant", "decide", ID, "--refuse", "--reason", "too-wide"], "DecideAccess", {"decision": 2, "reason": 2}),
        (["emergency", "end", ID], "EndEmergency", {"key": DESK}),
        (["emergency", "cosign", ID], "CoSignEmergency", {"key": SUPERVISOR}),
        (["emergency", "defer", ID, "--until", "2099-01-01", "--reason", "danger"], "DeferNotice", {"reason": 3}),
        (["consent", "withdraw", ID, "--reason", "moved"], "WithdrawConsent", {"reason": 3, "key": DESK}),
    ],
)
def test_each_act_is_signed_by_the_key_that_has_its_role(
    server: GatewayServer,
    actions: SimulatedActions,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
    action: str,
    members: dict[str, Any],
) -> None:
    assert run([*command, *server.options, "--dry-run", "--json"]) == 0
    assert printed(capsys)["summary"][0].startswith(f"{action}: ")
    assert actions.taken == []
    assert run([*command, *server.options, "--json"]) == 0
    assert printed(capsys)["id"] == actions.about() == ID
    assert actions.taken[-1].action == action
    assert members.items() <= actions.taken[-1].message.items()


@pytest.mark.parametrize(
    ("command", "codes"),
    [
        (["emergency", "review", ID, "--verdict", "faults", "--reason", "too-long", "--reason", "5"], (4, 5)),
        (["emergency", "notify", ID], (1,)),
        (["emergency", "destroyed", ID, "--how", "paper"], (4,)),
        (["emergency", "keep", ID, "--reason", "law"], (1,)),
    ],
)
def test_what_is_said_in_words_goes_along_as_a_salted_document(
    server: GatewayServer,
    actions: SimulatedActions,
    tmp_path: Path,
    command: list[str],
    codes: tuple[int, ...],
) -> None:
    note = tmp_path / "note.txt"
    note.write_text("时间偏长，范围适当\n", encoding="utf-8")
    option = "--assessment" if command[1] == "keep" else "--note"
    assert run([*command, option, str(note), *server.options]) == 0
    (sent,) = actions.taken
    reasons = parse_reasons(decode(sent.documents[0]))
    assert (reasons.codes, reasons.words) == (codes, "时间偏长，范围适当")
    assert reasons.hash in sent.message.values()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["grant", "decide", ID], "--grant or with --refuse"),
        (["grant", "decide", ID, "--grant", "--refuse"], "--grant or with --refuse"),
        (["grant", "decide", ID, "--refuse"], "a refusal has a reason"),
        (["grant", "decide", ID, "--refuse", "--reason", "other", "--uses", "3"], "no terms of a grant"),
        (["grant", "decide", ID, "--grant", "--reason", "other"], "no reason of a refusal"),
        (["grant", "decide", ID, "--grant"], "a node is needed"),
        (["grant", "decide", ID, "--refuse", "--reason", "whim"], "refusal-reason is one of: 1 purpose-unproven"),
        (["emergency", "review", "0x11", "--verdict", "faults", "--note", "x", "--reason", "1"], "expected 32 bytes"),
        (["emergency", "notify", ID, "--note", "missing.txt"], "no text that can be read"),
        ([*OPEN, "--supervisor", "nobody"], "no agency"),
        (["emergency", "cosign", ID, "--action-key", SUPERVISOR], "is missing"),
    ],
)
def test_what_cannot_be_said_is_not_sent(
    server: GatewayServer,
    actions: SimulatedActions,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
    said: str,
) -> None:
    assert run([*command, *server.options]) in (1, 2)
    assert said in capsys.readouterr().err
    assert actions.taken == []


def test_emergencies_of_one_case_carry_one_commitment(server: GatewayServer, actions: SimulatedActions) -> None:
    assert run([*OPEN, *server.options]) == 0
    assert run([*OPEN, "--supervisor", "community", *server.options]) == 0
    first, second = actions.taken
    assert first.message["caseRef"] == second.message["caseRef"]
    assert (first.message["items"], first.message["reason"], first.message["region"]) == ((1, 2), 2, 990101)
    assert second.message["supervisor"] == SUPERVISOR
    assert [bool(signature) for signature in second.relayed_signatures] == [True, True, False]


def test_lists_are_read_to_their_end_and_filtered(
    server: GatewayServer, actions: SimulatedActions, capsys: pytest.CaptureFixture[str]
) -> None:
    actions.requests = [request_row(1), request_row(2, "granted"), request_row(3)]
    actions.duties = [duty("request.answer", 3, -1)]
    assert run(["request", "list", *server.options, "--json"]) == 0
    assert [one["request"][:4] for one in printed(capsys)["requests"]] == ["0x01", "0x02", "0x03"]
    assert run(["request", "list", "--state", "requested", *server.options, "--json"]) == 0
    assert len(printed(capsys)["requests"]) == 2
    assert run(["request", "list", "--overdue", *server.options, "--json"]) == 0
    assert [one["request"][:4] for one in printed(capsys)["requests"]] == ["0x03"]
    assert run(["grant", "list", *server.options]) == 0
    assert re.findall("0x02", capsys.readouterr().out) == ["0x02"]
    assert run(["request", "show", request_row(2)["request"], *server.options]) == 0
    assert "granted" in capsys.readouterr().out
    assert run(["request", "show", ID, *server.options]) == 1
    assert run(["request", "list", "--holder", "1", "--reader", "2", *server.options]) == 2


def duty(kind: str, number: int, days: int) -> dict[str, Any]:
    import time

    due = int(time.time()) + days * 86_400
    subject = to_hex(bytes([number]) * 32)
    members = {"overdueWorkingDays": max(0, -days), "doneAt": None, "escalation": 1 if days < 0 else 0}
    return {"kind": kind, "subject": subject, "agency": 7, "dueAt": due, **members}


def test_the_inbox_shows_what_is_overdue_first_and_how_it_is_settled(
    server: GatewayServer, actions: SimulatedActions, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["inbox", *server.options]) == 0
    assert capsys.readouterr().out == "nothing waits\n"
    actions.duties = [duty("request.answer", 1, 2), duty("emergency.review", 2, -3), duty("grant.new_kind", 3, 1)]
    assert run(["inbox", *server.options, "--json"]) == 0
    waiting = printed(capsys)["duties"]
    assert [(one["kind"], one["overdue"]) for one in waiting] == [
        ("emergency.review", True),
        ("grant.new_kind", False),
        ("request.answer", False),
    ]
    assert waiting[0]["command"] == "gongzhi emergency review 0x" + "02" * 32
    assert waiting[1]["command"] == ""
    assert run(["inbox", *server.options]) == 0
    assert "overdue, 3 working days" in capsys.readouterr().out


def test_an_action_is_prepared_signed_without_a_socket_and_sent(
    server: GatewayServer,
    actions: SimulatedActions,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, password = tmp_path / "opening.json", tmp_path / "desk.password"
    prepare = [*OPEN, "--supervisor", "community", "--prepare", str(path)]
    assert run([*prepare, *server.options, "--json"]) == 0
    assert printed(capsys)["missing"] == [DESK, SUPERVISOR]
    assert actions.taken == []
    assert run(["send", str(path), *server.options]) == 2
    assert "is missing" in capsys.readouterr().err

    def no_socket(*_: object, **__: object) -> None:
        raise AssertionError("signing opens no socket")

    sign = ["sign", str(path), "--password-file", str(password), "--yes", "--json", "--keystore"]
    with monkeypatch.context() as away:
        away.setattr(socket, "socket", no_socket)
        away.setattr(socket, "create_connection", no_socket)
        for keystore in ("supervise.json", "desk.json"):
            assert run([*sign, str(tmp_path / keystore)]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out.splitlines()[-1])["missing"] == []
    assert "caseRef: 0x" in told.err
    assert parse_action_file(path.read_bytes()).missing == ()
    assert run(["send", str(path), *server.options, "--json"]) == 0
    assert printed(capsys)["id"] == actions.about()
    assert [bool(signature) for signature in actions.taken[0].relayed_signatures] == [True, True, False]


def test_who_signs_sees_chain_and_contract_and_no_document_paints_over_them(
    server: GatewayServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "end.json"
    assert run(["emergency", "end", ID, "--prepare", str(path), *server.options]) == 0
    prepared = parse_action_file(path.read_bytes())
    words = Reasons(bytes(32), (1,), "火情\u202e\u009b2J").document
    document = encode(dict(words)).decode()
    named = {"emergency": from_hex(ID, 32), "verdict": 1, "documentHash": keccak256(document.encode())}
    message = {member: prepared.message[member] for member in ("key", "nonce", "deadline")} | named
    review = replace(prepared, action="ReviewEmergency", message=message, documents=(document,))
    path.write_bytes(review.encode())
    keystore = str(tmp_path / "desk.json")
    password = str(tmp_path / "desk.password")
    assert run(["sign", str(path), "--password-file", password, "--yes", "--keystore", keystore]) == 0
    shown = capsys.readouterr().err
    assert f"chain: {prepared.chain_id}\n" in shown
    assert f"contract: {prepared.contract}" in shown
    assert "火情\\u202e\\x9b2J" in shown


def test_a_key_that_is_no_signer_signs_nothing_and_no_is_no(
    server: GatewayServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, password = tmp_path / "end.json", tmp_path / "desk.password"
    assert run(["emergency", "end", ID, "--prepare", str(path), "--action-key", SUPERVISOR, *server.options]) == 0
    before = path.read_bytes()
    sign = ["sign", str(path), "--password-file", str(password), "--keystore"]
    assert run([*sign, str(tmp_path / "desk.json")]) == 2
    assert "is no signer of this action" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert run([*sign, str(tmp_path / "supervise.json")]) == 130
    path.write_bytes(before.replace(b"EndEmergency: end", b"EndEmergency: mend"))
    assert run([*sign, str(tmp_path / "supervise.json"), "--yes"]) == 1
    assert "summary" in capsys.readouterr().err
    assert run(["sign", "missing.json", "--keystore", "x"]) == 2


def test_a_file_for_another_chain_or_contract_is_not_sent(
    server: GatewayServer, actions: SimulatedActions, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, trust = tmp_path / "end.json", tmp_path / "trust.json"
    assert run(["emergency", "end", ID, "--prepare", str(path), *server.options]) == 0
    document = json.loads(trust.read_text())
    document["contracts"]["EmergencyAccess"]["address"] = "0x" + "77" * 20
    trust.write_text(json.dumps(document))
    assert run(["send", str(path), *server.options]) == 2
    assert "another contract" in capsys.readouterr().err
    document["chainId"] += 1
    trust.write_text(json.dumps(document))
    assert run(["send", str(path), *server.options]) == 2
    assert "another one" in capsys.readouterr().err
    assert actions.taken == []


def test_an_action_that_the_contract_refused_is_told_so(
    server: GatewayServer, actions: SimulatedActions, capsys: pytest.CaptureFixture[str]
) -> None:
    actions.state = "failed"
    assert run(["emergency", "end", ID, "--wait", "5", *server.options]) == 4
    assert "ConsentMismatch" in capsys.readouterr().err
    actions.state = "submitted"
    assert run(["emergency", "end", ID, "--wait", "1", *server.options]) == 1
    assert "it is submitted" in capsys.readouterr().err


def test_a_mark_is_prepared_signed_and_sent_like_every_other_act(
    server: GatewayServer, actions: SimulatedActions, tmp_path: Path
) -> None:
    path, password = tmp_path / "mark.json", tmp_path / "desk.password"
    mark = ["mark", ID, "withdrawn", "--reason", "1", "--prepare", str(path), *server.options]
    assert run([*mark, "--signer", SUPERVISOR]) == 0
    assert parse_action_file(path.read_bytes()).missing == (SUPERVISOR,)
    assert run(mark) == 0
    sign = ["sign", str(path), "--password-file", str(password), "--yes", "--keystore", str(tmp_path / "desk.json")]
    assert run(sign) == 0
    assert actions.taken == []
    assert run(["send", str(path), *server.options]) == 0
    assert (actions.taken[0].action, actions.taken[0].message["mark"], actions.about()) == ("Mark", 1, ID)
