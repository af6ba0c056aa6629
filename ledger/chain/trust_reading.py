"""What a chain itself says of the things that a trust file pins: views and code, as of now."""

from typing import Any

from ledger.chain.client import Web3Chain
from ledger.chain.contracts.council import Council
from ledger.chain.contracts.system_directory import SystemDirectory
from ledger.core.chainfile import ContractPin, Trust, contracts_document
from ledger.core.hexadecimal import to_hex
from ledger.core.points import ANCHORS
from ledger.errors import ChainError


def trust_as_told(chain: Web3Chain, trust: Trust) -> dict[str, Any]:
    """Return the trust file's document as this node would have to write it.

    Chain id, genesis, the pinned block, the code at the pinned addresses, what the directory names, and whether the
    Council is for development are the node's; the rest is the file's, since no chain tells it. What succeeds the pinned
    RecordAnchors as published code is no difference, if `chain` knows what may. Contracts of another chain are not
    asked. Raises ChainError.
    """
    document = dict(trust.document)
    genesis = chain.block(0)
    if genesis is None:
        raise ChainError("the node does not show its genesis block")
    document["chainId"], document["genesis"] = chain.chain_id(), genesis.hash
    if (document["chainId"], document["genesis"]) != (trust.chain_id, trust.genesis):
        return document
    if trust.block is not None:
        found = chain.block(trust.block[0])
        document["block"] = {"number": trust.block[0], "hash": None if found is None else found.hash}
    pins = {name: _pin(chain, pin.address) for name, pin in trust.contracts.items()}
    if _is_trusted("SystemDirectory", pins, trust):
        directory = SystemDirectory(chain.web3, pins["SystemDirectory"].address)
        line = {one.address for one in chain.anchors_line()}
        for name in directory.names(block="latest"):
            entry = directory.contract_of(name, block="latest")
            if entry is not None and (name != ANCHORS or entry.address not in line):
                pins[name] = _pin(chain, entry.address)
    document["contracts"] = contracts_document(pins)
    if _is_trusted("Council", pins, trust):
        is_development = Council(chain.web3, pins["Council"].address).development(block="latest")
        if is_development != trust.is_development:
            document["development"] = is_development
    return document


def _pin(chain: Web3Chain, address: str) -> ContractPin:
    return ContractPin(address, to_hex(chain.code_hash(address)))


def _is_trusted(name: str, pins: dict[str, ContractPin], trust: Trust) -> bool:
    # Of code that nobody knows, no view is believed.
    return name in pins and pins[name] == trust.contracts.get(name)
