"""Texts of class O, which everybody may see: a number of a person in one is refused, before signing and at intake."""

from itertools import islice
from typing import Any

import pytest

from ledger.client.submissions import new_record, prepare
from ledger.core.code_checks import is_credit_code
from ledger.core.open_text import holds_personal, refuse_personal
from ledger.core.schema import parse_schema
from ledger.domain import load_document
from ledger.errors import PersonalInOpen
from ledger.services.catalogue_documents import schema_documents
from ledger.services.commit_records import GivenRecord, commit_records
from ledger.services.sample_records import sample_records
from tests.generated_records import TYPES, type_of

pytestmark = pytest.mark.unit

NUMBER = "99010119900307987X"
CREDIT = "MA13800138000ABCDX"


def slot(path: str, slot_type: str, data_class: str = "O", **more: str) -> dict[str, Any]:
    return {"path": path, "kind": "o", "type": slot_type, "nullable": True, "class": data_class} | more


SCHEMA = parse_schema(
    {
        "format": "gongzhi-schema/1",
        "schema": "open_texts",
        "version": 1,
        "title": {"zh": "公开文字", "en": "open texts"},
        "slots": [
            slot("/title", "string"),
            slot("/duties", "list"),
            slot("/more", "object"),
            slot("/class", "code"),
            slot("/coded", "string", code_set="sex/1"),
            slot("/credit", "string", code_set="credit-code/1"),
            slot("/count", "integer"),
            slot("/costFen", "integer"),
            slot("/at", "time"),
            slot("/name", "string", "G"),
        ],
    }
)


@pytest.mark.parametrize(
    "text",
    [
        f"请联系 {NUMBER}",
        NUMBER,
        "电话13800138000",
        "call 138-0013-8000 now",
        "１３８００１３８０００ 值班",
        "负责人：138 0013 8000。",
        "联系 138.0013.8000",
        "13800138000",
        "１３８００１３８０００",
        "138-0013-8000",
        "+8613800138000",
        "008613800138000",
        "8613800138000",
        "值班 +86 138 0013 8000",
        "tel13800138000",
        "13800138000ext2",
        "WX_13800138000",
        "990101-19900307-987X",
        "990101 19900307 987x 张",
        f"ID{NUMBER}Z",
    ],
)
def test_identity_numbers_and_phones_among_words_are_found(text: str) -> None:
    assert holds_personal(text)


@pytest.mark.parametrize(
    "text",
    [
        "积水较深，请勿通行",
        "拨打12345或010-12345678",
        "批次 2025010312345",
        "138001380001",
        "12800138000",
        "2025-130-0010-0001",
        "GZ-138-0010-0001",
        "30.13800138000,120.138001",
        "东经 130.12345678",
        "330106001001001",
        "0x" + "a13800138000b" * 4 + "0123456789ab",
        "sha256 " + "a13800138000b" * 3,
        "0f8fad5b-d9cd-469f-a165-a13800138000",
        "91330106MA2AXN1P5C",
        CREDIT,
        f"承租 {CREDIT}",
        "2026-11-21",
        "990101199003079870 校验位不对",
        "",
    ],
)
def test_other_words_codes_service_numbers_and_wrong_check_characters_are_none(text: str) -> None:
    assert not holds_personal(text)


def test_a_credit_code_that_holds_a_phone_s_digits_is_one_only_if_it_is_valid() -> None:
    assert is_credit_code(CREDIT)
    assert holds_personal(CREDIT[:-1] + ("0" if CREDIT[-1] != "0" else "1"))


def test_open_fields_are_asked_unless_they_hold_times_or_money() -> None:
    assert SCHEMA.open_texts == ("/title", "/duties", "/more", "/class", "/coded", "/credit", "/count")
    refuse_personal(SCHEMA, {"/name": f"张三 {NUMBER}", "/costFen": 13800138000, "/at": 13800138000})
    refuse_personal(SCHEMA, {"/count": 138001380001, "/more": {"costFen": 13800138000, "yes": True, "no": None}})


def test_once_its_code_sets_are_known_only_what_a_set_that_refuses_bounds_is_left_out() -> None:
    schema, _ = schema_documents(SCHEMA.document, load_document)
    assert schema.open_texts == ("/title", "/duties", "/more", "/class", "/credit", "/count")
    refuse_personal(schema, {"/coded": NUMBER, "/credit": CREDIT})
    for given in (NUMBER, "13800138000"):
        with pytest.raises(PersonalInOpen, match="/credit"):
            refuse_personal(schema, {"/credit": given})


@pytest.mark.parametrize(
    "originals",
    [
        {"/title": f"通知 {NUMBER}"},
        {"/duties": [{"agency": 3, "action": "联系 13800138000"}]},
        {"/more": {"deep": {"deeper": f"见 {NUMBER}"}}},
        {"/more": {"deep": {NUMBER: 1}}},
        {"/more": {"deep": [13800138000]}},
        {"/count": 13800138000},
        {"/count": 8613800138000},
        {"/class": "13800138000"},
    ],
)
def test_a_number_is_refused_wherever_it_stands_and_the_error_names_the_path_alone(originals: dict[str, Any]) -> None:
    with pytest.raises(PersonalInOpen) as caught:
        refuse_personal(SCHEMA, originals)
    told = str(caught.value) + str(caught.value.context)
    assert next(iter(originals)) in told
    assert NUMBER not in told
    assert "1380013" not in told


def test_a_publisher_does_not_sign_it_and_a_gateway_does_not_take_it() -> None:
    of = type_of("task-1")
    originals = next(sample_records(of, seed=1, files=False)) | {"/title": f"核查 {NUMBER}"}
    content = new_record(originals)
    with pytest.raises(PersonalInOpen):
        prepare(of.schema, content)
    with pytest.raises(PersonalInOpen, match="record 0: /title"):
        commit_records(of.schema, [GivenRecord(content, {})])


@pytest.mark.parametrize("name", TYPES)
def test_generated_records_hold_no_number_of_a_person_in_an_open_text(name: str) -> None:
    of = type_of(name)
    for originals in islice(sample_records(of, seed=9, filled=1.0), 20):
        refuse_personal(of.schema, originals)
