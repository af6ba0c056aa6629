"""Looks: what is opened, what is signed and kept about it, and what is refused."""

import base64
import os
from typing import Any

import httpx
import pytest

from ledger.core.bundle import parse_view
from ledger.core.codes import Authority, Role
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.keccak import keccak256
from ledger.core.merkle import MerkleTree, opening_leaf
from ledger.core.signature import personal_digest, recover
from ledger.core.statements import message_from_json, statement_digest
from ledger.core.verify import check_slots, recompute_root
from ledger.errors import HistoryError
from ledger.services import sign
from ledger.services.facts import HistoryCache
from tests.api.consortium import LOOK, Consortium, bound, published_args
from tests.api.members import (
    API_KEY,
    AUDIT_KEY,
    COMMUNITY,
    DOCUMENTS,
    DOMAIN,
    FIRE,
    FIRE_READER,
    GATEWAY,
    OTHER_PUBLISHER,
    PROPERTY_KEY,
    PUBLISHER,
    READER_OF_COMMUNITY,
    SCHEMA,
    STRANGER,
    draft,
    key,
    record_content,
)

pytestmark = pytest.mark.api

BOTH = key("reader and auditor", FIRE, Role.READ, Role.AUDIT)


def path_of(record_id: bytes) -> str:
    return f"/v1/records/{to_hex(record_id)}"


def checked_disclosure(told: dict[str, Any]) -> dict[str, Any]:
    """Check signature and openings of a look's answer and return the Disclosure's message."""
    message = message_from_json("Disclosure", told["disclosure"]["message"])
    signature = from_hex(told["disclosure"]["signature"], 65)
    assert recover(statement_digest(DOMAIN, "Disclosure", message), signature) == API_KEY.address
    leaves = []
    for view_json, (record_id, version, root, bitmap) in zip(told["views"], told["openings"], strict=True):
        view = parse_view(view_json)
        check_slots(SCHEMA, view)
        assert to_hex(recompute_root(SCHEMA, view)) == root
        opened = sum(1 << place for place, slot in enumerate(view.slots) if slot.value is not None)
        assert (to_hex(view.record_id), view.version, opened) == (record_id, version, int(bitmap, 16))
        leaves.append(opening_leaf(view.record_id, view.version, from_hex(root), opened))
    assert message["recordCount"] == len(leaves)
    assert message["openingsRoot"] == (MerkleTree(leaves).root if leaves else bytes(32))
    return message


def open_slots(view: dict[str, Any]) -> set[tuple[str, str]]:
    return {(slot["path"], slot["kind"]) for slot in view["slots"] if "value" in slot}


def refused(answer: httpx.Response, reason: int, name: str) -> dict[str, Any]:
    """Check a refused look and return the signed Refusal's message."""
    told = answer.json()
    assert (answer.status_code, told["code"], told["reason"], told["name"]) == (403, "look_refused", reason, name), told
    assert told["needed"]
    message = message_from_json("Refusal", told["refusal"]["message"])
    signature = from_hex(told["refusal"]["signature"], 65)
    assert recover(statement_digest(DOMAIN, "Refusal", message), signature) == API_KEY.address
    assert message["reason"] == reason
    return message


def test_a_class_1_look_opens_exactly_the_profile(shared: Consortium) -> None:
    record_id = shared.published().committed[0].record_id
    answer = shared.look(FIRE_READER, path_of(record_id))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    message = checked_disclosure(told)
    profile = DOCUMENTS.profile
    assert profile is not None
    assert open_slots(told["views"][0]) == set(profile.open)
    assert message["reader"] == FIRE
    assert message["authority"] == Authority.CLASS1
    assert message["authorityId"] == DOCUMENTS.item.hash
    assert message["profile"] == profile.hash
    assert message["tier"] == profile.tier
    assert message["officer"] == b"\x22" * 32
    assert message["caseRef"] == bytes(32)
    assert message["anchorBy"] == shared.now + 300
    assert told["submissions"] == {to_hex(record_id): {"publisher": COMMUNITY, "item": 1, "itemVersion": 1}}
    assert "欧阳测试" not in answer.text
    assert "13800138000" not in answer.text


def test_a_look_keeps_the_request_that_proves_it(consortium: Consortium) -> None:
    record_id = consortium.published().committed[0].record_id
    told = consortium.look(FIRE_READER, path_of(record_id)).json()
    message = checked_disclosure(told)
    with consortium.store.begin() as transaction:
        entry_id = max(row[0] for row in transaction.unnumbered(10))
        kept = transaction.evidence([entry_id])[entry_id]
    assert keccak256(kept.request_base) == message["request"]
    assert recover(personal_digest(kept.request_base), kept.request_signature) == FIRE_READER.address
    assert [to_hex(opening[0]) for opening in kept.openings] == [to_hex(record_id)]
    assert b'"gongzhi-purpose": 2' in kept.request_base


