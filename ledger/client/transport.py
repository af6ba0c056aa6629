"""Signed HTTP to one gateway: every attempt is signed anew, and what may not be sent twice is not.

Back-off on connection errors, 429 (as long as Retry-After says) and 503. A connection that breaks after the request
left says nothing about its outcome: it is tried again only where the caller says that this is harmless.
"""

import base64
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from ledger.client.problems import error_of
from ledger.core.canonical import decode
from ledger.core.request_base import EXPIRES_AFTER_SECONDS, SignableRequest, combined_fields, content_sha256
from ledger.core.request_signature import prepare
from ledger.errors import (
    CanonicalJsonError,
    GatewayProblem,
    GatewayUnreachable,
    GongzhiError,
    LookRefused,
    TooMany,
    UsageError,
)
from ledger.ports import Signer

FIRST_WAIT_SECONDS = 0.25
LONGEST_WAIT_SECONDS = 60.0
TIMEOUT_SECONDS = 60.0
JSON = "application/json"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_UNKNOWN_OUTCOME = (httpx.ReadError, httpx.WriteError, httpx.ReadTimeout, httpx.WriteTimeout, httpx.RemoteProtocolError)
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True, slots=True)
class SignedAnswer:
    """An answer with the request that it answers: signed base, signature and window (Unix seconds)."""

    status: int
    body: bytes
    base: bytes
    signature: bytes
    created: int
    expires: int

    def json(self) -> Any:
        """Return the body's JSON value; raises GatewayProblem for a body that is none of ours."""
        try:
            return decode(self.body)
        except CanonicalJsonError as error:
            raise GatewayProblem(f"status {self.status}: {error.detail}") from error

    def members(self, *names: str) -> dict[str, Any]:
        """Return the body's JSON object, which has at least `names`; raises GatewayProblem."""
        value = self.json()
        if not isinstance(value, dict):
            raise GatewayProblem(f"status {self.status}: expected an object")
        missing = [name for name in names if name not in value]
        if missing:
            raise GatewayProblem(f"status {self.status}: the answer has no {', '.join(missing)}")
        return value


