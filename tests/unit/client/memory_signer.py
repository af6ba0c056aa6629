"""A signer whose key is in memory."""

from ledger.core.keccak import keccak256
from ledger.core.signature import address_of, sign_digest


class TestSigner:
    """A key in memory."""

    __test__ = False

    def __init__(self, private_key: bytes) -> None:
        self._private_key = private_key
        self.address: str = address_of(private_key)

    def sign_preimage(self, preimage: bytes) -> bytes:
        return sign_digest(keccak256(preimage), self._private_key)
