"""Actions of the Council and the words of members about them: digests, files, what is refused."""

import json
from dataclasses import replace

import pytest
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.canonical import decode, encode
from ledger.core.council_action import CouncilAction, CouncilCall, parse_council_action
from ledger.core.council_approval import Approval, bundle_of, parse_approval
from ledger.core.keccak import keccak256
from ledger.core.signature import SigningKey, address_of
from ledger.council_errors import ApprovalForeign
from ledger.errors import FormatError, SignatureError, UnsupportedFormat

pytestmark = pytest.mark.unit

COUNCIL = "0x" + "c0" * 20
ACTION = CouncilAction(
    20_265_801,
    COUNCIL,
    (CouncilCall("0x" + "11" * 20, bytes.fromhex("a1b2c3d4") + bytes(32)), CouncilCall("0x" + "22" * 20, b"")),
    bytes(range(32)),
    3,
    1_800_000_000,
)
KEYS = [bytes([number]) * 32 for number in (1, 2, 3)]

calls = st.builds(
    CouncilCall, st.binary(min_size=20, max_size=20).map(lambda b: "0x" + b.hex()), st.binary(max_size=100)
)
actions = st.builds(
    CouncilAction,
    st.integers(1, 2**53 - 1),
    st.binary(min_size=20, max_size=20).map(lambda b: "0x" + b.hex()),
    st.lists(calls, min_size=1, max_size=4).map(tuple),
    st.binary(min_size=32, max_size=32),
    st.integers(0, 2**53 - 1),
    st.integers(0, 2**53 - 1),
)


def says(target: str, data: bytes) -> str:
    return f"{len(data)} bytes to {target}"


def approval(agency: int, key: bytes, action: CouncilAction = ACTION, *, cancels: bool = False) -> Approval:
    preimage = action.cancel_preimage if cancels else action.preimage
    return Approval(action.id, agency, address_of(key), SigningKey(key).sign_preimage(preimage), cancels)


def by_a_wallet(action: CouncilAction, primary: str) -> bytes:
    """Return the digest that another implementation of EIP-712 signs."""
    types = {
        "CouncilAction": [("calls", "Call[]"), ("salt", "bytes32"), ("epoch", "uint64"), ("expiry", "uint64")],
        "Call": [("target", "address"), ("data", "bytes")],
        "CancelAction": [("action", "bytes32"), ("epoch", "uint64")],
    }
    used = ("CouncilAction", "Call") if primary == "CouncilAction" else ("CancelAction",)
    message = {
        "CouncilAction": {
            "calls": [{"target": call.target, "data": call.data} for call in action.calls],
            "salt": action.salt,
            "epoch": action.epoch,
            "expiry": action.expiry,
        },
        "CancelAction": {"action": action.id, "epoch": action.epoch},
    }[primary]
    domain = [("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address")]
    shapes = {"EIP712Domain": domain} | {name: types[name] for name in used}
    signable = encode_typed_data(
        full_message={
            "types": {
                name: [{"name": member, "type": kind} for member, kind in members] for name, members in shapes.items()
            },
            "primaryType": primary,
            "domain": {
                "name": "Gongzhi Council",
                "version": "1",
                "chainId": action.chain_id,
                "verifyingContract": action.council,
            },
            "message": message,
        }
    )
    return keccak256(b"\x19" + signable.version + signable.header + signable.body)


@given(actions)
def test_the_digests_are_what_another_implementation_of_eip_712_signs(action: CouncilAction) -> None:
    assert action.id == by_a_wallet(action, "CouncilAction")
    assert action.cancel_digest == by_a_wallet(action, "CancelAction")


def test_the_digest_of_an_action_never_changes() -> None:
    assert ACTION.id.hex() == "339facdeb3cfcc172c5f19f08006833d1ee11f888e64da3ef27fa17ee3cdfceb"
    assert ACTION.cancel_digest.hex() == "263a35376d2b745cd076bac737b9356eafd672cacf830046af67fec260dbb0d9"


def test_the_longest_delay_of_its_calls_is_the_action_s() -> None:
    hours = {
        "pauseAsGovernor(uint64)": 0,
        "setStatus(uint32,uint8)": 24,
        "set(bytes32,uint64)": 48,
        "setMembers(uint32[],uint8)": 72,
    }
    made = [CouncilCall(COUNCIL, keccak256(function.encode())[:4] + bytes(64)) for function in hours]
    for place, expected in enumerate(hours.values()):
        assert replace(ACTION, calls=(made[place],)).delay == expected * 3_600
        assert replace(ACTION, calls=tuple(made[: place + 1])).delay == expected * 3_600
    assert replace(ACTION, calls=(CouncilCall(COUNCIL, b""),)).delay == 72 * 3_600


