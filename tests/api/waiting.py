"""Signed looks at one record that wait, as the route makes them, and what becomes of them."""

import base64
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg
from starlette.responses import Response

from api.answers import page_response
from api.context import make_context
from api.look_headers import asked_by
from ledger.core.request_base import SignableRequest, content_sha256
from ledger.core.request_signature import sign
from ledger.errors import LookRefused, RequestError
from ledger.services.authenticate import Call
from ledger.services.look_ground import foreseen_look
from ledger.services.look_together import WaitingLook
from ledger.services.read import read_record
from tests.api.consortium import LOOK, Consortium
from tests.api.members import AUTHORITY, CHAIN_ID, FIRE_READER, Key

Admit = Callable[[int], None]


def signed(consortium: Consortium, path: str, caller: Key = FIRE_READER, **said: str) -> SignableRequest:
    """A look as it comes in."""
    changed = {f"gongzhi-{name.replace('_', '-')}": value for name, value in said.items()}
    headers = {name: value for name, value in (LOOK | changed).items() if value}
    request = SignableRequest("GET", "https", AUTHORITY, path, "", headers, content_sha256(b""))
    nonce, begin = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("="), consortium.now
    times = {"created": begin, "expires": begin + 60}
    signature = sign(request, caller.private, **times, request_nonce=nonce, chain_id=CHAIN_ID)
    return replace(request, headers={**headers, **signature})


def waiting(
    consortium: Consortium, record_id: bytes, request: SignableRequest, admit: Admit = lambda _: None
) -> WaitingLook[Any]:
    """A look at a record that waits, as the route makes it."""
    keys = make_context(consortium.gateway, consortium.settings, None).keys

    def opened(call: Call) -> Response | LookRefused:
        page = read_record(call, asked_by(request.headers), keys, record_id)
        return page if isinstance(page, LookRefused) else page_response(page)

    return WaitingLook(
        lambda: request, lambda caller: foreseen_look(caller, asked_by(request.headers), record_id, None), opened, admit
    )


def told(outcome: Any) -> object:
    """What became of a look, in a word."""
    if isinstance(outcome, LookRefused):
        return outcome.name
    if isinstance(outcome, RequestError):
        return outcome.reason
    return outcome.status_code if isinstance(outcome, Response) else outcome


def entries(consortium: Consortium) -> int:
    """How many looks and refusals were entered."""
    with psycopg.connect(consortium.dsn) as connection:
        row = connection.execute("SELECT count(*) FROM entries WHERE entry_type IN (2, 3)").fetchone()
        return row[0] if row else 0


def raising(failure: Exception) -> Callable[[Any], Any]:
    """What raises this, whatever it is given."""

    def fails(_: Any) -> Any:
        raise failure

    return fails
