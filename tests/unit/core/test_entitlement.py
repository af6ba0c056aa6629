"""Who may sign a submission, and when a signature that was rightly made still counts where it is anchored."""

from typing import Any

import pytest

from ledger.core.codes import Role
from ledger.core.consent_documents import SecondWitness
from ledger.core.entitlement import is_late, why_not_anchorable, why_not_publishable, why_not_witness
from ledger.core.hexadecimal import from_hex
from ledger.core.history import AsOf, History, Point
from tests.simulated_consortium import FOREVER, GATEWAY, ITEM, PUBLISHER, READER, address, number32
from tests.simulated_ledger import SimulatedLedger

pytestmark = pytest.mark.unit
PUBLISHERS_KEY = address("publisher")


def message(ledger: SimulatedLedger, **other: Any) -> dict[str, Any]:
    given = ledger.sign_submission([ledger.committed(1)], signed_at=ledger.now).message
    return {**given, **other}


def end_key(ledger: SimulatedLedger, suspect_from: int | None, seconds: int) -> None:
    key = {"key": PUBLISHERS_KEY, "agency": PUBLISHER}
    if suspect_from is None:
        ledger.mine([("AgencyRegistry", "KeyRetired", key)], seconds)
    else:
        ledger.mine([("AgencyRegistry", "KeyRevoked", {**key, "reason": 1, "suspectFrom": suspect_from})], seconds)


def newest_point(ledger: SimulatedLedger) -> Point:
    return Point(len(ledger.blocks) - 1, 5, ledger.now)


def test_an_honest_submission_is_publishable_and_anchorable() -> None:
    ledger = SimulatedLedger()
    signed = message(ledger)
    ledger.mine([])
    assert why_not_publishable(ledger.history(), signed, PUBLISHERS_KEY) is None
    assert why_not_anchorable(ledger.history(), signed, PUBLISHERS_KEY, newest_point(ledger)) is None


@pytest.mark.parametrize(
    ("other", "key", "reason"),
    [
        ({}, "stranger", "not bound to any agency"),
        ({}, "rival", "bound to agency 9, not 7"),
        ({"publisher": 9}, "publisher", "bound to agency 7, not 9"),
        ({"publisher": READER}, "reader", "does not have role SUBMIT"),
        ({"signedAt": 5}, "publisher", "not bound to any agency"),
        ({"signedAt": FOREVER}, "publisher", "the key has expired"),
        ({"item": 99}, "publisher", "item 99 version 1 is unknown"),
        ({"itemVersion": 2}, "publisher", "item 3 version 2 is unknown"),
        ({"schemaHash": number32("other")}, "publisher", "item 3 version 1 has another schema"),
    ],
)
def test_what_was_not_to_be_signed_is_named(other: dict[str, Any], key: str, reason: str) -> None:
    ledger = SimulatedLedger()
    said = why_not_publishable(ledger.history(), message(ledger, **other), address(key))
    assert said is not None
    assert reason in said


def test_a_kind_of_agency_that_the_item_does_not_list_may_not_publish() -> None:
    ledger = SimulatedLedger()
    binding = {"key": address("k"), "agency": READER, "roles": 1 << Role.SUBMIT, "validFrom": 0, "validUntil": FOREVER}
    ledger.mine([("AgencyRegistry", "KeyBound", binding)])
    said = why_not_publishable(ledger.history(), message(ledger, publisher=READER), address("k"))
    assert said == "agencies of kind 8 may not publish item 3"


def test_the_item_and_the_key_are_judged_at_the_signature() -> None:
    ledger = SimulatedLedger()
    before = message(ledger)
    ledger.mine([("Catalogue", "ItemRetired", {"item": ITEM})])
    at_once = message(ledger)
    assert why_not_publishable(ledger.history(), before, PUBLISHERS_KEY) is None
    said = why_not_publishable(ledger.history(), at_once, PUBLISHERS_KEY)
    assert said == "item 3 version 1 is unknown or the item is retired"


@pytest.mark.parametrize(("earlier", "counts"), [(30, True), (31, False)])
def test_a_block_may_be_at_most_30_seconds_older_than_the_signature(earlier: int, counts: bool) -> None:
    ledger = SimulatedLedger()
    signed = message(ledger, signedAt=ledger.now + earlier)
    said = why_not_anchorable(ledger.history(), signed, PUBLISHERS_KEY, newest_point(ledger))
    assert said == (None if counts else "the anchoring block is older than the signature")


@pytest.mark.parametrize("suspect_from", [None, 0])
@pytest.mark.parametrize(("signed_before", "counts"), [(1, True), (0, False)])
def test_a_key_that_ended_counts_for_what_it_signed_before(
    suspect_from: int | None, signed_before: int, counts: bool
) -> None:
    ledger = SimulatedLedger()
    end_key(ledger, suspect_from, 10)
    signed = message(ledger, signedAt=ledger.now - signed_before)
    ledger.mine([])
    said = why_not_anchorable(ledger.history(), signed, PUBLISHERS_KEY, newest_point(ledger))
    assert said == (None if counts else "the key had ended before the signature")


