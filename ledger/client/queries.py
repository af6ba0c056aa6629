"""Answers to queries: the gateway's Query behind each is checked and kept, whatever was asked."""

from collections.abc import Mapping
from typing import Any

from ledger.client.desk import Desk
from ledger.client.facts import GatewayFacts
from ledger.client.grounds import Grounds, StatedGrounds
from ledger.client.looking import Looking
from ledger.client.promises import SignedStatement, broken, check_own_times, check_statement, parse_statement
from ledger.client.transport import SignedAnswer
from ledger.core.keccak import keccak256
from ledger.core.queries import QueryKind
from ledger.core.receipt import LookRequest
from ledger.core.request_base import SKEW_SECONDS
from ledger.errors import FormatError, PromiseBroken


def answered(
    desk: Desk, answer: SignedAnswer, kind: QueryKind, grounds: Grounds, stated: StatedGrounds, names: tuple[str, ...]
) -> tuple[dict[str, Any], SignedStatement]:
    """Return the members of an answer (at least `names`, `query` among them) and its Query, checked and kept.

    Raises LookRefused, whose refusal is checked and kept, or PromiseBroken.
    """
    if answer.status == 403:
        Looking(desk).keep_refusal(answer, grounds, stated)
    members = answer.members(*names)
    query = parse_statement("Query", members["query"])
    evidence = LookRequest(answer.base.decode("ascii"), answer.signature, ())
    desk.check(query, evidence, lambda facts: _check(desk, query, kind, grounds, answer, facts))
    return members, query


def shaped(parse: Any, value: object, *bounds: Any) -> Any:
    """Return `parse(value, …)`; raises PromiseBroken for a member that is misshapen."""
    try:
        return parse(value, *bounds, what="the answer")
    except FormatError as error:
        raise PromiseBroken(error.detail) from error


def _check(
    desk: Desk, query: SignedStatement, kind: QueryKind, grounds: Grounds, answer: SignedAnswer, facts: GatewayFacts
) -> None:
    """Check who promised, to whom, for which request, when; and that the decision's block is not of the future."""
    check_statement(query, facts)
    expected: Mapping[str, Any] = {
        "request": keccak256(answer.base),
        "reader": desk.agency,
        "readerKey": desk.signer.address,
        "queryType": int(kind.type),
        "item": grounds.item,
        "basis": int(grounds.basis),
        "purpose": int(grounds.purpose),
    }
    for member, value in expected.items():
        if query.message[member] != value:
            broken(f"Query says another {member} than was asked")
    check_own_times(query, facts, created=answer.created, expires=answer.expires)
    if facts.chain is not None:
        block = facts.chain.history.blocks.get(query.message["factsBlock"])
        if block is None or block.time > query.message["answeredAt"] + SKEW_SECONDS:
            broken("the block whose state the decision used is not on the chain, or younger than the answer")
