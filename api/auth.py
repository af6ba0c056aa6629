"""From a request to its authenticated call: read the body within its limit, verify, answer in one transaction."""

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from api.context import ApiContext
from api.settings import MOST_BODY_BYTES
from ledger.attachment_errors import AttachmentTooLarge
from ledger.core.canonical import JsonValue, decode
from ledger.core.request_base import (
    OPENING_HEADER,
    RequestReason,
    SignableRequest,
    combined_fields,
    content_sha256,
)
from ledger.errors import GongzhiError, RequestError, TooLarge
from ledger.look_rows import ForeseenLook
from ledger.services.authenticate import Call, Caller, answer_signed
from ledger.services.look_together import Outcome, WaitingLook

Answer = TypeVar("Answer")

AGENCY_KEY = "gongzhi.agency"
"""Where the access log finds who called."""
_COVERED = ("content-digest", "content-type", "idempotency-key", "signature", "signature-input")


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came in: its target as raw text, the headers that count, and its body."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    """Lower-case names; those that a signature may cover, and the signature itself. The opening is never kept."""
    body: bytes
    scope: MutableMapping[str, Any]

    def signable(self, context: ApiContext) -> SignableRequest:
        """Return what its signature is verified over; scheme and authority are the configured ones."""
        settings = context.settings
        try:
            return SignableRequest(
                self.method,
                settings.scheme,
                settings.authority,
                self.path,
                self.query,
                self.headers,
                content_sha256(self.body),
            )
        except ValueError:
            raise RequestError(RequestReason.SIGNATURE_INPUT_INVALID, "a header name that is no token") from None

    def opening(self) -> str | None:
        """Return the header Gongzhi-Opening for the moment in which it is used; None if it is not there just once."""
        name = OPENING_HEADER.encode("ascii")
        values = [value for header, value in self.scope["headers"] if header.lower() == name]
        return values[0].decode("latin-1") if len(values) == 1 else None

    def json(self) -> JsonValue:
        """Return the body's JSON value by the strict decoder; raises CanonicalJsonError."""
        return decode(self.body)


async def receive(request: Request) -> Received:
    """Read a request; raises TooLarge for a body over 8 MiB, by its Content-Length or as soon as it is over."""
    return await _receive(request, MOST_BODY_BYTES, TooLarge)


async def receive_upload(request: Request) -> Received:
    """Read a request whose body is an attachment; raises AttachmentTooLarge as `receive` does."""
    most: int = request.app.state.context.gateway.attachment_rules.most_bytes
    return await _receive(request, most, AttachmentTooLarge)


async def _receive(request: Request, most: int, too_large: type[TooLarge]) -> Received:
    scope = request.scope
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > most:
        raise too_large(f"the body has {announced} bytes; at most {most} are taken")
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise too_large(f"the body has more than {most} bytes")
        chunks.append(chunk)
    return Received(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=combined_fields(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"] if _counts(name)
        ),
        body=b"".join(chunks),
        scope=scope,
    )


SignedRequest = Annotated[Received, Depends(receive)]
SignedUpload = Annotated[Received, Depends(receive_upload)]


def answer(context: ApiContext, received: Received, action: Callable[[Call], Answer | GongzhiError]) -> Answer:
    """Answer an authentic request of an agency within its limits by `action`.

    An error that `action` raises rolls back what it did; one that it returns is raised after the commit: so a refusal
    is kept. Raises RequestError and TooMany besides.
    """
    with context.limits.admission() as admit:
        outcome = _answered_alone(context, received, action, _admitting(received, admit))
    return _given(outcome)


async def answer_look(
    context: ApiContext,
    received: Received,
    action: Callable[[Call], Answer | GongzhiError],
    foresee: Callable[[Caller], ForeseenLook | None],
) -> Answer:
    """Answer a look at one record as `answer` does, together with others that wait; see WaitingLook.

    Where another process signs, looks are answered alone: they would wait for each other's signatures.
    """
    with context.limits.admission() as admit:
        admitting = _admitting(received, admit)
        outcome: Answer | GongzhiError | Outcome = Outcome.ALONE
        if not context.gateway.signs_remotely:
            look = WaitingLook(lambda: received.signable(context), foresee, action, admitting)
            outcome = await context.looks.outcome(look)
        if isinstance(outcome, Outcome):
            context.metrics.count_alone()
            outcome = await run_in_threadpool(lambda: _answered_alone(context, received, action, admitting))
    return _given(outcome)


def _answered_alone(
    context: ApiContext,
    received: Received,
    action: Callable[[Call], Answer | GongzhiError],
    admitting: Callable[[int], None],
) -> Answer | GongzhiError:
    return answer_signed(context.gateway, received.signable(context), action, admitting)


def _admitting(received: Received, admit: Callable[[int], None]) -> Callable[[int], None]:
    """Return what admits the caller's agency the first time that it is told, and notes it for the access log."""

    def note_and_admit(agency: int) -> None:
        if AGENCY_KEY not in received.scope:
            received.scope[AGENCY_KEY] = agency
            admit(agency)

    return note_and_admit


def _given(outcome: Answer | GongzhiError) -> Answer:
    if isinstance(outcome, GongzhiError):
        raise outcome
    return outcome


def _counts(name: bytes) -> bool:
    lower = name.lower().decode("latin-1")
    return lower in _COVERED or (lower.startswith("gongzhi-") and lower != OPENING_HEADER)
