"""Transactions of type 0 (EIP-155), which every engine of ours takes, signed by a `Signer`."""

import rlp

from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from ledger.ports import Signer


def sign_legacy(
    *, tx_nonce: int, gas_price_wei: int, gas: int, to: str | None, data: bytes, chain_id: int, signer: Signer
) -> tuple[bytes, str]:
    """Return the signed bytes and their 0x hash; `to` is None for a deployment, the value is zero.

    Raises KeyProviderError.
    """
    recipient = b"" if to is None else bytes.fromhex(to[2:])
    fields: list[int | bytes] = [tx_nonce, gas_price_wei, gas, recipient, 0, data]
    signature = signer.sign_preimage(rlp.encode([*fields, chain_id, 0, 0]))
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    raw: bytes = rlp.encode([*fields, signature[64] - 27 + 35 + 2 * chain_id, r, s])
    return raw, to_hex(keccak256(raw))
