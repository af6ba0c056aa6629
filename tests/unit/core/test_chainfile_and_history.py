"""Chain and trust files, and the fold of chain history: shapes refused, contradictions found, questions answered."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.core.chainfile import parse_chain, parse_trust, same_deployment, trust_document, why_unverifiable
from ledger.core.codes import Role
from ledger.core.hexadecimal import to_hex
from ledger.core.history import AsOf, Block, ChainEvent, History, head_text, stream_faults
from ledger.core.verify import ChainFacts, verify_bundle
from ledger.errors import FormatError, HistoryError, UnsupportedFormat, VerificationError
from tests.simulated_consortium import CONTRACTS, address, number32
from tests.simulated_ledger import SimulatedLedger, honest_ledger

pytestmark = pytest.mark.unit
VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "formats-1.json").read_text(encoding="utf-8")
)
TRUST_VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "trust-1.json").read_text(encoding="utf-8")
)["cases"]


def test_a_chain_file_reads_back_as_it_was_written() -> None:
    ledger = honest_ledger()
    assert parse_chain(ledger.chain_bytes()) == ledger.chain


def test_a_trust_file_may_pin_a_block_and_has_a_hash() -> None:
    pinned = {**VECTORS["trust"], "block": {"number": 41, "hash": VECTORS["chains"]["base"]["blocks"][1]["hash"]}}
    trust = parse_trust(json.dumps(pinned))
    assert trust.block == (41, pinned["block"]["hash"])
    assert trust.hash != parse_trust(json.dumps(VECTORS["trust"])).hash


def test_a_trust_file_may_name_endpoints_validators_and_whether_it_is_for_development() -> None:
    told = {
        "development": False,
        "endpoints": [{"agency": 1, "url": "https://one.example/rpc"}, {"agency": 3, "url": "http://10.0.0.3:8545"}],
        "validators": ["0x" + "11" * 20, "0x" + "22" * 20],
    }
    trust = parse_trust(json.dumps({**VECTORS["trust"], **told}))
    assert [(one.agency, one.url) for one in trust.endpoints] == [
        (1, "https://one.example/rpc"),
        (3, "http://10.0.0.3:8545"),
    ]
    assert trust.validators == ("0x" + "11" * 20, "0x" + "22" * 20)
    assert not trust.is_development


@pytest.mark.parametrize("case", TRUST_VECTORS, ids=lambda case: case["name"])
def test_the_hash_of_a_trust_file_is_the_published_one(case: dict[str, Any]) -> None:
    trust = parse_trust(json.dumps(case["document"]))
    assert to_hex(trust.hash) == case["hash"]
    assert trust.is_development == (case["name"] in ("plain", "pinned block", "for development"))


def test_trust_files_of_one_deployment_may_pin_different_things() -> None:
    ledger = honest_ledger()
    plain = dict(ledger.trust.document)
    pinned = parse_trust(json.dumps({**plain, "block": {"number": 1, "hash": ledger.blocks[1].hash}, "rpcQuorum": 2}))
    assert same_deployment(ledger.trust, pinned)
    assert not same_deployment(ledger.trust, parse_trust(json.dumps({**plain, "chainId": 5})))
    fewer = {name: pin for name, pin in plain["contracts"].items() if name != "Catalogue"}
    assert not same_deployment(ledger.trust, parse_trust(json.dumps({**plain, "contracts": fewer})))


def test_a_chain_is_for_development_where_its_trust_file_says_so_or_names_anvil() -> None:
    plain = VECTORS["trust"]
    assert parse_trust(json.dumps(plain)).is_development
    assert not parse_trust(json.dumps({**plain, "engine": "besu-qbft"})).is_development
    assert parse_trust(json.dumps({**plain, "engine": "geth-clique", "development": True})).is_development
    document = trust_document(1, plain["genesis"], {}, "anvil", development=False)
    assert not parse_trust(json.dumps(document)).is_development
    assert "development" not in trust_document(1, plain["genesis"], {}, "anvil")


@pytest.mark.parametrize(
    "told",
    [
        {"development": 1},
        {"endpoints": {}},
        {"endpoints": [{"agency": 0, "url": "https://one.example"}]},
        {"endpoints": [{"agency": 1, "url": "https://one.example", "key": "x"}]},
        {"endpoints": [{"agency": 2, "url": "https://one.example"}, {"agency": 2, "url": "https://two.example"}]},
        {"endpoints": [{"agency": 2, "url": "https://somebody:secret@one.example"}]},
        {"endpoints": [{"agency": 2, "url": "ftp://one.example"}]},
        {"endpoints": [{"agency": 2, "url": "https://"}]},
        {"endpoints": [{"agency": 2, "url": "https://one.example/v3/0a1b2c3d4e5f"}]},
        {"endpoints": [{"agency": 2, "url": "https://one.example/rpc?key=secret"}]},
        {"endpoints": [{"agency": 2, "url": "https://one.example/rpc#secret"}]},
        {"endpoints": [{"agency": 2, "url": "https://one.example:port"}]},
        {"validators": ["0x" + "22" * 20, "0x" + "11" * 20]},
        {"validators": ["0x" + "22" * 20, "0x" + "22" * 20]},
        {"validators": ["0x22"]},
        {"witnesses": []},
    ],
)
def test_a_misshapen_trust_file_is_refused_and_no_secret_of_it_told(told: dict[str, Any]) -> None:
    with pytest.raises(FormatError) as refusal:
        parse_trust(json.dumps({**VECTORS["trust"], **told}))
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("parse", [parse_chain, parse_trust])
def test_another_format_is_unsupported(parse: Callable[[str], object]) -> None:
    for text in ("[]", "{}", '{"format":"gongzhi-other/1"}'):
        with pytest.raises(UnsupportedFormat):
            parse(text)


@pytest.mark.parametrize(
    "change",
    [
        {"contracts": []},
        {"contracts": {"Catalogue": {"address": "0x00"}}},
        {"blocks": [{"number": 1}]},
        {"events": [{"block": 1}]},
        {"events": [{**VECTORS["chains"]["base"]["events"][0], "args": []}]},
        {"events": [{**VECTORS["chains"]["base"]["events"][0], "block": -1}]},
        {"chainId": "1"},
        {"genesis": "0x00"},
        {"remark": 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_misshapen_chain_file_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        parse_chain(json.dumps({**VECTORS["chains"]["base"], **change}))


def test_what_makes_a_chain_unverifiable_is_said() -> None:
    ledger = honest_ledger()
    chain, trust, history = ledger.chain, ledger.trust, ledger.history()
    block = ledger.blocks[2]
    assert why_unverifiable(trust, chain, history) is None
    assert why_unverifiable(replace(trust, block=(2, block.hash)), chain, history) is None
    for other in (
        replace(trust, chain_id=3),
        replace(trust, genesis=to_hex(number32("g"))),
        replace(trust, block=(2, to_hex(number32("b")))),
        replace(trust, block=(99, block.hash)),
        replace(trust, contracts={name: pin for name, pin in CONTRACTS.items() if name != "RecordAnchors"}),
    ):
        assert why_unverifiable(other, chain, history)


def event(name: str, contract: str = "AgencyRegistry", block: int = 0, **args: Any) -> ChainEvent:
    return ChainEvent(block, 0, to_hex(number32("t")), contract, name, args)


def started(*events: ChainEvent) -> History:
    history = History()
    history.add_block(Block(0, "0x00", "0x", 100))
    for one in events:
        history.apply(one)
    return history


REGISTERED = event("AgencyRegistered", agency=7, kind=22, region=990101, allowedRoles=2)
BOUND = event("KeyBound", key=address("k"), agency=7, roles=2, validFrom=50, validUntil=200)


@pytest.mark.parametrize(
    "block",
    [Block(2, "0x02", "0x00", 100), Block(1, "0x01", "0x11", 100), Block(1, "0x01", "0x00", 99)],
    ids=["number", "parent", "time"],
)
def test_a_block_that_does_not_follow_is_refused(block: Block) -> None:
    with pytest.raises(HistoryError):
        started().add_block(block)


def test_a_block_may_come_with_its_events() -> None:
    history = History()
    history.append(Block(0, "0x00", "0x", 100), [REGISTERED])
    assert 7 in history.agencies


@pytest.mark.parametrize(
    "bad",
    [
        event("AgencyRegistered", block=9, agency=7),
        event("AgencyRegistered", agency=7),
        event("AgencyRegistered", agency="7", kind=22, region=1, allowedRoles=2),
        event("AgencyRegistered", agency=True, kind=22, region=1, allowedRoles=2),
        event("AgencyStatusSet", agency=8, status=2),
        event("KeyBound", key=address("k"), agency=7, roles=2, validFrom=0, validUntil=9),
        event("KeyBound", key=address("other"), agency=8, roles=2, validFrom=0, validUntil=9),
        event("KeyBound", key=5, agency=7, roles=2, validFrom=0, validUntil=9),
        event("KeyRetired", key=address("unknown")),
        event("ItemRetired", contract="Catalogue", item=3),
        event("Marked", contract="RecordAnchors", agency=7, recordId="0x00", version=0, mark=1, reason=1),
    ],
    ids=lambda one: one.name,
)
def test_an_event_that_is_misshapen_or_contradicts_is_refused(bad: ChainEvent) -> None:
    with pytest.raises(HistoryError):
        started(REGISTERED, BOUND).apply(bad)


def test_events_out_of_order_are_refused() -> None:
    chain = honest_ledger().chain
    with pytest.raises(HistoryError, match="not in order"):
        replace(chain, events=(chain.events[1], chain.events[0])).history()


def test_events_that_state_nothing_we_ask_about_are_passed_over() -> None:
    history = started(REGISTERED, event("SealingKeySet", agency=7), event("AllowedRolesSet", agency=7, allowedRoles=6))
    assert history.agencies[7].allowed_roles == 6
    assert history.catalogue_authority == []
    history.apply(event("CatalogueAuthoritySet", contract="Catalogue", agency=7))
    assert history.catalogue_authority[0].value == 7


def test_a_key_is_entitled_from_its_binding_to_its_end() -> None:
    history = started(REGISTERED, BOUND)

    def why(at: int, role: Role = Role.SUBMIT, agency: int | None = 7) -> str | None:
        return history.why_not_entitled(address("k"), role, agency, AsOf(at))

    assert why(100) is None
    assert why(199, agency=None) is None
    assert why(200) == "the key has expired"
    assert why(99) == "the key is not bound to any agency"
    assert why(100, agency=8) == "the key is bound to agency 7, not 8"
    assert why(100, role=Role.READ) == "the key does not have role READ"
    assert history.why_not_entitled(address("x"), Role.READ, 7, AsOf(100)) == "the key is not bound to any agency"
    history.add_block(Block(1, "0x01", "0x00", 120))
    history.apply(event("AgencyStatusSet", block=1, agency=7, status=2))
    assert why(119) is None
    assert why(120) == "agency 7 is not active"
    history.add_block(Block(2, "0x02", "0x01", 130))
    history.apply(event("AgencyStatusSet", block=2, agency=7, status=1))
    history.apply(event("KeyRetired", block=2, key=address("k"), agency=7))
    assert why(130) == "the key was retired"
    history.add_block(Block(3, "0x03", "0x02", 140))
    history.apply(event("KeyRevoked", block=3, key=address("k"), agency=7, suspectFrom=90))
    assert why(140) == "the key was revoked"
    assert history.keys[address("k")].ended == history.at_block(2).point.__class__(2, 0, 130)
    assert history.keys[address("k")].suspect_from == 90


def test_a_key_may_be_bound_before_it_is_valid() -> None:
    later = event("KeyBound", key=address("k"), agency=7, roles=2, validFrom=150, validUntil=200)
    history = started(REGISTERED, later)
    assert history.why_not_entitled(address("k"), Role.SUBMIT, 7, AsOf(120)) == "the key is not valid yet"


def test_items_are_known_by_version_and_time_until_they_are_retired() -> None:
    ledger = SimulatedLedger()
    before = ledger.now - 1
    ledger.publish_item(2)
    history = ledger.history()
    item = history.items[3]
    newest = item.newest(AsOf(ledger.now))
    assert newest is not None
    assert newest["version"] == 2
    assert item.newest(AsOf(0)) is None
    assert item.version(2, AsOf(before)) is None
    assert item.version(9, AsOf(ledger.now)) is None
    ledger.mine([("Catalogue", "ItemRetired", {"item": 3})])
    item = ledger.history().items[3]
    assert item.version(1, AsOf(ledger.now)) is None
    assert item.newest(AsOf(ledger.now)) is None


def test_questions_about_blocks_batches_and_parameters_are_answered_as_of_then() -> None:
    ledger = honest_ledger()
    history = ledger.history()
    assert history.newest_block_by(0) is None
    block = history.newest_block_by(ledger.now + 5)
    assert block is not None
    assert block.number == ledger.blocks[-1].number
    assert history.newest_batch(1, history.at_block(0)) == 0
    assert history.newest_batch(1, AsOf(ledger.now)) == 4
    assert history.newest_batch(2, AsOf(ledger.now)) == 0
    assert history.parameter("anchorDelay", AsOf(0)) == 300
    assert history.anchor(1, 9) is None
    with pytest.raises(HistoryError, match="block 99"):
        history.at_block(99)


def test_faults_of_a_stream_are_named() -> None:
    ledger = honest_ledger()
    assert stream_faults(ledger.history(), 1) == []
    assert head_text(ledger.history(), 1) == to_hex(ledger.head)
    assert head_text(ledger.history(), 2) == to_hex(bytes(32))
    anchored = [place for place, one in enumerate(ledger.events) if one.name == "Anchored"]
    del ledger.events[anchored[1]]
    faults = stream_faults(ledger.history(), 1)
    assert faults == ["batch 3 does not follow batch 1", "the head after batch 3 is not the fold of the events"]


def chain_facts(trust: dict[str, Any], chain: dict[str, Any]) -> ChainFacts:
    parsed = parse_chain(json.dumps(chain))
    return ChainFacts(parse_trust(json.dumps(trust)), parsed, parsed.history())


def test_a_bundle_of_another_contract_fails_at_step_10() -> None:
    bundle = json.dumps(next(one["bundle"] for one in VECTORS["bundles"] if one["name"] == "masked"))
    trust, chain = dict(VECTORS["trust"]), dict(VECTORS["chains"]["base"])
    moved = {"address": "0x" + "11" * 20, "codeHash": trust["contracts"]["RecordAnchors"]["codeHash"]}
    trust["contracts"] = {**trust["contracts"], "RecordAnchors": moved}
    chain["contracts"] = trust["contracts"]
    with pytest.raises(VerificationError, match="another chain or contract") as failure:
        verify_bundle(bundle, chain_facts(trust, chain))
    assert failure.value.step == 10


def notices_after(name: str, args: dict[str, Any]) -> tuple[str, ...]:
    """Return the notices of the masked bundle once RecordAnchors has written one more event."""
    bundle = next(one["bundle"] for one in VECTORS["bundles"] if one["name"] == "masked")
    chain = dict(VECTORS["chains"]["base"])
    last = chain["events"][-1]
    told = {
        "block": last["block"],
        "logIndex": last["logIndex"] + 1,
        "transaction": last["transaction"],
        "contract": "RecordAnchors",
        "name": name,
        "args": args,
    }
    chain["events"] = [*chain["events"], told]
    return tuple(verify_bundle(json.dumps(bundle), chain_facts(VECTORS["trust"], chain)).notices)


def test_another_agencys_dispute_is_a_notice() -> None:
    bundle = next(one["bundle"] for one in VECTORS["bundles"] if one["name"] == "masked")
    args = {"agency": 9, "recordId": bundle["record"]["recordId"], "version": 0, "mark": 3, "reason": 1}
    assert "agency 9 disputes this record" in notices_after("Marked", args)


def test_a_bundle_of_a_repudiated_batch_stays_and_says_so() -> None:
    anchor = next(one["bundle"] for one in VECTORS["bundles"] if one["name"] == "masked")["anchor"]
    args = {"gateway": anchor["gateway"], "batch": anchor["batch"], "reason": 3}
    block = VECTORS["chains"]["base"]["events"][-1]["block"]
    said = f"batch {anchor['batch']} was repudiated by its gateway in block {block}"
    assert said in notices_after("BatchRepudiated", args)
    other = {**args, "batch": anchor["batch"] + 1}
    assert not any("repudiated" in notice for notice in notices_after("BatchRepudiated", other))


def test_a_schema_that_is_none_fails_at_step_2() -> None:
    bundle = next(one["bundle"] for one in VECTORS["bundles"] if one["name"] == "masked")
    with pytest.raises(VerificationError) as failure:
        verify_bundle(json.dumps({**bundle, "schema": {**bundle["schema"], "slots": []}}))
    assert failure.value.step == 2
    with pytest.raises(VerificationError) as failure:
        verify_bundle(json.dumps({**bundle, "schema": []}))
    assert failure.value.step == 1
