"""Compiled contracts as `scripts/compile_contracts` writes them; nobody needs a compiler to use them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from eth_abi.abi import encode
from eth_abi.exceptions import EncodingError

from ledger.core.chainfile import Trust
from ledger.core.points import ANCHORS
from ledger.core.succession import AnchorsCode
from ledger.errors import ChainError, FormatError

ARTIFACTS = Path(__file__).resolve().parents[2] / "contracts" / "artifacts"
ARTIFACT_FORMAT = "gongzhi-artifact/1"
CONTRACTS = (
    *("AgencyRegistry", "Catalogue", "Parameters", "RecordAnchors"),
    *("ConsentRegistry", "AccessLedger", "EmergencyAccess"),
    *("Council", "SystemDirectory"),
)
CONSTRUCTORS: Mapping[str, tuple[str, ...]] = {
    "Parameters": ("governor",),
    "AgencyRegistry": ("governor", "Parameters"),
    "Catalogue": ("governor", "AgencyRegistry"),
    "RecordAnchors": ("governor", "AgencyRegistry", "predecessor"),
    "ConsentRegistry": ("governor", "AgencyRegistry"),
    "AccessLedger": ("governor", "AgencyRegistry", "Catalogue", "ConsentRegistry", "Parameters"),
    "EmergencyAccess": ("AgencyRegistry", "Catalogue", "Parameters"),
}
"""What each constructor takes (the governor's address, another contract's), in an order that can be deployed.

The `predecessor` is the zero address, unless a contract succeeds another one.
"""
GOVERNANCE_CONSTRUCTORS: Mapping[str, tuple[str, ...]] = {
    "Council": ("founders", "threshold", "development"),
    "SystemDirectory": ("governor",),
}
"""The same for who governs and for where things are: founders' keys, approvals needed, whether delays are left out."""


@dataclass(frozen=True)
class Artifact:
    """One compiled contract.

    `deployed_bytecode` has zeros where immutables stand (`immutables`: pairs of start and length in bytes, `variables`
    the names of those that stand there).
    """

    name: str
    abi: tuple[Mapping[str, Any], ...]
    bytecode: bytes
    deployed_bytecode: bytes
    immutables: tuple[tuple[int, int], ...]
    variables: tuple[str, ...]
    compiler: Mapping[str, Any]
    source_checksum: str

    def is_code(self, runtime_code: bytes) -> bool:
        """Say whether `runtime_code`, as a node returns it, is this contract's, whatever its immutables hold."""
        if len(runtime_code) != len(self.deployed_bytecode):
            return False
        masked = bytearray(runtime_code)
        for start, length in self.immutables:
            masked[start : start + length] = bytes(length)
        return bytes(masked) == self.deployed_bytecode


@cache
def load(name: str) -> Artifact:
    """Return the artifact of a contract; raises ChainError if there is none or it has another format."""
    path = ARTIFACTS / f"{name}.json"
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError):
        raise ChainError(f"no readable artifact of contract {name}") from None
    if document.get("format") != ARTIFACT_FORMAT:
        raise ChainError(f"the artifact of {name} is not of format {ARTIFACT_FORMAT}")
    return Artifact(
        name=name,
        abi=tuple(document["abi"]),
        bytecode=bytes.fromhex(document["bytecode"][2:]),
        deployed_bytecode=bytes.fromhex(document["deployedBytecode"][2:]),
        immutables=tuple((place["start"], place["length"]) for place in document["immutableReferences"]),
        variables=tuple(place["variable"] for place in document["immutableReferences"]),
        compiler=document["compiler"],
        source_checksum=document["sourceChecksum"],
    )


def anchors_code() -> AnchorsCode:
    """Return the published code of RecordAnchors, by which its successors are known; raises ChainError."""
    artifact = load(ANCHORS)
    places = zip(artifact.immutables, artifact.variables, strict=True)
    return AnchorsCode(artifact.deployed_bytecode, tuple((*place, variable) for place, variable in places))


def with_published_code(trust: Trust) -> Trust:
    """Return a trust file with the published code of RecordAnchors beside it, so that successors are accepted."""
    return replace(trust, anchors_code=anchors_code())


def abi_types(parameters: list[Mapping[str, Any]]) -> list[str]:
    """Return the canonical ABI types of parameters, tuples spelled out as `(type,…)`."""
    return [
        parameter["type"].replace("tuple", f"({','.join(abi_types(parameter['components']))})")
        if "components" in parameter
        else parameter["type"]
        for parameter in parameters
    ]


def deploy_data(name: str, *constructor_arguments: str | int | Sequence[str]) -> bytes:
    """Return the data of the transaction that creates a contract: creation code and encoded arguments.

    The arguments are what `CONSTRUCTORS` or `GOVERNANCE_CONSTRUCTORS` names: addresses, but for those of the Council.
    Raises ChainError if there is no such artifact and FormatError if the arguments do not fit.
    """
    artifact = load(name)
    inputs = next(entry["inputs"] for entry in artifact.abi if entry["type"] == "constructor")
    if len(inputs) != len(constructor_arguments):
        raise FormatError(f"the constructor of {name} takes {len(inputs)} arguments")
    try:
        return artifact.bytecode + encode(abi_types(inputs), constructor_arguments)
    except EncodingError as failure:
        raise FormatError(f"the constructor of {name} takes other arguments: {failure}") from None
