"""The duty list: each matter has one responsible body, an article and a deadline."""

import copy
from typing import Any

import pytest

from ledger.core.codes import AgencyKind, Purpose
from ledger.core.duty_list import parse_duty_list
from ledger.errors import FormatError, UnsupportedFormat

pytestmark = pytest.mark.unit
DUTY: dict[str, Any] = {
    "duty": "F-01",
    "matter": {"zh": "消防监督检查", "en": "Inspect fire safety"},
    "responsible": 8,
    "assisting": [7, 22],
    "article": {"zh": "《消防法》", "en": "Fire Protection Law"},
    "workingDays": 3,
    "item": 104,
    "purpose": 5,
}
OTHER = DUTY | {"duty": "F-02", "matter": {"zh": "火灾扑救", "en": "Fight fires"}, "item": None, "workingDays": 0}
LIST: dict[str, Any] = {
    "format": "gongzhi-duty-list/1",
    "version": 1,
    "title": {"zh": "权责清单", "en": "Duty list"},
    "duties": [DUTY, OTHER],
}


SECOND = LIST | {
    "format": "gongzhi-duty-list/2",
    "purposes": {"version": 1, "hash": "0x" + "01" * 32},
    "bases": {"version": 2, "hash": "0x" + "02" * 32},
}


def test_a_duty_is_found_by_its_id() -> None:
    parsed = parse_duty_list(LIST)
    found = parsed.find("F-01")
    assert found is not None
    assert (found.responsible, found.assisting) == (
        AgencyKind.FIRE,
        (AgencyKind.EMERGENCY_MANAGEMENT, AgencyKind.COMMUNITY),
    )
    assert (found.working_days, found.item, found.purpose) == (3, 104, Purpose.FIRE_SAFETY)
    assert parsed.duties[1].item is None
    assert parsed.find("F-03") is None
    assert parsed.hash != parse_duty_list(LIST | {"version": 2}).hash


def test_the_second_format_names_purposes_and_bases_by_file_and_hash() -> None:
    assert parse_duty_list(LIST).named == ()
    parsed = parse_duty_list(SECOND)
    assert [(one.file, one.hash) for one in parsed.named] == [
        ("purposes-1.json", b"\x01" * 32),
        ("bases-2.json", b"\x02" * 32),
    ]
    for changed in ({"bases": {"version": 0, "hash": "0x" + "02" * 32}}, {"bases": {"version": 2, "hash": "0x02"}}):
        with pytest.raises(FormatError):
            parse_duty_list(SECOND | changed)
    with pytest.raises(FormatError):
        parse_duty_list(LIST | {"bases": SECOND["bases"]})


@pytest.mark.parametrize(
    "change",
    [
        {"format": "gongzhi-duty-list/3"},
        {"version": 0},
        {"duties": []},
        {"duties": [DUTY, OTHER | {"duty": "F-01"}]},
        {"duties": [DUTY, OTHER | {"matter": DUTY["matter"], "responsible": 9}]},
        {"duties": [DUTY | {"duty": "f1"}]},
        {"duties": [DUTY | {"assisting": [7, 8]}]},
        {"duties": [DUTY | {"assisting": [22, 7]}]},
        {"duties": [DUTY | {"responsible": 99}]},
        {"duties": [DUTY | {"purpose": 99}]},
        {"duties": [DUTY | {"item": 0}]},
        {"duties": [DUTY | {"remark": ""}]},
    ],
)
def test_a_duty_list_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(FormatError) as refused:
        parse_duty_list(copy.deepcopy(LIST) | change)
    assert isinstance(refused.value, UnsupportedFormat) == ("format" in change)
