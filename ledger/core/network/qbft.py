"""First block of a QBFT chain as Besu reads it.

Sources: Besu documentation "Configure QBFT consensus" and "Configure free gas networks"; Besu's QbftExtraDataCodec.
"""

from collections.abc import Sequence
from typing import Any, Final

import rlp

from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.network.network_file import Network

VANITY_BYTES: Final = 32
QBFT_MIX_HASH: Final = "0x63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365"
"""By this Besu knows a block of a Byzantine fault tolerant chain ("ctical byzantine fault tolerance")."""
EPOCH_BLOCKS: Final = 30_000
"""Blocks after which votes about validators that found no majority are forgotten (Besu's default)."""
REQUEST_PERIODS: Final = 2
"""Block periods that a round may take before another validator proposes; Besu wants at least the double of one."""


def extra_data(validators: Sequence[str]) -> bytes:
    """Return the extra data of a first block: RLP of vanity, `validators` as they come, no vote, round 0, no seals.

    The same as `besu rlp encode --type=QBFT_EXTRA_DATA`. `validators` are lowercase addresses; raises FormatError for
    one that is no address.
    """
    addresses = [from_hex(address, 20, what="validator") for address in validators]
    encoded: bytes = rlp.encode([bytes(VANITY_BYTES), addresses, [], 0, []])
    return encoded


def qbft_genesis(network: Network, validators: Sequence[str]) -> dict[str, Any]:
    """Return the genesis document: London rules without a base fee, no account with a balance, these validators.

    London and nothing later: our contracts are compiled for it. Validators stand there ascending, as Besu demands of
    every block. Raises FormatError for a validator that is no lowercase address.
    """
    return {
        "config": {
            "chainId": network.chain_id,
            "berlinBlock": 0,
            "londonBlock": 0,
            "zeroBaseFee": True,
            "qbft": {
                "blockperiodseconds": network.block_seconds,
                "epochlength": EPOCH_BLOCKS,
                "requesttimeoutseconds": REQUEST_PERIODS * network.block_seconds,
            },
        },
        "nonce": "0x0",
        "timestamp": hex(network.time),
        "gasLimit": hex(network.gas_limit),
        "difficulty": "0x1",
        "mixHash": QBFT_MIX_HASH,
        "coinbase": "0x" + "00" * 20,
        "alloc": {},
        "extraData": to_hex(extra_data(sorted(validators))),
    }
