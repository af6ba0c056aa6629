"""Problem bodies (RFC 9457), and the only place that knows which HTTP status an error has."""

import json
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from ledger import attachment_errors, errors, process_errors
from ledger.action_errors import CountTooWide, DuplicateSubject, TableNotCounted
from ledger.core.request_base import MALFORMED_REASONS, RequestReason

MEDIA_TYPE = "application/problem+json"
STATUS: Mapping[type[errors.GongzhiError], int] = {
    errors.GongzhiError: 500,
    errors.FormatError: 400,
    errors.SchemaError: 422,
    errors.CodeUnknown: 422,
    process_errors.StepNotListed: 422,
    errors.RuleError: 422,
    TableNotCounted: 422,
    CountTooWide: 422,
    errors.RequestError: 401,
    errors.SubmissionRefused: 422,
    errors.NotEntitled: 403,
    errors.ItemUnknown: 422,
    errors.ForeignPublisher: 403,
    errors.OpeningMismatch: 422,
    errors.LookRefused: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.TooMany: 429,
    errors.ChainError: 503,
    errors.TransactionFailed: 422,
    errors.HistoryError: 503,
    errors.StoreError: 503,
    errors.KeyProviderError: 503,
    errors.SealingError: 500,
    errors.VerificationError: 500,
    attachment_errors.AttachmentMedia: 415,
}
"""Status by class; an error that is not listed has its nearest ancestor's."""
UNREADY = 503
_UNAVAILABLE_SECONDS = 2
"""When to come back after 503: an engine restarts in about a second."""


def status_of(error: errors.GongzhiError) -> int:
    """Return the HTTP status of an error. For RequestError its reason decides (draft ERC-8128, section 6)."""
    if isinstance(error, errors.RequestError):
        if error.reason in MALFORMED_REASONS:
            return 400
        if error.reason == RequestReason.SIGNATURE_VERIFICATION_UNAVAILABLE:
            return 503
        return 403 if error.reason == RequestReason.PRINCIPAL_NOT_ALLOWED else 401
    return next(STATUS[ancestor] for ancestor in type(error).__mro__ if ancestor in STATUS)


def problem_document(error: errors.GongzhiError, status: int) -> dict[str, Any]:
    """Return the problem body of an error: RFC 9457 members, `code`, `remedy`, and what belongs to its class."""
    document: dict[str, Any] = {
        "type": f"urn:gongzhi:error:{error.code}",
        "title": error.when,
        "status": status,
        "code": error.code,
        "detail": error.detail,
        "remedy": error.remedy,
    }
    if isinstance(error, errors.RequestError):
        document["reason"] = str(error.reason)
    if isinstance(error, DuplicateSubject):
        document["places"] = [*error.places]
    if isinstance(error, errors.LookRefused):
        document |= {"reason": error.reason, "name": error.name, "needed": error.needed}
        document["refusal"] = error.context.get("refusal")
    return document


def problem_response(error: errors.GongzhiError, status: int | None = None) -> Response:
    """Return the HTTP answer of an error (with another status than its own, if given), with the headers it needs."""
    status = status or status_of(error)
    headers = {}
    if isinstance(error, errors.RequestError) and status == 401:
        headers["WWW-Authenticate"] = f'ERC8128 error="{error.reason}"'
    if status == 429:
        headers["Retry-After"] = str(error.context.get("retry_after", 1))
    if status == 503:
        headers["Retry-After"] = str(_UNAVAILABLE_SECONDS)
    body = json.dumps(problem_document(error, status), ensure_ascii=False).encode("utf-8")
    return Response(body, status, headers, MEDIA_TYPE)


def install_problems(app: FastAPI) -> None:
    """Answer every error with a problem body: ours, those of the framework's parsing, and unknown paths."""

    async def own(request: Request, error: Exception) -> Response:
        if not isinstance(error, errors.GongzhiError):
            raise error
        request.app.state.context.metrics.count_problem(error.code)
        return problem_response(error)

    async def parameters(request: Request, error: Exception) -> Response:
        # The framework's own message quotes the input, so only the places are passed on.
        places = sorted({".".join(map(str, entry["loc"])) for entry in getattr(error, "errors", list)()})
        return await own(request, errors.FormatError(f"parameters not as documented: {', '.join(places)}"))

    async def framework(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status == 404:
            return await own(request, errors.NotFound("no such path"))
        return problem_response(errors.FormatError("this path does not take this method"), status)

    app.add_exception_handler(errors.GongzhiError, own)
    app.add_exception_handler(RequestValidationError, parameters)
    app.add_exception_handler(HTTPException, framework)
