"""Bases and the flows that they are for: what fits a flow, and which documents are refused."""

import copy
from typing import Any

import pytest

from ledger.core.codes import AgencyKind, Basis, Purpose
from ledger.core.flow_list import Relation, parse_bases, parse_purposes
from ledger.errors import FormatError, UnsupportedFormat

pytestmark = pytest.mark.unit
TITLE = {"zh": "名", "en": "name"}
PURPOSE: dict[str, Any] = {"purpose": 8, "name": "P08", "title": TITLE, "means": TITLE}
BASIS: dict[str, Any] = {"basis": 1, "name": "LB1", "title": TITLE, "article": TITLE, "needs": TITLE}
GROUND: dict[str, Any] = {"basis": 1, "relation": "provision", "needs": TITLE}
FLOW: dict[str, Any] = {
    "flow": "B-04",
    "title": TITLE,
    "from": [22],
    "to": [30],
    "purposes": [8, 9],
    "grounds": [GROUND, GROUND | {"basis": 3, "relation": "entrusted"}],
    "personal": True,
    "note": TITLE,
}
ANY = FLOW | {"flow": "B-03", "from": "any", "to": "any"}
OUTSIDE = FLOW | {"flow": "B-09", "to": []}
BASES: dict[str, Any] = {
    "format": "gongzhi-bases/2",
    "version": 2,
    "bases": [BASIS, BASIS | {"basis": 3, "name": "LB3"}],
    "flows": [FLOW, ANY, OUTSIDE],
}
COMMUNITY, COMPANY, FIRE = AgencyKind.COMMUNITY, AgencyKind.PROPERTY_COMPANY, AgencyKind.FIRE


def test_a_flow_fits_by_kinds_purpose_and_basis() -> None:
    one, anybody, outside = parse_bases(BASES).flows
    assert one.fits(COMMUNITY, COMPANY, Purpose.PATROL_AND_VOLUNTEERS, Basis.CONSENT)
    assert one.fits(COMMUNITY, COMPANY, Purpose.SUPPLIES, Basis.STATUTORY_DUTY)
    assert not one.fits(FIRE, COMPANY, Purpose.PATROL_AND_VOLUNTEERS, Basis.CONSENT)
    assert not one.fits(COMMUNITY, FIRE, Purpose.PATROL_AND_VOLUNTEERS, Basis.CONSENT)
    assert not one.fits(COMMUNITY, COMPANY, Purpose.CARE, Basis.CONSENT)
    assert not one.fits(COMMUNITY, COMPANY, Purpose.PATROL_AND_VOLUNTEERS, Basis.CONTRACT)
    assert anybody.fits(FIRE, FIRE, Purpose.PATROL_AND_VOLUNTEERS, Basis.CONSENT)
    assert (anybody.publishers, anybody.readers, outside.readers) == (None, None, ())
    assert not outside.fits(COMMUNITY, COMPANY, Purpose.PATROL_AND_VOLUNTEERS, Basis.CONSENT)
    assert [ground.relation for ground in one.grounds] == [Relation.PROVISION, Relation.ENTRUSTED]


def test_a_change_is_another_hash() -> None:
    assert parse_bases(BASES).hash != parse_bases(BASES | {"version": 3}).hash


@pytest.mark.parametrize(
    "change",
    [
        {"format": "gongzhi-bases/1"},
        {"version": 0},
        {"bases": [BASIS, BASIS]},
        {"bases": [BASIS | {"name": "LB2"}]},
        {"bases": [BASIS | {"basis": 8}]},
        {"bases": [BASIS | {"needs": "consent"}]},
        {"flows": [FLOW, FLOW]},
        {"flows": [FLOW | {"from": [99]}]},
        {"flows": [FLOW | {"to": "all"}]},
        {"flows": [FLOW | {"purposes": []}]},
        {"flows": [FLOW | {"purposes": [9, 8]}]},
        {"flows": [FLOW | {"grounds": []}]},
        {"flows": [FLOW | {"grounds": [GROUND | {"relation": "sold"}]}]},
        {"flows": [FLOW | {"grounds": [GROUND | {"basis": 9}]}]},
        {"flows": [FLOW | {"personal": 1}]},
        {"flows": [FLOW | {"remark": ""}]},
    ],
)
def test_bases_of_another_shape_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(FormatError) as refused:
        parse_bases(copy.deepcopy(BASES) | change)
    assert isinstance(refused.value, UnsupportedFormat) == ("format" in change)


def test_purposes_are_told_by_number_and_name() -> None:
    document = {"format": "gongzhi-purposes/1", "version": 1, "purposes": [PURPOSE]}
    assert parse_purposes(document) == (Purpose.SUPPLIES,)
    for changed in (PURPOSE | {"name": "P09"}, PURPOSE | {"purpose": 99}, PURPOSE | {"means": "supplies"}):
        with pytest.raises(FormatError):
            parse_purposes(document | {"purposes": [changed]})
