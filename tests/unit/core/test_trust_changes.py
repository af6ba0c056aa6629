"""Trust files compared member by member, and pinned anew."""

from typing import Any

import pytest

from ledger.core.canonical import encode
from ledger.core.chainfile import Endpoint, Trust, parse_trust
from ledger.core.trust_changes import TrustDifference, differences, pinned
from ledger.errors import FormatError, UsageError
from tests.simulated_ledger import SimulatedLedger

pytestmark = pytest.mark.unit
HASH = "0x" + "ab" * 32
ONE, TWO = "0x" + "11" * 20, "0x" + "22" * 20


def trust(**more: Any) -> Trust:
    return parse_trust(encode({**SimulatedLedger().trust.document, **more}))


def test_equal_trust_files_differ_in_nothing() -> None:
    told = {"validators": [ONE], "endpoints": [{"agency": 1, "url": "https://one.example"}]}
    assert differences(trust(**told).document, trust(**told).document) == ()


def test_each_member_that_differs_is_named_with_both_values() -> None:
    one = trust(validators=[ONE], endpoints=[{"agency": 1, "url": "https://one.example"}])
    other = trust(
        validators=[TWO],
        endpoints=[{"agency": 1, "url": "https://two.example"}, {"agency": 2, "url": "https://three.example"}],
        rpcQuorum=2,
        block={"number": 5, "hash": HASH},
    )
    contracts = dict(other.document["contracts"])
    contracts["Catalogue"] = {**contracts["Catalogue"], "codeHash": HASH}
    del contracts["Parameters"]
    found = differences(one.document, {**other.document, "contracts": contracts})
    pins = one.document["contracts"]
    assert found == (
        TrustDifference("block.hash", None, HASH),
        TrustDifference("block.number", None, 5),
        TrustDifference("contracts.Catalogue.codeHash", pins["Catalogue"]["codeHash"], HASH),
        TrustDifference("contracts.Parameters.address", pins["Parameters"]["address"], None),
        TrustDifference("contracts.Parameters.codeHash", pins["Parameters"]["codeHash"], None),
        TrustDifference("endpoints.1", "https://one.example", "https://two.example"),
        TrustDifference("endpoints.2", None, "https://three.example"),
        TrustDifference("rpcQuorum", 1, 2),
        TrustDifference(f"validators.{ONE}", True, None),
        TrustDifference(f"validators.{TWO}", None, True),
    )


def test_what_is_pinned_takes_the_place_of_what_was() -> None:
    first = pinned(trust(), block=(5, HASH), endpoints=[Endpoint(3, "https://three.example")], validators=[TWO, ONE])
    assert (first.block, first.validators, first.rpc_quorum) == ((5, HASH), (ONE, TWO), 1)
    second = pinned(first, endpoints=[Endpoint(1, "https://one.example"), Endpoint(3, "https://new.example")], quorum=2)
    assert second.endpoints == (Endpoint(1, "https://one.example"), Endpoint(3, "https://new.example"))
    assert (second.block, second.rpc_quorum) == ((5, HASH), 2)
    assert pinned(second).document == second.document
    assert pinned(second, block=(5, HASH)).block == (5, HASH)


def test_what_a_trust_file_cannot_say_is_not_pinned() -> None:
    before = pinned(trust(), block=(5, HASH))
    with pytest.raises(UsageError, match="pins block 5"):
        pinned(before, block=(4, HASH))
    with pytest.raises(UsageError, match="quorum of 2"):
        pinned(before, quorum=2, endpoints=[Endpoint(1, "https://one.example")])
    with pytest.raises(UsageError, match="quorum of 0"):
        pinned(before, quorum=0)
    assert pinned(before, quorum=1).rpc_quorum == 1
    with pytest.raises(FormatError):
        pinned(before, endpoints=[Endpoint(1, "https://somebody:secret@one.example")])
    with pytest.raises(FormatError):
        pinned(before, validators=["0x11"])