def test_a_publisher_opens_everything_of_its_own(shared: Consortium) -> None:
    record_id = shared.published().committed[0].record_id
    told = shared.look(READER_OF_COMMUNITY, path_of(record_id), authority="own").json()
    message = checked_disclosure(told)
    assert len(open_slots(told["views"][0])) == len(SCHEMA.slots)
    assert (message["authority"], message["authorityId"], message["profile"]) == (Authority.OWN, bytes(32), bytes(32))
    assert "欧阳测试" in str(told)


def test_an_auditor_opens_what_is_stored_open(shared: Consortium) -> None:
    record_id = shared.published().committed[0].record_id
    told = shared.look(AUDIT_KEY, path_of(record_id), authority="audit", purpose="12").json()
    message = checked_disclosure(told)
    assert open_slots(told["views"][0]) == {(slot.path, slot.kind) for slot in SCHEMA.slots if slot.is_stored_open}
    assert (message["authority"], message["tier"]) == (Authority.AUDIT, 0)


def test_an_older_version_is_read_by_its_number(shared: Consortium) -> None:
    made = shared.published().committed[0]
    content = record_content(2, made.record_root, made.record_id, level=4)
    assert shared.publish(draft([content], shared.now)).status_code == 202
    newest = shared.look(FIRE_READER, path_of(made.record_id)).json()
    older = shared.look(FIRE_READER, path_of(made.record_id), {"version": 1}).json()
    assert [told["views"][0]["version"] for told in (newest, older)] == [2, 1]
    checked_disclosure(older)


# --- refusals -------------------------------------------------------------------------------------------------------


def test_a_refusal_is_an_entry_with_its_evidence(consortium: Consortium) -> None:
    record_id = consortium.published().committed[0].record_id
    before = consortium.rows()
    message = refused(consortium.look(PROPERTY_KEY, path_of(record_id)), 3, "purpose_not_allowed")
    after = consortium.rows()
    assert (after["entries"], after["evidence"]) == (before["entries"] + 1, before["evidence"] + 1)
    assert message["gateway"] == GATEWAY
    assert (message["item"], message["purpose"], message["authorityId"]) == (1, 2, DOCUMENTS.item.hash)


@pytest.mark.parametrize(
    ("headers", "reason", "name"),
    [
        ({"purpose": "7"}, 3, "purpose_not_allowed"),
        ({"purpose": "99"}, 3, "purpose_not_allowed"),
        ({"item": "9"}, 2, "item_unknown"),
        ({"authority": "own"}, 5, "no_authority"),
        ({"authority": "audit", "purpose": "12"}, 1, "key_not_entitled"),
        ({"basis": "1"}, 8, "basis_incomplete"),
        ({"basis": "4"}, 8, "basis_incomplete"),
        ({"basis_ref": ""}, 8, "basis_incomplete"),
        ({"basis": "77"}, 8, "basis_incomplete"),
    ],
)
def test_a_look_is_refused_for_the_first_reason(
    shared: Consortium, headers: dict[str, str], reason: int, name: str
) -> None:
    record_id = shared.published().committed[0].record_id
    refused(shared.look(FIRE_READER, path_of(record_id), **headers), reason, name)


def test_a_key_without_role_read_is_refused(shared: Consortium) -> None:
    record_id = shared.published().committed[0].record_id
    refused(shared.look(PUBLISHER, path_of(record_id)), 1, "key_not_entitled")


def test_an_unknown_record_is_refused_like_one_of_another_item(shared: Consortium) -> None:
    refused(shared.look(FIRE_READER, path_of(b"\x09" * 32)), 2, "item_unknown")


def test_a_key_that_was_never_bound_leaves_no_entry(shared: Consortium) -> None:
    record_id = shared.published().committed[0].record_id
    before = shared.rows()
    answer = shared.look(STRANGER, path_of(record_id))
    assert (answer.status_code, answer.json()["reason"]) == (403, "principal_not_allowed")
    assert shared.rows() == before


def test_a_revoked_reader_is_refused(consortium: Consortium) -> None:
    record_id = consortium.published().committed[0].record_id
    args = {"key": FIRE_READER.address, "reason": 1, "suspectFrom": 0}
    consortium.add_block([("AgencyRegistry", "KeyRevoked", args)])
    refused(consortium.look(FIRE_READER, path_of(record_id)), 1, "key_not_entitled")


