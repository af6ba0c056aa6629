"""Every custom error that a contract can raise was raised by a real call in some test of this folder (run it whole)."""

import pytest

from ledger.chain.artifacts import CONTRACTS, load
from tests.contracts.sandbox import Sandbox

pytestmark = pytest.mark.contracts

UNREACHABLE = {
    # OpenZeppelin's ShortStrings, for domain names longer than 31 bytes; ours are shorter constants.
    "InvalidShortString",
    "StringTooLong",
}


def test_every_custom_error_was_reached(deployed: Sandbox) -> None:
    raised = {entry["name"] for name in CONTRACTS for entry in load(name).abi if entry["type"] == "error"}
    assert deployed.reached == raised - UNREACHABLE
