"""Who calls: verify the signature, find the key's agency, consume the request nonce (formats page, section 8).

The nonce is consumed in the transaction that holds the answer. Should the answer fail afterwards, that transaction is
rolled back and the nonce is consumed in one of its own, so that a request has an effect at most once either way.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from ledger.core.codes import Role
from ledger.core.history import AsOf, History
from ledger.core.look import moment
from ledger.core.request_base import SKEW_SECONDS, RequestReason, SignableRequest
from ledger.core.request_signature import VerifiedRequest, verify
from ledger.core.statements import StatementDomain
from ledger.errors import HistoryError, RequestError, StoreError
from ledger.look_rows import ForeseenLook
from ledger.ports import Transaction
from ledger.services.gateway import Gateway
from ledger.services.refuse import entitlement_error

Answer = TypeVar("Answer")

CLOCK_SKEW_SECONDS = 30
"""How far the time of `factsBlock` may lie ahead of a statement's own time (formats page, section 5)."""


@dataclass(frozen=True)
class Caller:
    """Who calls, and what is known of the chain then.

    `facts_block` is the newest followed block that is not ahead of the clock; `now` is the gateway's clock, taken once;
    `as_of` is the moment of every question to the history: state at the end of `factsBlock`, validity judged now.
    """

    gateway: Gateway
    history: History
    facts_block: int
    as_of: AsOf
    now: int
    key: str
    agency: int
    request: VerifiedRequest

    @property
    def domain(self) -> StatementDomain:
        """The domain of statements signed now, that of the RecordAnchors in force; raises DirectoryDiffers."""
        return self.domains[-1]

    @cached_property
    def domains(self) -> Sequence[StatementDomain]:
        """The domains of all that succeeded one another, that in force last.

        Raises DirectoryDiffers where the directory names a RecordAnchors of unknown code: nothing is promised then.
        """
        return self.gateway.domains_in(self.history)

    def has_role(self, role: Role) -> bool:
        """Say whether the calling key may act in this role now."""
        return self.history.why_not_entitled(self.key, role, self.agency, self.as_of) is None

    def require_member(self) -> None:
        """Raise NotEntitled unless the key, whatever its roles, is in force and its agency active."""
        if not any(self.has_role(role) for role in Role):
            role = next(role for role in Role if self.history.keys[self.key].roles >> role & 1)
            raise entitlement_error(self.history, self.key, role, self.agency, self.as_of)

    def require_role(self, role: Role) -> None:
        """Raise NotEntitled unless the key may act in this role now."""
        if not self.has_role(role):
            raise entitlement_error(self.history, self.key, role, self.agency, self.as_of)


@dataclass(frozen=True)
class Call(Caller):
    """One authenticated request under way: its caller, its facts, its transaction.

    `foreseen`: what its look reads, where it was foreseen by these very facts.
    """

    transaction: Transaction
    foreseen: ForeseenLook | None = None


def answer_signed(
    gateway: Gateway,
    request: SignableRequest,
    action: Callable[[Call], Answer],
    admit: Callable[[int], None],
) -> Answer:
    """Answer a signed request by `action`, in one transaction with its nonce.

    `admit` is told the caller's agency before anything is consumed, and may raise TooMany. Raises RequestError: not
    authentic, replayed, by a key that was never bound, or `signature_verification_unavailable` when the state to judge
    the key cannot be read.
    """
    verified, now = authentic(gateway, request)
    return _answered(gateway, verified, now, action, admit)


def authentic(gateway: Gateway, request: SignableRequest) -> tuple[VerifiedRequest, int]:
    """Return what a request's signature covers, and the gateway's clock; raises RequestError."""
    now = gateway.clock()
    return verify(request, now=now, chain_id=gateway.domain.chain_id), now


def _answered(
    gateway: Gateway,
    verified: VerifiedRequest,
    now: int,
    action: Callable[[Call], Answer],
    admit: Callable[[int], None],
) -> Answer:
    # A stranger costs no write; who is known is asked for nonce and chain in one statement.
    known = gateway.facts.agency_of(verified.address)
    consumed = answered = False
    try:
        with gateway.store.begin() as transaction:
            if known is not None:
                admit(known)
                _consume(transaction, verified)
            call = _call(gateway, transaction, verified, now)
            if known is None:
                admit(call.agency)
                _consume(transaction, verified)
            consumed = True
            answer = action(call)
        answered = True
    finally:
        if consumed and not answered:
            _consume_alone(gateway, verified)
    return answer


def _call(gateway: Gateway, transaction: Transaction, verified: VerifiedRequest, now: int) -> Call:
    return call_of(caller_in(gateway, history_in(gateway, transaction), verified, now), transaction)


def history_in(gateway: Gateway, transaction: Transaction) -> History:
    """Return the newest history that a transaction saw; raises RequestError where it cannot be read."""
    try:
        return gateway.facts.history(transaction)
    except (StoreError, HistoryError) as failure:
        reason = RequestReason.SIGNATURE_VERIFICATION_UNAVAILABLE
        raise RequestError(reason, "the state to judge the key cannot be read") from failure


def call_of(caller: Caller, transaction: Transaction, foreseen: ForeseenLook | None = None) -> Call:
    """Return the call of a caller in a transaction."""
    facts = (caller.gateway, caller.history, caller.facts_block, caller.as_of, caller.now)
    return Call(*facts, caller.key, caller.agency, caller.request, transaction, foreseen)


def caller_in(gateway: Gateway, history: History, verified: VerifiedRequest, now: int) -> Caller:
    """Return who calls, by a history; raises RequestError for a stranger, or where no block was seen yet."""
    block = history.newest_block_by(now + CLOCK_SKEW_SECONDS)
    if block is None:
        raise RequestError(RequestReason.SIGNATURE_VERIFICATION_UNAVAILABLE, "no block of the chain was seen yet")
    key, as_of = history.keys.get(verified.address), moment(history, block.number, now)
    if key is None or not as_of.covers(key.bound):
        raise RequestError(RequestReason.PRINCIPAL_NOT_ALLOWED, "the key is not bound to any agency")
    return Caller(gateway, history, block.number, as_of, now, verified.address, key.agency, verified)


def _consume(transaction: Transaction, verified: VerifiedRequest) -> None:
    if not transaction.consume_nonce(*nonce_of(verified)):
        raise RequestError(RequestReason.NONCE_REUSED, "this request was received before")


def _consume_alone(gateway: Gateway, verified: VerifiedRequest) -> None:
    with gateway.store.begin() as transaction:
        transaction.consume_nonce(*nonce_of(verified))


def nonce_of(verified: VerifiedRequest) -> tuple[str, str, int]:
    """Return what is kept of a request so that it counts once: key, nonce, and until when (Unix seconds)."""
    return verified.address, verified.request_nonce, verified.expires + SKEW_SECONDS
