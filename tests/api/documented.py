"""Every answer that a test receives is one that the OpenAPI document describes."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import httpx
import jsonschema_rs

from api.app import routed_app


@cache
def documented() -> Mapping[tuple[str, str], Mapping[str, Any]]:
    """Answers by method and by pattern of path."""
    paths = routed_app().openapi()["paths"]
    return {
        (method.upper(), re.sub(r"{\w+}", "[^/]+", path)): about["responses"]
        for path, methods in paths.items()
        for method, about in methods.items()
    }


@cache
def validator(method: str, pattern: str, status: str) -> tuple[str, Any]:
    """Media type and validator of an answer."""
    media_type, content = next(iter(documented()[(method, pattern)][status]["content"].items()))
    return media_type, jsonschema_rs.validator_for(content["schema"])


def check_documented(method: str, path: str, answer: httpx.Response) -> None:
    """Fail if a route answers otherwise than its document says; paths of no route are passed over."""
    for known, pattern in documented():
        if known == method and re.fullmatch(pattern, path):
            status = str(answer.status_code)
            if status not in documented()[(known, pattern)]:
                status = f"{answer.status_code // 100}XX"
            media_type, shape = validator(known, pattern, status)
            assert answer.headers["content-type"].partition(";")[0] == media_type
            if media_type.endswith(("/json", "+json")):
                shape.validate(answer.json())
            return
