"""Disclosures, refusals and views that are not what they must be are caught, and kept as evidence."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.client.facts import GatewayFacts
from ledger.client.gongzhi import GongzhiClient
from ledger.client.looking import SearchTerms
from ledger.client.looks import check_views
from ledger.core.bundle import View
from ledger.core.canonical import document_hash, encode
from ledger.core.codes import Authority, Role
from ledger.core.hexadecimal import to_hex
from ledger.core.receipt import Opening, parse_receipt
from ledger.core.verify import recompute_root
from ledger.errors import LookRefused, NotFound, PromiseBroken
from tests.unit.client.asking import GROUNDS, Change, kept, publish, setting
from tests.unit.client.simulated_chain import chain_facts
from tests.unit.client.simulated_gateway import (
    DOMAIN,
    GATEWAY,
    ITEM,
    NOW,
    SCHEMA,
    VERSION,
    SimulatedGateway,
)

pytestmark = pytest.mark.unit


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


def test_a_look_of_ones_own_names_no_profile(gateway: SimulatedGateway, client: GongzhiClient) -> None:
    publish(client)
    own = replace(GROUNDS, authority=Authority.OWN)
    bare = setting(authority=int(Authority.OWN), authorityId=bytes(32), profile=bytes(32))
    gateway.before_signing["Disclosure"] = bare
    assert list(client.search(own, SearchTerms()))
    for member in ("authorityId", "profile"):
        gateway.before_signing["Disclosure"] = lambda message, name=member: bare(message) | {name: bytes([1]) * 32}
        with pytest.raises(PromiseBroken, match="OWN or AUDIT"):
            list(client.search(own, SearchTerms()))


def test_views_of_two_schemas_on_one_page_are_caught(client: GongzhiClient) -> None:
    publish(client, 2)
    (page,) = client.search(GROUNDS, SearchTerms())
    other = replace(page.views[1], schema_hash=bytes(32))
    views = [page.views[0], other]
    openings = [Opening(view.record_id, 1, recompute_root(SCHEMA, view), 0) for view in views]
    with pytest.raises(PromiseBroken, match="two schemas"):
        check_views(views, [replace(o, opened=opened_of(v)) for o, v in zip(openings, views, strict=True)], SCHEMA)


def opened_of(view: View) -> int:
    return sum(1 << place for place, slot in enumerate(view.slots) if slot.value is not None)


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


def on_chain(client: GongzhiClient, gateway: SimulatedGateway, **named: Any) -> None:
    client.desk.facts = GatewayFacts(GATEWAY, DOMAIN, chain=chain_facts(gateway, **named))


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
    client.desk.newer_facts = lambda: GatewayFacts(GATEWAY, DOMAIN, chain=chain_facts(gateway))
    publish(client)
    assert len(kept(client, "acceptance")) == 1


def test_a_wider_profile_than_the_items_is_caught(gateway: SimulatedGateway, client: GongzhiClient) -> None:
    publish(client)
    wide = replace(gateway.profile, open=(*gateway.profile.open, ("/synthetic", "o"))[:-2])
    gateway.documents[to_hex(wide.hash)] = encode(wide.document)
    gateway.profile = wide
    with pytest.raises(PromiseBroken, match="class-1 profile of its item version"):
        list(client.search(GROUNDS, SearchTerms()))


def served_with(gateway: SimulatedGateway, **changes: Any) -> None:
    """Let the gateway name another item document, which it serves."""
    gateway.item = gateway.item | changes
    gateway.documents[to_hex(document_hash(gateway.item))] = encode(gateway.item)


def test_an_item_of_another_schema_or_profile_is_caught(gateway: SimulatedGateway, client: GongzhiClient) -> None:
    publish(client)
    served_with(gateway, schemaHash="0x" + "11" * 32)
    with pytest.raises(PromiseBroken, match="another schema than the item version"):
        list(client.search(GROUNDS, SearchTerms()))
    odd = replace(gateway.profile, open=(("/nothing", "o"),))
    gateway.documents[to_hex(odd.hash)] = encode(odd.document)
    served_with(gateway, schemaHash=to_hex(SCHEMA.hash), class1Profile=to_hex(odd.hash))
    gateway.before_signing["Disclosure"] = setting(profile=odd.hash)
    with pytest.raises(PromiseBroken, match="does not fit the schema"):
        list(client.search(GROUNDS, SearchTerms()))


def test_another_item_document_than_the_chain_names_is_caught(gateway: SimulatedGateway, client: GongzhiClient) -> None:
    on_chain(client, gateway)
    publish(client)
    served_with(gateway, updateEverySeconds=60)
    gateway.before_signing["Disclosure"] = setting(factsBlock=2)
    with pytest.raises(PromiseBroken, match="catalogue on chain"):
        list(client.search(GROUNDS, SearchTerms()))


def test_an_item_that_the_chain_does_not_know_is_caught(gateway: SimulatedGateway, client: GongzhiClient) -> None:
    publish(client)
    on_chain(client, gateway, published=False)
    with pytest.raises(NotFound):
        client.schema_of(ITEM)
    with pytest.raises(PromiseBroken, match="not in the catalogue"):
        list(client.search(GROUNDS, SearchTerms()))
