"""Committed artifacts: fresh, complete, and of the shapes that the Python classes rely on."""

import importlib.machinery
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from ledger.chain.artifacts import CONSTRUCTORS, CONTRACTS, GOVERNANCE_CONSTRUCTORS, abi_types, deploy_data, load
from ledger.core.typed_messages import MESSAGES
from ledger.errors import ChainError, FormatError

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]
ADDRESS = "0x" + "ab" * 20


@pytest.fixture(scope="module")
def compiler() -> ModuleType:
    """The module behind scripts/compile_contracts."""
    path = ROOT / "scripts" / "compile_contracts"
    loader = importlib.machinery.SourceFileLoader("compile_contracts", str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("compile_contracts", loader))
    loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", CONTRACTS)
def test_an_artifact_carries_the_checksum_of_the_sources_that_are_here(compiler: ModuleType, name: str) -> None:
    assert load(name).source_checksum == f"sha256:{compiler.checksum_of(name)}"


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_contract_is_small_enough_to_be_deployed_and_made_for_london(name: str) -> None:
    artifact = load(name)
    assert 0 < len(artifact.deployed_bytecode) <= 24_576
    assert artifact.compiler["version"].startswith("0.8.30+")
    assert artifact.compiler["settings"]["evmVersion"] == "london"
    assert artifact.compiler["settings"]["optimizer"]["enabled"]


@pytest.mark.parametrize("name", CONTRACTS)
def test_code_is_recognized_whatever_its_immutables_hold(name: str) -> None:
    artifact = load(name)
    filled = bytearray(artifact.deployed_bytecode)
    assert artifact.immutables
    for start, length in artifact.immutables:
        assert filled[start : start + length] == bytes(length)
        filled[start : start + length] = b"\xee" * length
    assert artifact.is_code(bytes(filled))
    assert not artifact.is_code(bytes(filled) + b"\0")
    filled[0] ^= 1
    assert not artifact.is_code(bytes(filled))


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_has_the_members_of_the_struct_that_its_function_takes(name: str) -> None:
    kind = MESSAGES[name]
    function = next(entry for entry in load(kind.contract).abi if entry.get("name") == kind.function)
    message, *signatures = function["inputs"]
    assert message["internalType"].endswith(f".{kind.primary_type}")
    assert [(member["name"], member["type"]) for member in message["components"]] == list(kind.members)
    assert [signature["type"] for signature in signatures] == ["bytes"] * len(kind.signers)


def test_deployment_data_is_creation_code_and_arguments() -> None:
    for name, wanted in CONSTRUCTORS.items():
        data = deploy_data(name, *(ADDRESS for _ in wanted))
        assert data == load(name).bytecode + (bytes(12) + bytes.fromhex(ADDRESS[2:])) * len(wanted)


def test_the_council_is_deployed_with_its_founders() -> None:
    data = deploy_data("Council", (ADDRESS, ADDRESS), 2, True)
    numbers = (0x60, 2, 1, 2)
    words = [number.to_bytes(32, "big") for number in numbers] + [bytes(12) + bytes.fromhex(ADDRESS[2:])] * 2
    assert data == load("Council").bytecode + b"".join(words)


def test_a_contract_is_deployed_after_those_that_it_needs() -> None:
    order = list(CONSTRUCTORS)
    assert {*order, *GOVERNANCE_CONSTRUCTORS} == set(CONTRACTS)
    assert set(order).isdisjoint(GOVERNANCE_CONSTRUCTORS)
    for place, name in enumerate(order):
        assert set(CONSTRUCTORS[name]) - {"governor", "predecessor"} <= set(order[:place])


@pytest.mark.parametrize("arguments", [(), (ADDRESS, ADDRESS), ("0x12",)])
def test_constructor_arguments_that_do_not_fit_are_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(FormatError):
        deploy_data("Parameters", *arguments)


def test_a_contract_without_artifact_is_refused() -> None:
    with pytest.raises(ChainError):
        load("Nothing")


def test_tuples_are_spelled_out_in_types() -> None:
    components = [{"type": "uint8"}, {"type": "tuple[2]", "components": [{"type": "bytes"}]}]
    assert abi_types([{"type": "tuple[]", "components": components}]) == ["(uint8,(bytes)[2])[]"]
