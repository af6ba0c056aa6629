"""Looks at one record each that wait for one another anyway are answered together: read at once, written at once.

Each is authenticated, decided and signed by itself, as any look. Whatever is out of the ordinary in one of them (facts
that were not followed yet, somebody who acts on what it rests on, a nonce that was consumed, an error) is not worked
out here: that look is answered alone, by `answer_signed`, which knows what to do.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from ledger.core.request_base import SignableRequest
from ledger.errors import FormatError, GongzhiError, RequestError, StoreError
from ledger.look_rows import ForeseenLook, NotTogether
from ledger.ports import Transaction
from ledger.services.authenticate import Call, Caller, authentic, call_of, caller_in, history_in
from ledger.services.gateway import Gateway

Answer = TypeVar("Answer")


class Outcome(Enum):
    """What becomes of a look that was not answered together with the others."""

    ALONE = "it has to be answered alone; nothing of it was written"


@dataclass(frozen=True, slots=True)
class WaitingLook(Generic[Answer]):
    """A signed look at one record that was not answered yet.

    `request` gives what its signature is verified over, or raises RequestError. `foresee` says what it will read, by
    what this process knows of the chain, or None where it cannot tell; it may raise FormatError. `action` answers it,
    and returns a refusal that shall be kept. `admit` is told the caller's agency, and may raise TooMany.
    """

    request: Callable[[], SignableRequest]
    foresee: Callable[[Caller], ForeseenLook | None]
    action: Callable[[Call], Answer]
    admit: Callable[[int], None]


@dataclass(frozen=True, slots=True)
class _Foreseen(Generic[Answer]):
    place: int
    look: WaitingLook[Answer]
    caller: Caller
    reads: ForeseenLook


def answer_together(
    gateway: Gateway, looks: Sequence[WaitingLook[Answer]]
) -> Sequence[Answer | GongzhiError | Outcome]:
    """Return, for each look, its answer, the error for which it is refused, or that it is to be answered alone.

    Nothing is written of those that are not answered, but that nobody knows it where the error is StoreError.
    """
    outcomes: list[Answer | GongzhiError | Outcome] = [Outcome.ALONE] * len(looks)
    together: dict[tuple[str, str], _Foreseen[Answer]] = {}
    for place, look in enumerate(looks):
        try:
            foreseen = _foreseen(gateway, place, look)
        except GongzhiError as failure:
            outcomes[place] = failure
            continue
        except Exception:  # noqa: BLE001, S112 (as below)
            continue
        if foreseen is not None:
            # Of two with one nonce the second finds it consumed when it is answered alone.
            together.setdefault(foreseen.reads.nonce[:2], foreseen)
    if together:
        for place, answer in _answered(gateway, list(together.values())).items():
            outcomes[place] = answer
    return outcomes


def _foreseen(gateway: Gateway, place: int, look: WaitingLook[Answer]) -> _Foreseen[Answer] | None:
    """Return what an authentic look will read; None where it cannot be told. Raises RequestError, TooMany."""
    verified, now = authentic(gateway, look.request())
    try:
        caller = caller_in(gateway, gateway.facts.known(), verified, now)
        reads = look.foresee(caller)
    except (RequestError, FormatError):
        return None  # a stranger as far as this process knows, or a look that is not understood
    if reads is None:
        return None
    look.admit(caller.agency)
    return _Foreseen(place, look, caller, reads)


def _answered(gateway: Gateway, looks: Sequence[_Foreseen[Answer]]) -> Mapping[int, Answer | StoreError]:
    """Return the answers of those looks that were written, by their places; StoreError where nobody knows."""
    answers: dict[int, Answer] = {}
    with ExitStack() as stack:
        try:
            together = stack.enter_context(gateway.store.looks([look.reads for look in looks]))
        except StoreError:
            return {}
        for number, look in enumerate(looks):
            try:
                answers[number] = look.look.action(_call(look, together.transactions[number]))
            except Exception:  # noqa: BLE001, S112 (what goes wrong with a look shows when it is answered alone)
                continue
        try:
            written = together.write(answers)
        except StoreError as failure:
            return {looks[number].place: failure for number in answers}
    return {looks[number].place: answers[number] for number in written}


def _call(look: _Foreseen[Answer], transaction: Transaction) -> Call:
    """Return the call of a look; raises NotTogether unless the facts by which it was foreseen are the newest stored."""
    caller = look.caller
    is_newest = transaction.seen_state().newest_block == caller.facts_block
    if not is_newest or history_in(caller.gateway, transaction) is not caller.history:
        raise NotTogether
    return call_of(caller, transaction, look.reads)
