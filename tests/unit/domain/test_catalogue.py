"""The domain data: catalogue items with their schemas, mask policies and code sets."""

from pathlib import Path
from typing import Any

import pytest

from ledger.core.codes import AgencyKind, Purpose, ShareClass, Tier
from ledger.core.consent_documents import parse_consent_text
from ledger.core.documents import EVERY_PURPOSE, MaskProfile
from ledger.domain import load_document
from ledger.errors import FormatError, SchemaError
from ledger.services.catalogue_documents import ItemDocuments, item_documents

pytestmark = pytest.mark.unit

DATA = Path(__file__).parents[3] / "ledger" / "domain"
ENTRIES = sorted(path.stem for path in (DATA / "catalogue").glob("*.json") if not path.stem.startswith("list-"))
CODE_SETS = sorted(path.stem for path in (DATA / "code_sets").glob("*.json"))


def documents(name: str) -> ItemDocuments:
    return item_documents(load_document(f"catalogue/{name}.json"), 1, load_document)


def chosen(item: ItemDocuments, tier: Tier, purpose: int = EVERY_PURPOSE) -> MaskProfile:
    return next(one for one in item.profiles if (one.tier, one.purpose) == (tier, purpose))


@pytest.mark.parametrize("name", ENTRIES)
def test_every_document_that_an_item_names_is_among_its_documents(name: str) -> None:
    found = documents(name)
    named = {found.item.hash, found.item.schema_hash, found.item.mask_policy_hash, found.item.class1_profile}
    named |= {one.profile for one in found.policy.profiles} if found.policy else set()
    named |= {slot.code_set.hash for slot in found.schema.slots if slot.code_set is not None}
    assert named - {None} == set(found.documents)


def test_items_are_shared_as_the_catalogue_says() -> None:
    classes = {
        entry["item"]: entry["shareClass"] for entry in (load_document(f"catalogue/{one}.json") for one in ENTRIES)
    }
    unconditional = {1, 4, 103, 104, 105, 108, 109, 113, 117, 118, 119}
    for item, share_class in classes.items():
        if item < 200:
            assert share_class == (1 if item in unconditional else 3 if item == 6 else 2)


@pytest.mark.parametrize("name", ENTRIES)
def test_a_record_about_a_person_shows_itself_to_that_person(name: str) -> None:
    found = documents(name)
    about_a_person = any(slot.type == "subject" for slot in found.schema.slots)
    shown = found.policy is not None and found.policy.self_profile() is not None
    assert shown is (about_a_person and found.item.share_class is not ShareClass.NOT_SHARED)
    if shown:
        assert Purpose.RIGHTS_AND_AUDIT in found.item.purposes


@pytest.mark.parametrize("name", ENTRIES)
def test_no_profile_but_of_duty_emergency_and_self_opens_a_whole_identity(name: str) -> None:
    found = documents(name)
    personal = {slot.path for slot in found.schema.slots if slot.data_class != "O"}
    for profile in found.profiles:
        opened = {path.rsplit("/", 1)[1] for path, kind in profile.open if kind == "o" and path in personal}
        assert "subject" not in opened
        of_duty_or_self = profile.tier is Tier.T5 or profile.purpose == Purpose.RIGHTS_AND_AUDIT
        assert of_duty_or_self or "idNumber" not in opened
        if profile.tier in (Tier.T1, Tier.T2X, Tier.T4):
            assert not opened & {"name", "phone", "address", "birthDate", "description", "detail"}


def test_health_detail_opens_to_health_and_hospitals_in_care_and_to_the_person_only() -> None:
    def with_health(name: str) -> set[tuple[Tier, int]]:
        return {(one.tier, one.purpose) for one in documents(name).profiles if ("/health/detail", "o") in one.open}

    assert with_health("care-record") == {(Tier.T0, Purpose.RIGHTS_AND_AUDIT)}
    assert with_health("care-originals") == {(Tier.T5, Purpose.CARE), (Tier.T0, Purpose.RIGHTS_AND_AUDIT)}
    # The community reads too, where a person sees what is kept of her; of departments, nobody else does.
    readers = documents("care-originals").item.reader_kinds
    assert readers == (AgencyKind.HEALTH, AgencyKind.COMMUNITY, AgencyKind.HOSPITAL)


def test_an_emergency_opens_what_helps_on_the_spot() -> None:
    care, incidents = documents("care-record"), documents("incident-originals")
    assert care.policy is not None
    assert incidents.policy is not None
    assert care.policy.emergency_profile(Purpose.INCIDENT_RESPONSE) == chosen(care, Tier.E).hash
    assert {("/person/name", "o"), ("/person/address", "o"), ("/need", "o")} <= set(chosen(care, Tier.E).open)
    assert incidents.policy.emergency_profile(Purpose.FIRE_SAFETY) == chosen(incidents, Tier.E).hash


def test_a_transition_opens_whole_but_for_its_note_which_an_emergency_sees() -> None:
    steps = documents("transition")
    closed = {(slot.path, slot.kind) for slot in steps.schema.slots if slot.data_class != "O"}
    assert closed == {("/note", "o"), ("/note", "g:text-redact@1")}
    assert steps.profile is not None
    assert set(steps.profile.open) == set(steps.schema.index) - closed
    assert ("/note", "o") in chosen(steps, Tier.E).open


@pytest.mark.parametrize("name", ENTRIES)
def test_every_code_set_that_a_schema_names_is_there(name: str) -> None:
    for slot in documents(name).schema.document["slots"]:
        if "code_set" in slot:
            named, _, pinned = slot["code_set"].partition("#")
            assert named.replace("/", "-") in CODE_SETS
            assert pinned


@pytest.mark.parametrize("name", CODE_SETS)
def test_a_code_set_holds_each_code_once_with_both_titles(name: str) -> None:
    document = load_document(f"code_sets/{name}.json")
    assert f"{document['code_set']}-{document['version']}" == name
    codes = [one["code"] for one in document["codes"]]
    assert len(set(codes)) == len(codes)
    numbers = [one["number"] for one in document["codes"] if "number" in one]
    assert numbers == sorted(set(numbers))
    assert len(numbers) in (0, len(codes))
    assert all(one["title"]["zh"] and one["title"]["en"] for one in document["codes"])
    assert all(code in codes for mapping in document["mappings"].values() for code in mapping.values())


@pytest.mark.parametrize("path", sorted((DATA / "consent_texts").glob("*.json")), ids=lambda path: path.stem)
def test_a_consent_text_is_named_by_its_file(path: Path) -> None:
    text = parse_consent_text(load_document(f"consent_texts/{path.name}"))
    assert f"{text.name}-{text.version}" == path.stem


def changed(**profile: Any) -> Any:
    files = {
        "profiles.json": {"profiles": [{"note": {}, "tier": 7, "purpose": 0, "open": [["/region", "o"]], **profile}]},
        "schema.json": load_document("schemas/care_record-1.json"),
    }
    entry = load_document("catalogue/care-record.json") | {"schema": "schema.json", "maskPolicy": "profiles.json"}
    return item_documents(entry, 1, lambda name: files[name] if name in files else load_document(name))


def test_a_profile_that_opens_a_subject_or_what_no_schema_has_is_refused() -> None:
    assert len(changed().profiles) == 1
    with pytest.raises(SchemaError, match="subject"):
        changed(open=[["/subject", "o"]])
    with pytest.raises(SchemaError, match="not in the schema"):
        changed(open=[["/nobody", "o"]])
    with pytest.raises(FormatError):
        changed(tier=10)
