"""Actions of the Council and their file `gongzhi-council-action/1` (contracts page).

PERMANENT: members have signed their digests. An action is a list of calls with salt, epoch and expiry; its id is the
EIP-712 digest that every approval signs, over chain and Council by the domain.

    {"format","chainId","council","calls":[{"target","data","says"}…],"salt","epoch","expiry"}

| member | what it is |
|---|---|
| chainId, council | the EIP-712 domain that is signed for: chain and address of the Council |
| calls | target (address), data (`0x` hex) and what the call says, for people; 1 to 64 calls, done in this order |
| salt | 32 random bytes, used once in an epoch |
| epoch | the epoch whose members approve; another one starts with each change of members |
| expiry | Unix seconds from which the action can no more be executed |

`says` is never trusted: whoever reads a file reads the calls himself and refuses another wording.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from ledger.core.canonical import decode, encode
from ledger.core.eip712 import ENCODERS, domain_separator, signing_preimage, type_hash
from ledger.core.hexadecimal import from_hex, to_address, to_hex
from ledger.core.keccak import keccak256
from ledger.core.shapes import array, format_members, members_of, text, unsigned
from ledger.errors import FormatError

ACTION_FORMAT: Final = "gongzhi-council-action/1"
DOMAIN_NAME: Final = "Gongzhi Council"
DOMAIN_VERSION: Final = "1"
MOST_CALLS: Final = 64
MOST_DATA_BYTES: Final = 65_536
_MEMBERS: Final = ("format", "chainId", "council", "calls", "salt", "epoch", "expiry")
_CALL_MEMBERS: Final = ("target", "data", "says")
_CALL_TYPE: Final = "Call(address target,bytes data)"
_ACTION_TYPE: Final = f"CouncilAction(Call[] calls,bytes32 salt,uint64 epoch,uint64 expiry){_CALL_TYPE}"
_CANCEL_TYPE: Final = "CancelAction(bytes32 action,uint64 epoch)"

HOUR_SECONDS: Final = 3_600
LONGEST_DELAY: Final = 72 * HOUR_SECONDS
"""Of every call that `DELAYS` does not list: directory, members, repudiation, and what nobody knows."""
_DELAYED: Final = {
    0: ("pauseAsGovernor(uint64)", "revokeKeyAsGovernor(address,uint16,uint64)"),
    24 * HOUR_SECONDS: (
        "registerAgency((uint8,uint64,uint16,bytes32,address,uint64,uint64,uint256,uint64),bytes)",
        "setStatus(uint32,uint8)",
        "setAllowedRoles(uint32,uint16)",
        "restoreAdmin((uint32,address,uint64,uint64,uint256,uint64),bytes)",
        "setCatalogueAuthority(uint32)",
    ),
    48 * HOUR_SECONDS: ("set(bytes32,uint64)",),
}
DELAYS: Final = {
    keccak256(function.encode("ascii"))[:4]: seconds
    for seconds, functions in _DELAYED.items()
    for function in functions
}
"""Selector (4 bytes) → seconds between schedule and execution, as the contract has it."""

ReadCall = Callable[[str, bytes], str]
"""(target address, call data) → what the call says, for people."""


@dataclass(frozen=True)
class CouncilCall:
    """One call of an action; `target` is a lowercase address."""

    target: str
    data: bytes


@dataclass(frozen=True)
class CouncilAction:
    """An action for one Council on one chain; `salt` has 32 bytes, `expiry` is in Unix seconds."""

    chain_id: int
    council: str
    calls: tuple[CouncilCall, ...]
    salt: bytes
    epoch: int
    expiry: int

    @cached_property
    def preimage(self) -> bytes:
        """The 66 bytes whose Keccak-256 is the id; what a Signer takes. Raises FormatError."""
        encode_word, number = ENCODERS["bytes32"], ENCODERS["uint64"]
        calls = keccak256(b"".join(_call_hash(call) for call in self.calls))
        words = type_hash(_ACTION_TYPE) + calls + encode_word(self.salt) + number(self.epoch) + number(self.expiry)
        return signing_preimage(_separator(self.chain_id, self.council), keccak256(words))

    @cached_property
    def id(self) -> bytes:
        """The 32-byte digest that approvals sign and by which the action is known; raises FormatError."""
        return keccak256(self.preimage)

    @property
    def cancel_preimage(self) -> bytes:
        """The 66 bytes whose Keccak-256 members sign to cancel this action."""
        words = type_hash(_CANCEL_TYPE) + self.id + ENCODERS["uint64"](self.epoch)
        return signing_preimage(_separator(self.chain_id, self.council), keccak256(words))

    @property
    def cancel_digest(self) -> bytes:
        """The 32-byte digest that members sign to cancel this action."""
        return keccak256(self.cancel_preimage)

    @property
    def delay(self) -> int:
        """Seconds between schedule and execution: the longest of the calls (none on a Council for development)."""
        return max(DELAYS.get(call.data[:4], LONGEST_DELAY) for call in self.calls)

    def document(self, read_call: ReadCall) -> dict[str, Any]:
        """Return the JSON value of the action's file."""
        return {
            "format": ACTION_FORMAT,
            "chainId": self.chain_id,
            "council": self.council,
            "calls": [
                {"target": call.target, "data": to_hex(call.data), "says": read_call(call.target, call.data)}
                for call in self.calls
            ],
            "salt": to_hex(self.salt),
            "epoch": self.epoch,
            "expiry": self.expiry,
        }

    def encode(self, read_call: ReadCall) -> bytes:
        """Return the file's bytes: canonical JSON."""
        return encode(self.document(read_call))

    def says(self, read_call: ReadCall) -> tuple[str, ...]:
        """Return what the calls say, a line each."""
        return tuple(read_call(call.target, call.data) for call in self.calls)


def parse_council_action(data: bytes | str, read_call: ReadCall) -> CouncilAction:
    """Return the action of a file.

    Raises UnsupportedFormat for another format name; FormatError for other members or shapes, for no call or more than
    64, and where `says` is not how `read_call` reads a call.
    """
    members = format_members(decode(data), ACTION_FORMAT, _MEMBERS, what="council action")
    given = array(members["calls"], what="council action calls", most=MOST_CALLS)
    if not given:
        raise FormatError("council action calls: expected at least one call")
    return CouncilAction(
        unsigned(members["chainId"], 53, what="council action chainId"),
        to_address(members["council"], what="council action council"),
        tuple(_call(place, call, read_call) for place, call in enumerate(given)),
        from_hex(members["salt"], 32, what="council action salt"),
        unsigned(members["epoch"], 53, what="council action epoch"),
        unsigned(members["expiry"], 53, what="council action expiry"),
    )


def _call(place: int, value: object, read_call: ReadCall) -> CouncilCall:
    members = members_of(value, _CALL_MEMBERS, what="council call")
    target = to_address(members["target"], what="target of a council call")
    data = from_hex(members["data"], what="data of a council call")
    if len(data) > MOST_DATA_BYTES:
        raise FormatError(f"data of a council call: more than {MOST_DATA_BYTES} bytes")
    if text(members["says"], what="says of a council call") != read_call(target, data):
        raise FormatError(f"call {place} of the council action says something else than its data does")
    return CouncilCall(target, data)


def _call_hash(call: CouncilCall) -> bytes:
    return keccak256(type_hash(_CALL_TYPE) + ENCODERS["address"](call.target) + keccak256(call.data))


def _separator(chain_id: int, council: str) -> bytes:
    return domain_separator(DOMAIN_NAME, DOMAIN_VERSION, chain_id, council)
