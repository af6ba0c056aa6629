"""What a field is about by how its path ends, and which slots a concept may be of."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.core.field_nature import concept_fits, named_natures, open_personal
from ledger.core.schema import Slot, parse_schema
from ledger.domain import load_document
from ledger.services.profile_files import fields_of, mask_table

pytestmark = pytest.mark.unit

SCHEMAS = sorted((Path(__file__).parents[3] / "ledger" / "domain" / "schemas").glob("*.json"))


def slot(path: str, slot_type: str = "string", data_class: str = "G") -> Slot:
    return Slot(path, "o", slot_type, True, data_class)


@pytest.mark.parametrize(
    ("nature", "paths"),
    [
        ("identity", "/idNumber /person/idNo /citizenCard /IDCard /idCard/number /a/certNo /certificateNumber /sfzh"),
        ("identity", "/card /cardNumber /passport /idNumbers /idCard/1 /a/身份证号 /identity_card /SSN"),
        ("contact", "/name /fullName /FULLNAME /surname /contact/mobile /tel /telephone /homePhone /姓名 /lxdh"),
        ("contact", "/fullNameCn /nameOfHead /phones /name/full /mobile/number /names"),
        ("birth", "/birthDate /birthday /dob /birth/date /dateOfBirth /出生日期"),
        ("address", "/homeAddr /addr /address /homeaddress /addresses /address/text /家庭住址"),
        ("sex", "/sex /gender /性别"),
        ("point", "/place/point"),
        ("text", "/description"),
    ],
)
def test_a_path_is_known_by_its_last_words(nature: str, paths: str) -> None:
    for path in paths.split():
        assert nature in named_natures(slot(path)), path


@pytest.mark.parametrize(
    "path", ["/region", "/occurredAt", "/number", "/hotel", "/points", "/scorecards/at", "/places"]
)
def test_other_paths_are_about_nothing_of_a_person(path: str) -> None:
    assert not named_natures(slot(path))


def test_a_yes_or_no_and_the_number_of_a_qualification_are_about_nothing() -> None:
    assert not named_natures(slot("/phone", "boolean"))
    assert not named_natures(slot("/certificate/number"))


def test_names_of_things_seem_of_no_person_where_the_program_knows_them() -> None:
    given = ("/name", "/person/name", "/place/name", "/birthDate", "/sex", "/place/point", "/title")
    slots = tuple(slot(path, "time" if path == "/birthDate" else "string", "O") for path in given)
    city = replace(parse_schema(load_document("schemas/facility-1.json")), name="city_thing", slots=slots)
    assert open_personal(city) == ("/name", "/person/name", "/birthDate", "/sex")
    assert open_personal(replace(city, name="facility")) == ("/person/name", "/birthDate", "/sex")
    assert open_personal(replace(city, slots=(slot("/phone"), *slots[-1:]))) == ()


@pytest.mark.parametrize(
    ("concept", "given"),
    [
        ("age_flags", slot("/citizenCard", "string", "S")),
        ("age_flags", slot("/whatever", "string", "G")),
        ("age_flags", slot("/whatever", "list", "S")),
        ("age_flags", slot("/contact/mobile")),
        ("age_flags", slot("/birthday", "list")),
        ("detail", slot("/citizenCard")),
        ("sex", slot("/secret", "string")),
        ("name", slot("/idNumber")),
        ("birth_date", slot("/name")),
        ("detail", slot("/homeAddr", "object")),
        ("open", slot("/title")),
        ("detail", slot("/title", "string", "O")),
        ("care_need", slot("/need", "string", "S")),
        ("unheard", slot("/title")),
    ],
)
def test_a_concept_that_class_type_or_path_belie_does_not_fit(concept: str, given: Slot) -> None:
    assert not concept_fits(concept, given)


def test_a_concept_fits_what_it_is_of() -> None:
    assert concept_fits("age_flags", slot("/flags", "list"))
    assert concept_fits("age_flags", slot("/minor", "boolean"))
    assert concept_fits("open", slot("/name", "string", "O"))
    assert concept_fits("dispute_party", slot("/person/name"))


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_every_slot_of_the_domain_data_fits_its_concept_and_none_of_class_o_seems_personal(path: Path) -> None:
    document: Any = load_document(f"schemas/{path.name}")
    schema = parse_schema(document)
    concepts = fields_of(load_document, schema).concepts
    assert open_personal(schema) == ()
    for one in schema.slots:
        if one.is_original:
            assert concept_fits(concepts[one.path], one), one.path


def test_every_concept_of_the_table_fits_some_slot() -> None:
    types = ("string", "code", "object", "file", "list", "boolean", "integer", "subject", "id")
    given = [slot("/any", one, data_class) for one in types for data_class in ("O", "G", "S")]
    assert all(any(concept_fits(concept, one) for one in given) for concept in mask_table(load_document).concepts)
