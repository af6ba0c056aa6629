"""What the state machines share: a chain that forgets at each example, acts that are tried, and their books.

A machine tries an act on the real contracts, says from its own model whether it should be taken, and keeps every event;
afterwards it compares model, events and storage. Times are chosen by the machine, so nothing waits.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from ledger.chain.contracts.binding import Call
from ledger.core.typed_messages import MESSAGES, keyed_nonce, message_digest
from tests.contracts.offices import Offices
from tests.contracts.sandbox import NOBODY, Key, Sandbox

FOREVER = (1 << 53) - 1
FEW = settings(
    max_examples=5,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
"""For every change."""
MANY = settings(FEW, max_examples=40, stateful_step_count=50)
"""For `scripts/test --all`."""
SELDOM = st.sampled_from([False, False, False, True])
"""For what makes most acts fail."""

Event = tuple[str, dict[str, Any]]


class ChainMachine(RuleBasedStateMachine):
    """A machine over a chain of the tests; `sandbox` is set by `on` before Hypothesis makes one.

    `offices` are there where the chain is theirs.
    """

    sandbox: ClassVar[Sandbox]
    offices: ClassVar[Offices]

    def __init__(self) -> None:
        super().__init__()
        self._snapshot = self.sandbox.rpc("evm_snapshot")
        self.now = self.sandbox.now
        self.events: list[Event] = []
        self._lanes = 0

    def teardown(self) -> None:
        """Undo the example."""
        self.sandbox.rpc("evm_revert", self._snapshot)

    def pass_time(self, seconds: int) -> None:
        """Let time pass."""
        self.now += seconds
        self.sandbox.rpc("evm_setNextBlockTimestamp", self.now)
        self.sandbox.rpc("evm_mine")

    def signed(self, name: str, *keys: Key | None, first: int | None = None, **members: Any) -> tuple[bytes, Call]:
        """Return the digest of a message that `keys` have signed, on a lane of its own, and its call."""
        self._lanes += 1
        nonce = keyed_nonce(self._lanes, 0) if first is None else first
        kind = MESSAGES[name]
        signers = {member: key.address if key else NOBODY for member, key in zip(kind.signers, keys, strict=True)}
        message = {**signers, **members, "nonce": nonce, "deadline": FOREVER}
        digest = message_digest(name, message, self.sandbox.chain_id, self.sandbox.addresses[kind.contract])
        signatures = [self.sandbox.sign(name, message, key)[0] if key else b"" for key in keys]
        return digest, self.sandbox.call(name, message, *signatures)

    def tried(self, call: Call, expected: bool, what: str, sender: str | None = None) -> bool:
        """Send a call one second later; it must be taken exactly when the model says so. Return whether it was."""
        self.now += 1
        self.sandbox.rpc("evm_setNextBlockTimestamp", self.now)
        transaction = {"from": sender or self.sandbox.relay, "to": call.to, "data": "0x" + call.data.hex()}
        receipt = self.sandbox.mined(transaction)
        taken: bool = receipt["status"] == "0x1"
        if expected and not taken:
            self.sandbox.simulate(transaction)
        assert taken == expected, f"{what}: taken {taken}, by the model {expected}"
        self.events += [self.sandbox.decoder.decode(log)[1:] for log in receipt["logs"]]
        return taken

    def told(self, *names: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield the events of these names, in order."""
        return ((name, args) for name, args in self.events if name in names)


def words_of(call: Call) -> set[bytes]:
    """Return the words of 32 bytes that a call carries; contracts know nothing else."""
    return {call.data[place : place + 32] for place in range(4, len(call.data), 32)}


@contextmanager
def on(machine: type[ChainMachine], offices: Offices) -> Iterator[None]:
    """Let a machine run on the offices' chain."""
    machine.offices, machine.sandbox = offices, offices.sandbox
    yield
    del machine.offices, machine.sandbox
