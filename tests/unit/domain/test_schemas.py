"""The record types: what every schema and its map of concepts must keep, and what single types must never hold."""

from pathlib import Path
from typing import Any

import pytest

from ledger.core.code_sets import parse_code_set, pin_code_sets
from ledger.core.rules import RULES
from ledger.core.schema import MOST_SLOTS, RESERVED_PATHS, Schema, Slot, parse_schema
from ledger.domain import load_document
from ledger.services.profile_files import fields_of

pytestmark = pytest.mark.unit

DATA = Path(__file__).parents[3] / "ledger" / "domain"
TYPES = sorted(path.stem for path in (DATA / "schemas").glob("*.json"))
FIRST = {"incident-1", "care_record-1", "rights_request-1", "service_flag-1", "transition-1"}
"""Types from before the map of concepts: released, so never edited."""
STANDARD = [name for name in TYPES if name not in FIRST]
STEPS = {"transition-2"}
"""A step is about a record that has class, time of recording and description: its text is a note."""
DESCRIBED = [name for name in STANDARD if name not in STEPS]
DOMAIN_TYPES = {
    *("resident_profile", "dwelling_rental", "incident", "hazard", "warning", "dispute", "patrol_evidence", "supply"),
    *("facility", "care_alert", "volunteer_service", "service_flag", "measure", "breach", "task", "post_holder"),
    *("plan", "meeting_decision", "evaluation", "feedback", "pass", "transition"),
}
RESERVED_TYPES = {
    "/region": "region",
    "/occurredAt": "time",
    "/recordedAt": "time",
    "/class": "code",
    "/level": "integer",
}
MASKS = {
    "name": {"g:surname@1"},
    "birth_date": {"g:birth-year@1", "g:birth-band5@1", "g:birth-band10@1", "g:age-flags@1"},
    "address": {"g:addr-building@1", "g:addr-community@1", "g:addr-street@1", "g:addr-district@1"},
    "geo_point": {"g:point-3@1", "g:point-2@1"},
    "plate": {"g:plate-3-1@1"},
    "event_text": {"g:text-redact@1"},
}
"""What the field and tier table needs beside an original of a concept."""
BY_LEAF = {
    "name": {"g:surname@1"},
    "headName": {"g:surname@1"},
    "phone": {"g:phone-3-4@1"},
    "headPhone": {"g:phone-3-4@1"},
    "idNumber": {"g:id-1-2@1"},
    "headIdNumber": {"g:id-1-2@1"},
}
OF_PERSONS = {
    *("name", "id_no", "phone", "birth_date", "sex", "background", "address", "household", "tenant_owner", "plate"),
    *("dispute_party", "informant", "subject"),
}
REDACTED = {"name", "phone", "id_no", "address", "tenant_owner", "dispute_party", "informant", "plate"}
CODED_TYPES = {"code"}


def schema_of(name: str) -> Schema:
    return parse_schema(load_document(f"schemas/{name}.json"))


def concepts_of(name: str) -> dict[str, str]:
    return dict(fields_of(load_document, schema_of(name)).concepts)


def originals(schema: Schema) -> list[Slot]:
    return [slot for slot in schema.slots if slot.is_original]


def kinds_at(schema: Schema, path: str) -> set[str]:
    return {slot.kind for slot in schema.slots if slot.path == path and not slot.is_original}


def leaf(path: str) -> str:
    return path.rsplit("/", 1)[1]


def test_every_type_of_the_domain_has_a_schema() -> None:
    assert {schema_of(name).name for name in TYPES} >= DOMAIN_TYPES


@pytest.mark.parametrize("name", TYPES)
def test_a_schema_is_named_by_its_file_and_every_slot_has_both_titles(name: str) -> None:
    document, schema = load_document(f"schemas/{name}.json"), schema_of(name)
    assert f"{schema.name}-{schema.version}" == name
    assert len(schema.slots) <= MOST_SLOTS
    for titled in (document, *document["slots"]):
        assert titled["title"]["zh"].strip()
        assert titled["title"]["en"].strip()


