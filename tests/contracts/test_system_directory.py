"""SystemDirectory: contracts by name, with the code that was approved, and their successors."""

import pytest

from ledger.chain.contracts.system_directory import DirectoryEntry
from ledger.core.keccak import keccak256
from ledger.errors import FormatError
from tests.contracts.sandbox import NOBODY, Sandbox

pytestmark = pytest.mark.contracts

NO_CODE = keccak256(b"")


def code_hash(sandbox: Sandbox, address: str) -> bytes:
    return keccak256(bytes.fromhex(sandbox.rpc("eth_getCode", address, "latest")[2:]))


def test_a_contract_is_found_by_its_name_and_its_successor_after_it(sandbox: Sandbox) -> None:
    directory = sandbox.directory
    first, second = sandbox.addresses["RecordAnchors"], sandbox.addresses["Catalogue"]
    assert directory.contract_of("RecordAnchors", block="latest") is None
    assert directory.names(block="latest") == ()
    previous = NOBODY
    for address in (first, second):
        outcome = sandbox.govern(directory.set_contract("RecordAnchors", address, code_hash(sandbox, address)))
        assert outcome.event == (
            "ContractSet",
            {
                "name": "RecordAnchors",
                "at": address.lower(),
                "codeHash": "0x" + code_hash(sandbox, address).hex(),
                "previous": previous.lower(),
                "since": outcome.block,
            },
        )
        entry = directory.contract_of("RecordAnchors", block="latest")
        assert entry == DirectoryEntry(address.lower(), outcome.block, code_hash(sandbox, address))
        previous = address
    sandbox.govern(directory.set_contract("Catalogue", second, code_hash(sandbox, second)))
    assert directory.names(block="latest") == ("RecordAnchors", "Catalogue")


def test_the_governor_alone_enters_contracts(sandbox: Sandbox) -> None:
    address = sandbox.addresses["Catalogue"]
    call = sandbox.directory.set_contract("Catalogue", address, code_hash(sandbox, address))
    sandbox.refuses("NotGovernor", call, sandbox.relay)


def test_only_the_code_that_was_approved_is_entered(sandbox: Sandbox) -> None:
    set_contract, address = sandbox.directory.set_contract, sandbox.addresses["Catalogue"]
    empty = sandbox.key().address
    sandbox.rpc("anvil_setBalance", empty, "0x1")
    for at, approved in (
        (address, code_hash(sandbox, sandbox.addresses["Parameters"])),
        (address, bytes(32)),
        (sandbox.key().address, bytes(32)),
        (empty, NO_CODE),
    ):
        sandbox.refuses("CodeHashWrong", set_contract("Catalogue", at, approved), sandbox.governor)


def test_a_contract_is_not_its_own_successor(sandbox: Sandbox) -> None:
    address = sandbox.addresses["Catalogue"]
    call = sandbox.directory.set_contract("Catalogue", address, code_hash(sandbox, address))
    sandbox.govern(call)
    sandbox.refuses("ContractAlreadySet", call, sandbox.governor)


def test_there_are_at_most_sixty_four_names_and_none_is_empty(sandbox: Sandbox) -> None:
    directory, address = sandbox.directory, sandbox.addresses["Catalogue"]
    known = code_hash(sandbox, address)
    for number in range(64):
        sandbox.mined(
            {
                "from": sandbox.governor,
                "to": directory.address,
                "data": "0x" + directory.set_contract(f"Contract {number}", address, known).data.hex(),
            }
        )
    assert len(directory.names(block="latest")) == 64
    sandbox.refuses("TooManyNames", directory.set_contract("one more", address, known), sandbox.governor)
    unnamed = directory.set_contract("x", address, known)
    data = unnamed.data[:4] + bytes(32) + unnamed.data[36:]
    sandbox.refuses("NameMissing", type(unnamed)(unnamed.to, data), sandbox.governor)
    for name in ("", "x" * 33, "目录"):
        with pytest.raises(FormatError):
            directory.set_contract(name, address, known)
