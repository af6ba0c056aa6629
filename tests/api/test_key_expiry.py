"""Keys that expire: warned of 30 days ahead, in seconds for who watches, and no service by a key that ended."""

import re
from dataclasses import replace
from typing import Any

import pytest

from api.app import create_app
from ledger.core.codes import Role
from ledger.core.key_expiry import WARN_SECONDS
from tests.api.consortium import Consortium, bound
from tests.api.members import API_KEY, GATEWAY, key
from tests.api.serving import served

pytestmark = pytest.mark.api
ADMIN_KEY = key("admin of the gateway", GATEWAY, Role.ADMIN)
ANCHOR_KEYS = [key(f"anchor {number}", GATEWAY, Role.ANCHOR) for number in range(2)]


def ready(consortium: Consortium) -> tuple[int, dict[str, Any]]:
    told = consortium.send(None, "GET", "/v1/health/ready")
    return told.status_code, told.json()


def metric(consortium: Consortium) -> dict[str, float]:
    page = consortium.send(None, "GET", "/metrics").text
    found = re.findall(r'^gongzhi_key_expiry_seconds\{role="(\w+)"\} (\S+)$', page, re.MULTILINE)
    return {role: float(seconds) for role, seconds in found}


def bind(consortium: Consortium) -> None:
    """An ADMIN key for a day less than is warned of, one ANCHOR key for a day more, and one for less."""
    limit = consortium.now + WARN_SECONDS
    ends = ((ADMIN_KEY, limit), (ANCHOR_KEYS[0], limit + 1), (ANCHOR_KEYS[1], limit - 86_400))
    consortium.add_block([("AgencyRegistry", "KeyBound", bound(held, valid_until=until)) for held, until in ends])


def test_a_role_is_warned_of_when_its_last_key_expires_within_thirty_days(consortium: Consortium) -> None:
    bind(consortium)
    status, told = ready(consortium)
    assert (status, told["checks"]["api_key"]) == (200, {"ok": True, "found": "may sign statements"})
    assert told["warnings"] == [
        {"code": "key_expiring", "found": "the last key with role ADMIN expires in 30 days"},
    ]


def test_a_role_that_nobody_holds_is_warned_of(consortium: Consortium) -> None:
    told = ready(consortium)[1]
    assert told["warnings"] == [
        {"code": "key_missing", "found": f"no usable key of agency {GATEWAY} has role {role}"}
        for role in ("ADMIN", "ANCHOR")
    ]


def test_the_seconds_until_a_role_is_without_a_key_are_a_metric(consortium: Consortium) -> None:
    bind(consortium)
    seconds = metric(consortium)
    assert (seconds["ADMIN"], seconds["ANCHOR"]) == (WARN_SECONDS, WARN_SECONDS + 1)
    assert seconds["API_SIGN"] > 100 * 86_400


def test_a_gateway_whose_own_key_has_ended_is_not_ready(consortium: Consortium) -> None:
    consortium.add_block([("AgencyRegistry", "KeyRetired", {"key": API_KEY.address, "agency": GATEWAY})])
    status, told = ready(consortium)
    assert (status, told["checks"]["api_key"]) == (503, {"ok": False, "found": "the key was retired"})
    assert "no usable key of agency 1 has role API_SIGN" in [one["found"] for one in told["warnings"]]
    assert metric(consortium)["API_SIGN"] == 0


def test_another_key_of_the_agency_does_not_help_a_process_that_signs_with_one_that_ended(
    consortium: Consortium,
) -> None:
    other = key("another api key", GATEWAY, Role.API_SIGN)
    consortium.add_block([("AgencyRegistry", "KeyBound", bound(other))])
    unbound = key("never bound", GATEWAY, Role.API_SIGN)
    with served(create_app(replace(consortium.gateway, api_signer=unbound), consortium.settings)) as client:
        status, told = ready(replace(consortium, client=client))
    assert (status, told["checks"]["api_key"]["found"]) == (503, "the key is not bound to any agency")
    assert f"no usable key of agency {GATEWAY} has role API_SIGN" in [one["found"] for one in told["warnings"]]
