"""A deployment on a real EVM, and agencies with keys, for behaviour tests of the contracts.

Refusals are seen as a user sees them: the call is simulated, and its revert data decoded over our ABIs.
"""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from ledger.chain.artifacts import CONSTRUCTORS, GOVERNANCE_CONSTRUCTORS, deploy_data
from ledger.chain.contracts.access_ledger import AccessLedger
from ledger.chain.contracts.agency_registry import AgencyRegistry
from ledger.chain.contracts.binding import Call, node
from ledger.chain.contracts.catalogue import Catalogue
from ledger.chain.contracts.consent_registry import ConsentRegistry
from ledger.chain.contracts.council import Council
from ledger.chain.contracts.emergency_access import EmergencyAccess
from ledger.chain.contracts.parameters import Parameters
from ledger.chain.contracts.record_anchors import RecordAnchors
from ledger.chain.contracts.system_directory import SystemDirectory
from ledger.chain.custom_errors import decode
from ledger.chain.event_decoding import EventDecoder
from ledger.core.codes import EXCLUSIVE_ROLES, Role
from ledger.core.eip712 import ZERO32
from ledger.core.keccak import keccak256
from ledger.core.signature import address_of, sign_digest
from ledger.core.typed_messages import MESSAGES, keyed_nonce, message_digest

DAY = 86_400
ALL_ROLES = (1 << 13) - 1
GAS_LIMIT = 5_000_000
RECEIPT_PATIENCE_SECONDS = 20.0
DATA_BUREAU, COMMUNITY = 1, 22
NOBODY = "0x" + "0" * 40
PAIRED_ROLES = frozenset(role for pair in EXCLUSIVE_ROLES for role in pair)
"""A key with one of them has an officer."""


class Refused(AssertionError):
    """A call that the contract refused; the message is the decoded error."""


@dataclass(frozen=True)
class Key:
    """A private key of a test, made of a name."""

    name: str

    @property
    def private(self) -> bytes:
        return keccak256(f"key of the contract tests: {self.name}".encode())

    @property
    def address(self) -> str:
        return address_of(self.private)

    @property
    def officer(self) -> bytes:
        """An officer who holds this key and no other."""
        return keccak256(f"officer of the contract tests: {self.name}".encode())


FOUNDERS = tuple(Key(f"founder {number}") for number in range(1, 6))
THRESHOLD = 3


@dataclass
class Member:
    """An agency and its first ADMIN key."""

    agency: int
    admin: Key


@dataclass
class Outcome:
    """A mined call: its gas and its events as (contract, event, args)."""

    gas: int
    events: list[tuple[str, str, dict[str, Any]]]
    block: int
    time: int

    @property
    def event(self) -> tuple[str, dict[str, Any]]:
        """The only event."""
        assert len(self.events) == 1
        return self.events[0][1:]


