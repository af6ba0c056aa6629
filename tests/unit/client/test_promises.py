"""Acceptances, relays, bundles and exports that are not what they must be are caught, and kept as evidence."""

from pathlib import Path

import pytest

from ledger.client.gongzhi import GongzhiClient
from ledger.client.looking import SearchTerms
from ledger.client.submissions import new_record
from ledger.core.codes import Mark
from ledger.errors import GongzhiError, PromiseBroken
from tests.unit.client.asking import GROUNDS, Change, kept, publish, setting
from tests.unit.client.simulated_gateway import (
    GATEWAY,
    NOW,
    OTHER_KEY,
    SCHEMA,
    SimulatedGateway,
    originals,
)

pytestmark = pytest.mark.unit


def test_an_honest_gateway_is_believed_and_every_promise_is_kept(client: GongzhiClient) -> None:
    ids = publish(client)
    pages = list(client.search(GROUNDS, SearchTerms(region="990101", record_class="fire/")))
    assert [len(page.views) for page in pages] == [2, 1]
    assert client.read(ids[0], GROUNDS).views[0].record_id == ids[0]
    assert client.bundle(ids[1], GROUNDS).verified.record_id == ids[1]
    assert client.mark(ids[2], 0, Mark.WITHDRAWN, 1).state == "received"
    kinds = [receipt.kind for receipt in client.desk.receipts.receipts()]
    assert kinds == ["acceptance", *["disclosure"] * 4, "received"]
    assert not kept(client, "*", "broken")


def test_nothing_personal_stands_in_receipts(client: GongzhiClient) -> None:
    publish(client)
    list(client.search(GROUNDS, SearchTerms()))
    for path in kept(client, "*"):
        text = path.read_text(encoding="utf-8")
        assert "欧阳" not in text
        assert "1380013" not in text
        assert "officer 17" not in text


@pytest.mark.parametrize(
    "change",
    [
        setting(gateway=2),
        setting(entry=bytes(32)),
        setting(anchorBy=NOW + 301),
    ],
)
def test_an_acceptance_that_promises_something_else_is_caught(
    gateway: SimulatedGateway, client: GongzhiClient, change: Change
) -> None:
    gateway.before_signing["Acceptance"] = change
    with pytest.raises(PromiseBroken):
        publish(client)
    assert len(kept(client, "acceptance", "broken")) == 1
    assert not kept(client, "acceptance")
    assert len(client.outbox.pending()) == 1


def test_an_acceptance_by_another_key_is_caught(gateway: SimulatedGateway, client: GongzhiClient) -> None:
    gateway.api_key = OTHER_KEY
    with pytest.raises(PromiseBroken, match="pinned"):
        publish(client)


@pytest.mark.parametrize(
    "change",
    [
        lambda answer: answer | {"sealedHash": "0x" + "11" * 32},
        lambda answer: answer | {"entry": "0x" + "11" * 32},
        lambda answer: answer | {"entry": "0x11"},
        lambda answer: answer | {"submissionId": "0x" + "11" * 32},
        lambda answer: answer | {"acceptance": {}},
        lambda answer: answer | {"acceptance": answer["acceptance"] | {"signature": "0x" + "11" * 65}},
        lambda answer: answer | {"acceptance": answer["acceptance"] | {"signer": "0x" + "11" * 20}},
    ],
)
def test_an_answer_around_the_acceptance_that_does_not_fit_is_caught(
    gateway: SimulatedGateway, client: GongzhiClient, change: Change
) -> None:
    gateway.after_signing = lambda _, answer: change(answer)
    with pytest.raises(PromiseBroken):
        publish(client)


@pytest.mark.parametrize("change", [setting(action=bytes(32)), setting(gateway=2), setting(receivedAt=NOW - 31)])
def test_a_promise_to_relay_something_else_is_caught(
    gateway: SimulatedGateway, client: GongzhiClient, change: Change
) -> None:
    gateway.before_signing["Received"] = change
    with pytest.raises(PromiseBroken):
        client.mark(bytes(32), 0, Mark.DISPUTED, 2)


def test_a_thin_client_recomputes_what_the_gateway_committed(gateway: SimulatedGateway, client: GongzhiClient) -> None:
    records = [new_record(originals(number)) for number in range(2)]
    assert len(client.publishing.commit_at_gateway(SCHEMA, records)) == 32
    for change in (
        lambda answer: answer | {"recordsRoot": "0x" + "11" * 32},
        lambda answer: answer | {"records": answer["records"][:1]},
        lambda answer: answer | {"records": [answer["records"][0] | {"digests": []}, answer["records"][1]]},
        lambda answer: answer | {"records": [answer["records"][0] | {"recordRoot": "0x"}, answer["records"][1]]},
    ):
        gateway.after_signing = lambda _, answer, change=change: change(answer)
        with pytest.raises(PromiseBroken):
            client.publishing.commit_at_gateway(SCHEMA, records)


@pytest.mark.parametrize(
    "change",
    [
        lambda bundle: bundle | {"sequence": 9},
        lambda bundle: bundle | {"recordProof": []},
        lambda bundle: bundle | {"submission": bundle["submission"] | {"signature": "0x" + "11" * 65}},
    ],
)
def test_a_bundle_that_does_not_verify_is_caught(
    gateway: SimulatedGateway, client: GongzhiClient, change: Change
) -> None:
    ids = publish(client)
    gateway.after_signing = lambda _, answer: (
        answer | {"bundle": change(answer["bundle"])} if "bundle" in answer else answer
    )
    with pytest.raises(PromiseBroken, match="step"):
        client.bundle(ids[0], GROUNDS)


def test_an_export_is_written_with_its_manifest_last(
    gateway: SimulatedGateway, client: GongzhiClient, tmp_path: Path
) -> None:
    manifest, _ = client.export(tmp_path / "export", GROUNDS)
    assert manifest.gateway == GATEWAY
    assert len(list((tmp_path / "export" / "documents").iterdir())) == len(gateway.documents)
    for name, change in {
        "cut": lambda lines: lines[:-1],
        "counts": lambda lines: [*lines[:-1], lines[-1].replace('"entries":0', '"entries":1')],
        "document": lambda lines: [lines[0], lines[1].replace("incident", "accident"), *lines[2:]],
        "order": lambda lines: lines[1:],
        "gateway": lambda lines: [lines[0].replace('"gateway":1', '"gateway":2'), *lines[1:]],
        "back-dated": lambda lines: [lines[0].replace('"exportedAt":', '"exportedAt":1'), *lines[1:]],
        "line": lambda lines: [lines[0], "{}", *lines[1:]],
        "tag": lambda lines: [lines[0], '{"line":"more"}', *lines[1:]],
    }.items():
        gateway.after_signing = lambda _, answer, change=change: {"lines": change(answer["lines"])}
        with pytest.raises(GongzhiError):
            client.export(tmp_path / name, GROUNDS)
        assert not (tmp_path / name / "manifest.json").exists()
