"""Files `gongzhi-chain/1` and `gongzhi-trust/1` (formats page, section 7; verification page, trust file).

PERMANENT. A chain file says what happened; a trust file says which chain and which contracts the caller believes in.

Members of a trust file; all but the first six may be left out:

| member | what it is |
|---|---|
| format, chainId, genesis | `gongzhi-trust/1`; the chain's id and the hash (0x hex) of its first block |
| contracts | name → `{"address","codeHash"}`, Keccak-256 of the runtime code: Council and SystemDirectory among them |
| engine | `anvil`, `besu-qbft`, `geth-clique` … |
| rpcQuorum | how many endpoints must agree before a chain that nodes tell is judged; 1 in development |
| block | `{"number","hash"}` of a block that the chain must hold |
| development | whether the Council was deployed without delays; if left out, exactly where the engine is `anvil` |
| endpoints | `[{"agency","url"}…]`, ascending by agency: nodes of different members that must agree; no user in a URL |
| validators | addresses of those that seal blocks, ascending |
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any, Final
from urllib.parse import urlsplit

from ledger.core.canonical import decode, document_hash
from ledger.core.hexadecimal import from_hex, to_address, to_hex
from ledger.core.history import Block, ChainEvent, History
from ledger.core.points import ANCHORS
from ledger.core.shapes import array, from_one, members_of, text, unsigned
from ledger.core.succession import NOBODY, AnchorsCode, AnchorsLine
from ledger.errors import FormatError, HistoryError, UnsupportedFormat

CHAIN_FORMAT = "gongzhi-chain/1"
TRUST_FORMAT = "gongzhi-trust/1"
CONTRACTS = ("AgencyRegistry", "Catalogue", "Parameters", "RecordAnchors")
DEVELOPMENT_ENGINE: Final = "anvil"
_TRUST_MEMBERS: Final = ("format", "chainId", "genesis", "contracts", "engine", "rpcQuorum")
_PLAIN_PATH: Final = re.compile(r"(/[a-z]{0,16}){0,4}")
_TRUST_OPTIONS: Final = ("block", "development", "endpoints", "validators")
MOST_ENDPOINTS: Final = 64
MOST_VALIDATORS: Final = 256


@dataclass(frozen=True)
class ContractPin:
    """A contract's address and the Keccak-256 of its runtime code (both 0x hex)."""

    address: str
    code_hash: str


@dataclass(frozen=True)
class Endpoint:
    """A node of a member, as its trust file names it."""

    agency: int
    url: str


@dataclass(frozen=True)
class Trust:
    """What a verifier believes in before it looks: chain id, genesis hash, contracts with their code."""

    chain_id: int
    genesis: str
    contracts: Mapping[str, ContractPin]
    engine: str
    rpc_quorum: int
    block: tuple[int, str] | None
    document: Mapping[str, Any]
    is_development: bool = False
    """Whether the Council's actions need not wait for their delays."""
    endpoints: tuple[Endpoint, ...] = ()
    validators: tuple[str, ...] = ()
    anchors_code: AnchorsCode | None = field(default=None, compare=False, repr=False)
    """No part of the file: the published code of RecordAnchors, by which successors are known; None: there are none."""

    @cached_property
    def line(self) -> AnchorsLine:
        """What may succeed the RecordAnchors that is pinned; raises KeyError where none is."""
        governor, registry = self.contracts.get("Council"), self.contracts.get("AgencyRegistry")
        return AnchorsLine(
            self.chain_id,
            self.contracts[ANCHORS].address,
            NOBODY if governor is None else governor.address,
            NOBODY if registry is None else registry.address,
            self.anchors_code,
        )

    @cached_property
    def hash(self) -> bytes:
        """Keccak-256 of the canonical trust file; it stands in every result."""
        return document_hash(self.document)


@dataclass(frozen=True)
class ChainFile:
    """Blocks and decoded events of one chain, as its holder exported them."""

    chain_id: int
    genesis: str
    contracts: Mapping[str, ContractPin]
    blocks: tuple[Block, ...]
    events: tuple[ChainEvent, ...]

    def history(self) -> History:
        """Fold the file; raises HistoryError where blocks or events do not follow from one another."""
        history = History()
        for block in self.blocks:
            history.add_block(block)
        last = (-1, -1)
        for event in self.events:
            if (event.block, event.log_index) <= last:
                raise HistoryError(f"events of block {event.block} are not in order")
            last = (event.block, event.log_index)
            history.apply(event)
        return history


