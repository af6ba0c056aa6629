"""Whatever a member sends, the answer is one that the OpenAPI document describes, and never a defect."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
import schemathesis
from hypothesis import HealthCheck, settings, strategies

from api.app import routed_app
from ledger.core.attachment import JPEG, MEDIA_TYPES
from ledger.core.hexadecimal import to_hex
from tests.api.consortium import LOOK, Consortium
from tests.api.members import AUDIT_KEY, FIRE_READER, PUBLISHER

pytestmark = [pytest.mark.api, pytest.mark.slow]

for media in MEDIA_TYPES:
    schemathesis.openapi.media_type(media, strategies.binary())
SCHEMA = schemathesis.openapi.from_dict(routed_app().openapi())
ASKING = ("/v1/records", "/v1/export", "/v1/coverage", "/v1/subject", "/v1/statistics")
"""Paths of requests that say what they are for."""
EXAMPLES = 25
"""Requests per route and caller kind: half a minute for all of them."""


@SCHEMA.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_no_input_is_answered_otherwise_than_documented(case: Any, shared: Consortium) -> None:
    shared.note_checked()
    body = json.dumps(case.body).encode() if case.method == "POST" and has_body(case) else b""
    path = case.formatted_path
    headers = LOOK if path.startswith(ASKING) else {}
    if path == "/v1/attachments":
        headers = {"content-type": case.media_type or JPEG, "gongzhi-attachment": to_hex(bytes(32))}
        body = getattr(case.body, "data", case.body)
        body = body if isinstance(body, bytes) else b""
    query = urlencode({name: text(value) for name, value in (case.query or {}).items()})
    for caller in (PUBLISHER, FIRE_READER, AUDIT_KEY):
        answer = shared.send_raw(caller, case.method, path, query, headers, body)
        assert answer.status_code < 500, answer.text


def has_body(case: Any) -> bool:
    return isinstance(case.body, dict | list | str | int | float | bool | None)


def text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
