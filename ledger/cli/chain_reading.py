"""Read the chain that a trust file names from a node, page by page, and check that it is that chain."""

from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from ledger.core.chainfile import ChainFile, Trust, node_url, parse_trust, why_unverifiable
from ledger.core.verify import ChainFacts
from ledger.council_errors import DirectoryDiffers
from ledger.errors import ChainError, FormatError, UsageError
from ledger.ports import Chain
from ledger.services.chain_quorum import NamedNode, reachable, read_agreed, require_quorum


def load_trust_file(path: Path) -> Trust:
    """Return a trust file; raises UsageError if it is not there, FormatError, UnsupportedFormat."""
    from ledger.chain.artifacts import with_published_code

    try:
        return with_published_code(parse_trust(path.read_bytes()))
    except FileNotFoundError:
        raise UsageError(f"no trust file at {path}") from None


def open_node(rpc: str, trust: Trust) -> Chain:
    """Return a client of a node that knows the trusted contracts' events."""
    from ledger.wiring import open_trusted_chain

    return open_trusted_chain(rpc, trust)


def read_chain(node: Chain, trust: Trust, advance: Callable[[int], None] = lambda _: None) -> ChainFile:
    """Return all blocks and events up to the node's head; `advance` is told the blocks read.

    For members who believe their own node; an auditor asks several (`read_agreed`). Raises ChainError if the node is of
    another chain or genesis than the trust file, or does not answer.
    """
    return read_agreed([NamedNode("the node", node)], trust, advance)


def read_given(urls: Sequence[str], trust: Trust) -> tuple[ChainFile, str, Sequence[str]]:
    """Return the chain that these nodes agree on, who they are, and what is to be said of that.

    Raises UsageError for a URL twice or one that is none, ChainError for fewer than the trust file asks for, or if one
    does not answer or differs.
    """
    places = [place_of(url) for url in urls]
    if len(set(places)) < len(places):
        raise UsageError("--chain names a node twice")
    names = [f"endpoint {number} ({place})" for number, place in enumerate(places, 1)]
    return _read([NamedNode(name, open_node(url, trust)) for name, url in zip(names, urls, strict=True)], trust)


def read_trusted(trust: Trust) -> tuple[ChainFile, str, Sequence[str]]:
    """Return the chain that the trust file's endpoints agree on, as `read_given`, without those that do not answer.

    Raises ChainError where fewer than the quorum answer, or one differs.
    """
    nodes = [
        NamedNode(f"the endpoint of agency {one.agency} ({place_of(one.url)})", open_node(one.url, trust))
        for one in trust.endpoints
    ]
    answering, silent = reachable(nodes)
    if not answering:
        raise ChainError("none of the trust file's endpoints answers")
    chain, source, notices = _read(answering, trust)
    return chain, source, [*silent, *notices]


def _read(nodes: Sequence[NamedNode], trust: Trust) -> tuple[ChainFile, str, Sequence[str]]:
    require_quorum(nodes, trust)
    lagging: list[str] = []
    chain = read_agreed(nodes, trust, note=lagging.append)
    names = ", ".join(one.name for one in nodes)
    if len(nodes) == 1:
        return chain, names, [f"RPC quorum {trust.rpc_quorum}: {names} alone was believed"]
    return chain, names, [f"RPC quorum {trust.rpc_quorum}: {len(nodes)} endpoints agree: {names}", *lagging]


def place_of(url: str) -> str:
    """Return host and port of a node's URL, which hold no secret; raises UsageError if it is none."""
    try:
        parts = urlsplit(node_url(url))
    except FormatError as error:
        raise UsageError(error.detail) from error
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.hostname}:{port}"


def read_facts(rpc: str, trust: Trust) -> ChainFacts:
    """Return what promises are judged by: the chain as one node tells it, with the contracts' code as pinned.

    Raises DirectoryDiffers where the directory names what the trust file does not pin and no published code succeeds,
    another ChainError, HistoryError.
    """
    chain = read_chain(open_node(rpc, trust), trust)
    for name, pin in trust.contracts.items():
        if chain.contracts[name] != pin:
            raise ChainError(f"{name} on chain has other code than the trust file pins")
    history = chain.history()
    refusal = why_unverifiable(trust, chain, history)
    if refusal is not None:
        raise DirectoryDiffers(refusal)
    return ChainFacts(trust, chain, history)
