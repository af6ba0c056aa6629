"""What differs between two trust files, and one with a newer block or other endpoints (format: `chainfile.py`)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.core.canonical import encode
from ledger.core.chainfile import Endpoint, Trust, parse_trust
from ledger.errors import UsageError


@dataclass(frozen=True, slots=True)
class TrustDifference:
    """A member that two trust files have otherwise; None where one has it not."""

    member: str
    one: Any
    other: Any


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[TrustDifference, ...]:
    """Return what differs between the documents of two trust files, member by member, in the order of their names."""
    left, right = dict(_members("", one)), dict(_members("", other))
    return tuple(
        TrustDifference(member, left.get(member), right.get(member))
        for member in sorted({*left, *right})
        if left.get(member) != right.get(member)
    )


def _members(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the plain members of a document by their paths; endpoints by agency, validators by address."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _members(f"{path}.{name}" if path else name, member)
    elif isinstance(value, list):
        for member in value:
            if isinstance(member, dict):
                yield f"{path}.{member['agency']}", member["url"]
            else:
                yield f"{path}.{member}", True
    else:
        yield path, value


def pinned(
    trust: Trust,
    *,
    block: tuple[int, str] | None = None,
    endpoints: Sequence[Endpoint] = (),
    quorum: int | None = None,
    validators: Sequence[str] = (),
) -> Trust:
    """Return a trust file with what is given in the place of what it had.

    `endpoints` are added, each in the place of an earlier one of its agency; `validators` are all there are. Raises
    UsageError for a block before the pinned one, FormatError for endpoints or validators that a trust file cannot name,
    UsageError for a quorum of none or of more than the endpoints.
    """
    document = dict(trust.document)
    if block is not None:
        if trust.block is not None and block[0] < trust.block[0]:
            raise UsageError(f"the trust file pins block {trust.block[0]}, a later one")
        document["block"] = {"number": block[0], "hash": block[1]}
    named = {one.agency: one.url for one in (*trust.endpoints, *endpoints)}
    if endpoints:
        document["endpoints"] = [{"agency": agency, "url": url} for agency, url in sorted(named.items())]
    if validators:
        document["validators"] = sorted(validators)
    if quorum is not None:
        if not 1 <= quorum <= max(1, len(named)):
            raise UsageError(f"a quorum of {quorum} cannot be reached by {len(named)} endpoints")
        document["rpcQuorum"] = quorum
    return parse_trust(encode(document))
