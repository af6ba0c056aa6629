"""From a problem body (RFC 9457) to the error of the same code, so that both sides speak of one tree."""

from collections.abc import Iterator, Mapping
from typing import Any

import ledger.attachment_errors
import ledger.process_errors  # noqa: F401 (its classes are branches of the tree)
from ledger.action_errors import DuplicateSubject
from ledger.core.canonical import decode
from ledger.core.request_base import RequestReason
from ledger.errors import (
    CanonicalJsonError,
    GatewayProblem,
    GongzhiError,
    LookRefused,
    RequestError,
)


def error_of(status: int, body: bytes) -> GongzhiError:
    """Return the error that a problem body names; GatewayProblem for a code that is not in our tree."""
    try:
        problem = decode(body)
    except CanonicalJsonError:
        problem = None
    if not isinstance(problem, dict):
        return GatewayProblem(f"status {status} without a problem body")
    code, detail = _text(problem, "code"), _text(problem, "detail") or _text(problem, "title")
    if code == LookRefused.code:
        number = problem.get("reason")
        return LookRefused(number if isinstance(number, int) else 0, _text(problem, "name"), _text(problem, "needed"))
    if code == DuplicateSubject.code:
        return DuplicateSubject(detail, places=problem.get("places"))
    reason = _text(problem, "reason") or code
    if reason in _REQUEST_REASONS:
        return RequestError(reason, detail)
    kind = _BY_CODE.get(code)
    if kind is None:
        return GatewayProblem(f"status {status}, code {code or 'none'}: {detail}")
    return kind(detail)


def _text(problem: Mapping[str, Any], name: str) -> str:
    value = problem.get(name)
    return value if isinstance(value, str) else ""


def _tree(root: type[GongzhiError]) -> Iterator[type[GongzhiError]]:
    yield root
    for branch in root.__subclasses__():
        yield from _tree(branch)


_REQUEST_REASONS = frozenset(reason.value for reason in RequestReason)
_BY_CODE = {kind.code: kind for kind in _tree(GongzhiError) if kind.__init__ is GongzhiError.__init__}