@pytest.mark.parametrize("name", TYPES)
def test_titles_of_a_schema_are_told_apart_in_both_languages(name: str) -> None:
    slots = load_document(f"schemas/{name}.json")["slots"]
    for language in ("zh", "en"):
        titles = [slot["title"][language] for slot in slots]
        assert sorted(set(titles)) == sorted(titles)


@pytest.mark.parametrize("name", TYPES)
def test_every_original_has_exactly_one_concept_of_the_mask_table(name: str) -> None:
    document = load_document(f"fields/{name}.json")
    known = {one["concept"] for one in load_document("masks/fields-1.json")["concepts"]}
    assert (document["format"], f"{document['schema']}-{document['version']}") == ("gongzhi-fields/1", name)
    assert list(document["fields"]) == list(schema_of(name).original_paths)
    assert set(document["fields"].values()) <= known


@pytest.mark.parametrize("name", TYPES)
def test_what_is_open_has_class_o_and_nothing_else_has(name: str) -> None:
    concepts = concepts_of(name)
    for slot in originals(schema_of(name)):
        assert (slot.data_class == "O") is (concepts[slot.path] == "open"), slot.path
        assert (slot.type == "subject") is (concepts[slot.path] == "subject"), slot.path


@pytest.mark.parametrize("name", TYPES)
def test_reserved_paths_have_their_types_and_every_record_says_where_when_and_whether_synthetic(name: str) -> None:
    found = {slot.path: slot for slot in originals(schema_of(name))}
    assert {"/region", "/occurredAt", "/synthetic"} <= {path for path, slot in found.items() if not slot.nullable}
    assert found["/synthetic"].type == "boolean"
    for path in RESERVED_PATHS:
        assert path not in found or found[path].type == RESERVED_TYPES[path]


@pytest.mark.parametrize("name", DESCRIBED)
def test_a_standard_type_has_header_class_and_description_and_its_class_is_coded(name: str) -> None:
    found = {slot.path: slot for slot in originals(schema_of(name))}
    assert {"/recordedAt", "/class", "/description"} <= set(found)
    assert found["/class"].code_set is not None
    assert found["/description"].data_class == "S"
    assert found["/region"].code_set is not None


@pytest.mark.parametrize("name", STANDARD)
def test_a_record_about_one_person_names_him_by_token_and_only_then(name: str) -> None:
    about_one = {"resident_profile-1", "dispute-1", "patrol_evidence-1", "care_alert-1", "volunteer_service-1"}
    about_one |= {"task-1", "post_holder-1", "feedback-1", "pass-1"}
    assert schema_of(name).has_subject is (name in about_one)


@pytest.mark.parametrize("name", STANDARD)
def test_what_the_mask_table_needs_of_an_original_stands_beside_it(name: str) -> None:
    schema, concepts = schema_of(name), concepts_of(name)
    for slot in originals(schema):
        kinds = kinds_at(schema, slot.path)
        assert kinds >= MASKS.get(concepts[slot.path], set()), slot.path
        if concepts[slot.path] in OF_PERSONS:
            assert kinds >= BY_LEAF.get(leaf(slot.path), set()), slot.path
        if leaf(slot.path) == "address" and slot.data_class != "O":
            assert kinds >= MASKS["address"], slot.path


@pytest.mark.parametrize("name", TYPES)
def test_a_derived_slot_has_the_type_that_its_rule_reads_and_writes(name: str) -> None:
    schema = schema_of(name)
    types = {slot.path: slot.type for slot in originals(schema)}
    for slot in schema.slots:
        if not slot.is_original:
            assert (RULES[slot.kind].reads, RULES[slot.kind].writes) == (types[slot.path], slot.type), slot.path