def test_a_retired_item_is_refused(consortium: Consortium) -> None:
    record_id = consortium.published().committed[0].record_id
    consortium.add_block([("Catalogue", "ItemRetired", {"item": 1})])
    refused(consortium.look(FIRE_READER, path_of(record_id)), 2, "item_unknown")
    refused(consortium.look(FIRE_READER, "/v1/records"), 2, "item_unknown")


@pytest.mark.parametrize(("share_class", "reason", "name"), [(2, 5, "no_authority"), (3, 4, "item_not_shared")])
def test_an_item_of_another_class_is_not_shared_at_once(
    consortium: Consortium, share_class: int, reason: int, name: str
) -> None:
    args = published_args(item=2, shareClass=share_class, class1Profile=to_hex(bytes(32)))
    consortium.add_block([("Catalogue", "ItemPublished", args)])
    given = draft([record_content()], consortium.now, item=2)
    assert consortium.publish(given).status_code == 202
    record_id = given.committed[0].record_id
    refused(consortium.look(FIRE_READER, path_of(record_id), item="2"), reason, name)
    own = consortium.look(READER_OF_COMMUNITY, path_of(record_id), item="2", authority="own")
    assert own.status_code == 200


@pytest.mark.parametrize("mark", [1, 4])
def test_a_withdrawn_or_erased_record_is_refused_and_left_out_of_searches(consortium: Consortium, mark: int) -> None:
    made = consortium.published(2).committed
    args = {"agency": COMMUNITY, "recordId": to_hex(made[0].record_id), "version": 0, "mark": mark, "reason": 1}
    consortium.add_block([("RecordAnchors", "Marked", args)])
    refused(consortium.look(FIRE_READER, path_of(made[0].record_id)), 11, "record_withdrawn")
    told = consortium.look(FIRE_READER, "/v1/records").json()
    checked_disclosure(told)
    assert [view["recordId"] for view in told["views"]] == [to_hex(made[1].record_id)]


def test_other_marks_stand_beside_the_record(consortium: Consortium) -> None:
    record_id = consortium.published().committed[0].record_id
    args = {"agency": FIRE, "recordId": to_hex(record_id), "version": 1, "mark": 3, "reason": 1}
    consortium.add_block([("RecordAnchors", "Marked", args)])
    told = consortium.look(FIRE_READER, path_of(record_id)).json()
    assert told["marks"] == {to_hex(record_id): [{"agency": FIRE, "mark": 3, "version": 1}]}


def test_stale_facts_refuse_a_look(consortium: Consortium) -> None:
    record_id = consortium.published().committed[0].record_id
    consortium.clock.now += 30
    assert consortium.look(FIRE_READER, path_of(record_id)).status_code == 200
    consortium.clock.now += 1
    refused(consortium.look(FIRE_READER, path_of(record_id)), 14, "facts_stale")
    consortium.note_checked()
    assert consortium.look(FIRE_READER, path_of(record_id)).status_code == 200


def test_a_block_ahead_of_the_clock_is_no_fact_yet(consortium: Consortium) -> None:
    record_id = consortium.published().committed[0].record_id
    head = consortium.blocks[-1].number
    consortium.add_block([], consortium.now + 31)
    told = consortium.look(FIRE_READER, path_of(record_id)).json()
    assert checked_disclosure(told)["factsBlock"] == head


@pytest.mark.parametrize(
    "headers",
    [{"item": ""}, {"purpose": "two"}, {"basis": "300"}, {"case": "0x11"}, {"authority": "king"}, {"grant": "0x11"}],
)
def test_a_malformed_look_header_is_a_bad_request_without_an_entry(shared: Consortium, headers: dict[str, str]) -> None:
    record_id = shared.published().committed[0].record_id
    before = shared.rows()
    answer = shared.look(FIRE_READER, path_of(record_id), **headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "format_invalid")
    assert shared.rows() == before


# --- search ---------------------------------------------------------------------------------------------------------


