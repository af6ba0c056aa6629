"""Every answer that a test receives is one that the OpenAPI document describes."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import httpx
import jsonschema_rs

from api.app import routed_app


def _documented() -> Mapping[tuple[str, str], Mapping[str, Any]]:
    paths = routed_app().openapi()["paths"]
    return {
        (method.upper(), re.sub(r"{\w+}", "[^/]+", path)): about["responses"]
        for path, methods in paths.items()
        for method, about in methods.items()
    }


DOCUMENTED = _documented()
"""Answers by method and by pattern of path; read before any thread asks, since FastAPI's making is not thread-safe."""


@cache
def validator(method: str, pattern: str, status: str) -> tuple[str, Any]:
    """Media type and validator of an answer."""
    media_type, content = next(iter(DOCUMENTED[(method, pattern)][status]["content"].items()))
    return media_type, jsonschema_rs.validator_for(content["schema"])


def check_documented(method: str, path: str, answer: httpx.Response) -> None:
    """Fail if a route answers otherwise than its document says; paths of no route are passed over."""
    for known, pattern in DOCUMENTED:
        if known == method and re.fullmatch(pattern, path):
            status = str(answer.status_code)
            if status not in DOCUMENTED[(known, pattern)]:
                status = f"{answer.status_code // 100}XX"
            media_type, shape = validator(known, pattern, status)
            assert answer.headers["content-type"].partition(";")[0] == media_type
            if media_type.endswith(("/json", "+json")):
                shape.validate(answer.json())
            return
