"""Scope documents: which records a request or a consent is about."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.canonical import decode, encode
from ledger.core.keccak import keccak256
from ledger.core.scope import EVERYWHERE, Scope, parse_scope
from ledger.errors import FormatError, UnsupportedFormat

pytestmark = pytest.mark.unit

RECORD, OTHER_RECORD = b"\x01" * 32, b"\x02" * 32
SALT = b"\x5a" * 32
INSIDE = (RECORD, "990101001001", 1500, "fire/structure")


def scope(**changes: Any) -> dict[str, Any]:
    document = {
        "format": "gongzhi-scope/1",
        "salt": "0x" + "5a" * 32,
        "regions": ["990101001", "990101002003"],
        "from": 1000,
        "to": 2000,
        "records": ["0x" + "01" * 32],
        "classes": ["fire/", "medical"],
    }
    return {**document, **changes}


def test_a_scope_survives_parsing_and_its_hash_is_of_the_canonical_bytes() -> None:
    parsed = parse_scope(scope())
    assert parsed.document == scope()
    assert parsed.hash == keccak256(encode(scope()))
    assert parsed == Scope(
        SALT, ("990101001", "990101002003"), 1000, 2000, records=(RECORD,), classes=("fire/", "medical")
    )
    nothing_asked = scope(**{"regions": [""], "from": None, "to": None, "records": None, "classes": None})
    assert parse_scope(nothing_asked).document == nothing_asked


def test_the_hash_of_a_known_scope_never_changes() -> None:
    assert parse_scope(scope()).hash.hex() == "e731f2ea82ed769f0f88a49c8981ef09a24410bb248103cbd571a04abe871007"


@pytest.mark.parametrize(
    ("changes", "outside"),
    [
        ({}, None),
        ({"region": "990101002003123"}, None),
        ({"region": "990101002001"}, "region"),
        ({"region": "99010100"}, "region"),
        ({"region": None}, "region"),
        ({"occurred_at": 1000}, None),
        ({"occurred_at": 999}, "time"),
        ({"occurred_at": 1999}, None),
        ({"occurred_at": 2000}, "time"),
        ({"occurred_at": None}, "time"),
        ({"record_class": "medical"}, None),
        ({"record_class": "medical/burn"}, "class"),
        ({"record_class": "fire"}, "class"),
        ({"record_class": None}, "class"),
        ({"record_id": OTHER_RECORD}, "record"),
    ],
)
def test_a_record_is_inside_only_where_every_condition_holds(changes: dict[str, Any], outside: str | None) -> None:
    names = ("record_id", "region", "occurred_at", "record_class")
    record = {**dict(zip(names, INSIDE, strict=True)), **changes}
    parsed = parse_scope(scope())
    assert parsed.why_outside(**record) == outside
    assert parsed.covers(**record) is (outside is None)


def test_an_empty_list_covers_nothing_and_the_empty_prefix_everything() -> None:
    assert Scope(SALT, ()).why_outside(*INSIDE) == "region"
    assert Scope(SALT, (EVERYWHERE,), records=()).why_outside(*INSIDE) == "record"
    assert Scope(SALT, (EVERYWHERE,), classes=()).why_outside(*INSIDE) == "class"
    assert Scope(SALT, (EVERYWHERE,)).covers(*INSIDE)
    assert Scope(SALT, (EVERYWHERE,)).covers(RECORD, None, None, None)


def test_a_scope_may_be_open_at_either_end() -> None:
    from_then, until_then = Scope(SALT, ("",), from_at=10), Scope(SALT, ("",), until_at=10)
    assert [from_then.covers(RECORD, None, at, None) for at in (9, 10)] == [False, True]
    assert [until_then.covers(RECORD, None, at, None) for at in (9, 10)] == [True, False]


WIDE = Scope(SALT, ("99",), 1000, 2000, records=(RECORD, OTHER_RECORD), classes=("fire/", "medical"))


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        (WIDE, True),
        (Scope(bytes(32), ("9901", "992"), 1001, 1999, records=(RECORD,), classes=("fire/", "fire/other")), True),
        (Scope(SALT, ("9",), 1000, 2000, records=(RECORD,), classes=("medical",)), False),
        (Scope(SALT, ("99", ""), 1000, 2000, records=(RECORD,), classes=("medical",)), False),
        (Scope(SALT, ("99",), None, 2000, records=(RECORD,), classes=("medical",)), False),
        (Scope(SALT, ("99",), 999, 2000, records=(RECORD,), classes=("medical",)), False),
        (Scope(SALT, ("99",), 1000, None, records=(RECORD,), classes=("medical",)), False),
        (Scope(SALT, ("99",), 1000, 2001, records=(RECORD,), classes=("medical",)), False),
        (Scope(SALT, ("99",), 1000, 2000, records=None, classes=("medical",)), False),
        (Scope(SALT, ("99",), 1000, 2000, records=(b"\x03" * 32,), classes=("medical",)), False),
        (Scope(SALT, ("99",), 1000, 2000, records=(RECORD,), classes=None), False),
        (Scope(SALT, ("99",), 1000, 2000, records=(RECORD,), classes=("medical/",)), False),
        (Scope(SALT, ()), True),
        (Scope(SALT, ("",), records=()), True),
        (Scope(SALT, ("",), classes=()), True),
    ],
)
def test_a_scope_within_another_opens_nothing_that_the_other_closes(inner: Scope, expected: bool) -> None:
    assert inner.within(WIDE) is expected
    assert inner.within(Scope(SALT, (EVERYWHERE,)))


REGIONS = st.lists(st.sampled_from(["", "9", "99", "991", "2"]), max_size=3, unique=True).map(tuple)
TIMES = st.none() | st.integers(0, 4)
RECORDS = st.none() | st.lists(st.sampled_from([RECORD, OTHER_RECORD]), max_size=2, unique=True).map(tuple)
CLASSES = st.none() | st.lists(st.sampled_from(["a", "a/", "a/b"]), max_size=2, unique=True).map(tuple)
SCOPES = st.builds(Scope, st.just(SALT), REGIONS, TIMES, TIMES, RECORDS, CLASSES)


@settings(max_examples=200, deadline=None)
@given(
    SCOPES,
    SCOPES,
    st.sampled_from([RECORD, OTHER_RECORD]),
    st.sampled_from([None, "991", "25"]),
    TIMES,
    st.sampled_from([None, "a", "a/b", "a/c"]),
)
def test_what_a_narrower_scope_covers_the_wider_covers_too(
    inner: Scope, outer: Scope, record_id: bytes, region: str | None, occurred_at: int | None, record_class: str | None
) -> None:
    record = (record_id, region, occurred_at, record_class)
    if inner.within(outer) and inner.covers(*record):
        assert outer.covers(*record)


def test_a_scope_written_in_another_spacing_is_the_same_scope() -> None:
    spaced = b'{ "regions": ["99"], "format": "gongzhi-scope/1", "salt": "0x%s", "from": null, "to": null,' % (
        b"5a" * 32
    )
    spaced += b' "records": null, "classes": null }'
    assert parse_scope(decode(spaced)) == Scope(SALT, ("99",))


@pytest.mark.parametrize(
    "changes",
    [
        {"salt": "0x5a"},
        {"salt": None},
        {"regions": "99"},
        {"regions": ["99", "99"]},
        {"regions": ["99a"]},
        {"regions": ["9" * 16]},
        {"regions": [99]},
        {"regions": [str(number) for number in range(100, 165)]},
        {"from": -1},
        {"from": "1000"},
        {"from": True},
        {"from": 2000},
        {"to": 1 << 53},
        {"records": ["0x01"]},
        {"records": "0x" + "01" * 32},
        {"records": ["0x" + "01" * 32] * 2},
        {"records": ["0x" + f"{number:064x}" for number in range(201)]},
        {"classes": [""]},
        {"classes": ["x" * 65]},
        {"classes": ["火" * 22]},
        {"classes": ["fire\uffff"]},
        {"classes": ["fire", "fire"]},
        {"classes": [1]},
        {"classes": [f"c{number}" for number in range(65)]},
        {"until": 1},
    ],
)
def test_a_scope_of_another_shape_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        parse_scope(scope(**changes))


def test_a_scope_of_another_format_or_without_a_member_is_refused() -> None:
    with pytest.raises(UnsupportedFormat):
        parse_scope(scope(format="gongzhi-scope/2"))
    document = scope()
    del document["classes"]
    with pytest.raises(FormatError, match="classes"):
        parse_scope(document)
    with pytest.raises(FormatError):
        parse_scope([])
