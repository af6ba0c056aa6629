"""Checks of a gateway's signed statements: signature, key, own time, delay, and what it answers to.

Every check raises PromiseBroken and never returns a flag. Nothing that can be recomputed is taken from the answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NoReturn

from ledger.client.facts import GatewayFacts
from ledger.core.bundle import SignedSubmission
from ledger.core.entry import entry_digest
from ledger.core.hexadecimal import from_hex, to_address
from ledger.core.request_base import SKEW_SECONDS
from ledger.core.shapes import members_of
from ledger.core.signature import recover
from ledger.core.statements import OWN_TIME, StatementDomain, message_from_json, statement_digest
from ledger.errors import FormatError, PromiseBroken, SignatureError


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A gateway's statement as it came: its name, message (bytes32 as bytes), signer and signature."""

    name: str
    message: Mapping[str, Any]
    signer: str
    signature: bytes


def broken(detail: str) -> NoReturn:
    """Raise PromiseBroken with what was promised and what was found."""
    raise PromiseBroken(detail)


def parse_statement(name: str, value: object) -> SignedStatement:
    """Return the statement of `{"message","signer","signature"}`; raises PromiseBroken for any other shape."""
    try:
        members = members_of(value, ("message", "signer", "signature"), what=name)
        return SignedStatement(
            name,
            message_from_json(name, members["message"]),
            to_address(members["signer"], what=f"{name} signer"),
            from_hex(members["signature"], 65, what=f"{name} signature"),
        )
    except FormatError as error:
        raise PromiseBroken(f"the answer holds no {name}: {error.detail}") from error


def check_statement(statement: SignedStatement, facts: GatewayFacts) -> None:
    """Check that the gateway itself made this statement: its id, signature, and a key that may sign for it then."""
    name, message = statement.name, statement.message
    if message["gateway"] != facts.gateway:
        broken(f"{name} is of gateway {message['gateway']}, not {facts.gateway}")
    try:
        domain = domain_of(statement, facts.domains_at(message[OWN_TIME[name]]))
    except SignatureError as error:
        broken(f"{name}: {error.detail}")
    if domain is None:
        broken(f"{name} was not signed by the key that it names")
    signer = statement.signer
    refusal = facts.why_not_key(signer, message[OWN_TIME[name]])
    if refusal is not None:
        broken(f"{name} is signed by {signer}: {refusal}")


def domain_of(statement: SignedStatement, domains: Sequence[StatementDomain]) -> StatementDomain | None:
    """Return the one of `domains` in which its key has signed a statement, None if it is none of them.

    Raises SignatureError for what is no signature.
    """
    for domain in domains:
        digest = statement_digest(domain, statement.name, statement.message)
        if recover(digest, statement.signature) == statement.signer:
            return domain
    return None


def check_own_times(statement: SignedStatement, facts: GatewayFacts, *, created: int, expires: int) -> None:
    """Check a statement's own time against the request that it answers, and `anchorBy` against the anchoring delay.

    A gateway that takes a request has its clock within 30 s of [created, expires] (formats page, section 8).
    """
    own = statement.message[OWN_TIME[statement.name]]
    if not created - SKEW_SECONDS <= own <= expires + SKEW_SECONDS:
        broken(f"{statement.name} is dated outside the time of the request that it answers")
    if statement.message["anchorBy"] > own + facts.anchor_delay(own):
        broken(f"{statement.name} promises its anchor later than anchorDelay allows")


def accepted_attempt(
    entry: bytes, attempts: Sequence[SignedSubmission], domains: Sequence[StatementDomain]
) -> SignedSubmission | None:
    """Return the one of `attempts` whose entry digest is `entry`, recomputed from what was signed; None if none is.

    `attempts` are the submissions signed under one submissionId, each with the sealedHash of the gateway's answer, in
    one of `domains`.
    """
    for attempt, domain in product(attempts, domains):
        digest = statement_digest(domain, "Submission", attempt.message)
        if entry_digest(digest, attempt.signer, attempt.signature, attempt.sealed_hash) == entry:
            return attempt
    return None


def check_acceptance(
    acceptance: SignedStatement, entry: bytes, attempt: SignedSubmission | None, facts: GatewayFacts
) -> None:
    """Check an acceptance against the `attempt` that it accepts, and the entry that the answer names.

    `anchorBy` ≤ `signedAt` + anchorDelay (formats page, section 5).
    """
    check_statement(acceptance, facts)
    message = acceptance.message
    if attempt is None:
        broken("the acceptance is of another entry than the submission that was signed")
    if entry != message["entry"]:
        broken("the answer names another entry than its acceptance")
    signed_at = attempt.message["signedAt"]
    if message["anchorBy"] > signed_at + facts.anchor_delay(signed_at):
        broken("the acceptance promises the anchor later than anchorDelay after signedAt")
