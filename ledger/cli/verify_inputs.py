"""Reading what a verification is judged by: files, the trust file, a chain file or a node."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ledger.core.chainfile import ChainFile, Trust, parse_chain, parse_trust
from ledger.errors import ChainError, FormatError, UnsupportedFormat, UsageError


def read_bytes(path: Path, what: str) -> bytes:
    """Return a file's bytes; raises UsageError if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{what} {path}: {error.strerror or 'cannot be read'}") from error


def read_trust(path: Path | None) -> Trust:
    """Return the trust file; raises ChainError (nothing can be judged without it) or UnsupportedFormat."""
    if path is None:
        raise ChainError("no trust file: --trust says which chain and contracts to believe in")
    if not path.is_file():
        raise ChainError(f"the trust file {path} is missing")
    from ledger.chain.artifacts import with_published_code

    try:
        return with_published_code(parse_trust(read_bytes(path, "trust file")))
    except UnsupportedFormat:
        raise
    except FormatError as error:
        raise ChainError(f"the trust file is malformed: {error.detail}") from error


@dataclass(frozen=True)
class GivenChain:
    """The chain that a verification is judged by: who gave it, for the headline, and what is to be said of that."""

    file: ChainFile
    source: str
    notices: Sequence[str] = ()


def read_chain(sources: Sequence[str], trust: Trust, *, offline: bool) -> GivenChain:
    """Return the chain from one file, from nodes that agree, or, with no source, from the trust file's endpoints.

    Raises ChainError (nothing to read, or nodes that disagree), UnsupportedFormat, UsageError (a URL offline).
    """
    urls = [source for source in sources if source.startswith(("http://", "https://"))]
    if (urls and len(urls) < len(sources)) or len(sources) - len(urls) > 1:
        raise UsageError("--chain takes one chain file, or URLs of nodes")
    if offline and urls:
        raise UsageError("--offline takes a chain file, not a URL")
    if sources and not urls:
        few = f"RPC quorum {trust.rpc_quorum}: no endpoint was asked, the chain file was believed as it is"
        return GivenChain(_from_file(Path(sources[0])), sources[0], [few] if trust.rpc_quorum > 1 else [])
    if not urls and (offline or not trust.endpoints):
        raise ChainError("no chain: --chain takes a chain file or the URL of a node")
    from ledger.cli.chain_reading import read_given, read_trusted

    file, source, notices = read_given(urls, trust) if urls else read_trusted(trust)
    return GivenChain(file, source, notices)


def _from_file(path: Path) -> ChainFile:
    if not path.is_file():
        raise ChainError(f"the chain file {path} is missing")
    try:
        return parse_chain(read_bytes(path, "chain file"))
    except UnsupportedFormat:
        raise
    except FormatError as error:
        raise ChainError(f"the chain file is malformed: {error.detail}") from error
