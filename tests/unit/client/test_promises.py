"""Every promise that a gateway can break is caught, and kept as evidence."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.client.facts import GatewayFacts
from ledger.client.gongzhi import GongzhiClient
from ledger.client.grounds import Grounds
from ledger.client.looking import SearchTerms
from ledger.client.submissions import new_record
from ledger.core.codes import Authority, Basis, Mark, Purpose, Role
from ledger.core.receipt import parse_receipt
from ledger.errors import GongzhiError, LookRefused, PromiseBroken
from tests.unit.client.simulated_gateway import (
    DOMAIN,
    GATEWAY,
    ITEM,
    NOW,
    OTHER_KEY,
    SCHEMA,
    VERSION,
    SimulatedGateway,
    originals,
)

pytestmark = pytest.mark.unit
GROUNDS = Grounds(ITEM, Purpose.INCIDENT_RESPONSE, Basis.STATUTORY_DUTY, "消防法 第五条", officer="officer 17")
Change = Callable[[dict[str, Any]], dict[str, Any]]


def publish(client: GongzhiClient, count: int = 3) -> list[bytes]:
    records = [new_record(originals(number)) for number in range(count)]
    client.publish(SCHEMA, ITEM, VERSION, records)
    return [record.record_id for record in records]


def setting(**members: Any) -> Change:
    return lambda message: message | members


def kept(client: GongzhiClient, kind: str, folder: str = "") -> list[Path]:
    return sorted((client.desk.receipts.folder / folder).glob(f"{kind}-*.json"))


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


@pytest.mark.parametrize(
    "change",
    [
        setting(gateway=2),
        setting(request=bytes(32)),
        setting(reader=8),
        setting(readerKey="0x" + "11" * 20),
        setting(item=2),
        setting(itemVersion=2),
        setting(purpose=3),
        setting(basis=7),
        setting(officer=bytes(32)),
        setting(caseRef=bytes([1]) * 32),
        setting(authority=int(Authority.AUDIT)),
        setting(authorityId=bytes(32)),
        setting(profile=bytes(32)),
        setting(tier=3),
        setting(recordCount=3),
        setting(openingsRoot=bytes([1]) * 32),
        setting(disclosedAt=NOW - 31),
        setting(disclosedAt=NOW + 91, anchorBy=NOW + 91),
        setting(anchorBy=NOW + 301),
    ],
)
def test_a_disclosure_that_says_another_thing_is_caught(
    gateway: SimulatedGateway, client: GongzhiClient, change: Change
) -> None:
    publish(client, 2)
    gateway.before_signing["Disclosure"] = change
    with pytest.raises(PromiseBroken) as caught:
        list(client.search(GROUNDS, SearchTerms()))
    assert caught.value.context["receipt"] == kept(client, "disclosure", "broken")[0]


def edited(answer: dict[str, Any], slot: int, **members: Any) -> dict[str, Any]:
    answer["views"][0]["slots"][slot] |= members
    return answer


def opened_further(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "views": answer["views"][:1] * 2}


@pytest.mark.parametrize(
    "change",
    [
        lambda answer: edited(answer, 3, value='"medical"'),
        lambda answer: edited(answer, 3, salt="0x" + "11" * 32),
        lambda answer: edited(answer, 1, value="1.5"),
        lambda answer: edited(answer, 1, path="/recordedAt"),
        lambda answer: edited(answer, 6, digest="0x" + "11" * 32),
        lambda answer: answer | {"views": answer["views"][:1]},
        opened_further,
        lambda answer: answer | {"views": answer["views"][::-1][:1] + answer["views"][:1], "openings": []},
        lambda answer: answer | {"openings": answer["openings"][:1], "views": answer["views"][:1]},
        lambda answer: answer | {"openings": answer["openings"][:1] * 2},
        lambda answer: answer | {"openings": [["0x"]]},
        lambda answer: answer | {"views": [{}]},
        lambda answer: answer | {"disclosure": {}},
        lambda answer: answer | {"next": 5},
    ],
)
def test_views_and_openings_that_are_not_the_signed_ones_are_caught(
    gateway: SimulatedGateway, client: GongzhiClient, change: Change
) -> None:
    publish(client, 2)
    gateway.after_signing = lambda _, answer: change(answer)
    with pytest.raises(PromiseBroken):
        list(client.search(GROUNDS, SearchTerms()))


def test_a_slot_that_the_profile_closes_is_caught_when_opened(gateway: SimulatedGateway, client: GongzhiClient) -> None:
    publish(client)
    narrow = gateway.profile
    wide = replace(narrow, open=(*narrow.open[:-1], ("/reporter/idNumber", "g:id-1-2@1"), narrow.open[-1]))
    served = gateway._served

    def serve_wide(*args: Any, **kwargs: Any) -> dict[str, Any]:
        gateway.profile = wide
        try:
            return served(*args, **kwargs)
        finally:
            gateway.profile = narrow

    gateway._served = serve_wide
    gateway.before_signing["Disclosure"] = setting(profile=narrow.hash)
    with pytest.raises(PromiseBroken, match="profile closes"):
        list(client.search(GROUNDS, SearchTerms()))


def test_another_record_than_was_asked_for_is_caught(gateway: SimulatedGateway, client: GongzhiClient) -> None:
    ids = publish(client)
    first = next(iter(gateway.taken.values())).records[0]
    served = gateway._served
    gateway._served = lambda _, *rest, **named: served([first], *rest, **named)
    with pytest.raises(PromiseBroken, match="another record"):
        client.read(ids[1], GROUNDS)
    with pytest.raises(PromiseBroken, match="another record"):
        client.bundle(ids[1], GROUNDS)
    with pytest.raises(PromiseBroken, match="another version"):
        client.read(first.record_id, GROUNDS, version=2)


@pytest.mark.parametrize(
    "terms",
    [
        SearchTerms(region="9901010020"),
        SearchTerms(record_class="medical"),
        SearchTerms(record_class="traffic/"),
        SearchTerms(occurred_from=NOW),
        SearchTerms(occurred_until=NOW - 7200),
    ],
)
def test_records_that_were_not_searched_for_are_caught(client: GongzhiClient, terms: SearchTerms) -> None:
    publish(client)
    with pytest.raises(PromiseBroken, match="than was searched"):
        list(client.search(GROUNDS, terms))


def test_a_document_with_another_hash_is_caught(gateway: SimulatedGateway, client: GongzhiClient) -> None:
    publish(client)
    gateway.documents = dict.fromkeys(gateway.documents, b"{}")
    with pytest.raises(PromiseBroken, match="another hash"):
        list(client.search(GROUNDS, SearchTerms()))


def test_a_signed_refusal_is_checked_kept_and_told(gateway: SimulatedGateway, client: GongzhiClient) -> None:
    gateway.refuse_with = 3
    with pytest.raises(LookRefused) as refused:
        list(client.search(GROUNDS, SearchTerms()))
    assert refused.value.reason == 3
    assert parse_receipt(kept(client, "refusal")[0].read_bytes()).message["reason"] == 3


@pytest.mark.parametrize("change", [setting(reason=4), setting(request=bytes(32)), setting(reader=8)])
def test_a_refusal_that_does_not_fit_is_caught(
    gateway: SimulatedGateway, client: GongzhiClient, change: Change
) -> None:
    gateway.refuse_with = 3
    gateway.before_signing["Refusal"] = change
    with pytest.raises(PromiseBroken):
        list(client.search(GROUNDS, SearchTerms()))


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


def on_chain(client: GongzhiClient, gateway: SimulatedGateway, **named: Any) -> None:
    client.desk.facts = GatewayFacts(GATEWAY, DOMAIN, chain=gateway.chain_facts(**named))


def test_with_a_chain_keys_items_facts_and_bundles_are_judged_by_it(
    gateway: SimulatedGateway, client: GongzhiClient
) -> None:
    on_chain(client, gateway)
    assert client.schema_of(ITEM) == (SCHEMA, VERSION)
    ids = publish(client)
    on_chain(client, gateway)
    gateway.before_signing["Disclosure"] = setting(asOfBatch=1, factsBlock=2)
    assert client.bundle(ids[0], GROUNDS).verified.steps[-1] == 11


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (setting(factsBlock=99), "not on the chain"),
        (setting(asOfBatch=7), "newest batch"),
        (setting(factsBlock=0), "stale"),
        (setting(factsBlock=2, disclosedAt=NOW - 30, anchorBy=NOW), None),
    ],
)
def test_with_a_chain_a_decision_by_other_facts_is_caught(
    gateway: SimulatedGateway, client: GongzhiClient, change: Change, said: str | None
) -> None:
    on_chain(client, gateway)
    publish(client)
    gateway.before_signing["Disclosure"] = lambda message: change({**message, "factsBlock": 2})
    if said is None:
        assert list(client.search(GROUNDS, SearchTerms()))
        return
    with pytest.raises(PromiseBroken, match=said):
        list(client.search(GROUNDS, SearchTerms()))


def test_with_a_chain_a_disclosure_from_the_future_of_its_facts_is_caught(
    gateway: SimulatedGateway, client: GongzhiClient
) -> None:
    on_chain(client, gateway)
    publish(client)
    gateway.now += 31
    gateway.before_signing["Disclosure"] = setting(factsBlock=2, disclosedAt=NOW, anchorBy=NOW)
    on_chain(client, gateway)
    gateway.now -= 31
    with pytest.raises(PromiseBroken, match="younger"):
        list(client.search(GROUNDS, SearchTerms()))


def test_with_a_chain_a_key_without_the_role_signs_for_nobody(gateway: SimulatedGateway, client: GongzhiClient) -> None:
    on_chain(client, gateway, key_roles=Role.ANCHOR.bit)
    with pytest.raises(PromiseBroken, match="API_SIGN"):
        publish(client)


def test_a_key_that_was_bound_after_the_snapshot_is_no_false_alarm(
    gateway: SimulatedGateway, client: GongzhiClient
) -> None:
    on_chain(client, gateway, key_roles=Role.ANCHOR.bit)
    client.desk.newer_facts = lambda: GatewayFacts(GATEWAY, DOMAIN, chain=gateway.chain_facts())
    publish(client)
    assert len(kept(client, "acceptance")) == 1


def test_an_export_is_written_with_its_manifest_last(
    gateway: SimulatedGateway, client: GongzhiClient, tmp_path: Path
) -> None:
    manifest, _ = client.export(tmp_path / "export", GROUNDS)
    assert manifest.gateway == GATEWAY
    assert len(list((tmp_path / "export" / "documents").iterdir())) == 3
    for name, change in {
        "cut": lambda lines: lines[:-1],
        "counts": lambda lines: [*lines[:-1], lines[-1].replace('"entries":0', '"entries":1')],
        "document": lambda lines: [lines[0], lines[1].replace("incident", "accident"), *lines[2:]],
        "order": lambda lines: lines[1:],
        "gateway": lambda lines: [lines[0].replace('"gateway":1', '"gateway":2'), *lines[1:]],
        "line": lambda lines: [lines[0], "{}", *lines[1:]],
        "tag": lambda lines: [lines[0], '{"line":"more"}', *lines[1:]],
    }.items():
        gateway.after_signing = lambda _, answer, change=change: {"lines": change(answer["lines"])}
        with pytest.raises(GongzhiError):
            client.export(tmp_path / name, GROUNDS)
        assert not (tmp_path / name / "manifest.json").exists()