def parse_trust(data: bytes | str) -> Trust:
    """Return the trust file in `data`; raises FormatError or UnsupportedFormat."""
    value = decode(data)
    if not isinstance(value, dict) or value.get("format") != TRUST_FORMAT:
        raise UnsupportedFormat(f"trust file: expected format {TRUST_FORMAT}")
    members_of(value, _TRUST_MEMBERS, what="trust file", optional=_TRUST_OPTIONS)
    engine = text(value["engine"], what="trust engine")
    return Trust(
        chain_id=unsigned(value["chainId"], 53, what="trust chainId"),
        genesis=_hash(value["genesis"], "trust genesis"),
        contracts=_parse_contracts(value["contracts"]),
        engine=engine,
        rpc_quorum=unsigned(value["rpcQuorum"], 16, what="trust rpcQuorum"),
        block=_parse_pinned_block(value["block"]) if "block" in value else None,
        document=value,
        is_development=_flag(value.get("development", engine == DEVELOPMENT_ENGINE)),
        endpoints=_parse_endpoints(value["endpoints"]) if "endpoints" in value else (),
        validators=_parse_validators(value["validators"]) if "validators" in value else (),
    )


def same_deployment(one: Trust, other: Trust) -> bool:
    """Say whether two trust files are of one chain and the same contracts, whatever else they pin."""
    return (one.chain_id, one.genesis, one.contracts) == (other.chain_id, other.genesis, other.contracts)


def parse_chain(data: bytes | str) -> ChainFile:
    """Return the chain file in `data`; raises FormatError or UnsupportedFormat."""
    value = decode(data)
    if not isinstance(value, dict) or value.get("format") != CHAIN_FORMAT:
        raise UnsupportedFormat(f"chain file: expected format {CHAIN_FORMAT}")
    members_of(value, ("format", "chainId", "genesis", "contracts", "blocks", "events"), what="chain file")
    return ChainFile(
        chain_id=unsigned(value["chainId"], 53, what="chain file chainId"),
        genesis=_hash(value["genesis"], "chain file genesis"),
        contracts=_parse_contracts(value["contracts"]),
        blocks=tuple(_parse_block(block) for block in array(value["blocks"], what="chain file blocks")),
        events=tuple(_parse_event(event) for event in array(value["events"], what="chain file events")),
    )


def chain_document(
    chain_id: int,
    genesis: str,
    contracts: Mapping[str, ContractPin],
    blocks: Iterable[Block],
    events: Iterable[ChainEvent],
) -> dict[str, Any]:
    """Return the JSON value of a chain file; `blocks` and `events` in order."""
    return {
        "format": CHAIN_FORMAT,
        "chainId": chain_id,
        "genesis": genesis,
        "contracts": contracts_document(contracts),
        "blocks": [{"number": b.number, "hash": b.hash, "parentHash": b.parent_hash, "time": b.time} for b in blocks],
        "events": [
            {
                "block": e.block,
                "logIndex": e.log_index,
                "transaction": e.transaction,
                "contract": e.contract,
                "name": e.name,
                "args": dict(e.args),
            }
            for e in events
        ],
    }


def trust_document(
    chain_id: int,
    genesis: str,
    contracts: Mapping[str, ContractPin],
    engine: str,
    rpc_quorum: int = 1,
    development: bool | None = None,
) -> dict[str, Any]:
    """Return the JSON value of a trust file; `development` is left out where it is None."""
    document = {
        "format": TRUST_FORMAT,
        "chainId": chain_id,
        "genesis": genesis,
        "contracts": contracts_document(contracts),
        "engine": engine,
        "rpcQuorum": rpc_quorum,
    }
    return document if development is None else {**document, "development": development}


