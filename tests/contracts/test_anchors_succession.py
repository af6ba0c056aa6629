"""A RecordAnchors that succeeds another one: streams go on by number, sequence and head, marks and repudiations too."""

from typing import Any

import pytest

from ledger.chain.artifacts import anchors_code, deploy_data
from ledger.chain.contracts.record_anchors import StreamHead
from ledger.core.anchor import GENESIS_HEAD, next_head
from ledger.core.codes import HOLD_RELEASED, Mark, Role
from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from ledger.core.succession import AnchorsLine
from tests.contracts.sandbox import DATA_BUREAU, NOBODY, Key, Member, Refused, Sandbox
from tests.contracts.successor import successor_of

pytestmark = pytest.mark.contracts

RECORD = keccak256(b"record")
HELD: dict[str, Any] = {"recordId": RECORD, "version": 1, "mark": int(Mark.HOLD), "reason": 5}


def root(number: int) -> bytes:
    return keccak256(b"root %d" % number)


@pytest.fixture
def gateway(sandbox: Sandbox) -> Member:
    return sandbox.register(kind=DATA_BUREAU)


@pytest.fixture
def anchor_key(sandbox: Sandbox, gateway: Member) -> Key:
    return sandbox.bind(gateway, Role.ANCHOR)


def anchor(sandbox: Sandbox, key: Key, batch: int) -> Any:
    """Anchor a batch of ten entries."""
    return sandbox.send(sandbox.anchors.anchor(root(batch), 10, 10 * batch - 9), key.address)


def test_a_stream_goes_on_by_number_sequence_and_head(sandbox: Sandbox, gateway: Member, anchor_key: Key) -> None:
    for batch in (1, 2):
        anchor(sandbox, anchor_key, batch)
    sealed = sandbox.anchors.head(gateway.agency, block="latest")
    later = successor_of(successor_of(sandbox))
    assert later.anchors.head(gateway.agency, block="latest") == sealed
    for first in (1, 20, 22):
        sandbox.refuses("SequenceNotNext", later.anchors.anchor(root(3), 10, first), anchor_key.address)
    outcome = anchor(later, anchor_key, 3)
    head = next_head(sealed.head, gateway.agency, 3, root(3), 10, 21)
    assert outcome.event[1] == {
        "gateway": gateway.agency,
        "batch": 3,
        "root": "0x" + root(3).hex(),
        "leafCount": 10,
        "firstSequence": 21,
        "head": "0x" + head.hex(),
    }
    assert later.anchors.head(gateway.agency, block="latest") == StreamHead(head, 3, 31)
    for batch in (1, 2):
        word = sandbox.anchors.word(gateway.agency, batch, block="latest")
        assert any(word)
        assert later.anchors.word(gateway.agency, batch, block="latest") == word


def test_a_gateway_that_never_anchored_begins_in_the_successor(
    sandbox: Sandbox, gateway: Member, anchor_key: Key
) -> None:
    later = successor_of(sandbox)
    assert later.anchors.head(gateway.agency, block="latest") == StreamHead(GENESIS_HEAD, 0, 1)
    assert anchor(later, anchor_key, 1).event[1]["batch"] == 1


def test_what_the_predecessor_takes_after_the_stream_went_on_is_no_part_of_it(
    sandbox: Sandbox, gateway: Member, anchor_key: Key
) -> None:
    anchor(sandbox, anchor_key, 1)
    later = successor_of(sandbox)
    anchor(later, anchor_key, 2)
    for stray in (2, 3):
        sandbox.send(sandbox.anchors.anchor(root(stray + 10), 10, 10 * stray - 9), anchor_key.address)
    assert later.anchors.head(gateway.agency, block="latest").batch_count == 2
    words = [later.anchors.word(gateway.agency, batch, block="latest") for batch in (2, 3)]
    assert words[0] != sandbox.anchors.word(gateway.agency, 2, block="latest")
    assert not any(words[1])
    unknown = later.relayed("Repudiate", gateway.admin, batch=3, reason=1)
    sandbox.refuses("BatchUnknown", unknown, sandbox.governor)


