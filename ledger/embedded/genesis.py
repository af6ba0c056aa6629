"""What makes an embedded chain this chain and no other: written once, the same genesis block ever after."""

import json
import secrets
import time
from dataclasses import dataclass

from ledger.embedded.data_folder import DataFolder, read_json_object, write_durably

GAS_LIMIT_FLOOR = 30_000_000
GAS_LIMIT_SPREAD = 2**20
"""The block gas limit is drawn between these, so that two chains of one second have different genesis hashes."""
CHAIN_ID_FLOOR = 2**31
CHAIN_ID_SPREAD = 2**31
"""Random chain ids, above every registered one that matters and below what wallets refuse (2^52)."""


@dataclass(frozen=True)
class Genesis:
    """Settings of the first block; `block_hash` is empty until the chain was started once."""

    chain_id: int
    time: int
    gas_limit: int
    block_hash: str


def load_or_create(folder: DataFolder) -> Genesis:
    """The genesis of this folder's chain, drawn at random the first time."""
    stored = read_json_object(folder.chain / "genesis.json")
    if stored:
        return Genesis(
            chain_id=int(str(stored["chainId"])),
            time=int(str(stored["time"])),
            gas_limit=int(str(stored["gasLimit"])),
            block_hash=str(stored["hash"]),
        )
    drawn = Genesis(
        chain_id=CHAIN_ID_FLOOR + secrets.randbelow(CHAIN_ID_SPREAD),
        time=int(time.time()),
        gas_limit=GAS_LIMIT_FLOOR + secrets.randbelow(GAS_LIMIT_SPREAD),
        block_hash="",
    )
    save(folder, drawn)
    return drawn


def save(folder: DataFolder, genesis: Genesis) -> None:
    """Write the genesis of this folder's chain."""
    document = {
        "chainId": genesis.chain_id,
        "time": genesis.time,
        "gasLimit": genesis.gas_limit,
        "hash": genesis.block_hash,
    }
    write_durably(folder.chain / "genesis.json", json.dumps(document, indent=2).encode())