@pytest.mark.parametrize("name", STANDARD)
def test_a_redaction_looks_for_every_name_number_phone_and_address_of_the_record(name: str) -> None:
    schema, concepts = schema_of(name), concepts_of(name)
    of_persons = {
        slot.path
        for slot in originals(schema)
        if concepts[slot.path] in REDACTED and slot.type in ("string", "object") and leaf(slot.path) != "kind"
    }
    redactions = [slot for slot in schema.slots if slot.kind == "g:text-redact@1"]
    assert ("/note" if name in STEPS else "/description") in {slot.path for slot in redactions}
    for slot in redactions:
        assert of_persons <= set(slot.redact), slot.path


@pytest.mark.parametrize("name", STANDARD)
def test_a_text_that_anybody_may_write_is_sensitive_and_redacted(name: str) -> None:
    schema, concepts = schema_of(name), concepts_of(name)
    for slot in originals(schema):
        if concepts[slot.path] == "event_text":
            assert (slot.type, slot.data_class, kinds_at(schema, slot.path)) == ("string", "S", {"g:text-redact@1"})


@pytest.mark.parametrize("name", TYPES)
def test_every_code_has_a_code_set_that_is_there_and_fits_the_type_of_its_slot(name: str) -> None:
    document = load_document(f"schemas/{name}.json")
    pinned, code_sets = pin_code_sets(document, lambda reference: load_document(reference.file))
    assert parse_schema(pinned).with_code_sets(code_sets.__getitem__).code_rules is not None
    for slot in document["slots"]:
        if slot["kind"] == "o" and slot["type"] == "code":
            assert "code_set" in slot, slot["path"]
        if "code_set" in slot:
            assert slot["type"] in ("code", "string", "integer", "list", "region"), slot["path"]


@pytest.mark.parametrize("name", STANDARD)
def test_identity_numbers_and_days_are_checked(name: str) -> None:
    days = ("from", "until", "on", "birthDate", "madeOn", "expiresOn", "installedOn", "appointedOn", "dueOn")
    for slot in originals(schema_of(name)):
        reference = slot.code_set.unpinned if slot.code_set else None
        if leaf(slot.path) in ("idNumber", "headIdNumber"):
            assert reference == "identity-number/1"
        if slot.type == "string" and leaf(slot.path) in days:
            assert reference == "day/1"


@pytest.mark.parametrize("name", STANDARD)
def test_a_code_set_of_the_data_says_where_it_is_from(name: str) -> None:
    for slot in originals(schema_of(name)):
        if slot.code_set is not None and slot.code_set.name not in OLD_CODE_SETS:
            assert parse_code_set(load_document(slot.code_set.file)).source, slot.code_set


OLD_CODE_SETS = {"incident-class", "care-need", "care-trigger", "care-outcome"}
"""From before sources were kept."""


def test_a_warning_is_about_a_place_or_facility_and_holds_no_slot_of_a_person() -> None:
    assert set(concepts_of("warning-1").values()) == {"open", "event_text"}
    objects = parse_code_set(load_document("code_sets/warning-object-1.json")).accepted
    assert set(objects) == {"place", "facility", "area"}
    assert not schema_of("warning-1").has_subject


def test_warnings_have_four_levels_of_which_red_is_the_first() -> None:
    levels = parse_code_set(load_document("code_sets/warning-level-1.json"))
    assert [(code.number, code.title["en"].split()[0]) for code in levels.codes] == [
        (1, "red"),
        (2, "orange"),
        (3, "yellow"),
        (4, "blue"),
    ]


def test_a_service_flag_has_no_room_for_a_diagnosis_a_crime_or_a_text() -> None:
    found = originals(schema_of("service_flag-1"))
    assert {slot.path for slot in found} == {
        *("/region", "/occurredAt", "/recordedAt", "/subject", "/serviceType", "/dutyAgency", "/reviewAt", "/synthetic")
    }
    assert not [slot for slot in found if slot.type in ("string", "object", "list", "file")]


