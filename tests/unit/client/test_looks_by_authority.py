"""A look under a grant, an emergency or by the resident is held to what that authority opens."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ledger.client.facts import GatewayFacts
from ledger.client.gongzhi import GongzhiClient
from ledger.client.grounds import Grounds, commit_case, state
from ledger.client.looking import SearchTerms
from ledger.core.access_facts import AccessFacts, GrantTerms
from ledger.core.canonical import document_hash, encode
from ledger.core.codes import Authority, Basis, Purpose
from ledger.core.documents import MaskProfile
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from ledger.core.points import Point
from ledger.core.subjects import RESIDENT_ID, SubjectId, SubjectOpening
from ledger.errors import LookRefused, PromiseBroken
from tests.unit.client.asking import GROUNDS, publish, setting
from tests.unit.client.simulated_actions import make_conditional, profiles_of
from tests.unit.client.simulated_chain import chain_facts
from tests.unit.client.simulated_gateway import DOMAIN, GATEWAY, ITEM, NOW, PUBLISHER, VERSION, SimulatedGateway

pytestmark = pytest.mark.unit
GRANT, EMERGENCY = bytes([5]) * 32, bytes([6]) * 32
BY_GRANT = replace(GROUNDS, authority=Authority.GRANT, authority_id=GRANT)
BY_EMERGENCY = replace(GROUNDS, authority=Authority.EMERGENCY, authority_id=EMERGENCY, case="case 1")
BY_SELF = replace(GROUNDS, purpose=Purpose.RIGHTS_AND_AUDIT, authority=Authority.SELF)


@pytest.fixture
def looking(gateway: SimulatedGateway, client: GongzhiClient) -> Callable[..., Any]:
    """Publish a record, turn the item into a conditional one, and look at it as the gateway is told to serve."""
    publish(client, 1)
    make_conditional(gateway)

    def look(grounds: Grounds, served: MaskProfile, **said: Any) -> Any:
        gateway.profile = served
        gateway.documents.setdefault(to_hex(served.hash), _text(served))
        named = {"authority": int(grounds.authority), "authorityId": grounds.authority_id}
        gateway.before_signing["Disclosure"] = setting(**named | said)
        return next(client.search(grounds, SearchTerms()))

    return look


def _text(profile: MaskProfile) -> bytes:
    return encode(dict(profile.document))


def test_a_look_under_each_authority_is_served_under_the_profile_that_it_opens(
    gateway: SimulatedGateway, looking: Callable[..., Any]
) -> None:
    profiles = profiles_of(gateway)
    assert len(_opened(looking(BY_GRANT, profiles["T3"]))) == 3
    assert len(_opened(looking(BY_EMERGENCY, profiles["E"]))) == 6
    assert len(_opened(looking(BY_EMERGENCY, profiles["E"], authority=int(Authority.PENDING_EMERGENCY)))) == 6
    assert len(_opened(looking(BY_SELF, profiles["self"]))) == 5


def _opened(page: Any) -> list[Any]:
    return [slot for slot in page.views[0].slots if slot.value is not None]


@pytest.mark.parametrize(
    ("grounds", "tier", "said", "match"),
    [
        (BY_GRANT, "T3", {"authorityId": EMERGENCY}, "another grant or emergency"),
        (BY_GRANT, "T3", {"authority": int(Authority.PENDING_EMERGENCY)}, "another authority"),
        (BY_GRANT, "T3", {"tier": 9}, "another item or tier"),
        (BY_GRANT, "T3", {"itemVersion": 2}, "not in the catalogue|another item version"),
        (BY_EMERGENCY, "E", {"authorityId": ZERO32}, "another grant or emergency"),
        (BY_EMERGENCY, "E", {"authority": int(Authority.GRANT)}, "another authority"),
        (BY_EMERGENCY, "T5P02", {}, "wider than what was permitted"),
        (BY_SELF, "T5P02", {}, "wider than what was permitted"),
        (BY_SELF, "self", {"authorityId": GRANT}, "another grant or emergency"),
    ],
)
def test_a_look_under_another_authority_or_a_wider_profile_is_caught(
    gateway: SimulatedGateway,
    looking: Callable[..., Any],
    grounds: Grounds,
    tier: str,
    said: dict[str, Any],
    match: str,
) -> None:
    with pytest.raises(PromiseBroken, match=match):
        looking(grounds, profiles_of(gateway)[tier], **said)


def test_a_narrower_profile_that_was_asked_for_binds_the_gateway(
    gateway: SimulatedGateway, looking: Callable[..., Any]
) -> None:
    profiles = profiles_of(gateway)
    narrow = replace(BY_EMERGENCY, profile=profiles["T3"].hash)
    assert len(_opened(looking(narrow, profiles["T3"]))) == 3
    with pytest.raises(PromiseBroken, match="wider than what was permitted or asked"):
        looking(narrow, profiles["E"])


def test_a_slot_beyond_the_profile_is_caught_under_a_grant_too(
    gateway: SimulatedGateway, looking: Callable[..., Any]
) -> None:
    narrow, wide = profiles_of(gateway)["T3"], profiles_of(gateway)["T5"]
    with pytest.raises(PromiseBroken, match="profile closes"):
        looking(BY_GRANT, wide, profile=narrow.hash, tier=int(narrow.tier))


def test_a_profile_of_an_earlier_version_only_narrows(gateway: SimulatedGateway, looking: Callable[..., Any]) -> None:
    earlier = replace(profiles_of(gateway)["T3"], item_version=VERSION + 1)
    with_more = replace(earlier, open=(*earlier.open, ("/gone", "o")))
    assert len(_opened(looking_at(looking, gateway, with_more, earlier))) == 3


def looking_at(looking: Callable[..., Any], gateway: SimulatedGateway, named: MaskProfile, served: MaskProfile) -> Any:
    gateway.documents[to_hex(named.hash)] = _text(named)
    return looking(BY_GRANT, served, profile=named.hash)


def test_an_item_without_a_mask_policy_opens_nothing_in_an_emergency(
    gateway: SimulatedGateway, looking: Callable[..., Any]
) -> None:
    profiles = profiles_of(gateway)
    gateway.item = gateway.item | {"maskPolicyHash": None}
    gateway.documents[to_hex(document_hash(gateway.item))] = encode(gateway.item)
    with pytest.raises(PromiseBroken, match="no mask policy"):
        looking(BY_EMERGENCY, profiles["E"])


def granted(client: GongzhiClient, gateway: SimulatedGateway, profile: bytes, **changes: Any) -> None:
    """Let the client's chain know the grant, over `profile`."""
    facts = chain_facts(gateway, anchored=False)
    point = Point(1, 9, NOW - 100)
    members = {
        "id": GRANT,
        "reader": PUBLISHER,
        "holder": 3,
        "key": "",
        "item": ITEM,
        "item_version": VERSION,
        "purpose": 2,
        "basis": 3,
        "basis_ref": ZERO32,
        "scope_hash": ZERO32,
        "profile": profile,
        "until": NOW + 99,
        "requested": point,
        "granted": point,
        "grant": GrantTerms("", VERSION, profile, NOW + 99, 0, 0, 0, ZERO32),
    }
    facts.history.accesses[GRANT] = AccessFacts(**{**members, **changes})
    client.desk.facts = GatewayFacts(GATEWAY, DOMAIN, chain=facts)


