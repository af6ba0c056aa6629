"""The fold of the chain's history: what held then stays what held then, by time and by place, event by event."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.anchor import GENESIS_HEAD, next_head
from ledger.core.codes import Mark, Role
from ledger.core.hexadecimal import to_hex
from ledger.core.history import AsOf, Block, ChainEvent, History, MarkFacts, Point, head_text, stream_faults
from ledger.errors import HistoryError
from tests.simulated_consortium import address, number32

pytestmark = pytest.mark.unit
KEY, RECORD = address("k"), number32("record")
HASHES = ("schemaHash", "maskPolicyHash", "class1Profile", "documentHash")
Told = tuple[str, str, dict[str, Any]]


def registry(name: str, **args: Any) -> Told:
    return "AgencyRegistry", name, args


REGISTERED = registry("AgencyRegistered", agency=7, kind=22, region=990101, allowedRoles=4098)
BOUND = registry("KeyBound", key=KEY, agency=7, roles=1 << Role.SUBMIT, validFrom=100, validUntil=10_000)
ITEM_RETIRED: Told = ("Catalogue", "ItemRetired", {"item": 3})
RETIRED = registry("KeyRetired", key=KEY, agency=7)
NAMED = registry("OfficerNamed", key=KEY, agency=7, officer=to_hex(number32("officer")))


def status(value: int) -> Told:
    return registry("AgencyStatusSet", agency=7, status=value)


def revoked(suspect_from: int = 0) -> Told:
    return registry("KeyRevoked", key=KEY, agency=7, reason=1, suspectFrom=suspect_from)


def published(version: int, item: int = 3) -> Told:
    bitmaps = {"shareClass": 1, "publisherKinds": 1 << 22, "readerKinds": 1 << 8, "purposes": 4}
    hashes = {name: to_hex(number32(name, version)) for name in HASHES}
    return "Catalogue", "ItemPublished", {"item": item, "version": version, **bitmaps, **hashes}


def parameter(value: int, name: str = "factsAge") -> Told:
    return "Parameters", "ParameterSet", {"name": name, "value": value}


def marked(mark: int, agency: int = 7, version: int = 0) -> Told:
    args = {"agency": agency, "recordId": to_hex(RECORD), "version": version, "mark": int(mark), "reason": 4}
    return "RecordAnchors", "Marked", args


def anchored(batch: int, gateway: int = 1, leaf_count: int = 2, head: bytes = bytes(32)) -> Told:
    args = {"gateway": gateway, "batch": batch, "root": to_hex(number32("root", batch)), "head": to_hex(head)}
    return "RecordAnchors", "Anchored", {**args, "leafCount": leaf_count, "firstSequence": 2 * batch - 1}


@dataclass
class Chain:
    """Blocks with their events, to be folded as far as one likes."""

    blocks: list[tuple[Block, list[ChainEvent]]] = field(default_factory=list)

    def mine(self, time: int, *told: Told) -> "Chain":
        number = len(self.blocks)
        parent = self.blocks[-1][0].hash if self.blocks else to_hex(bytes(32))
        events = [
            ChainEvent(number, place, to_hex(number32("t", number)), contract, name, args)
            for place, (contract, name, args) in enumerate(told)
        ]
        self.blocks.append((Block(number, to_hex(number32("b", number)), parent, time), events))
        return self

    def fold(self, count: int | None = None) -> History:
        history = History()
        for block, events in self.blocks[:count]:
            history.append(block, events)
        return history


def why(history: History, as_of: AsOf) -> str | None:
    return history.why_not_entitled(KEY, Role.SUBMIT, 7, as_of)


def test_within_a_block_the_order_of_events_decides() -> None:
    history = Chain().mine(100, REGISTERED, BOUND, RETIRED).fold()
    assert why(history, AsOf(100, Point(0, 0, 100))) == "the key is not bound to any agency"
    assert why(history, AsOf(100, Point(0, 1, 100))) is None
    assert why(history, AsOf(100, Point(0, 2, 100))) == "the key was retired"
    assert why(history, AsOf(100)) == why(history, history.at_block(0)) == "the key was retired"


def test_a_place_counts_by_block_even_where_times_are_equal() -> None:
    history = Chain().mine(100, REGISTERED, BOUND).mine(100, status(2)).mine(100, status(1)).fold()
    assert [why(history, history.at_block(number)) for number in range(3)] == [None, "agency 7 is not active", None]
    assert why(history, AsOf(100)) is None


def test_validity_is_half_open() -> None:
    history = Chain().mine(50, REGISTERED, BOUND).fold()
    reasons = {at: why(history, AsOf(at)) for at in (99, 100, 9_999, 10_000)}
    assert reasons == {99: "the key is not valid yet", 100: None, 9_999: None, 10_000: "the key has expired"}


def test_validity_is_judged_at_the_time_and_binding_at_the_place() -> None:
    history = Chain().mine(50, REGISTERED, BOUND).mine(60, RETIRED).fold()
    place = history.at_block(0).point
    assert why(history, AsOf(9_999, place)) is None
    assert why(history, AsOf(10_000, place)) == "the key has expired"


def test_an_end_counts_from_its_block_on() -> None:
    history = Chain().mine(100, REGISTERED, BOUND).mine(200, revoked(150)).fold()
    assert why(history, AsOf(199)) is None
    assert why(history, AsOf(200)) == "the key was revoked"
    assert history.keys[KEY].revoked == history.keys[KEY].ended == Point(1, 0, 200)
    assert history.keys[KEY].suspect_from == 150


def test_a_retired_key_that_is_revoked_later_was_only_retired_between() -> None:
    history = Chain().mine(100, REGISTERED, BOUND).mine(200, RETIRED).mine(300, revoked(150)).fold()
    assert [why(history, AsOf(at)) for at in (199, 200, 299)] == [None, "the key was retired", "the key was retired"]
    assert why(history, AsOf(300)) == "the key was revoked"
    assert history.keys[KEY].ended == Point(1, 0, 200)
    assert history.keys[KEY].revoked == Point(2, 0, 300)


def test_a_key_has_the_officer_that_was_named_and_is_live_until_it_ends_or_expires() -> None:
    history = Chain().mine(50, REGISTERED, BOUND, NAMED).mine(200, RETIRED).fold()
    assert history.keys[KEY].officer == number32("officer")
    moments = AsOf(50, Point(0, 0, 50)), AsOf(99), AsOf(200)
    live = [history.keys[KEY].is_live(moment) for moment in moments]
    assert live == [False, True, False]
    unnamed = Chain().mine(50, REGISTERED, BOUND).fold().keys[KEY]
    assert unnamed.officer is None
    assert [unnamed.is_live(AsOf(at)) for at in (9_999, 10_000)] == [True, False]


def test_an_officer_of_another_agency_than_the_keys_is_not_folded() -> None:
    with pytest.raises(HistoryError, match="another agency"):
        Chain().mine(50, REGISTERED, BOUND, (*NAMED[:2], {**NAMED[2], "agency": 8})).fold()


@pytest.mark.parametrize(
    ("told", "second", "what"),
    [
        ([], REGISTERED, "registers an agency"),
        ([], BOUND, "binds a key"),
        ([NAMED], NAMED, "names the officer of a key"),
        ([RETIRED], RETIRED, "ends a key"),
        ([revoked(150)], RETIRED, "ends a key"),
        ([revoked(150)], revoked(120), "revokes a key"),
        ([published(1), published(2)], published(1), "publishes a version of an item"),
        ([published(1), ITEM_RETIRED], ITEM_RETIRED, "retires an item"),
    ],
)
def test_what_happens_once_only_contradicts_when_it_happens_again(told: list[Told], second: Told, what: str) -> None:
    chain = Chain().mine(100, REGISTERED, BOUND, *told)
    assert chain.fold().newest_block == chain.blocks[0][0]
    with pytest.raises(HistoryError, match=f"block 1 {what} a second time"):
        chain.mine(200, second).fold()


def test_an_agency_is_active_from_its_registration_unless_it_is_suspended() -> None:
    history = Chain().mine(100).mine(110, REGISTERED).mine(120, status(2)).mine(130, status(1)).fold()
    agency = history.agencies[7]
    assert [agency.is_active(AsOf(at)) for at in (109, 110, 119, 120, 129, 130)] == [
        *(False, True, True),
        *(False, False, True),
    ]
    assert (agency.kind, agency.region, agency.allowed_roles) == (22, 990101, 4098)


def test_a_parameter_holds_from_its_event_until_the_next() -> None:
    history = Chain().mine(100).mine(110, parameter(30), parameter(40)).mine(120, parameter(50)).fold()
    assert [history.parameter("factsAge", AsOf(at)) for at in (109, 110, 120)] == [60, 40, 50]
    assert history.parameter("factsAge", AsOf(110, Point(1, 0, 110))) == 30
    assert history.parameter("suspectWindow", AsOf(120)) == 30 * 86_400


def test_item_versions_are_known_from_their_events_until_the_item_is_retired() -> None:
    history = Chain().mine(100, published(1)).mine(110, published(2)).mine(120, ITEM_RETIRED).fold()
    item = history.items[3]
    assert [item.version(2, AsOf(at)) is not None for at in (109, 110, 119, 120)] == [False, True, True, False]
    newest = [item.newest(AsOf(at)) for at in (99, 109, 119, 120)]
    assert [args and args["version"] for args in newest] == [None, 1, 2, None]
    assert [item.is_retired(AsOf(at)) for at in (119, 120)] == [False, True]


def test_marks_are_those_of_the_publisher_for_this_version_or_all_by_then() -> None:
    chain = Chain().mine(100, marked(Mark.CORRECTED, version=1), marked(Mark.HOLD)).mine(110, marked(Mark.DISPUTED, 9))
    history = chain.mine(120, marked(Mark.WITHDRAWN, version=2)).fold()

    def marks(version: int, at: int, publisher: int = 7) -> set[int]:
        return history.marks_by(RECORD, publisher, version, AsOf(at))

    assert marks(1, 100) == {Mark.CORRECTED, Mark.HOLD}
    assert marks(2, 119) == {Mark.HOLD}
    assert marks(2, 120) == {Mark.HOLD, Mark.WITHDRAWN}
    assert marks(1, 120, publisher=9) == {Mark.DISPUTED}
    assert marks(1, 99) == set()
    assert history.marks_by(number32("another"), 7, 1, AsOf(120)) == set()
    assert history.marks[RECORD][0] == MarkFacts(7, 1, Mark.CORRECTED, 4, Point(0, 0, 100))


def test_the_newest_batch_is_asked_by_place_within_a_block_too() -> None:
    history = Chain().mine(100, anchored(1), anchored(1, gateway=2), anchored(2)).mine(110, anchored(3)).fold()
    places = [AsOf(100, Point(0, log_index, 100)) for log_index in range(3)]
    assert [history.newest_batch(1, place) for place in places] == [1, 1, 2]
    assert [history.newest_batch(2, place) for place in places] == [0, 1, 1]
    assert [history.newest_batch(1, AsOf(at)) for at in (99, 109, 110)] == [0, 2, 3]
    third = history.anchor(1, 3)
    assert third is not None
    assert (third.root, third.leaf_count, third.first_sequence) == (number32("root", 3), 2, 5)
    assert (third.transaction, third.point) == (to_hex(number32("t", 1)), Point(1, 0, 110))
    assert history.anchor(2, 3) is None


def test_the_newest_block_by_a_time_is_the_last_of_that_time() -> None:
    history = Chain().mine(100).mine(110).mine(110).mine(130).fold()
    found = [history.newest_block_by(at) for at in (99, 100, 109, 110, 129, 130)]
    assert [block and block.number for block in found] == [None, 0, 0, 2, 2, 3]


def test_a_stream_is_at_fault_for_batches_sequences_and_heads_each() -> None:
    first = next_head(GENESIS_HEAD, 1, 1, number32("root", 1), 2, 1)
    second = next_head(first, 1, 2, number32("root", 2), 2, 3)
    sound = Chain().mine(100, anchored(1, head=first), anchored(2, head=second)).fold()
    assert stream_faults(sound, 1) == []
    assert stream_faults(sound, 5) == []
    assert head_text(sound, 1) == to_hex(second)
    assert head_text(sound, 5) == to_hex(GENESIS_HEAD)
    other = Chain().mine(100, anchored(1, head=first), anchored(2, head=first)).fold()
    assert stream_faults(other, 1) == ["the head after batch 2 is not the fold of the events"]
    short = next_head(GENESIS_HEAD, 1, 1, number32("root", 1), 1, 1)
    second = next_head(short, 1, 2, number32("root", 2), 2, 3)
    gap = Chain().mine(100, anchored(1, leaf_count=1, head=short), anchored(2, head=second)).fold()
    assert stream_faults(gap, 1) == ["batch 2 does not follow batch 1"]


def test_a_block_whose_events_contradict_does_not_become_the_newest() -> None:
    chain = Chain().mine(100, REGISTERED, BOUND).mine(110, BOUND)
    history = chain.fold(1)
    with pytest.raises(HistoryError, match="binds a key a second time"):
        history.append(*chain.blocks[1])
    assert history.newest_block == chain.blocks[0][0]
    assert history.newest_block_by(500) == chain.blocks[0][0]


def test_a_misshapen_event_is_told_with_its_block_and_member() -> None:
    chain = Chain().mine(100, registry("AgencyRegistered", agency=7, kind=22, region=-1, allowedRoles=2))
    with pytest.raises(HistoryError, match="AgencyRegistered in block 0: region is no number from 0"):
        chain.fold()
    with pytest.raises(HistoryError, match="AgencyStatusSet in block 0: unknown 7"):
        Chain().mine(100, status(2)).fold()
    with pytest.raises(HistoryError, match="Anchored in block 0: root: expected 32 bytes, got 1"):
        Chain().mine(100, ("RecordAnchors", "Anchored", {**anchored(1)[2], "root": "0x00"})).fold()
    with pytest.raises(HistoryError, match="ParameterSet in block 0: name is no text"):
        Chain().mine(100, ("Parameters", "ParameterSet", {"name": 5, "value": 5})).fold()
    zero = Chain().mine(100, parameter(0)).fold()
    assert zero.parameter("factsAge", AsOf(100)) == 0


OFTEN = [status(1), status(2), status(3), parameter(20), parameter(90), parameter(200, "anchorDelay")]
OFTEN += [marked(Mark.WITHDRAWN), marked(Mark.HOLD, version=1), marked(Mark.DISPUTED, agency=9)]
ONCE = [[], [RETIRED, revoked(0)], [revoked(101)], [published(1), ITEM_RETIRED], [published(1), published(2)]]
BLOCKS = st.lists(st.tuples(st.integers(0, 3), st.lists(st.sampled_from(OFTEN), max_size=3)), min_size=2, max_size=7)


@st.composite
def chains(draw: st.DrawFn) -> Chain:
    """Chains of up to eight blocks, some of equal times, with batches and with things that happen once."""
    mined = draw(BLOCKS)
    told = [list(events) for _, events in mined]
    for events in draw(st.tuples(st.sampled_from(ONCE[:3]), st.sampled_from(ONCE[3:]))):
        places = sorted(draw(st.tuples(*[st.integers(0, len(told) - 1)] * len(events))))
        for place, event in zip(places, events, strict=True):
            told[place].append(event)
    for batch, place in enumerate(sorted(draw(st.sets(st.integers(0, len(told) - 1)))), 1):
        told[place].insert(0, anchored(batch))
    chain, time = Chain().mine(100, REGISTERED, BOUND), 100
    for (seconds, _), events in zip(mined, told, strict=True):
        time += seconds
        chain.mine(time, *events)
    return chain


def answers(history: History, as_of: AsOf) -> list[Any]:
    """Everything that can be asked of the simulated chain as of a moment."""
    items = [item for item in map(history.items.get, (3, 4)) if item is not None]
    return [
        why(history, as_of),
        [history.parameter(name, as_of) for name in ("factsAge", "anchorDelay")],
        [found for item in items if (found := item.newest(as_of)) is not None],
        [found for item in items for number in (1, 2) if (found := item.version(number, as_of)) is not None],
        [history.marks_by(RECORD, publisher, version, as_of) for publisher in (7, 9) for version in (1, 2)],
        [history.newest_batch(gateway, as_of) for gateway in (1, 2)],
    ]


@settings(max_examples=60)
@given(chains())
def test_the_past_answers_the_same_however_the_chain_grew(chain: Chain) -> None:
    whole = chain.fold()
    later = chain.blocks[-1][0].time + 50
    for count in range(1, len(chain.blocks) + 1):
        then, block = chain.fold(count), chain.blocks[count - 1][0]
        assert answers(then, AsOf(later)) == answers(whole, AsOf(later, whole.at_block(block.number).point))
        if count == len(chain.blocks) or chain.blocks[count][0].time > block.time:
            assert answers(whole, AsOf(block.time)) == answers(whole, whole.at_block(block.number))