@pytest.mark.parametrize("name", TYPES)
def test_no_record_has_a_slot_for_religion_party_or_a_picture_of_a_face(name: str) -> None:
    for slot in load_document(f"schemas/{name}.json")["slots"]:
        words = (slot["path"] + slot["title"]["en"]).lower()
        assert not [word for word in ("religion", "party", "biometric", "fingerprint", "footage") if word in words]


@pytest.mark.parametrize("name", STANDARD)
def test_video_is_a_reference_and_never_a_file(name: str) -> None:
    for slot in originals(schema_of(name)):
        if "video" in slot.path.lower() or "camera" in slot.path.lower():
            assert slot.type in ("string", "time")


@pytest.mark.parametrize("name", STANDARD)
def test_evidence_is_a_file_of_a_personal_class_or_a_reference(name: str) -> None:
    for slot in originals(schema_of(name)):
        assert slot.type != "file" or (slot.data_class in ("G", "S") and slot.path.startswith("/evidence/"))


def required(name: str) -> set[str]:
    return {slot.path for slot in originals(schema_of(name)) if not slot.nullable}


def test_a_measure_must_say_who_on_what_ground_where_and_until_when() -> None:
    assert required("measure-1") >= {
        *("/issuer/agency", "/issuer/level", "/legalGround/law", "/legalGround/article", "/areas", "/startsAt"),
        *("/expiresAt", "/text"),
    }
    assert {"/stricterThan/recordId", "/stricterThan/reason", "/stricterThan/approvedBy"} <= set(
        concepts_of("measure-1")
    )


def test_a_pass_is_signed_ends_and_can_be_revoked() -> None:
    assert required("pass-1") >= {"/passId", "/issuer", "/validFrom", "/validUntil", "/methods"}
    assert {"/credential/signature", "/credential/key", "/revokedAt", "/revocation"} <= set(concepts_of("pass-1"))


def test_a_plan_leads_from_scenario_to_tasks_capabilities_and_emergencies_that_were_approved_before() -> None:
    assert required("plan-1") >= {"/class", "/trigger", "/tasks", "/capabilities", "/emergencies"}


def test_a_task_tells_the_method_of_each_check_by_code() -> None:
    found = {slot.path: slot for slot in originals(schema_of("task-1"))}
    for path in ("/checks/items", "/checks/methods", "/checks/results"):
        assert found[path].type == "list"
        assert found[path].code_set is not None


def test_patrol_evidence_tells_how_strong_it_is_and_keeps_its_track_for_the_auditor() -> None:
    concepts: dict[str, Any] = concepts_of("patrol_evidence-1")
    assert required("patrol_evidence-1") >= {"/strength", "/drill", "/subject"}
    assert concepts["/checkpoints/answers"] == "track"
    assert [path for path in concepts if path.startswith("/evidence/photo")]


def test_the_second_version_of_the_incident_keeps_every_slot_of_the_first() -> None:
    first, second = (load_document(f"schemas/incident-{version}.json") for version in (1, 2))
    kept = {(slot["path"], slot["kind"], slot["type"], slot["class"]) for slot in second["slots"]}
    before = {(slot["path"], slot["kind"], slot["type"], slot["class"]) for slot in first["slots"]}
    assert before <= kept


def test_a_step_says_all_that_the_design_lists_and_keeps_every_slot_of_the_first_version() -> None:
    first, second = (load_document(f"schemas/transition-{version}.json") for version in (1, 2))
    kept = {(slot["path"], slot["kind"], slot["type"], slot["class"]) for slot in second["slots"]}
    assert {(slot["path"], slot["kind"], slot["type"], slot["class"]) for slot in first["slots"]} <= kept
    wanted = "subjectRecordId subjectRoot process from to at previousTransition note evidence table"
    assert {f"/{name}" for name in wanted.split()} <= set(schema_of("transition-2").original_paths)
    assert ("/note", "o", "string", "S") in kept
