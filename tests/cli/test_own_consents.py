"""`gongzhi rights consents` over HTTP: consents in plain words; the id is read from a private file, seen nowhere."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.main import run
from ledger.core.codes import AgencyKind, CaptureMode, DataCategory, GuardianRelation, Purpose
from ledger.core.consent_documents import ConsentText, Evidence, SecondWitness
from ledger.core.hexadecimal import to_hex
from ledger.core.received import consent_id
from ledger.core.scope import Scope
from ledger.core.signature import address_of, sign_digest
from ledger.core.typed_messages import message_to_json
from tests.cli.gateway_server import GatewayServer, serving
from tests.unit.client.simulated_gateway import DESK_KEY, GATEWAY, OTHER_KEY, PUBLISHER

pytestmark = pytest.mark.cli
PLANTED = "99010119900307004X"
NOBODY = "0x" + "00" * 20
RECIPIENT, WITNESSING, SECOND = 41, 42, 43
WORDS = {"zh": "文本", "en": "the words"}
TEXT = ConsentText(
    "care",
    2,
    {"zh": "同意医院查看关爱记录", "en": "the hospital may see care records"},
    (Purpose.CARE,),
    (DataCategory.GENERAL, DataCategory.SENSITIVE),
    (AgencyKind.HOSPITAL,),
    *(WORDS, WORDS, WORDS, {"zh": "可随时撤回", "en": "withdraw at any time"}, WORDS),
)
BY_KEY = Scope(b"\x51" * 32, ("990101001", ""), 1_700_000_000, None, None, ("visit",))
NOTHING = Scope(b"\x52" * 32, (), None, None, (b"\x01" * 32, b"\x02" * 32))


def consent_told(mode: CaptureMode, scope: Scope, **changes: Any) -> tuple[dict[str, Any], list[Mapping[str, Any]]]:
    """A consent as a gateway tells it, and its documents; `changes` replaces members of what is told."""
    agency = WITNESSING if mode in (CaptureMode.WITNESSED_PAPER, CaptureMode.ASSISTED) else 0
    relation = GuardianRelation.GRANDPARENT if mode is CaptureMode.GUARDIAN else None
    paper = os.urandom(32) if mode is CaptureMode.WITNESSED_PAPER else None
    evidence = Evidence(os.urandom(32), mode, os.urandom(32), TEXT.hash, None, relation, paper)
    if agency:
        signature = sign_digest(evidence.witnessed_digest, OTHER_KEY)
        evidence = replace(evidence, witness=SecondWitness(SECOND, address_of(OTHER_KEY), signature))
    message = {
        "key": address_of(DESK_KEY),
        "nonce": 0,
        "deadline": 1_800_000_600,
        "subjectTag": evidence.subject_tag,
        "recipient": RECIPIENT,
        "holder": PUBLISHER,
        "categories": 6,
        "purpose": 7,
        "scopeHash": scope.hash,
        "textHash": TEXT.hash,
        "evidenceHash": evidence.hash,
        "controller": NOBODY if agency else address_of(DESK_KEY),
        "capturedBy": agency,
        "captureMode": int(mode),
        "validFrom": 1_800_000_000,
        "validUntil": 1_900_000_000,
        "salt": os.urandom(32),
    }
    said = message_to_json("RecordConsent", message)
    action = {
        "action": "RecordConsent",
        "digest": to_hex(os.urandom(32)),
        "state": "final",
        "agency": PUBLISHER,
        "receivedAt": 1_800_000_000,
        "includeBy": 1_800_000_300,
        "message": said,
    }
    told = {
        "consent": to_hex(consent_id(message)),
        "state": "live",
        "stands": "final",
        **{name: value for name, value in said.items() if name not in ("key", "nonce", "deadline", "salt")},
        "recordedAt": 1_800_000_010,
        "withdrawnAt": None,
        "withdrawReason": None,
        "actions": [action],
        "underWay": [],
        "supersededBy": None,
        "sound": True,
    }
    return told | changes, [TEXT.document, evidence.document, scope.document]


GUARDED, OF_GUARDED = consent_told(CaptureMode.GUARDIAN, BY_KEY)
WITNESSED, OF_WITNESSED = consent_told(
    CaptureMode.WITNESSED_PAPER, NOTHING, state="superseded", supersededBy=GUARDED["consent"]
)
ENDED, _ = consent_told(
    CaptureMode.OWN_KEY, NOTHING, state="withdrawn", withdrawnAt=1_800_000_900, withdrawReason=3, sound=False
)
ODD, _ = consent_told(
    CaptureMode.OWN_KEY, BY_KEY, state="withdrawn", withdrawnAt=1, withdrawReason=777, sound=False, actions=[]
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GatewayServer]:
    with serving(tmp_path) as made:
        (tmp_path / "id.txt").write_text(PLANTED + "\n")
        (tmp_path / "id.txt").chmod(0o600)
        made.gateway.further["subject-consents"] = lambda _, asked, __: (200, told(made, asked))
        made.gateway.further_public["agencies"] = lambda parts, _, __: (200, {"agency": int(parts[0]), "kind": 34})
        yield made


def told(server: GatewayServer, asked: dict[str, str]) -> dict[str, Any]:
    """Two pages: two consents with their documents, then two whose documents are not all there."""
    gateway = server.gateway
    page = ([ENDED, ODD], [TEXT.document]) if "cursor" in asked else ([GUARDED, WITNESSED], OF_GUARDED + OF_WITNESSED)
    message = {
        "gateway": GATEWAY,
        "request": gateway.newest_request,
        "reader": PUBLISHER,
        "readerKey": address_of(DESK_KEY),
        "queryType": 2,
        "item": 0,
        "purpose": 12,
        "basis": 3,
        "resultCount": len(page[0]),
        "factsBlock": 1,
        "answeredAt": gateway.now,
        "anchorBy": gateway.now + 300,
    }
    following = None if "cursor" in asked else "next-one"
    documents = [dict(one) for one in page[1]]
    return {"query": gateway.sign("Query", message), "consents": page[0], "documents": documents, "next": following}


def command(folder: Path, server: GatewayServer, *more: str) -> list[str]:
    return ["rights", "consents", "--id-file", str(folder / "id.txt"), *more, *server.options]


def test_consents_are_told_in_plain_words_in_both_languages(
    server: GatewayServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command(tmp_path, server)) == 0
    chinese = capsys.readouterr().out
    for words in (
        f"同意 {GUARDED['consent']}：有效",
        f"已由同意 {GUARDED['consent']} 接替",
        "已于 2027-01-15 08:15:00Z 撤回（迁离）",
        "信息类别: 一般个人信息、敏感个人信息",
        "取得方式: 监护人、由监护人（祖父母、外祖父母）作出",
        f"取得方式: 见证纸质、由机构 {WITNESSING} 见证、第二见证人属机构 {SECOND}",
        "当时出示的文本: 同意医院查看关爱记录",
        "权利: 可随时撤回",
        "范围: 990101001、不限地区、2023-11-14 22:13:20Z – 、visit",
        "同意共 4 份，其中有效 2 份",
    ):
        assert words in chinese
    assert run(command(tmp_path, server, "--language", "en")) == 0
    english = capsys.readouterr().out
    for words in (
        f"consent {GUARDED['consent']}: active",
        f"superseded by consent {GUARDED['consent']}",
        "withdrawn 2027-01-15 08:15:00Z (moved away)",
        "withdrawn 1970-01-01 00:00:01Z (777)",
        f"who receives: {RECIPIENT}",
        "purpose: care of people living alone and children",
        "how it was given: guardian, by the guardian (grandparent)",
        f"witnessed by agency {WITNESSING}, a second witness of agency {SECOND}",
        "the words that were shown: the hospital may see care records",
        "scope: nothing, 2 records by name",
        "scope: not held by this gateway",
        "valid: 2027-01-15 08:00:00Z – 2030-03-17 17:46:40Z",
        f"receipt: {GUARDED['actions'][0]['digest']}",
        f"with the key that gave it ({address_of(DESK_KEY)})",
        f"ask agency {WITNESSING}, which withdraws it: gongzhi consent withdraw {WITNESSED['consent']}",
        "it has ended, there is nothing to withdraw",
        "note: nothing rests on it",
        "consents: 4, active: 2",
    ):
        assert words in english


def test_consents_are_told_as_json_with_receipts_and_the_id_is_kept_nowhere(
    server: GatewayServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "receipts of consents"
    assert run(command(tmp_path, server, "--json", "--receipts", str(folder))) == 0
    printed = capsys.readouterr()
    found = json.loads(printed.out)["consents"]
    assert [one["consent"] for one in found] == [one["consent"] for one in (GUARDED, WITNESSED, ENDED, ODD)]
    assert [(one["guardian"], one["secondWitness"]) for one in found] == [
        (int(GuardianRelation.GRANDPARENT), None),
        (None, SECOND),
        (None, None),
        (None, None),
    ]
    assert found[0]["text"] == TEXT.document
    assert [found[0]["scope"], found[2]["scope"]] == [BY_KEY.document, None]
    assert GUARDED.items() <= found[0].items()
    assert {path.name for path in folder.iterdir()} == {f"{one['consent']}.json" for one in (GUARDED, WITNESSED, ENDED)}
    receipt = json.loads((folder / f"{GUARDED['consent']}.json").read_text("utf-8"))
    assert receipt["record_id"] == GUARDED["consent"]
    assert folder.stat().st_mode & 0o777 == 0o700
    (tmp_path / "id.txt").unlink()
    kept = [path.read_text("utf-8", "replace") for path in tmp_path.rglob("*") if path.is_file()]
    assert sum('"kind":"query"' in text for text in kept) == 2
    assert not [text for text in (*kept, printed.out, printed.err) if PLANTED in text]


def test_a_consent_that_another_message_records_is_a_broken_promise(
    server: GatewayServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    another = GUARDED | {"consent": to_hex(bytes(32))}
    server.gateway.further["subject-consents"] = lambda _, asked, __: (
        200,
        told(server, asked) | {"consents": [another] * 2},
    )
    assert run(command(tmp_path, server)) != 0
    assert "not the one that has its id" in capsys.readouterr().err


def test_another_language_is_refused_before_anything_is_asked(
    server: GatewayServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command(tmp_path, server, "--language", "de")) == 2
    assert "zh or en" in capsys.readouterr().err
    assert server.gateway.calls == []


def test_a_folder_that_others_enter_takes_no_receipts_and_nothing_is_asked(
    server: GatewayServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "everybody's"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    assert run(command(tmp_path, server, "--receipts", str(folder))) == 2
    assert "others may enter it" in capsys.readouterr().err
    assert (server.gateway.calls, list(folder.iterdir()), folder.stat().st_mode & 0o777) == ([], [], 0o755)


def test_a_consent_on_which_nothing_rests_is_not_counted_as_active(
    server: GatewayServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unsound = [one | {"sound": False} for one in (GUARDED, WITNESSED)]

    def first_unsound(_: object, asked: dict[str, str], __: object) -> tuple[int, dict[str, Any]]:
        page = told(server, asked)
        return 200, page if "cursor" in asked else page | {"consents": unsound}

    server.gateway.further["subject-consents"] = first_unsound
    assert run(command(tmp_path, server, "--language", "en")) == 0
    assert "consents: 4, active: 0" in capsys.readouterr().out
