"""Sealing originals: AES-256-GCM, one data key per record version (architecture, decision 9).

Key hierarchy: provider master → daily key → data key. The associated data binds a ciphertext to its record version; the
wrapped data key stands outside the ciphertext, so erasing it erases the content. Randomness comes in as arguments.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.core.commitment import SUITE
from ledger.core.eip712 import word
from ledger.errors import SealingError

AEAD_NONCE_BYTES = 12
DATA_KEY_BYTES = 32


def associated_data(record_id: bytes, version: int, record_root: bytes) -> bytes:
    """Return suite ‖ recordId ‖ version (32-byte word) ‖ record root."""
    return SUITE.encode() + record_id + word(version) + record_root


def seal(key: bytes, aead_nonce: bytes, plaintext: bytes, associated: bytes) -> bytes:
    """Return aead_nonce(12) ‖ ciphertext with tag. A nonce is never used twice with one key."""
    return aead_nonce + AESGCM(key).encrypt(aead_nonce, plaintext, associated)


def unseal(key: bytes, sealed: bytes, associated: bytes) -> bytes:
    """Return the plaintext; raises SealingError if key, bytes or associated data are not those of the sealing."""
    try:
        return AESGCM(key).decrypt(sealed[:AEAD_NONCE_BYTES], sealed[AEAD_NONCE_BYTES:], associated)
    except (InvalidTag, ValueError):
        raise SealingError from None
