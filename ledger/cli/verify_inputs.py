"""Reading what a verification is judged by: files, the trust file, a chain file or a node."""

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
    try:
        return parse_trust(read_bytes(path, "trust file"))
    except UnsupportedFormat:
        raise
    except FormatError as error:
        raise ChainError(f"the trust file is malformed: {error.detail}") from error


def read_chain(source: str | None, trust: Trust, *, offline: bool) -> ChainFile:
    """Return the chain from a file or a node; raises ChainError, UnsupportedFormat, UsageError (a URL offline)."""
    if source is None:
        raise ChainError("no chain: --chain takes a chain file or the URL of a node")
    if source.startswith(("http://", "https://")):
        if offline:
            raise UsageError("--offline takes a chain file, not a URL")
        return _from_node(source, trust)
    if not Path(source).is_file():
        raise ChainError(f"the chain file {source} is missing")
    try:
        return parse_chain(read_bytes(Path(source), "chain file"))
    except UnsupportedFormat:
        raise
    except FormatError as error:
        raise ChainError(f"the chain file is malformed: {error.detail}") from error


def _from_node(url: str, trust: Trust) -> ChainFile:
    from ledger.cli.chain_reading import open_node
    from ledger.cli.chain_reading import read_chain as read_from

    return read_from(open_node(url, trust), trust)