class Transport:
    """Requests to `api_url`, signed by `signer` for `chain_id`.

    `attempts` bounds how often a request is sent; `clock` gives Unix seconds. Use as a context manager or `close`.
    """

    def __init__(
        self,
        api_url: str,
        signer: Signer,
        chain_id: int,
        *,
        attempts: int = 6,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        http: httpx.Client | None = None,
    ) -> None:
        url = httpx.URL(api_url)
        if url.scheme not in ("http", "https") or not url.host:
            raise UsageError("the gateway's address is no http or https URL")
        self._api_url = api_url.rstrip("/")
        self._signer, self._chain_id = signer, chain_id
        self._attempts, self._clock, self._sleep = attempts, clock, sleep
        self._http = http or httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=url.host not in _LOOPBACK)

    def close(self) -> None:
        """Give connections back."""
        self._http.close()

    def now(self) -> int:
        """Return the client's clock in Unix seconds."""
        return int(self._clock())

    def get(
        self, path: str, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> SignedAnswer:
        """Send a signed GET; returns an answer of status 2xx, or 403 for a refused look; else raises its error."""
        return self._send("GET", _target(path, query), None, headers or {}, repeatable=True)

    def post(
        self,
        path: str,
        content: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        repeatable: bool,
        media_type: str = JSON,
    ) -> SignedAnswer:
        """Send a signed POST of `content`; `repeatable` says whether sending it twice does no harm.

        Raises GatewayUnreachable, with `outcome_unknown` where the request may have arrived, or the problem's error.
        """
        return self._send("POST", path, content, {**(headers or {}), "content-type": media_type}, repeatable=repeatable)

    def get_public(self, path: str, query: Mapping[str, str] | None = None) -> SignedAnswer:
        """Send a GET that needs no signature."""
        return self._retry(lambda: self._once("GET", _target(path, query), None, {}, signed=False), repeatable=True)

    @contextmanager
    def stream(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Iterator[Iterator[str]]:
        """Send a signed GET once and yield the lines of its answer.

        Raises GatewayUnreachable, or the problem's error with the `answer` in its context.
        """
        request, made = self._request("GET", _target(path, query), None, headers, signed=True)
        try:
            response = self._http.send(request, stream=True)
        except httpx.TransportError as error:
            raise GatewayUnreachable(_said(error)) from error
        try:
            if response.status_code != 200:
                problem = error_of(response.status_code, response.read())
                problem.context["answer"] = SignedAnswer(response.status_code, response.content, *made)
                raise problem
            yield response.iter_lines()
        except httpx.TransportError as error:
            raise GatewayUnreachable(f"the stream broke off: {_said(error)}") from error
        finally:
            response.close()

    def _send(
        self, method: str, target: str, content: bytes | None, headers: Mapping[str, str], *, repeatable: bool
    ) -> SignedAnswer:
        return self._retry(
            lambda: self._once(method, target, content, headers, signed=True),
            repeatable=repeatable,
        )

    def _retry(self, once: Callable[[], SignedAnswer], *, repeatable: bool) -> SignedAnswer:
        wait = FIRST_WAIT_SECONDS
        failure: GongzhiError = GatewayUnreachable("no attempt was made")
        for attempt in range(self._attempts):
            if attempt:
                self._sleep(min(_retry_after(failure) or wait, LONGEST_WAIT_SECONDS))
                wait *= 2
            try:
                return once()
            except GatewayUnreachable as error:
                failure = error
                if error.outcome_unknown and not repeatable:
                    raise
            except TooMany as error:
                failure = error
        raise failure

    def _once(
        self, method: str, target: str, content: bytes | None, headers: Mapping[str, str], *, signed: bool
    ) -> SignedAnswer:
        request, made = self._request(method, target, content, headers, signed=signed)
        try:
            response = self._http.send(request)
        except _NOT_SENT as error:
            raise GatewayUnreachable(_said(error)) from error
        except _UNKNOWN_OUTCOME as error:
            raise GatewayUnreachable(_said(error), outcome_unknown=True) from error
        status, body = response.status_code, response.content
        if status == 429:
            raise TooMany(retry_after_seconds=_seconds(response.headers.get("retry-after", "")))
        if status in (502, 503, 504):
            raise GatewayUnreachable(f"status {status}", outcome_unknown=status != 503)
        if not 200 <= status < 300:
            problem = error_of(status, body)
            if not isinstance(problem, LookRefused):
                raise problem
        return SignedAnswer(status, body, *made)

    def _request(
        self, method: str, target: str, content: bytes | None, headers: Mapping[str, str], *, signed: bool
    ) -> tuple[httpx.Request, tuple[bytes, bytes, int, int]]:
        sent = dict(headers)
        request = self._http.build_request(method, self._api_url + target, headers=sent, content=content)
        created = self.now()
        expires = created + EXPIRES_AFTER_SECONDS
        if not signed:
            return request, (b"", b"", created, expires)
        path, _, query = request.url.raw_path.partition(b"?")
        prepared = prepare(
            SignableRequest(
                method,
                request.url.scheme,
                request.headers["host"],
                path.decode("ascii"),
                query.decode("ascii"),
                combined_fields(sent.items()),
                content_sha256(content or b""),
            ),
            _address(self._signer),
            created=created,
            expires=expires,
            request_nonce=_request_nonce(),
            chain_id=self._chain_id,
        )
        signature = self._signer.sign_preimage(prepared.preimage)
        request.headers.update(prepared.headers(signature))
        return request, (prepared.base, signature, created, expires)


def _address(signer: Signer) -> Any:
    return signer.address


def _request_nonce() -> str:
    return base64.urlsafe_b64encode(os.urandom(16)).rstrip(b"=").decode("ascii")


def _target(path: str, query: Mapping[str, str] | None) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def _retry_after(failure: GongzhiError) -> float:
    seconds = failure.context.get("retry_after_seconds")
    return seconds if isinstance(seconds, float) else 0.0


def _seconds(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() else 0.0


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
