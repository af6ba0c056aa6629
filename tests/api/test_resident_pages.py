"""Pages of what a resident is told: the signed requests are kept and exported, and join nothing of one person."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.subjects import SubjectOpening
from tests.api.members import READER_OF_COMMUNITY, key
from tests.api.offices import Offices
from tests.api.persons import opening, publish_care
from tests.api.test_audited import exported
from tests.api.test_grants import caring, offices
from tests.api.test_own_consents import consented
from tests.api.test_who_looked import as_resident, audit_page, subject_of

pytestmark = pytest.mark.api
__all__ = ["caring", "offices"]
LOOKS, CONSENTS = "/v1/looks", "/v1/subject-consents"


def page_of(caring: Offices, path: str, about: SubjectOpening, cursor: str | None, limit: int = 1) -> Any:
    query = {"limit": limit} | ({} if cursor is None else {"cursor": cursor})
    answer = as_resident(caring.consortium, path, about, query=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def every_page(caring: Offices, path: str, name: str, limit: int = 1) -> list[list[Any]]:
    """Ask for page after page with one opening; returns what each tells."""
    about, told, cursor = opening(), [], None
    while True:
        page = page_of(caring, path, about, cursor, limit)
        told.append(page[name])
        cursor = page["next"]
        if cursor is None:
            return told


def exported_requests(caring: Offices, folder: Path, path: str) -> list[str]:
    """Export as an auditor does; returns the requests to a path that the files hold, with what base64url in them says.

    The text has every cursor as it is sent, and its bytes in hex.
    """
    exported(caring.consortium, folder)
    lines = [str(json.loads(line)) for line in (folder / "looks.ndjson").read_text("utf-8").splitlines()]
    asked = [line for line in lines if path in line]
    cursors = [text for line in asked for text in re.findall(r"cursor=([\w-]+)", line)]
    return asked + [base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).hex() for text in cursors if len(text) > 9]


def test_no_exported_request_says_which_consents_are_of_one_person(caring: Offices, tmp_path: Path) -> None:
    ids = [consented(caring, key(f"a resident {number}", 0)) for number in range(3)]
    told = every_page(caring, CONSENTS, "consents")
    assert [one["consent"] for page in told for one in page] == [to_hex(one) for one in ids[::-1]]
    requests = exported_requests(caring, tmp_path / "export", CONSENTS)
    assert sum("cursor=" in one for one in requests) >= 2
    assert not [one for one in requests for consent in ids if consent.hex() in one.lower()]


def test_no_exported_request_says_which_records_or_looks_are_of_one_person(caring: Offices, tmp_path: Path) -> None:
    subject = subject_of(caring.consortium, opening())
    records = [publish_care(caring.consortium, subject) for _ in range(2)]
    for _ in range(2):
        assert audit_page(caring.consortium).status_code == 200
    told = [look for page in every_page(caring, LOOKS, "looks") for look in page]
    assert {look["recordId"] for look in told} == {to_hex(one) for one in records}
    requests = exported_requests(caring, tmp_path / "export", LOOKS)
    assert sum("cursor=" in one for one in requests) >= 3
    named = [*records, *(from_hex(look["entry"], 32) for look in told)]
    assert not [one for one in requests for name in named if name.hex() in one.lower()]


def test_a_cursor_counts_what_is_left_and_nothing_else(caring: Offices) -> None:
    publish_care(caring.consortium, subject_of(caring.consortium, opening()))
    for number in range(3):
        consented(caring, key(f"a resident {number}", 0))
        assert audit_page(caring.consortium).status_code == 200
    for path in (LOOKS, CONSENTS):
        assert page_of(caring, path, opening(), None)["next"] == "2"
        assert page_of(caring, path, opening(), "2")["next"] == "1"
        assert page_of(caring, path, opening(), "1")["next"] is None


def test_what_is_new_between_two_pages_shifts_none_of_them(caring: Offices) -> None:
    publish_care(caring.consortium, subject_of(caring.consortium, opening()))
    for number in range(3):
        consented(caring, key(f"a resident {number}", 0))
        assert audit_page(caring.consortium).status_code == 200
    for path, name, one_of in ((CONSENTS, "consents", "consent"), (LOOKS, "looks", "entry")):
        before = [one[one_of] for page in every_page(caring, path, name, 9) for one in page]
        first = page_of(caring, path, opening(), None)
        consented(caring, key(f"a resident after {name}", 0))
        assert audit_page(caring.consortium).status_code == 200
        second = page_of(caring, path, opening(), first["next"], 9)
        assert [one[one_of] for one in (*first[name], *second[name])] == before
        assert second["next"] is None


@pytest.mark.parametrize("cursor", ["0", "-1", "01", "9" * 11, "\u0662", "1.5", "AAAAAAAABfs", "1 "])
def test_a_cursor_that_no_gateway_gave_is_refused(caring: Offices, cursor: str) -> None:
    for path in (LOOKS, CONSENTS):
        answer = as_resident(caring.consortium, path, opening(), READER_OF_COMMUNITY, query={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (400, "format_invalid")