@dataclass
class Sandbox:
    """One deployment; `governor` and `relay` are addresses from which anything can be sent."""

    rpc_url: str
    http: httpx.Client
    governor: str = Key("governor").address
    relay: str = Key("relay").address
    addresses: dict[str, str] = field(default_factory=dict)
    deployment_gas: dict[str, int] = field(default_factory=dict)
    chain_id: int = 0
    reached: set[str] = field(default_factory=set)
    """Names of the custom errors that contracts have raised so far."""
    _made: int = 0

    def deploy(self, *, by_council: bool = False) -> None:
        """Deploy the contracts, governed by `governor` or by a Council of `FOUNDERS`."""
        self.rpc("anvil_autoImpersonateAccount", True)
        self.chain_id = int(self.rpc("eth_chainId"), 16)
        founders = [founder.address for founder in FOUNDERS]
        given: dict[str, Any] = {
            "founders": founders,
            "threshold": THRESHOLD,
            "development": False,
            "predecessor": NOBODY,
        }
        for name, wanted in {**GOVERNANCE_CONSTRUCTORS, **CONSTRUCTORS}.items():
            arguments = [given[place] if place in given else self.addresses[place] for place in wanted]
            receipt = self.mine({"from": self.relay, "data": "0x" + deploy_data(name, *arguments).hex()})
            self.addresses[name] = receipt["contractAddress"]
            self.deployment_gas[name] = int(receipt["gasUsed"], 16)
            if name == "Council":
                self.governor = self.addresses[name] if by_council else self.governor
                given["governor"] = self.governor
        web3 = node(self.rpc_url)
        self.registry = AgencyRegistry(web3, self.addresses["AgencyRegistry"])
        self.catalogue = Catalogue(web3, self.addresses["Catalogue"])
        self.anchors = RecordAnchors(web3, self.addresses["RecordAnchors"])
        self.parameters = Parameters(web3, self.addresses["Parameters"])
        self.consents = ConsentRegistry(web3, self.addresses["ConsentRegistry"])
        self.access = AccessLedger(web3, self.addresses["AccessLedger"])
        self.emergencies = EmergencyAccess(web3, self.addresses["EmergencyAccess"])
        self.council = Council(web3, self.addresses["Council"])
        self.directory = SystemDirectory(web3, self.addresses["SystemDirectory"])
        relayed = (self.registry, self.catalogue, self.anchors, self.consents, self.access, self.emergencies)
        self.bindings = {binding.NAME: binding for binding in relayed}
        self.decoder = EventDecoder(self.addresses)

    # talking to the node
    def ask(self, method: str, *params: Any) -> dict[str, Any]:
        """Return the whole JSON-RPC answer."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer: dict[str, Any] = self.http.post(self.rpc_url, json=body, timeout=20).json()
        return answer

    def rpc(self, method: str, *params: Any) -> Any:
        """Return the result of a JSON-RPC call."""
        answer = self.ask(method, *params)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def simulate(self, transaction: Mapping[str, Any]) -> None:
        """Raise Refused with the decoded error if the call would fail now."""
        answer = self.ask("eth_call", transaction, "latest")
        if "error" in answer:
            line = decode(bytes.fromhex((answer["error"].get("data") or "0x")[2:]))
            self.reached.add(line.partition("(")[0])
            raise Refused(line)

    def mine(self, transaction: Mapping[str, Any]) -> dict[str, Any]:
        """Send a transaction that must succeed; return its receipt."""
        self.simulate(transaction)
        receipt = self.mined(transaction)
        assert receipt["status"] == "0x1"
        return receipt

    def mined(self, transaction: Mapping[str, Any]) -> dict[str, Any]:
        """Send a transaction; return its receipt, whatever became of it."""
        tx_hash = self.rpc("eth_sendTransaction", {**transaction, "gas": hex(GAS_LIMIT), "gasPrice": "0x0"})
        deadline = time.monotonic() + RECEIPT_PATIENCE_SECONDS
        while (receipt := self.rpc("eth_getTransactionReceipt", tx_hash)) is None:
            assert time.monotonic() < deadline, "the transaction is not mined"
            time.sleep(0.002)
        found: dict[str, Any] = receipt
        return found

    def create(self, data: bytes) -> str:
        """Deploy `data`; return the contract's address."""
        address: str = self.mine({"from": self.relay, "data": "0x" + data.hex()})["contractAddress"]
        return address

    def send(self, call: Call, sender: str | None = None) -> Outcome:
        """Send a call, by the relay unless somebody else is named; raises Refused if the contract refuses it."""
        receipt = self.mine({"from": sender or self.relay, "to": call.to, "data": "0x" + call.data.hex()})
        block = self.rpc("eth_getBlockByNumber", receipt["blockNumber"], False)
        return Outcome(
            int(receipt["gasUsed"], 16),
            [self.decoder.decode(log) for log in receipt["logs"]],
            int(receipt["blockNumber"], 16),
            int(block["timestamp"], 16),
        )

    def govern(self, call: Call) -> Outcome:
        """Send a call as the governor."""
        return self.send(call, self.governor)

    def refuses(self, error: str, call: Call, sender: str | None = None) -> str:
        """Assert that the contract refuses the call with the custom error `error`; return the decoded line."""
        with pytest.raises(Refused) as refusal:
            self.simulate({"from": sender or self.relay, "to": call.to, "data": "0x" + call.data.hex()})
        line = str(refusal.value)
        assert line.partition("(")[0] == error, f"expected {error}, got {line}"
        return line

    # time
    @property
    def now(self) -> int:
        """Time of the newest block (Unix seconds)."""
        return int(self.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def sleep(self, seconds: int) -> None:
        """Let time pass and mine a block."""
        self.rpc("evm_setNextBlockTimestamp", self.now + seconds)
        self.rpc("evm_mine")

    # messages
    def key(self) -> Key:
        """Return a key that nobody has used."""
        self._made += 1
        return Key(f"number {self._made}")

    def message(self, name: str, **members: Any) -> dict[str, Any]:
        """Return a message with its first signer's next nonce and an hour to be relayed, where not given."""
        kind = MESSAGES[name]
        if "nonce" not in members:
            members["nonce"] = self.bindings[kind.contract].nonce(members[kind.signers[0]], 0, block="latest")
        return {"deadline": self.now + 3600, **members}

    def sign(self, name: str, message: Mapping[str, Any], *keys: Key) -> list[bytes]:
        """Return the signatures of a message by keys."""
        return [sign_digest(self.digest(name, message), key.private) for key in keys]

    # agencies
    def registration(self, admin: Key, **changes: Any) -> Call:
        """Return the registration of a community with `admin` as its first ADMIN."""
        members = {
            "kind": COMMUNITY,
            "region": 990101001003,
            "allowedRoles": ALL_ROLES,
            "documentHash": keccak256(b"registration"),
            "firstAdmin": admin.address,
            "validFrom": self.now - DAY,
            "validUntil": self.now + 365 * DAY,
        }
        message = self.message("RegisterAgency", **(members | changes))
        return self.registry.register_agency(message, *self.sign("RegisterAgency", message, admin))

    def register(self, **changes: Any) -> Member:
        """Register an agency with a fresh ADMIN key."""
        admin = self.key()
        outcome = self.govern(self.registration(admin, **changes))
        return Member(outcome.events[0][2]["agency"], admin)

    def binding(
        self,
        member: Member,
        key: Key,
        roles: Sequence[Role] | int,
        *,
        second: Key | None = None,
        signers: Sequence[Key] | None = None,
        **changes: Any,
    ) -> Call:
        """Return the binding of `key` to `member`, signed by its first ADMIN, the key and perhaps a second ADMIN.

        A key that needs an officer has its own, where `changes` do not name one.
        """
        bitmap = roles if isinstance(roles, int) else sum(role.bit for role in roles)
        members = {
            "admin": member.admin.address,
            "secondAdmin": second.address if second else NOBODY,
            "agency": member.agency,
            "key": key.address,
            "roles": bitmap,
            "officer": key.officer if any(bitmap & role.bit for role in PAIRED_ROLES) else ZERO32,
            "validFrom": self.now - DAY,
            "validUntil": self.now + 365 * DAY,
        }
        message = self.message("BindKey", **(members | changes))
        by = signers if signers is not None else (member.admin, key, *([second] if second else []))
        return self.registry.bind_key(message, *self.sign("BindKey", message, *by))

    def bind(self, member: Member, *roles: Role, second: Key | None = None, **changes: Any) -> Key:
        """Bind a fresh key with `roles` to a member."""
        key = self.key()
        self.send(self.binding(member, key, roles, second=second, **changes))
        return key

    def relayed(self, name: str, key: Key, /, *others: Key, **members: Any) -> Call:
        """Return the call of a message with one signer (or more, in their order)."""
        kind = MESSAGES[name]
        message = self.message(name, **({kind.signers[0]: key.address} | members))
        return self.call(name, message, *self.sign(name, message, key, *others))

    def call(self, name: str, message: Mapping[str, Any], *signatures: bytes) -> Call:
        """Return the call that takes a signed message."""
        function = re.sub("[A-Z]", lambda capital: "_" + capital[0].lower(), MESSAGES[name].function)
        call: Call = getattr(self.bindings[MESSAGES[name].contract], function)(message, *signatures)
        return call

    def digest(self, name: str, message: Mapping[str, Any]) -> bytes:
        """Return the digest of a message, by which requests and emergencies are known."""
        return message_digest(name, message, self.chain_id, self.addresses[MESSAGES[name].contract])


def lane(number: int, count: int = 0) -> int:
    """Return the nonce of the message `count` in a lane."""
    return keyed_nonce(number, count)
