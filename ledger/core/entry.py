"""Entries of a gateway's stream (formats page, section 5).

PERMANENT: the digest binds statement, signer, signature and what was sealed.
"""

from collections.abc import Iterable

from ledger.core.eip712 import ZERO32, address_word
from ledger.core.keccak import keccak256


def entry_digest(statement_digest: bytes, signer: str, signature: bytes, annex: bytes = ZERO32) -> bytes:
    """Return keccak256(abi.encode(statementDigest, signer, keccak256(signature), annex)), 32 bytes.

    `annex` is the sealed hash of a submission, zero for every other entry.
    """
    return keccak256(statement_digest + address_word(signer) + keccak256(signature) + annex)


def sealed_hash(ciphertext_digests: Iterable[bytes]) -> bytes:
    """Return Keccak-256 of the concatenated Keccak-256 digests of a submission's ciphertexts, in its order."""
    return keccak256(b"".join(ciphertext_digests))
