"""The first block of a QBFT chain, against what Besu itself writes and documents."""

import pytest
import rlp

from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.network.qbft import QBFT_MIX_HASH, extra_data, qbft_genesis
from ledger.errors import FormatError
from tests.unit.core.network.members import NETWORK

pytestmark = pytest.mark.unit

# Besu, RLPSubCommandTest.canEncodeToQbftExtraData: `besu rlp encode --type QBFT_EXTRA_DATA` of two addresses.
ENCODED_BY_BESU = (
    ["0xbe068f726a13c8d46c44be6ce9d275600e1735a4", "0x5ff6f4b66a46a2b2310a6f3a93aaddc0d9a1c193"],
    "0xf84fa00000000000000000000000000000000000000000000000000000000000000000ea94be068f726a13c8d46c44be6ce9d275600e1735"
    "a4945ff6f4b66a46a2b2310a6f3a93aaddc0d9a1c193c080c0",
)
# Besu, RLPSubCommandTest.decodeQBFTWithoutPathMustWriteToStandardOutput: decoded to these two addresses.
DECODED_BY_BESU = (
    ["0x241f804efb46f71acaa5be94a62f7798e89c3724", "0x6cdf72da457453063ea92e7fa5ac30afbcec28cd"],
    "0xf84fa00000000000000000000000000000000000000000000000000000000000000000ea94241f804efb46f71acaa5be94a62f7798e89c37"
    "24946cdf72da457453063ea92e7fa5ac30afbcec28cdc080c0",
)
# Besu documentation, "Configure QBFT consensus", genesis file with block header validator selection: four validators.
DOCUMENTED = (
    [
        "0x64a702e6263b7297a96638cac6ae65e6541f4169",
        "0x3923390ad55e90c237593b3b0e401f3b08a03185",
        "0xaefdb9a738c9f433e5b6b212a6d62f6370c2f692",
        "0xc7eeb9a4e00ce683cf93039b212648e01c6c6b78",
    ],
    "0xf87aa00000000000000000000000000000000000000000000000000000000000000000f8549464a702e6263b7297a96638cac6ae65e6541f"
    "4169943923390ad55e90c237593b3b0e401f3b08a0318594aefdb9a738c9f433e5b6b212a6d62f6370c2f69294c7eeb9a4e00ce683cf93039b"
    "212648e01c6c6b78c080c0",
)
# The same page, contract validator selection: no validator in the first block.
WITHOUT_VALIDATORS: tuple[list[str], str] = (
    [],
    "0xe5a00000000000000000000000000000000000000000000000000000000000000000c0c080c0",
)


@pytest.mark.parametrize(
    ("validators", "encoded"),
    [ENCODED_BY_BESU, DECODED_BY_BESU, DOCUMENTED, WITHOUT_VALIDATORS],
    ids=["encoded", "decoded", "documented", "empty"],
)
def test_extra_data_is_what_besu_encodes(validators: list[str], encoded: str) -> None:
    assert to_hex(extra_data(validators)) == encoded


def test_a_validator_that_is_no_address_is_refused() -> None:
    with pytest.raises(FormatError, match="expected 20 bytes"):
        extra_data(["0x1234"])


def test_the_first_block_is_the_documented_one_with_london_rules_and_no_fee() -> None:
    """Members and constants of the documented QBFT genesis, with `zeroBaseFee` as "Configure free gas" has it."""
    genesis = qbft_genesis(NETWORK, DOCUMENTED[0])
    assert genesis["config"] == {
        "chainId": 2_851_634_017,
        "berlinBlock": 0,
        "londonBlock": 0,
        "zeroBaseFee": True,
        "qbft": {"blockperiodseconds": 2, "epochlength": 30_000, "requesttimeoutseconds": 4},
    }
    assert genesis["mixHash"] == QBFT_MIX_HASH == "0x63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365"
    assert (genesis["nonce"], genesis["difficulty"], genesis["coinbase"]) == ("0x0", "0x1", "0x" + 40 * "0")
    assert (genesis["timestamp"], genesis["gasLimit"], genesis["alloc"]) == ("0x6ab13b80", "0x1c9c380", {})
    assert not [name for name in genesis["config"] if "shanghai" in name.lower()]


def test_the_first_block_names_its_validators_ascending_whoever_comes_first() -> None:
    """Besu refuses a block whose validators are not sorted (BftValidatorsValidationRule)."""
    genesis = qbft_genesis(NETWORK, DOCUMENTED[0])
    assert genesis == qbft_genesis(NETWORK, DOCUMENTED[0][::-1])
    named = rlp.decode(from_hex(genesis["extraData"]))[1]
    assert named == sorted(from_hex(address) for address in DOCUMENTED[0])