def why_unverifiable(trust: Trust, chain: ChainFile, history: History) -> str | None:
    """Return why nothing on this chain can be judged by this trust file, or None.

    The trust file's chain id, genesis and pinned block must be the chain's own, and the contracts that its directory
    names must be pinned, or succeed the pinned RecordAnchors as published code: what a contract that nobody here knows
    has written was not read.
    """
    if chain.chain_id != trust.chain_id:
        return f"the trust file is for chain {trust.chain_id}, the chain is {chain.chain_id}"
    if chain.genesis != trust.genesis:
        return "the trust file names another genesis block"
    if trust.block is not None:
        number, expected = trust.block
        block = history.blocks.get(number)
        if block is None or block.hash != expected:
            return f"block {number} is not there or not the one that the trust file names"
    if ANCHORS not in trust.contracts:
        return f"the trust file names no contract {ANCHORS}"
    for entry in history.governance.contracts:
        pin = trust.contracts.get(entry.name)
        if entry.name != ANCHORS and (pin is None or pin.address != entry.address):
            return (
                f"the directory names {entry.address} for {entry.name} from block {entry.point.block} on, which the "
                "trust file does not pin"
            )
    refusal = trust.line.refusal(history)
    unnamed = None if refusal else trust.line.unnamed(history, chain.events)
    if unnamed is not None:
        return f"block {unnamed.block} has an event of {unnamed.contract}, which is not named by then"
    return refusal


def contracts_document(contracts: Mapping[str, ContractPin]) -> dict[str, dict[str, str]]:
    """Return the `contracts` member of both files."""
    return {name: {"address": pin.address, "codeHash": pin.code_hash} for name, pin in sorted(contracts.items())}


def _hash(value: object, what: str) -> str:
    return to_hex(from_hex(value, 32, what=what))


def _parse_contracts(value: object) -> dict[str, ContractPin]:
    if not isinstance(value, dict):
        raise FormatError("contracts: expected an object")
    pins = {}
    for name, pin in value.items():
        members_of(pin, ("address", "codeHash"), what=f"contract {name}")
        pins[name] = ContractPin(
            to_address(pin["address"], what=f"contract {name}"), _hash(pin["codeHash"], f"code hash of {name}")
        )
    return pins


def _parse_pinned_block(value: object) -> tuple[int, str]:
    members = members_of(value, ("number", "hash"), what="trust block")
    return unsigned(members["number"], 53, what="trust block number"), _hash(members["hash"], "trust block hash")


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise FormatError("trust development: expected true or false")
    return value


def _parse_endpoints(value: object) -> tuple[Endpoint, ...]:
    endpoints = []
    for one in array(value, what="trust endpoints", most=MOST_ENDPOINTS):
        members = members_of(one, ("agency", "url"), what="trust endpoint")
        agency = from_one(members["agency"], 32, what="trust endpoint agency")
        endpoints.append(Endpoint(agency, _shared_url(text(members["url"], what="trust endpoint url"))))
    if any(later.agency <= earlier.agency for earlier, later in pairwise(endpoints)):
        raise FormatError("trust endpoints: expected ascending agencies, each once")
    return tuple(endpoints)


def node_url(value: str) -> str:
    """Return the URL of a node: http or https, with a host and without a user; raises FormatError, never naming it."""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise FormatError("URL of a node: it is none") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise FormatError("URL of a node: expected http or https, a host, and no user")
    return value


def _shared_url(value: str) -> str:
    """Return the URL of a node as a trust file may show it to everybody; raises FormatError, never naming it."""
    parts = urlsplit(node_url(value))
    if not _PLAIN_PATH.fullmatch(parts.path) or parts.query or parts.fragment:
        raise FormatError(
            "trust endpoint url: expected no query and a path of short words, so that no key stands there"
        )
    return value


def _parse_validators(value: object) -> tuple[str, ...]:
    given = array(value, what="trust validators", most=MOST_VALIDATORS)
    validators = tuple(to_address(one, what="trust validator") for one in given)
    if any(later <= earlier for earlier, later in pairwise(validators)):
        raise FormatError("trust validators: expected ascending addresses, each once")
    return validators


def _parse_block(value: object) -> Block:
    members = members_of(value, ("number", "hash", "parentHash", "time"), what="block")
    return Block(
        unsigned(members["number"], 53, what="block number"),
        _hash(members["hash"], "block hash"),
        _hash(members["parentHash"], "block parentHash"),
        unsigned(members["time"], 53, what="block time"),
    )


def _parse_event(value: object) -> ChainEvent:
    names = ("block", "logIndex", "transaction", "contract", "name", "args")
    members = members_of(value, names, what="event")
    if not isinstance(members["args"], dict):
        raise FormatError("event args: expected an object")
    return ChainEvent(
        unsigned(members["block"], 53, what="event block"),
        unsigned(members["logIndex"], 53, what="event logIndex"),
        _hash(members["transaction"], "event transaction"),
        text(members["contract"], what="event contract"),
        text(members["name"], what="event name"),
        members["args"],
    )