def test_an_end_after_the_anchor_is_judged_at_the_signature_alone() -> None:
    ledger = SimulatedLedger()
    anchored = newest_point(ledger)
    end_key(ledger, None, 10)
    signed = message(ledger, signedAt=ledger.now)
    assert why_not_anchorable(ledger.history(), signed, PUBLISHERS_KEY, anchored) is None
    assert why_not_publishable(ledger.history(), signed, PUBLISHERS_KEY) == "the key was retired"


@pytest.mark.parametrize(("suspect_after", "counts"), [(1, True), (0, False), (-5, False)])
def test_a_revoked_key_does_not_count_from_when_it_is_suspect(suspect_after: int, counts: bool) -> None:
    ledger = SimulatedLedger()
    signed = message(ledger)
    end_key(ledger, ledger.now + suspect_after, 10)
    said = why_not_anchorable(ledger.history(), signed, PUBLISHERS_KEY, newest_point(ledger))
    assert (said is None) == counts
    assert said is None or "suspect since before the signature" in said


def anchored_between(*ends: int | None) -> tuple[History, dict[str, Any], Point]:
    """A submission that was signed, a first end of its key, its anchor, and perhaps later ends."""
    ledger = SimulatedLedger()
    signed = message(ledger)
    first, *later = ends
    end_key(ledger, first, 10)
    ledger.mine([])
    anchored = newest_point(ledger)
    for suspect_from in later:
        end_key(ledger, suspect_from, 10)
    return ledger.history(), signed, anchored


def test_a_later_revocation_flips_nothing_that_was_anchored_before_it() -> None:
    long_ago = SimulatedLedger().now - 1
    history, signed, anchored = anchored_between(None, long_ago)
    assert history.keys[PUBLISHERS_KEY].suspect_from == long_ago
    assert why_not_anchorable(history, signed, PUBLISHERS_KEY, anchored) is None
    late = Point(anchored.block + 1, 5, anchored.time + 10)
    said = why_not_anchorable(history, signed, PUBLISHERS_KEY, late)
    assert said == "the key is suspect since before the signature, and was revoked before it was anchored"


def test_an_end_in_the_anchoring_block_counts_by_its_order_there() -> None:
    ledger = SimulatedLedger()
    signed = message(ledger)
    end_key(ledger, ledger.now, 10)
    number = len(ledger.blocks) - 1
    history = ledger.history()
    history.keys[PUBLISHERS_KEY].revoked = history.keys[PUBLISHERS_KEY].ended = Point(number, 3, ledger.now)
    for log_index, counts in ((2, True), (4, False)):
        point = Point(number, log_index, ledger.now)
        assert (why_not_anchorable(history, signed, PUBLISHERS_KEY, point) is None) == counts


@pytest.mark.parametrize(("seconds", "late"), [(300, False), (301, True)])
def test_a_late_anchor_counts_only_if_the_signer_is_entitled_there_too(seconds: int, late: bool) -> None:
    ledger = SimulatedLedger()
    signed = message(ledger)
    still = Point(len(ledger.blocks), 0, signed["signedAt"] + seconds)
    ledger.mine([], seconds)
    history = ledger.history()
    assert is_late(history, signed, still) == late
    assert why_not_anchorable(history, signed, PUBLISHERS_KEY, still) is None
    suspended = {"agency": PUBLISHER, "status": 2}
    ledger.mine([("AgencyRegistry", "AgencyStatusSet", suspended)], 1)
    after = Point(len(ledger.blocks) - 1, 9, signed["signedAt"] + seconds)
    said = why_not_anchorable(ledger.history(), signed, PUBLISHERS_KEY, after)
    assert said == ("anchored late, and by then agency 7 is not active" if late else None)


def test_the_delay_is_the_one_in_force_at_the_signature() -> None:
    ledger = SimulatedLedger()
    signed = message(ledger)
    ledger.mine([("Parameters", "ParameterSet", {"name": "anchorDelay", "value": 10})])
    history = ledger.history()
    assert not is_late(history, signed, Point(9, 0, signed["signedAt"] + 300))
    assert is_late(history, message(ledger), Point(9, 0, ledger.now + 11))


def test_the_simulated_submission_is_of_the_item_that_is_published() -> None:
    ledger = SimulatedLedger()
    version = ledger.history().items[ITEM].versions[1].value
    signed = message(ledger)
    assert (signed["gateway"], signed["schemaHash"]) == (GATEWAY, from_hex(version["schemaHash"]))


@pytest.mark.parametrize(
    ("agency", "name", "why"),
    [
        (PUBLISHER, "publisher-reads", None),
        (PUBLISHER, "publisher", "the second witness is the one who signs or controls the consent"),
        (PUBLISHER, "rival", "the second witness: the key is bound to agency 9, not 7"),
        (PUBLISHER, "stranger", "the second witness: the key is not bound to any agency"),
    ],
)
def test_a_second_witness_is_somebody_else_of_the_agency_that_the_evidence_names(
    agency: int, name: str, why: str | None
) -> None:
    ledger = SimulatedLedger()
    signed = {"key": PUBLISHERS_KEY, "controller": "0x" + "00" * 20}
    witness = SecondWitness(agency, address(name), bytes(65))
    assert why_not_witness(ledger.history(), witness, signed, AsOf(ledger.now)) == why