def test_a_search_is_read_page_by_page_without_gap_or_repetition(consortium: Consortium) -> None:
    given = draft([record_content(occurredAt=1000 + place // 3) for place in range(10)], consortium.now)
    assert consortium.publish(given).status_code == 202
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 4}
    for _ in range(4):
        told = consortium.look(FIRE_READER, "/v1/records", query).json()
        checked_disclosure(told)
        seen += [view["recordId"] for view in told["views"]]
        if told["next"] is None:
            break
        query["cursor"] = told["next"]
    assert sorted(seen) == sorted(to_hex(made.record_id) for made in given.committed)
    assert len(seen) == 10


def test_a_search_knows_region_class_and_time(consortium: Consortium) -> None:
    contents = [
        record_content(region="990101001001", occurredAt=100),
        record_content(region="990102001001", occurredAt=200),
        record_content(**{"class": "medical"}, occurredAt=300),
    ]
    assert consortium.publish(draft(contents, consortium.now)).status_code == 202
    names = {to_hex(content.record_id): place for place, content in enumerate(contents)}

    def found(**query: Any) -> list[int]:
        told = consortium.look(FIRE_READER, "/v1/records", query).json()
        return sorted(names[view["recordId"]] for view in told["views"])

    assert found() == [0, 1, 2]
    assert found(region="990101") == [0, 2]
    assert found(**{"class": "fire/"}) == [0, 1]
    assert found(**{"class": "medical"}) == [2]
    assert found(**{"from": 200, "until": 300}) == [1]


def test_an_empty_page_is_a_look_too(consortium: Consortium) -> None:
    told = consortium.look(FIRE_READER, "/v1/records", {"region": "1"}).json()
    message = checked_disclosure(told)
    assert (message["recordCount"], message["openingsRoot"], told["next"]) == (0, bytes(32), None)
    assert consortium.rows()["entries"] == 1


def test_a_page_is_cut_where_the_item_version_changes(consortium: Consortium) -> None:
    old = draft([record_content(occurredAt=100)], consortium.now)
    assert consortium.publish(old).status_code == 202
    consortium.add_block([("Catalogue", "ItemPublished", published_args(version=2))])
    new = draft([record_content(occurredAt=200)], consortium.now, itemVersion=2)
    assert consortium.publish(new).status_code == 202
    first = consortium.look(FIRE_READER, "/v1/records").json()
    assert checked_disclosure(first)["itemVersion"] == 2
    second = consortium.look(FIRE_READER, "/v1/records", {"cursor": first["next"]}).json()
    assert checked_disclosure(second)["itemVersion"] == 1
    assert [len(told["views"]) for told in (first, second)] == [1, 1]


def test_a_search_of_ones_own_names_no_record_and_is_refused(shared: Consortium) -> None:
    refused(shared.look(READER_OF_COMMUNITY, "/v1/records", authority="own"), 5, "no_authority")


@pytest.mark.parametrize("query", [{"cursor": "x"}, {"cursor": "A" * 52}, {"limit": 201}, {"region": "99x"}])
def test_parameters_out_of_bounds_are_bad_requests(shared: Consortium, query: dict[str, Any]) -> None:
    answer = shared.look(FIRE_READER, "/v1/records", query)
    assert (answer.status_code, answer.json()["code"]) == (400, "format_invalid")


def test_a_key_may_be_reader_and_auditor(consortium: Consortium) -> None:
    consortium.add_block([("AgencyRegistry", "KeyBound", bound(BOTH))])
    record_id = consortium.published().committed[0].record_id
    assert consortium.look(BOTH, path_of(record_id)).status_code == 200
    assert consortium.look(BOTH, path_of(record_id), authority="audit", purpose="12").status_code == 200
    refused(consortium.look(BOTH, path_of(record_id), authority="audit"), 3, "purpose_not_allowed")


def test_a_publishing_key_of_another_agency_may_not_look(shared: Consortium) -> None:
    record_id = shared.published().committed[0].record_id
    refused(shared.look(OTHER_PUBLISHER, path_of(record_id), authority="own"), 1, "key_not_entitled")


def test_a_look_that_was_received_before_is_neither_signed_nor_kept_again(
    consortium: Consortium, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, signed = path_of(consortium.published().committed[0].record_id), list[str]()
    sign_statement = sign.sign_statement

    def noting(gateway: Any, domain: Any, statement: str, message: Any) -> Any:
        signed.append(statement)
        return sign_statement(gateway, domain, statement, message)

    monkeypatch.setattr(sign, "sign_statement", noting)
    for headers, expected in ((LOOK, ["Disclosure"]), ({**LOOK, "gongzhi-item": "999"}, ["Refusal"])):
        nonce = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
        first, second = (
            consortium.send(FIRE_READER, "GET", path, headers=headers, request_nonce=nonce, created=consortium.now)
            for _ in range(2)
        )
        assert (first.status_code, signed) == (200 if headers is LOOK else 403, expected)
        assert (second.status_code, second.json()["reason"]) == (401, "nonce_reused")
        signed.clear()


def test_a_look_is_told_when_the_followed_chain_cannot_be_read(
    consortium: Consortium, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = path_of(consortium.published().committed[0].record_id)
    assert consortium.look(FIRE_READER, path).status_code == 200

    def broken(_: Any, __: Any) -> Any:
        raise HistoryError("two blocks of one number")

    monkeypatch.setattr(HistoryCache, "history", broken)
    for asked in (path, "/v1/records"):
        answer = consortium.send(FIRE_READER, "GET", asked, headers=LOOK)
        assert (answer.status_code, answer.json()["reason"]) == (503, "signature_verification_unavailable")
