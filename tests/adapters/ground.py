"""A database, a chain with our contracts, and a gateway with ANCHOR keys: what moving entries is tested on."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ledger.chain.client import Web3Chain
from ledger.core.codes import Role
from ledger.core.hexadecimal import to_hex
from ledger.core.history import History
from ledger.core.keccak import keccak256
from ledger.embedded.rpc import loopback_client
from ledger.keys.keystore import KeystoreSigner
from ledger.ports import Chain, Store, Transaction
from ledger.rows import NewTransaction, OutboxTransaction
from ledger.services.anchor import Anchoring
from ledger.services.facts import HistoryCache
from ledger.services.follow import follow_once
from ledger.services.send import send_pending
from ledger.store.migrate import migrate
from ledger.store.postgres import PostgresStore
from tests.contracts.sandbox import Member, Sandbox

NOBODY = "0x" + "77" * 20
"""An address without code: sending data there always succeeds."""
NODE_TIMEOUT_SECONDS = 20.0
MINED_PATIENCE_SECONDS = 20.0
"""An automining chain takes milliseconds."""


class Crash(BaseException):
    """The process is gone: nothing may catch it."""


@dataclass
class Ground:
    """Everything real; `signers` are the gateway's two ANCHOR keys by address."""

    store: PostgresStore
    chain: Web3Chain
    sandbox: Sandbox
    gateway: Member
    signers: dict[str, KeystoreSigner]
    facts: HistoryCache = field(default_factory=HistoryCache)

    @property
    def senders(self) -> list[str]:
        return list(self.signers)

    def encode_anchor(self, root: bytes, leaf_count: int, first_sequence: int) -> tuple[str, bytes]:
        call = self.sandbox.anchors.anchor(root, leaf_count, first_sequence)
        return call.to, call.data

    def anchoring(self, *, most_entries: int = 65_536, oldest_seconds: float = 0.0) -> Anchoring:
        return Anchoring(self.gateway.agency, self.senders, self.encode_anchor, most_entries, oldest_seconds)

    def intend(self, *intents: str, sender: str | None = None, to: str | None = NOBODY, data: bytes = b"x") -> None:
        with self.store.begin() as transaction:
            for intent in intents:
                transaction.add_transaction(NewTransaction(intent, sender or self.senders[0], to, data), 1_000)

    def row(self, intent: str) -> OutboxTransaction:
        with self.store.begin() as transaction:
            found = transaction.transaction(intent)
        assert found is not None
        return found

    def follow(self) -> int:
        return follow_once(self.store, self.chain, 0, int(time.time()))

    def run(self, *, now: int = 2_000, passes: int = 8, chain: Chain | None = None, store: Store | None = None) -> None:
        """Follow and send until nothing moves."""
        for _ in range(passes):
            follow_once(self.store, self.chain, 0, now)
            with self.store.begin() as transaction:
                newest = transaction.followed_state().newest_block
            through = -1 if newest is None else newest
            report = send_pending(store or self.store, chain or self.chain, self.signers, now, through)
            with self.store.begin() as transaction:
                if not report.did_something() and not transaction.unsettled():
                    return

    def history(self) -> History:
        with self.store.begin() as transaction:
            return self.facts.history(transaction)

    def mined_of(self, sender: str | None = None) -> int:
        return self.chain.next_tx_nonce(sender or self.senders[0])


@contextmanager
def standing_ground(dsn: str, rpc_url: str, *, by_council: bool = False) -> Iterator[Ground]:
    """Migrate, deploy, register a gateway and bind its keys."""
    migrate(dsn)
    store = PostgresStore(dsn)
    with loopback_client(rpc_url, NODE_TIMEOUT_SECONDS) as http:
        sandbox = Sandbox(rpc_url, http)
        sandbox.deploy(by_council=by_council)
        gateway = sandbox.register()
        keys = [sandbox.bind(gateway, Role.ANCHOR) for _ in range(2)]
        signers = {key.address: KeystoreSigner(key.private) for key in keys}
        chain = Web3Chain(rpc_url, sandbox.addresses)
        yield Ground(store, chain, sandbox, gateway, signers)
        chain.close()
    store.close()


class Tripwire:
    """Crashes at the step with number `fatal`, and counts steps."""

    def __init__(self, fatal: int | None = None) -> None:
        self.fatal, self.steps = fatal, 0

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.fatal:
            raise Crash


class FragileChain:
    """The real chain, with a step before and after each call.

    A broadcast is answered when it is mined, so that the number of steps does not depend on how often somebody asks for
    a receipt before it is there.
    """

    def __init__(self, chain: Chain, wire: Tripwire) -> None:
        self._chain, self._wire = chain, wire

    def __getattr__(self, name: str) -> Callable[..., Any]:
        real = getattr(self._chain, name)

        def call(*arguments: Any) -> Any:
            self._wire.step()
            result = real(*arguments)
            if name == "broadcast":
                self._wait_for(to_hex(keccak256(arguments[0])))
            self._wire.step()
            return result

        return call

    def _wait_for(self, tx_hash: str) -> None:
        deadline = time.monotonic() + MINED_PATIENCE_SECONDS
        while self._chain.receipt(tx_hash) is None:
            assert time.monotonic() < deadline, f"{tx_hash} is not mined"
            time.sleep(0.002)


class ChainOfChanges(FragileChain):
    """The real chain, with a step before and after each call that changes it.

    A crash before or after a reading call leaves what the crash at the next or the last change leaves.
    """

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return super().__getattr__(name) if name == "broadcast" else getattr(self._chain, name)


class FragileStore:
    """The real store, with a step before each commit and after it."""

    def __init__(self, store: Store, wire: Tripwire) -> None:
        self._store, self._wire = store, wire

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        with self._store.begin() as transaction:
            yield transaction
            self._wire.step()
        self._wire.step()


class DeafChain:
    """The real chain behind a line that breaks: named methods do their work and then seem to time out."""

    def __init__(self, chain: Chain, failures: Mapping[str, Exception]) -> None:
        self._chain, self._failures = chain, dict(failures)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        real = getattr(self._chain, name)
        failure = self._failures.get(name)

        def call(*arguments: Any) -> Any:
            result = real(*arguments)
            if failure is not None:
                del self._failures[name]
                raise failure
            return result

        return call if failure is not None else real
