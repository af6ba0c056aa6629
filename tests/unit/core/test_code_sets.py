"""Code sets: what their format refuses, what they accept, how a schema pins them, and what intake says."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.canonical import document_hash
from ledger.core.code_rules import MOST_NAMED, accepted_words
from ledger.core.code_sets import CodeSet, CodeSetReference, parse_code_set, parse_reference, pin_code_sets
from ledger.core.schema import Schema, parse_schema
from ledger.errors import CodeUnknown, FormatError, SchemaError, UnsupportedFormat

pytestmark = pytest.mark.unit

TITLE = {"zh": "甲", "en": "a"}


def code(text: str, **other: Any) -> dict[str, Any]:
    return {"code": text, "title": TITLE, **other}


def document(*codes: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {
        "format": "gongzhi-codes/1",
        "code_set": "sex",
        "version": 1,
        "title": {"zh": "性别", "en": "Sex"},
        "codes": list(codes or (code("0", number=3), code("1", number=1), code("2", parent="1", process="p"))),
        "mappings": {"male-is-0": {"0": "1", "1": "2"}},
        **other,
    }


SEX = parse_code_set(document(source="a standard"))
CHECKED = parse_code_set(document(code("110000"), mappings={"other": {"x": "110105"}}, check="region"))


def test_a_code_set_knows_its_codes_names_and_numbers() -> None:
    assert (SEX.reference, SEX.accepted, SEX.numbers, SEX.source) == (
        "sex/1",
        ("0", "1", "2"),
        frozenset((1, 3)),
        "a standard",
    )
    assert SEX.pinned == f"sex/1#0x{document_hash(document(source='a standard')).hex()}"
    assert (SEX.failing, SEX.check, SEX.by_code["2"].parent) == ("refuse", None, "1")
    assert (CHECKED.accepted, [*CHECKED.by_code]) == ((), ["110000"])


@pytest.mark.parametrize(
    ("code_set", "accepted", "refused"),
    [
        (SEX, ["0", "2", 1, 3], ["3", "", " 1", 0, 2, True, None, ["1"], {"1": "1"}]),
        (CHECKED, ["110105", "990101001"], ["1", 110105, 1, None]),
    ],
    ids=["listed", "computed"],
)
def test_what_is_in_a_code_set(code_set: CodeSet, accepted: list[Any], refused: list[Any]) -> None:
    assert all(code_set.accepts(value) for value in accepted)
    assert not any(code_set.accepts(value) for value in refused)


def test_a_code_of_another_system_is_mapped_and_never_taken_as_ours() -> None:
    assert [SEX.mapped("male-is-0", written) for written in ("0", "1", "2")] == ["1", "2", None]
    assert CHECKED.mapped("other", "x") == "110105"
    with pytest.raises(FormatError, match="male-is-0"):
        SEX.mapped("nowhere", "0")
    with pytest.raises(FormatError, match="none"):
        parse_code_set(document(mappings={})).mapped("nowhere", "0")


@pytest.mark.parametrize(
    "given_document",
    [
        [],
        document(remark=1),
        document(code_set="Sex"),
        document(code_set="sex/1"),
        document(version=0),
        document(version="1"),
        document(title="Sex"),
        document(codes=[]),
        document(codes={}),
        document(code("1"), code("1")),
        document(code("1", number=1), code("2", number=1)),
        document(code("1", number=-1)),
        document(code("1", parent="2"), code("2")),
        document(code("1", parent=1)),
        document(code("1", process=1)),
        document(code("1", remark="x")),
        document(code("")),
        document(code(" 1")),
        document({"code": "1", "title": {"zh": "一"}}),
        document(check="unknown"),
        document(check="region"),
        document(failing="ignore"),
        document(source=1),
        document(mappings=[]),
        document(mappings={"one": []}),
        document(mappings={"one": {"x": "3"}}),
        document(codes=[], check="region", mappings={"one": {"x": "3"}}),
        document(codes=[], check="region", mappings={"one": {"x": 3}}),
    ],
    ids=range(28),
)
def test_a_misshapen_code_set_is_refused(given_document: Any) -> None:
    with pytest.raises(FormatError):
        parse_code_set(given_document)


def test_a_code_set_of_another_format_is_unsupported() -> None:
    with pytest.raises(UnsupportedFormat):
        parse_code_set(document(format="gongzhi-codes/2"))


@given(st.text(max_size=30))
def test_a_reference_is_read_as_it_is_written(text: str) -> None:
    try:
        reference = parse_reference(text, what="x")
    except FormatError:
        return
    assert str(reference) == text


def test_a_reference_names_its_file_and_its_hash() -> None:
    pinned = parse_reference(SEX.pinned, what="x")
    assert pinned == CodeSetReference("sex", 1, SEX.hash)
    assert (str(pinned), pinned.unpinned, pinned.file) == (SEX.pinned, "sex/1", "code_sets/sex-1.json")
    for text in ("sex", "sex/0", "sex/01", "Sex/1", "sex/1#", "sex/1#0x00", f"{SEX.pinned}0", "sex/1\n"):
        with pytest.raises(FormatError):
            parse_reference(text, what="x")


# --- pinned by a schema ---------------------------------------------------------------------------------------------


def slot(path: str, type_name: str = "code", **other: Any) -> dict[str, Any]:
    return {"path": path, "kind": "o", "type": type_name, "nullable": True, "class": "O", **other}


def schema_document(*slots: dict[str, Any]) -> dict[str, Any]:
    return {"format": "gongzhi-schema/1", "schema": "s", "version": 1, "title": TITLE, "slots": list(slots)}


SLOTS = (
    slot("/sex", code_set="sex/1"),
    slot("/number", "integer", code_set="sex/1"),
    slot("/several", "list", code_set="sex/1"),
    slot("/credit", "string", code_set="credit/1"),
    slot("/place", "region", code_set="place/1"),
    slot("/free", "string"),
)
SETS = {
    "sex": document(),
    "credit": document(codes=[], mappings={}, code_set="credit", check="gb-32100", failing="warn"),
    "place": document(codes=[], mappings={}, code_set="place", check="region"),
    "many": document(*[code(f"{number:02d}") for number in range(60)], code_set="many", mappings={}),
}


def pinned_schema(*slots: dict[str, Any]) -> Schema:
    pinned, code_sets = pin_code_sets(schema_document(*slots), lambda reference: SETS[reference.name])
    return parse_schema(pinned).with_code_sets(code_sets.__getitem__)


SCHEMA = pinned_schema(*SLOTS)
NOTHING: dict[bytes, CodeSet] = {}


def test_pinning_changes_the_references_and_nothing_else() -> None:
    pinned, code_sets = pin_code_sets(schema_document(*SLOTS), lambda reference: SETS[reference.name])
    assert {one.reference for one in code_sets.values()} == {"sex/1", "credit/1", "place/1"}
    references = [one.pop("code_set", None) for one in pinned["slots"]]
    assert references[0] == references[1] == next(one.pinned for one in code_sets.values() if one.name == "sex")
    assert references[5] is None
    assert pinned == schema_document(*[{k: v for k, v in one.items() if k != "code_set"} for one in SLOTS])
    again, _ = pin_code_sets(dict(SCHEMA.document), lambda reference: SETS[reference.name])
    assert document_hash(again) == SCHEMA.hash
    assert str(SCHEMA.slots[0].code_set) == references[0]
    assert document_hash(schema_document(*SLOTS)) != SCHEMA.hash


def test_a_change_of_a_code_set_changes_the_schema() -> None:
    other = {**SETS, "sex": document(title={"zh": "性别", "en": "Gender"})}
    changed, _ = pin_code_sets(schema_document(*SLOTS), lambda reference: other[reference.name])
    assert document_hash(changed) != SCHEMA.hash


@pytest.mark.parametrize(
    "named",
    [
        slot("/x", code_set="gender/1"),
        slot("/x", code_set="sex/2"),
        slot("/x", code_set="sex/1#0x" + "00" * 32),
        slot("/x", "integer", code_set="place/1"),
        slot("/x", code_set="sex"),
    ],
    ids=range(5),
)
def test_a_code_set_that_is_not_the_named_one_cannot_be_pinned(named: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        pin_code_sets(
            schema_document(named), lambda reference: SETS[reference.name if reference.name in SETS else "sex"]
        )


def test_what_is_no_slot_is_left_for_the_schema_to_refuse() -> None:
    assert pin_code_sets({"slots": ["text"]}, str) == ({"slots": ["text"]}, {})
    assert pin_code_sets({}, str) == ({"slots": []}, {})


# --- at intake ------------------------------------------------------------------------------------------------------


def test_records_within_their_sets_pass() -> None:
    SCHEMA.refuse_unknown_codes({})
    SCHEMA.refuse_unknown_codes({"/sex": None, "/several": None, "/number": None, "/free": "anything"})
    SCHEMA.refuse_unknown_codes({"/sex": "2", "/several": ["0", "1"], "/number": 3, "/place": "990101"})
    SCHEMA.refuse_unknown_codes({"/several": []})


@pytest.mark.parametrize(
    ("path", "value", "names"),
    [
        ("/sex", "planted", "sex/1"),
        ("/sex", "", "sex/1"),
        ("/number", 0, "sex/1"),
        ("/several", ["1", "planted"], "sex/1"),
        ("/several", [None], "sex/1"),
        ("/number", 8675309, "sex/1"),
        ("/number", True, "sex/1"),
        ("/place", "8675309", "place/1"),
    ],
    ids=str,
)
def test_a_value_outside_its_set_is_refused_by_path_and_set_and_never_quoted(path: str, value: Any, names: str) -> None:
    with pytest.raises(CodeUnknown) as refused:
        SCHEMA.refuse_unknown_codes({path: value})
    assert refused.value.context == {"path": path, "code_set": names}
    assert refused.value.detail.startswith(f"{path}: not in code set {names}; accepted: ")
    assert "planted" not in refused.value.detail
    assert "8675309" not in refused.value.detail


def test_a_set_that_only_warns_refuses_nothing_and_is_counted() -> None:
    record = {"/credit": "planted", "/sex": "1"}
    SCHEMA.refuse_unknown_codes(record)
    assert SCHEMA.code_rules is not None
    assert [(one.path, one.code_set.name) for one in SCHEMA.code_rules.warnings(record)] == [("/credit", "credit")]
    assert SCHEMA.code_rules.warnings({"/credit": "91110000600037341L"}) == ()


def test_accepted_codes_are_named_up_to_forty_and_a_check_by_its_name() -> None:
    many, checked = parse_code_set(SETS["many"]), parse_code_set(SETS["place"])
    assert accepted_words(many).endswith("38, 39 … and 20 more; `gongzhi codes show many`")
    assert accepted_words(many).count(", ") == MOST_NAMED - 1
    assert accepted_words(SEX) == "accepted: 0, 1, 2"
    assert "check region" in accepted_words(checked)


def test_without_its_code_sets_nothing_passes_a_schema_that_names_some() -> None:
    bare = parse_schema(dict(SCHEMA.document))
    assert bare == SCHEMA
    with pytest.raises(SchemaError, match="not at hand"):
        bare.refuse_unknown_codes({})
    parse_schema(schema_document(slot("/free", "string"))).refuse_unknown_codes({"/free": "x"})


def test_a_code_set_that_is_named_without_a_hash_lets_nothing_pass() -> None:
    with pytest.raises(SchemaError, match="without its hash"):
        parse_schema(schema_document(*SLOTS)).with_code_sets(NOTHING.__getitem__)


def test_a_code_set_that_is_not_held_lets_nothing_pass() -> None:
    with pytest.raises(KeyError):
        parse_schema(dict(SCHEMA.document)).with_code_sets(NOTHING.__getitem__)