def test_with_a_chain_the_profile_is_the_granted_one_or_narrower(
    gateway: SimulatedGateway, client: GongzhiClient, looking: Callable[..., Any]
) -> None:
    profiles = profiles_of(gateway)
    granted(client, gateway, profiles["T5"].hash)
    assert looking(BY_GRANT, profiles["T3"], factsBlock=2)
    with pytest.raises(PromiseBroken, match="wider than what was permitted"):
        looking(BY_GRANT, profiles["T5P02"], factsBlock=2)
    granted(client, gateway, profiles["T5"].hash, purpose=3)
    with pytest.raises(PromiseBroken, match="another purpose than its grant"):
        looking(BY_GRANT, profiles["T3"], factsBlock=2)
    granted(client, gateway, profiles["T5"].hash, grant=None)
    with pytest.raises(PromiseBroken, match="not on the chain"):
        looking(BY_GRANT, profiles["T3"], factsBlock=2)


def test_a_refusal_names_the_grant_that_was_asked(gateway: SimulatedGateway, client: GongzhiClient) -> None:
    gateway.refuse_with = 7
    gateway.before_signing["Refusal"] = setting(authority=int(Authority.GRANT), authorityId=GRANT)
    with pytest.raises(LookRefused):
        list(client.search(BY_GRANT, SearchTerms()))
    gateway.before_signing["Refusal"] = setting(authority=int(Authority.GRANT), authorityId=EMERGENCY)
    with pytest.raises(PromiseBroken):
        list(client.search(BY_GRANT, SearchTerms()))


def test_what_a_look_states_is_in_its_headers_and_nothing_in_clear(client: GongzhiClient) -> None:
    receipts = client.desk.receipts
    stated = state(replace(BY_GRANT, profile=bytes([9]) * 32, consent=bytes([8]) * 32, basis=Basis.CONSENT), receipts)
    assert stated.headers["gongzhi-authority"] == "grant"
    assert stated.headers["gongzhi-grant"] == to_hex(GRANT)
    assert stated.headers["gongzhi-profile"] == to_hex(bytes([9]) * 32)
    assert stated.headers["gongzhi-basis-ref"] == to_hex(bytes([8]) * 32)
    emergency = state(BY_EMERGENCY, receipts).headers
    assert emergency["gongzhi-emergency"] == to_hex(EMERGENCY)
    assert "gongzhi-grant" not in emergency


def test_a_case_has_one_salt_in_emergencies_and_a_fresh_one_elsewhere(client: GongzhiClient) -> None:
    receipts = client.desk.receipts
    committed = commit_case("case 1", receipts)
    assert commit_case("case 1", receipts) == committed
    assert commit_case("case 2", receipts) != committed
    assert state(BY_EMERGENCY, receipts).case == committed
    assert state(replace(GROUNDS, case="case 1"), receipts).case != committed
    salt = receipts.salt_of_case("case 1")
    assert salt is not None
    assert keccak256(salt + b"case 1") == committed


def test_a_resident_is_named_by_a_commitment_and_opened_in_a_header_that_is_never_shown(client: GongzhiClient) -> None:
    opening = SubjectOpening(bytes(32), SubjectId(RESIDENT_ID, "99010119900307123X"))
    grounds = replace(BY_SELF, opening=SubjectOpening(bytes(32), SubjectId("passport", "E12345678")).header)
    stated = state(grounds, client.desk.receipts)
    assert stated.headers["gongzhi-subject"].startswith("0x")
    assert "E12345678" not in repr(grounds)
    assert "99010119900307123X" not in repr(opening)
