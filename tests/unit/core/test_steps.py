"""Steps read from records, and the table of rights."""

from typing import Any

import pytest

from ledger.core.canonical import encode_text
from ledger.core.schema import Schema, parse_schema
from ledger.core.steps import FILED, Step, by_subject, parse_rights, step_of
from ledger.domain import load_document
from ledger.errors import FormatError, UnsupportedFormat

pytestmark = pytest.mark.unit

REQUEST, RECORD = bytes([7]) * 32, bytes([9]) * 32
RIGHTS = {"format": "gongzhi-rights/1", "version": 1, "workingDays": {"correct": 10}, "otherWorkingDays": 15}


def schema(name: str, **slots: str) -> Schema:
    titles = {"zh": "步骤", "en": "Step"}
    described = [
        {"path": f"/{path}", "kind": "o", "type": kind, "nullable": True, "class": "O"} for path, kind in slots.items()
    ]
    described.append({"path": "/point", "kind": "o", "type": "string", "nullable": True, "class": "G"})
    described.append({"path": "/point", "kind": "g:point-2@1", "type": "string", "nullable": True, "class": "G"})
    document = {"format": "gongzhi-schema/1", "schema": name, "version": 1, "title": titles, "slots": described}
    return parse_schema(document)


TRANSITION = schema("transition", subjectRecordId="id", process="code", **{"from": "code", "to": "code"}, at="time")
RIGHT = schema("rights_request", right="code")


def values(*given: Any) -> list[str]:
    return [encode_text(value) for value in (*given, "31.24,121.47")]


def test_a_transition_is_a_step_from_when_it_was_signed() -> None:
    said = values("0x" + REQUEST.hex(), "request", "requested", "checked", 5)
    assert step_of(TRANSITION, said, RECORD, 1, 3, 100) == Step(
        REQUEST, 3, "request", "requested", "checked", 100, RECORD
    )


def test_the_first_version_of_a_rights_request_files_it() -> None:
    filed = step_of(RIGHT, values("correct"), RECORD, 1, 3, 100)
    assert filed == Step(RECORD, 3, "correct", "", FILED, 100, RECORD)
    assert step_of(RIGHT, values("correct"), RECORD, 2, 3, 100) is None
    assert step_of(RIGHT, values(None), RECORD, 1, 3, 100) is None


def test_records_of_other_schemas_are_no_steps() -> None:
    assert step_of(schema("incident", right="code"), values("correct"), RECORD, 1, 3, 100) is None


@pytest.mark.parametrize(
    "said",
    [
        values(None, "request", "requested", "checked", 5),
        values("0x" + REQUEST.hex(), None, "requested", "checked", 5),
        values("0x" + REQUEST.hex(), "request", "requested", None, 5),
        values("0x" + REQUEST.hex(), "request", "requested", "checked"),
        ["no JSON", *values("request", "requested", "checked", 5)],
    ],
)
def test_a_transition_that_lacks_what_makes_a_step_is_none(said: list[str]) -> None:
    assert step_of(TRANSITION, said, RECORD, 1, 3, 100) is None


def test_steps_are_found_by_subject_in_order_of_time() -> None:
    late, early, other = (
        Step(subject, 3, "request", "", step, at, RECORD)
        for subject, step, at in ((REQUEST, "delivered", 9), (REQUEST, "checked", 4), (RECORD, "done", 6))
    )
    found = by_subject([late, early, other])
    assert (found[REQUEST], found[RECORD]) == ([early, late], [other])


def test_the_table_of_rights_gives_days_also_for_a_right_that_it_does_not_list() -> None:
    rights = parse_rights(RIGHTS)
    assert (rights.days("correct"), rights.days("object")) == (10, 15)
    assert parse_rights(load_document("processes/rights.json")).days("correct") == 10


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"format": "gongzhi-rights/2"}, UnsupportedFormat),
        ({"workingDays": [10]}, FormatError),
        ({"workingDays": {"correct": -1}}, FormatError),
        ({"otherWorkingDays": 65_536}, FormatError),
        ({"more": 1}, FormatError),
    ],
)
def test_another_table_of_rights_is_refused(changes: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        parse_rights({**RIGHTS, **changes})
    with pytest.raises(FormatError):
        parse_rights([])
