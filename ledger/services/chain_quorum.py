"""Read the chain that a trust file names from several nodes of different members, which must tell the same.

Blocks and events are compared up to the lowest head of those that keep up, and the contracts' code; one that lags is
named, and compared as far as it goes. A single node is believed only where the trust file asks for one. Nothing that a
node says is taken for what another one says: whoever differs is named.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ledger.core.chainfile import ChainFile, ContractPin, Trust
from ledger.core.hexadecimal import to_hex
from ledger.core.history import Block, ChainEvent
from ledger.errors import ChainError
from ledger.ports import Chain
from ledger.rows import FollowedBlock

BLOCKS_AT_ONCE = 500
LAG_BLOCKS = 30
"""Beyond the confirmations that a gateway waits for: what a node this far behind misses counts elsewhere."""
LAG_SECONDS = 60
"""A node in step has a block within seconds; in a minute it could hide a revocation from who judges by it."""
ON_ITS_WAY_BLOCKS = 1
"""A block that was just made is not everywhere yet, however long before the one before it was made."""
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class NamedNode:
    """A node, and what it is called in results: never its URL, which may hold a secret."""

    name: str
    node: Chain


def require_quorum(nodes: Sequence[NamedNode], trust: Trust) -> None:
    """Raise ChainError where fewer nodes are there than must agree."""
    if len(nodes) < trust.rpc_quorum:
        raise ChainError(f"{trust.rpc_quorum} endpoints must agree, as the trust file says, and there are {len(nodes)}")


def reachable(nodes: Sequence[NamedNode]) -> tuple[Sequence[NamedNode], Sequence[str]]:
    """Return the nodes that answer, and a sentence on each that does not."""
    answering, silent = [], []
    for one in nodes:
        try:
            _asked(one, lambda node: node.chain_id())
        except ChainError:
            silent.append(f"{one.name} does not answer and was left out")
        else:
            answering.append(one)
    return answering, silent


def read_agreed(
    nodes: Sequence[NamedNode],
    trust: Trust,
    advance: Callable[[int], None] = lambda _: None,
    note: Callable[[str], None] = lambda _: None,
) -> ChainFile:
    """Return all blocks and events up to the lowest head of `nodes` (at least one) that keep up with the highest.

    `advance` is told the blocks read, `note` a sentence on each node that lags: it is compared as far as it goes.
    Raises ChainError if a node is of another chain or genesis than the trust file, does not answer, or differs, or
    where so many lag that fewer than must agree are left. Code hashes are those of the nodes; a verifier compares them
    with the trust file.
    """
    for one in nodes:
        found = _asked(one, lambda node: node.chain_id())
        if found != trust.chain_id:
            raise ChainError(f"{one.name} is of chain {found}, the trust file of {trust.chain_id}")
    heads = [_asked(one, lambda node: node.head()) for one in nodes]
    in_step = _in_step(nodes, heads, trust.rpc_quorum, note)
    head = min(heads[place].number for place in in_step)
    blocks: list[Block] = []
    events: list[ChainEvent] = []
    first = 0
    while first <= head:
        telling = [(one, its.number) for one, its in zip(nodes, heads, strict=True) if its.number >= first]
        last = min(first + BLOCKS_AT_ONCE - 1, head, *(number for _, number in telling))
        page = _agreed_page([one for one, _ in telling], [_page(one, first, last) for one, _ in telling])
        for followed in page:
            blocks.append(followed.block)
            events.extend(followed.events)
        advance(len(page))
        first = last + 1
    if not blocks or blocks[0].hash != trust.genesis:
        raise ChainError("the first block is not the genesis of the trust file")
    pins = {}
    newest = [nodes[place] for place in in_step]
    for name, pin in trust.contracts.items():
        codes = [_code(one, pin.address) for one in newest]
        pins[name] = ContractPin(pin.address, _agreed(newest, codes, f"the code of {name}"))
    return ChainFile(trust.chain_id, trust.genesis, pins, tuple(blocks), tuple(events))


def _in_step(
    nodes: Sequence[NamedNode], heads: Sequence[Block], quorum: int, note: Callable[[str], None]
) -> Sequence[int]:
    """Return the places of the nodes near the highest head; raises ChainError where too few are, naming the others."""
    highest = max(range(len(nodes)), key=lambda place: heads[place].number)
    in_step, lagging = [], []
    for place, (one, head) in enumerate(zip(nodes, heads, strict=True)):
        missing, seconds = heads[highest].number - head.number, heads[highest].time - head.time
        if missing > LAG_BLOCKS or (missing > ON_ITS_WAY_BLOCKS and seconds > LAG_SECONDS):
            behind = f"{missing} blocks and {seconds} s behind {nodes[highest].name}"
            lagging.append(f"{one.name} ends at block {head.number}, {behind}")
        else:
            in_step.append(place)
    if lagging and len(in_step) < quorum:
        raise ChainError(f"{'; '.join(lagging)}: {quorum} endpoints must keep up, as the trust file says")
    for sentence in lagging:
        note(f"{sentence}: what came later was not compared with it")
    return in_step


def _page(one: NamedNode, first: int, last: int) -> Sequence[FollowedBlock]:
    return _asked(one, lambda node: node.followed_blocks(first, last))


def _code(one: NamedNode, address: str) -> str:
    return _asked(one, lambda node: to_hex(node.code_hash(address)))


def _asked(one: NamedNode, ask: Callable[[Chain], Answer]) -> Answer:
    """Return an answer of one node; raises ChainError naming it, for an answer of another shape too."""
    try:
        return ask(one.node)
    except ChainError as error:
        raise ChainError(f"{error.detail} ({one.name})") from error
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as failure:
        raise ChainError(f"{one.name} answers what no node answers: {type(failure).__name__}") from failure


def _agreed_page(nodes: Sequence[NamedNode], pages: Sequence[Sequence[FollowedBlock]]) -> Sequence[FollowedBlock]:
    for told in zip(*pages, strict=True):
        number = told[0].block.number
        _agreed(nodes, [one.block for one in told], f"block {number}")
        _agreed(nodes, [list(one.events) for one in told], f"the events of block {number}")
    return pages[0]


def _agreed(nodes: Sequence[NamedNode], answers: Sequence[Answer], about: str) -> Answer:
    """Return what all answered; raises ChainError naming whom the others contradict, or all where no majority does."""
    groups: list[list[int]] = []
    for place, answer in enumerate(answers):
        same = next((group for group in groups if answers[group[0]] == answer), None)
        if same is None:
            groups.append([place])
        else:
            same.append(place)
    if len(groups) == 1:
        return answers[0]
    largest = max(groups, key=len)
    if 2 * len(largest) > len(nodes):
        differing = ", ".join(one.name for place, one in enumerate(nodes) if place not in largest)
        raise ChainError(f"endpoints disagree about {about}: {differing} against the other {len(largest)}")
    sides = " against ".join(", ".join(nodes[place].name for place in group) for group in groups)
    raise ChainError(f"endpoints disagree about {about}: {sides}")
