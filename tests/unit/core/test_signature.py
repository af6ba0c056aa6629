"""Keccak-256 and strict secp256k1 signatures."""

import hashlib

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.keccak import keccak256
from ledger.core.signature import (
    CURVE_ORDER,
    SigningKey,
    address_of,
    personal_digest,
    personal_preimage,
    recover,
    sign_digest,
)
from ledger.errors import SignatureError

pytestmark = pytest.mark.unit

KEY_ONE = bytes(31) + b"\x01"
ADDRESS_ONE = "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf"
DIGEST = keccak256(b"digest")

private_keys = st.integers(1, CURVE_ORDER - 1).map(lambda number: number.to_bytes(32, "big"))
digests = st.binary(min_size=32, max_size=32)


def test_keccak_is_the_one_of_ethereum_and_not_sha3() -> None:
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert keccak256(b"") != hashlib.sha3_256(b"").digest()


def test_the_address_of_key_one_is_the_known_one() -> None:
    assert address_of(KEY_ONE) == ADDRESS_ONE


@settings(max_examples=50, deadline=None)
@given(private_keys, digests)
def test_a_signature_recovers_to_its_key_and_is_strict(private_key: bytes, digest: bytes) -> None:
    signature = sign_digest(digest, private_key)
    assert len(signature) == 65
    assert signature[64] in (27, 28)
    assert int.from_bytes(signature[32:64], "big") <= CURVE_ORDER // 2
    assert recover(digest, signature) == address_of(private_key)


@settings(max_examples=20, deadline=None)
@given(private_keys, st.binary(max_size=300))
def test_personal_sign_agrees_with_eth_account(private_key: bytes, message: bytes) -> None:
    theirs = Account.sign_message(encode_defunct(message), private_key)
    assert personal_digest(message) == theirs.message_hash
    assert sign_digest(personal_digest(message), private_key) == bytes(theirs.signature)
    assert SigningKey(private_key).sign_preimage(personal_preimage(message)) == bytes(theirs.signature)
    assert address_of(private_key) == Account.from_key(private_key).address.lower()


def test_the_other_signature_with_high_s_is_refused() -> None:
    signature = sign_digest(DIGEST, KEY_ONE)
    high_s = CURVE_ORDER - int.from_bytes(signature[32:64], "big")
    twin = signature[:32] + high_s.to_bytes(32, "big") + bytes((55 - signature[64],))
    with pytest.raises(SignatureError, match="upper half"):
        recover(DIGEST, twin)


@pytest.mark.parametrize("v", [0, 1, 2, 26, 29, 30, 37, 255])
def test_v_is_27_or_28(v: int) -> None:
    with pytest.raises(SignatureError, match="27 or 28"):
        recover(DIGEST, sign_digest(DIGEST, KEY_ONE)[:64] + bytes((v,)))


@pytest.mark.parametrize(
    ("r", "s"),
    [(0, 1), (1, 0), (0, 0), (CURVE_ORDER, 1), (2**256 - 1, 1), (5, 1)],
    ids=["r zero", "s zero", "both zero", "r the order", "r beyond the order", "r no point"],
)
def test_numbers_that_no_key_can_have_made_are_refused(r: int, s: int) -> None:
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + b"\x1b"
    with pytest.raises(SignatureError, match="no key"):
        recover(DIGEST, signature)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=70), st.binary(max_size=40))
def test_recovery_of_any_bytes_raises_nothing_but_signature_errors(signature: bytes, digest: bytes) -> None:
    try:
        address = recover(digest, signature)
    except SignatureError:
        return
    assert len(address) == 42


@pytest.mark.parametrize("length", [0, 64, 66])
def test_a_signature_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(SignatureError, match="65 bytes"):
        recover(DIGEST, bytes(length))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_digest_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(SignatureError, match="32 bytes"):
        recover(bytes(length), bytes(65))
    with pytest.raises(SignatureError, match="32 bytes"):
        sign_digest(bytes(length), KEY_ONE)


@pytest.mark.parametrize(
    "private_key",
    [b"", bytes(32), CURVE_ORDER.to_bytes(32, "big"), b"\xff" * 32, bytes(33)],
    ids=["empty", "zero", "the order", "beyond the order", "33 bytes"],
)
def test_bytes_that_are_no_private_key_are_refused(private_key: bytes) -> None:
    with pytest.raises(SignatureError, match="private key"):
        address_of(private_key)
    with pytest.raises(SignatureError, match="private key"):
        sign_digest(DIGEST, private_key)
