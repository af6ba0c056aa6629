"""RecordAnchors: streams without gaps, heads and words as the formats page says, marks under the marker's name."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.artifacts import deploy_data
from ledger.chain.contracts.record_anchors import StreamHead
from ledger.core.anchor import GENESIS_HEAD, batch_word, next_head
from ledger.core.codes import HOLD_RELEASED, Mark, Role
from ledger.core.keccak import keccak256
from tests.contracts.sandbox import DATA_BUREAU, NOBODY, Key, Member, Refused, Sandbox

pytestmark = pytest.mark.contracts

VECTORS = Path(__file__).parents[1] / "vectors" / "formats-1.json"
SUSPENDED = 2


def root(number: int) -> bytes:
    return keccak256(b"root %d" % number)


@pytest.fixture
def gateway(sandbox: Sandbox) -> Member:
    return sandbox.register(kind=DATA_BUREAU)


@pytest.fixture
def anchor_key(sandbox: Sandbox, gateway: Member) -> Key:
    return sandbox.bind(gateway, Role.ANCHOR)


def test_a_stream_begins_empty(sandbox: Sandbox, gateway: Member) -> None:
    assert sandbox.anchors.head(gateway.agency, block="latest") == StreamHead(GENESIS_HEAD, 0, 1)
    assert sandbox.anchors.word(gateway.agency, 1, block="latest") == bytes(32)


def test_the_head_is_the_fold_of_the_events_and_each_word_that_of_its_batch(
    sandbox: Sandbox, gateway: Member, anchor_key: Key
) -> None:
    head, sequence = GENESIS_HEAD, 1
    for batch, leaf_count in enumerate((1, 65_536, 300, 2), start=1):
        call = sandbox.anchors.anchor(root(batch), leaf_count, sequence)
        outcome = sandbox.send(call, anchor_key.address)
        head = next_head(head, gateway.agency, batch, root(batch), leaf_count, sequence)
        assert outcome.event == (
            "Anchored",
            {
                "gateway": gateway.agency,
                "batch": batch,
                "root": "0x" + root(batch).hex(),
                "leafCount": leaf_count,
                "firstSequence": sequence,
                "head": "0x" + head.hex(),
            },
        )
        word = batch_word(root(batch), leaf_count, sequence, outcome.time)
        assert sandbox.anchors.word(gateway.agency, batch, block="latest") == word
        sequence += leaf_count
        expected = StreamHead(head, batch, sequence)
        assert sandbox.anchors.head(gateway.agency, block="latest") == expected
        sandbox.sleep(7)


def test_a_view_answers_as_of_the_block_that_is_asked(sandbox: Sandbox, gateway: Member, anchor_key: Key) -> None:
    first = sandbox.send(sandbox.anchors.anchor(root(1), 3, 1), anchor_key.address)
    assert sandbox.anchors.head(gateway.agency, block=first.block).next_sequence == 4


def test_two_gateways_have_streams_of_their_own(sandbox: Sandbox, gateway: Member, anchor_key: Key) -> None:
    other = sandbox.register(kind=DATA_BUREAU)
    other_key = sandbox.bind(other, Role.ANCHOR)
    sandbox.send(sandbox.anchors.anchor(root(1), 5, 1), anchor_key.address)
    sandbox.send(sandbox.anchors.anchor(root(1), 5, 1), other_key.address)
    heads = [sandbox.anchors.head(member.agency, block="latest") for member in (gateway, other)]
    assert [head.next_sequence for head in heads] == [6, 6]
    assert heads[0].head != heads[1].head


def test_another_anchor_key_of_the_gateway_continues_the_stream(
    sandbox: Sandbox, gateway: Member, anchor_key: Key
) -> None:
    sandbox.send(sandbox.anchors.anchor(root(1), 5, 1), anchor_key.address)
    successor = sandbox.bind(gateway, Role.ANCHOR)
    sandbox.send(sandbox.relayed("RetireKey", gateway.admin, key=anchor_key.address))
    sandbox.refuses("KeyNotEntitled", sandbox.anchors.anchor(root(2), 5, 6), anchor_key.address)
    sandbox.send(sandbox.anchors.anchor(root(2), 5, 6), successor.address)
    assert sandbox.anchors.head(gateway.agency, block="latest").batch_count == 2


@pytest.mark.parametrize("first_sequence", [0, 1, 5, 7])
def test_a_batch_begins_where_the_stream_ended(sandbox: Sandbox, anchor_key: Key, first_sequence: int) -> None:
    sandbox.send(sandbox.anchors.anchor(root(1), 5, 1), anchor_key.address)
    call = sandbox.anchors.anchor(root(2), 5, first_sequence)
    line = sandbox.refuses("SequenceNotNext", call, anchor_key.address)
    assert line == f"SequenceNotNext(firstSequence={first_sequence}, nextSequence=6)"


@pytest.mark.parametrize("first_sequence", [0, 2])
def test_the_first_batch_begins_with_sequence_one(sandbox: Sandbox, anchor_key: Key, first_sequence: int) -> None:
    call = sandbox.anchors.anchor(root(1), 5, first_sequence)
    sandbox.refuses("SequenceNotNext", call, anchor_key.address)


def test_a_root_of_zero_and_an_impossible_count_are_refused(sandbox: Sandbox, anchor_key: Key) -> None:
    sandbox.refuses("RootMissing", sandbox.anchors.anchor(bytes(32), 1, 1), anchor_key.address)
    for leaf_count in (0, 65_537):
        call = sandbox.anchors.anchor(root(1), leaf_count, 1)
        sandbox.refuses("LeafCountInvalid", call, anchor_key.address)


def test_only_a_usable_anchor_key_anchors(sandbox: Sandbox, gateway: Member, anchor_key: Key) -> None:
    call = sandbox.anchors.anchor(root(1), 1, 1)
    signer = sandbox.bind(gateway, Role.API_SIGN)
    for key in (gateway.admin, signer, sandbox.key()):
        line = sandbox.refuses("KeyNotEntitled", call, key.address)
        assert line == f"KeyNotEntitled(key={key.address}, role=ANCHOR)"
    sandbox.govern(sandbox.registry.set_status(gateway.agency, SUSPENDED))
    sandbox.refuses("KeyNotEntitled", call, anchor_key.address)


def test_a_mark_stands_under_the_agency_of_its_signer(sandbox: Sandbox) -> None:
    publisher, other = sandbox.register(), sandbox.register()
    record = keccak256(b"record")
    for member, mark, version in ((publisher, Mark.CORRECTED, 2), (other, Mark.DISPUTED, 0)):
        key = sandbox.bind(member, Role.SUBMIT)
        members = {"recordId": record, "version": version, "mark": int(mark), "reason": 9}
        outcome = sandbox.send(sandbox.relayed("Mark", key, **members))
        expected = {"agency": member.agency, **members, "recordId": "0x" + record.hex()}
        assert outcome.event == ("Marked", expected)
        assert sandbox.anchors.marks(member.agency, record, version, block="latest") == mark.bit
    assert sandbox.anchors.marks(publisher.agency, record, 0, block="latest") == 0


def test_each_mark_is_set_once_and_beside_the_others(sandbox: Sandbox) -> None:
    member = sandbox.register()
    key = sandbox.bind(member, Role.SUBMIT)
    record = keccak256(b"record")
    for mark in Mark:
        members = {"recordId": record, "version": 1, "mark": int(mark), "reason": 1}
        sandbox.send(sandbox.relayed("Mark", key, **members))
        sandbox.refuses("MarkAlreadySet", sandbox.relayed("Mark", key, **members))
    marks = sandbox.anchors.marks(member.agency, record, 1, block="latest")
    assert marks == sum(mark.bit for mark in Mark)


def test_a_hold_alone_is_released_by_its_agency_where_it_stands_and_may_be_set_again(sandbox: Sandbox) -> None:
    member, other = sandbox.register(), sandbox.register()
    key, another = sandbox.bind(member, Role.SUBMIT), sandbox.bind(other, Role.SUBMIT)
    about = {"recordId": keccak256(b"record"), "version": 1, "mark": int(Mark.HOLD)}
    hold, release = about | {"reason": 5}, about | {"reason": HOLD_RELEASED}
    sandbox.refuses("HoldNotSet", sandbox.relayed("Mark", key, **release))
    for _ in range(2):
        sandbox.send(sandbox.relayed("Mark", key, **hold))
        sandbox.refuses("HoldNotSet", sandbox.relayed("Mark", another, **release))
        sandbox.refuses("HoldNotSet", sandbox.relayed("Mark", key, **release | {"version": 0}))
        outcome = sandbox.send(sandbox.relayed("Mark", key, **release))
        assert outcome.event[1]["reason"] == HOLD_RELEASED
        assert sandbox.anchors.marks(member.agency, about["recordId"], 1, block="latest") == 0
    withdrawn = about | {"mark": int(Mark.WITHDRAWN), "reason": HOLD_RELEASED}
    sandbox.send(sandbox.relayed("Mark", key, **withdrawn))
    sandbox.refuses("MarkAlreadySet", sandbox.relayed("Mark", key, **withdrawn))


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("MarkUnknown", {"mark": 0}),
        ("MarkUnknown", {"mark": 6}),
        ("RecordIdMissing", {"recordId": bytes(32)}),
        ("ReasonMissing", {"reason": 0}),
    ],
)
def test_a_mark_that_says_nothing_known_is_refused(sandbox: Sandbox, error: str, changes: dict[str, Any]) -> None:
    key = sandbox.bind(sandbox.register(), Role.SUBMIT)
    members = {"recordId": keccak256(b"record"), "version": 1, "mark": 1, "reason": 1} | changes
    sandbox.refuses(error, sandbox.relayed("Mark", key, **members))


def test_only_a_usable_submit_key_marks(sandbox: Sandbox) -> None:
    member = sandbox.register()
    key = sandbox.bind(member, Role.SUBMIT)
    members = {"recordId": keccak256(b"record"), "version": 1, "mark": 1, "reason": 1}
    for other in (member.admin, sandbox.bind(member, Role.READ), sandbox.key()):
        line = sandbox.refuses("KeyNotEntitled", sandbox.relayed("Mark", other, **members))
        assert line.endswith("role=SUBMIT)")
    sandbox.send(sandbox.relayed("RetireKey", member.admin, key=key.address))
    sandbox.refuses("KeyNotEntitled", sandbox.relayed("Mark", key, **members))


@pytest.fixture
def anchored(sandbox: Sandbox, gateway: Member, anchor_key: Key) -> Member:
    """A gateway with two batches."""
    for batch in (1, 2):
        sandbox.send(sandbox.anchors.anchor(root(batch), 1, batch), anchor_key.address)
    return gateway


def test_gateway_and_governor_together_repudiate_a_batch_that_stays_visible(sandbox: Sandbox, anchored: Member) -> None:
    agency = anchored.agency
    head = sandbox.anchors.head(agency, block="latest")
    outcome = sandbox.govern(sandbox.relayed("Repudiate", anchored.admin, batch=1, reason=3))
    assert outcome.event == ("BatchRepudiated", {"gateway": agency, "batch": 1, "reason": 3})
    told = [sandbox.anchors.is_repudiated(agency, batch, block="latest") for batch in (1, 2)]
    assert told == [True, False]
    assert sandbox.anchors.head(agency, block="latest") == head
    assert any(sandbox.anchors.word(agency, 1, block="latest"))
    again = sandbox.relayed("Repudiate", anchored.admin, batch=1, reason=3)
    sandbox.refuses("BatchAlreadyRepudiated", again, sandbox.governor)


def test_neither_gateway_nor_governor_repudiates_alone(sandbox: Sandbox, anchored: Member) -> None:
    call = sandbox.relayed("Repudiate", anchored.admin, batch=1, reason=3)
    for sender in (sandbox.relay, anchored.admin.address):
        sandbox.refuses("NotGovernor", call, sender)
    for key in (sandbox.bind(anchored, Role.SUBMIT), sandbox.key()):
        foreign = sandbox.relayed("Repudiate", key, batch=1, reason=3)
        sandbox.refuses("KeyNotEntitled", foreign, sandbox.governor)


def test_a_batch_of_ones_own_is_repudiated_for_a_reason(sandbox: Sandbox, anchored: Member) -> None:
    other = sandbox.register(kind=DATA_BUREAU)
    for error, admin, batch, reason in (
        ("BatchUnknown", anchored.admin, 3, 1),
        ("BatchUnknown", anchored.admin, 0, 1),
        ("BatchUnknown", other.admin, 1, 1),
        ("ReasonMissing", anchored.admin, 1, 0),
    ):
        call = sandbox.relayed("Repudiate", admin, batch=batch, reason=reason)
        sandbox.refuses(error, call, sandbox.governor)


# The published vectors, produced without any code of this project: the same words and heads come out of the contract
# when its registry says what theirs did.


def replayed(sandbox: Sandbox, anchors: list[dict[str, Any]]) -> list[dict[str, str]]:
    gateway = sandbox.register(kind=DATA_BUREAU)
    assert gateway.agency == anchors[0]["gateway"]
    key = sandbox.bind(gateway, Role.ANCHOR)
    results = []
    for anchor in anchors:
        call = sandbox.anchors.anchor(bytes.fromhex(anchor["root"][2:]), anchor["leafCount"], anchor["firstSequence"])
        outcome = sandbox.send(call, key.address)
        word = sandbox.anchors.word(gateway.agency, anchor["batch"], block="latest")
        ours = batch_word(bytes.fromhex(anchor["root"][2:]), anchor["leafCount"], anchor["firstSequence"], outcome.time)
        assert word == ours
        results.append({"head": outcome.event[1]["head"]})
    return results


def test_the_contract_computes_the_heads_of_the_published_vectors(sandbox: Sandbox) -> None:
    anchors = json.loads(VECTORS.read_text(encoding="utf-8"))["anchors"]
    assert [result["head"] for result in replayed(sandbox, anchors)] == [anchor["head"] for anchor in anchors]
    assert all(later["previousHead"] == earlier["head"] for earlier, later in pairwise(anchors))


def test_the_formula_that_the_words_were_compared_with_gives_those_of_the_published_vectors() -> None:
    for anchor in json.loads(VECTORS.read_text(encoding="utf-8"))["anchors"]:
        word = batch_word(
            bytes.fromhex(anchor["root"][2:]),
            anchor["leafCount"],
            anchor["firstSequence"],
            anchor["blockTime"],
        )
        assert "0x" + word.hex() == anchor["word"]


def test_anchors_are_not_deployed_without_a_registry(sandbox: Sandbox) -> None:
    with pytest.raises(Refused, match="ContractMissing"):
        sandbox.create(deploy_data("RecordAnchors", sandbox.governor, sandbox.relay, NOBODY))
