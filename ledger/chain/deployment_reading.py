"""Whether what is deployed is the published code, governed by the Council, and put together as published.

A pin says what is there, not that it is what was published: whoever deploys also writes the first trust file. So the
code is compared with the committed artifacts, and every value in the places of its immutables with those that the
constructor would have written there. A creation code of one's own may put anything into storage and leave the published
code: founders compare what created each contract as well.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ledger.chain.artifacts import CONSTRUCTORS, CONTRACTS, GOVERNANCE_CONSTRUCTORS, Artifact, deploy_data, load
from ledger.chain.client import Web3Chain
from ledger.chain.contracts.council import Council
from ledger.core.chainfile import Trust
from ledger.core.eip712 import domain_separator
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.keccak import keccak256
from ledger.core.succession import NOBODY
from ledger.core.trust_changes import TrustDifference
from ledger.core.typed_messages import DOMAIN_VERSION, domain_name

PUBLISHED: Final = "published"
_COUNCIL: Final = "Council"
_TAKEN: Final[Mapping[str, tuple[str, ...]]] = {**CONSTRUCTORS, **GOVERNANCE_CONSTRUCTORS}
_NO_IMMUTABLE: Final = ("founders", "threshold")
_WORD: Final = 32


def deployment_differences(chain: Web3Chain, trust: Trust) -> tuple[TrustDifference, ...]:
    """Return where the deployment that a trust file pins is not as published; `other` is what the node shows.

    Members: `chainId` or `genesis` alone, where the node is on another chain; `contracts.Council.address` where no
    Council is pinned; `contracts.<name>.code` where code is not the artifact's; `contracts.<name>.refersTo` where it
    was created with another governor than the Council or other contracts than those pinned (`one`: whose place is not
    filled, `other`: the foreign words, 0x hex); `development` where the Council's delays are not the trust file's.
    Raises ChainError.
    """
    genesis = chain.block(0)
    identity = (
        TrustDifference("chainId", trust.chain_id, chain.chain_id()),
        TrustDifference("genesis", trust.genesis, None if genesis is None else genesis.hash),
    )
    foreign = tuple(one for one in identity if one.one != one.other)
    if foreign:
        return foreign
    if _COUNCIL not in trust.contracts:
        return (TrustDifference(f"contracts.{_COUNCIL}.address", None, PUBLISHED),)
    return tuple(_differences(chain, trust))


def creation_differences(chain: Web3Chain, trust: Trust, council: Sequence[Any]) -> tuple[TrustDifference, ...]:
    """Return which pinned contracts were not created by the published creation code for one another.

    `council` holds the arguments of the Council's constructor. Members: `contracts.<name>.creation`; `other` is the
    Keccak-256 of the data that created it (0x hex), None where no transaction did (another contract may have). The
    chain is read from its beginning until all of them are found. Raises ChainError.
    """
    missing = {pin.address: name for name, pin in trust.contracts.items()}
    found = []
    head = chain.head().number
    for address, data in chain.creations(0, head):
        name = missing.pop(address, None)
        if name is not None and data != _creation_data(name, trust, council):
            found.append(TrustDifference(f"contracts.{name}.creation", PUBLISHED, to_hex(keccak256(data))))
        if not missing:
            break
    return (*found, *(TrustDifference(f"contracts.{name}.creation", PUBLISHED, None) for name in missing.values()))


def _creation_data(name: str, trust: Trust, council: Sequence[Any]) -> bytes:
    if name == _COUNCIL:
        return deploy_data(name, *council)
    given = {contract: pin.address for contract, pin in trust.contracts.items()}
    given |= {"governor": trust.contracts[_COUNCIL].address, "predecessor": NOBODY}
    return deploy_data(name, *(given[taken] for taken in _TAKEN[name]))


def _differences(chain: Web3Chain, trust: Trust) -> Iterator[TrustDifference]:
    development = _development(chain, trust)
    if development is not None and development != trust.is_development:
        yield TrustDifference("development", trust.is_development, development)
    for name in sorted(trust.contracts):
        code = chain.code(trust.contracts[name].address)
        if not _is_published(name, code):
            yield TrustDifference(f"contracts.{name}.code", PUBLISHED, to_hex(keccak256(code)))
            continue
        wanted = _references(name, trust, development)
        found = _values(load(name), code)
        missing = [wanted[value] for value in wanted if value not in found]
        strange = found - wanted.keys() - _domain(name, trust)
        if missing or strange:
            told = ", ".join(sorted(map(to_hex, strange)))
            yield TrustDifference(f"contracts.{name}.refersTo", ", ".join(missing) or PUBLISHED, told or None)


def _development(chain: Web3Chain, trust: Trust) -> bool | None:
    address = trust.contracts[_COUNCIL].address
    if not _is_published(_COUNCIL, chain.code(address)):
        return None
    return Council(chain.web3, address).development(block="latest")


def _is_published(name: str, code: bytes) -> bool:
    return name in CONTRACTS and load(name).is_code(code)


def _values(artifact: Artifact, code: bytes) -> set[bytes]:
    return {code[start : start + length] for start, length in artifact.immutables}


def _references(name: str, trust: Trust, development: bool | None) -> dict[bytes, str]:
    """Return what the constructor's arguments are in code: word → its name."""
    found = {}
    for taken in _TAKEN[name]:
        if taken == "development":
            found[int(bool(development)).to_bytes(_WORD)] = taken
        elif taken == "predecessor":
            found[bytes(_WORD)] = taken
        elif taken not in _NO_IMMUTABLE:
            contract = _COUNCIL if taken == "governor" else taken
            pin = trust.contracts.get(contract)
            found[b"" if pin is None else _address_word(pin.address)] = taken
    return found


def _domain(name: str, trust: Trust) -> frozenset[bytes]:
    """Return the words that OpenZeppelin's EIP712 may keep in code."""
    address, title = trust.contracts[name].address, domain_name(name)
    return frozenset(
        {
            domain_separator(title, DOMAIN_VERSION, trust.chain_id, address),
            trust.chain_id.to_bytes(_WORD),
            _address_word(address),
            keccak256(title.encode()),
            keccak256(DOMAIN_VERSION.encode()),
            _short_string(title),
            _short_string(DOMAIN_VERSION),
        }
    )


def _address_word(address: str) -> bytes:
    return from_hex(address, 20).rjust(_WORD, b"\0")


def _short_string(text: str) -> bytes:
    data = text.encode()
    return data.ljust(_WORD - 1, b"\0") + bytes([len(data)])