def test_a_hold_of_the_predecessor_is_released_in_the_successor(sandbox: Sandbox) -> None:
    member = sandbox.register()
    key = sandbox.bind(member, Role.SUBMIT)
    sandbox.send(sandbox.relayed("Mark", key, **HELD))
    sandbox.send(sandbox.relayed("Mark", key, **HELD | {"mark": int(Mark.CORRECTED)}))
    later = successor_of(sandbox)

    def marks() -> int:
        return later.anchors.marks(member.agency, RECORD, 1, block="latest")

    assert marks() == Mark.HOLD.bit | Mark.CORRECTED.bit
    sandbox.refuses("MarkAlreadySet", later.relayed("Mark", key, **HELD))
    later.send(later.relayed("Mark", key, **HELD | {"reason": HOLD_RELEASED}))
    assert marks() == Mark.CORRECTED.bit
    later.send(later.relayed("Mark", key, **HELD))
    assert marks() == Mark.HOLD.bit | Mark.CORRECTED.bit
    assert later.anchors.marks(member.agency, RECORD, 2, block="latest") == 0


def test_a_mark_signed_for_the_predecessor_is_none_of_the_successor(sandbox: Sandbox) -> None:
    key = sandbox.bind(sandbox.register(), Role.SUBMIT)
    message = sandbox.message("Mark", key=key.address, **HELD)
    later = successor_of(sandbox)
    sandbox.refuses("SignatureInvalid", later.call("Mark", message, *sandbox.sign("Mark", message, key)))


def test_batches_of_the_predecessor_are_repudiated_once_wherever(
    sandbox: Sandbox, gateway: Member, anchor_key: Key
) -> None:
    for batch in (1, 2):
        anchor(sandbox, anchor_key, batch)
    sandbox.govern(sandbox.relayed("Repudiate", gateway.admin, batch=1, reason=3))
    later = successor_of(sandbox)
    anchor(later, anchor_key, 3)
    again = later.relayed("Repudiate", gateway.admin, batch=1, reason=3)
    sandbox.refuses("BatchAlreadyRepudiated", again, sandbox.governor)
    for batch in (2, 3):
        later.govern(later.relayed("Repudiate", gateway.admin, batch=batch, reason=3))
    told = [later.anchors.is_repudiated(gateway.agency, batch, block="latest") for batch in (1, 2, 3)]
    assert told == [True, True, True]


def test_the_code_of_a_successor_is_known_from_what_it_succeeds(sandbox: Sandbox) -> None:
    first, registry = sandbox.addresses["RecordAnchors"], sandbox.addresses["AgencyRegistry"]
    second = successor_of(sandbox).addresses["RecordAnchors"]
    line = AnchorsLine(sandbox.chain_id, first, sandbox.governor, registry, anchors_code())
    for address, predecessor in ((first, NOBODY), (second, first)):
        code = bytes.fromhex(sandbox.rpc("eth_getCode", address, "latest")[2:])
        assert line.successor_hash(address, predecessor) == to_hex(keccak256(code))


def test_who_was_succeeded_is_told(sandbox: Sandbox) -> None:
    assert sandbox.anchors.predecessor(block="latest") is None
    assert successor_of(sandbox).anchors.predecessor(block="latest") == sandbox.addresses["RecordAnchors"]


def test_a_predecessor_is_a_contract_of_the_same_deployment(sandbox: Sandbox) -> None:
    registry, before = sandbox.addresses["AgencyRegistry"], sandbox.addresses["RecordAnchors"]
    with pytest.raises(Refused, match="ContractMissing"):
        sandbox.create(deploy_data("RecordAnchors", sandbox.governor, registry, sandbox.relay))
    other = sandbox.create(deploy_data("AgencyRegistry", sandbox.governor, sandbox.addresses["Parameters"]))
    assert other != NOBODY
    with pytest.raises(Refused, match="PredecessorForeign"):
        sandbox.create(deploy_data("RecordAnchors", sandbox.governor, other, before))
