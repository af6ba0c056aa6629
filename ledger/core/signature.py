"""Signatures over secp256k1 as Ethereum writes them: 65 bytes r‖s‖v, low s, v 27 or 28 (formats.md §5).

Changing what is accepted here breaks old proofs or lets one statement have two signatures.
"""

from typing import Final

from coincurve import PrivateKey, PublicKey

from ledger.core.keccak import keccak256
from ledger.errors import SignatureError
from ledger.types import Address, Bytes32

SIGNATURE_BYTES: Final = 65
DIGEST_BYTES: Final = 32
PRIVATE_KEY_BYTES: Final = 32

CURVE_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_HALF_ORDER: Final = (CURVE_ORDER // 2).to_bytes(32, "big")
_PERSONAL_PREFIX: Final = b"\x19Ethereum Signed Message:\n"


def recover(digest: bytes, signature: bytes) -> Address:
    """Return the address whose key signed `digest` (32 bytes) with `signature` (65 bytes r‖s‖v).

    Strict: exactly 65 bytes, v 27 or 28, s in the lower half of the order (EIP-2), r and s in range, and a
    point that exists. Whether that address may sign is for the caller. Raises `SignatureError` (formats.md
    §5).
    """
    if len(digest) != DIGEST_BYTES:
        raise SignatureError(f"a digest has {DIGEST_BYTES} bytes, this one {len(digest)}")
    if len(signature) != SIGNATURE_BYTES:
        raise SignatureError(f"a signature has {SIGNATURE_BYTES} bytes, this one {len(signature)}")
    parity = signature[64] - 27
    if parity not in (0, 1):
        raise SignatureError(f"v is 27 or 28, not {signature[64]}")
    if signature[32:64] > _HALF_ORDER:
        raise SignatureError("s lies in the upper half of the curve order")
    try:
        public_key = PublicKey.from_signature_and_message(signature[:64] + bytes((parity,)), digest, hasher=None)
    except (ValueError, AssertionError) as failure:
        raise SignatureError("no key can have made this signature") from failure
    return _address(public_key)


class SigningKey:
    """A private key made ready to sign, which takes as long as a signature; it shows its address and nothing else."""

    __slots__ = ("_key", "address")

    def __init__(self, private_key: bytes) -> None:
        """Take 32 bytes; raises `SignatureError` for another length and for a key outside 1 … order−1."""
        self._key = _private_key(private_key)
        self.address = _address(self._key.public_key)

    def sign_preimage(self, preimage: bytes) -> bytes:
        """Return the strict 65-byte signature of the preimage's Keccak-256, deterministic (RFC 6979)."""
        return self.sign_digest(keccak256(preimage))

    def sign_digest(self, digest: bytes) -> bytes:
        """Return the strict 65-byte signature of `digest`, deterministic (RFC 6979).

        Raises `SignatureError` unless the digest has 32 bytes.
        """
        if len(digest) != DIGEST_BYTES:
            raise SignatureError(f"a digest has {DIGEST_BYTES} bytes, this one {len(digest)}")
        made = self._key.sign_recoverable(digest, hasher=None)
        return bytes(made[:64] + bytes((made[64] + 27,)))


def sign_digest(digest: bytes, private_key: bytes) -> bytes:
    """Return the signature of `digest` (32 bytes) by `private_key` (32 bytes), as `SigningKey` makes it."""
    return SigningKey(private_key).sign_digest(digest)


def address_of(private_key: bytes) -> Address:
    """Return the address of `private_key` (32 bytes). Raises `SignatureError` for bytes that are no key."""
    return SigningKey(private_key).address


def personal_preimage(message: bytes) -> bytes:
    """Return the bytes whose Keccak-256 a wallet's personal-sign signs for `message` (EIP-191, version 0x45)."""
    return _PERSONAL_PREFIX + str(len(message)).encode() + message


def personal_digest(message: bytes) -> Bytes32:
    """Return the 32-byte digest that a wallet's personal-sign signs for `message` (EIP-191, version 0x45)."""
    return keccak256(personal_preimage(message))


def _private_key(private_key: bytes) -> PrivateKey:
    if len(private_key) != PRIVATE_KEY_BYTES:
        raise SignatureError(f"a private key has {PRIVATE_KEY_BYTES} bytes")
    if not 0 < int.from_bytes(private_key, "big") < CURVE_ORDER:
        raise SignatureError("the private key lies outside 1 … order−1")
    return PrivateKey(private_key)


def _address(public_key: PublicKey) -> Address:
    return Address("0x" + keccak256(public_key.format(compressed=False)[1:])[12:].hex())