@given(actions)
def test_a_file_reads_back_as_the_action_that_it_was_made_of(action: CouncilAction) -> None:
    assert parse_council_action(action.encode(says), says) == action
    assert len(action.says(says)) == len(action.calls)


def test_a_file_that_says_something_else_than_its_data_is_refused() -> None:
    document = ACTION.document(says)
    document["calls"][1]["says"] = "nothing at all"
    with pytest.raises(FormatError, match=r"call 1 .* says something else"):
        parse_council_action(encode(document), says)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("calls", []),
        ("calls", [ACTION.document(says)["calls"][0]] * 65),
        ("calls", [{"target": COUNCIL, "data": "0x" + "00" * 65_537, "says": f"65537 bytes to {COUNCIL}"}]),
        ("calls", [{"target": COUNCIL, "data": "0x"}]),
        ("salt", "0x" + "00" * 31),
        ("epoch", -1),
        ("expiry", 1.5),
        ("council", COUNCIL.upper()),
        ("another", 1),
    ],
)
def test_a_misshapen_action_is_refused(member: str, value: object) -> None:
    document = ACTION.document(says) | {member: value}
    with pytest.raises(FormatError):
        parse_council_action(json.dumps(document), says)


def test_an_action_of_another_format_is_unsupported() -> None:
    with pytest.raises(UnsupportedFormat):
        parse_council_action(encode(ACTION.document(says) | {"format": "gongzhi-council-action/2"}), says)


@pytest.mark.parametrize("cancels", [False, True])
def test_an_approval_reads_back(cancels: bool) -> None:
    given_word = approval(2, KEYS[0], cancels=cancels)
    assert parse_approval(given_word.encode()) == given_word


@pytest.mark.parametrize(
    ("member", "value"), [("agency", 0), ("action", "0x00"), ("key", "0x"), ("signature", "0x00"), ("more", 1)]
)
def test_a_misshapen_approval_is_refused(member: str, value: object) -> None:
    with pytest.raises(FormatError):
        parse_approval(encode(approval(2, KEYS[0]).document | {member: value}))


def test_an_approval_of_another_format_is_unsupported() -> None:
    with pytest.raises(UnsupportedFormat):
        parse_approval(encode(approval(2, KEYS[0]).document | {"format": "gongzhi-council-approval/2"}))
    with pytest.raises(FormatError):
        parse_approval(encode([decode(approval(2, KEYS[0]).encode())]))


def test_a_bundle_is_in_the_order_of_agencies() -> None:
    given_words = [approval(9, KEYS[1]), approval(2, KEYS[0])]
    assert [word.agency for word in bundle_of(ACTION, given_words)] == [2, 9]
    cancelling = [approval(9, KEYS[1], cancels=True), approval(2, KEYS[0], cancels=True)]
    assert [word.agency for word in bundle_of(ACTION, cancelling, cancels=True)] == [2, 9]


def test_the_approval_of_another_action_or_of_its_cancellation_is_no_approval() -> None:
    other = replace(ACTION, salt=bytes(32))
    with pytest.raises(ApprovalForeign, match="agency 2"):
        bundle_of(ACTION, [approval(2, KEYS[0], other)])
    with pytest.raises(ApprovalForeign):
        bundle_of(ACTION, [approval(2, KEYS[0], cancels=True)])
    with pytest.raises(ApprovalForeign, match="cancellation"):
        bundle_of(ACTION, [approval(2, KEYS[0])], cancels=True)


def test_a_signature_by_another_key_or_over_another_digest_is_refused() -> None:
    forged = replace(approval(2, KEYS[0]), key=address_of(KEYS[1]))
    with pytest.raises(SignatureError, match="agency 2"):
        bundle_of(ACTION, [forged])
    relabelled = replace(approval(2, KEYS[0]), cancels=True)
    with pytest.raises(SignatureError):
        bundle_of(ACTION, [relabelled], cancels=True)


def test_a_member_has_one_vote() -> None:
    with pytest.raises(FormatError, match="agency 2 speaks twice"):
        bundle_of(ACTION, [approval(2, KEYS[0]), approval(2, KEYS[1])])
