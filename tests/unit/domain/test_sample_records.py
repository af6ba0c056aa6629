"""Generated records of every type: valid, nobody's, the same for the same seed; committed, masked and verified."""

import json
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.code_checks import is_identity_number
from ledger.core.codes import Purpose, Tier
from ledger.core.rules_values import surname
from ledger.services.sample_records import sample_records
from tests.generated_records import TYPES, commit_mask_verify, opened_values, profiles_of, type_of

pytestmark = pytest.mark.unit

RECORDS = 30
OUTSIDERS = (Tier.T0, Tier.T1, Tier.T2, Tier.T2X)
"""The public and class 1, volunteers, property companies and contractors, other communities."""
MASKED = [name for name in TYPES if any(not slot.is_original for slot in type_of(name).schema.slots)]
"""Types with slots that are derived: all that hold anything of a person in clear."""


@pytest.mark.parametrize("name", TYPES)
def test_generated_records_of_a_type_commit_mask_and_verify(name: str) -> None:
    views = list(commit_mask_verify(name, RECORDS))
    assert len(views) == RECORDS
    assert len({view.record_id for view in views}) == RECORDS


@pytest.mark.parametrize("name", TYPES)
def test_a_seed_gives_the_same_records_again_and_another_gives_others(name: str) -> None:
    first, again, other = (list(islice(sample_records(type_of(name), seed=seed), 5)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize("name", TYPES)
def test_a_record_that_is_wanted_full_fills_every_slot_and_one_wanted_bare_only_what_must_be(name: str) -> None:
    of = type_of(name)
    full, bare = (next(sample_records(of, seed=3, filled=filled)) for filled in (1.0, 0.0))
    assert set(full) == set(of.schema.original_paths)
    assert set(bare) == {slot.path for slot in of.schema.slots if slot.is_original and not slot.nullable}
    assert full["/synthetic"] is True
    assert bare["/synthetic"] is True


@pytest.mark.parametrize("name", TYPES)
def test_whatever_could_be_somebodys_is_nobodys(name: str) -> None:
    of = type_of(name)
    for record in islice(sample_records(of, seed=4, filled=1.0), 20):
        for path, value in record.items():
            concept = of.concepts[path]
            if concept == "id_no" and isinstance(value, str) and is_identity_number(value):
                assert value.startswith("99")
            if path.lower().endswith("phone"):
                assert str(value).startswith("164")
            if concept == "plate":
                assert str(value).startswith("测")
            if concept == "address":
                assert isinstance(value, dict)
                assert value["district"] == "示例区"


def test_a_resident_agrees_with_himself() -> None:
    for record in islice(sample_records(type_of("resident_profile-1"), seed=6), 200):
        number = str(record.get("/idNumber", ""))
        if number and "/birthDate" in record:
            assert number[6:14] == str(record["/birthDate"]).replace("-", "")
        if number and "/sex" in record:
            assert ("2", "1")[int(number[16]) % 2] == record["/sex"]
        assert ("/permit/type" in record) <= (record["/class"] == "floating")
        assert ("/otherIdNumber" in record) <= (record["/class"] == "overseas")


def test_an_item_of_supplies_is_of_its_class() -> None:
    for record in islice(sample_records(type_of("supply-1"), seed=6), 50):
        assert str(record["/item"]).startswith(str(record["/class"]))


def test_times_of_a_record_follow_one_another() -> None:
    for record in islice(sample_records(type_of("incident-2"), seed=7, filled=1.0), 50):
        times: list[Any] = [record[path] for path in ("/occurredAt", "/recordedAt", "/reportedAt", "/receivedAt")]
        assert times == sorted(times)


def leaked(record: dict[str, Any], concepts: dict[str, str], shown: str) -> list[str]:
    """Say which originals of persons a shown text gives away, beyond what their masks leave."""
    found = []
    for path, value in record.items():
        leaf = path.rsplit("/", 1)[1].lower()
        if leaf.endswith("name") and concepts[path] in ("name", "tenant_owner", "dispute_party", "informant"):
            gone = value in shown or (
                len(value) - len(surname(value)) + 2 > 1 and value[len(surname(value)) - 2 :] in shown
            )
        elif leaf.endswith("phone"):
            gone = value[2:8] in shown
        elif leaf.endswith("idnumber") and is_identity_number(value):
            gone = any(value[at : at + 8] in shown for at in range(1, 9))
        else:
            continue
        found += [path] if gone else []
    return found


@pytest.mark.parametrize("name", MASKED)
@settings(max_examples=12, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32))
def test_what_is_derived_and_what_outsiders_see_gives_no_name_phone_or_identity_number_away(
    name: str, seed: int
) -> None:
    of = type_of(name)
    record, slots = next(sample_records(of, seed=seed, filled=1.0)), tuple(of.schema.index)
    derived = sum(1 << place for place, slot in enumerate(of.schema.slots) if not slot.is_original)
    outside = [one for one in profiles_of(name) if one.tier in OUTSIDERS and one.purpose != Purpose.RIGHTS_AND_AUDIT]
    for opened in (derived, *(profile.bitmap(slots) for profile in outside)):
        shown = opened_values(of.schema, record, opened)
        assert leaked(record, dict(of.concepts), json.dumps(list(shown.values()), ensure_ascii=False)) == []


@pytest.mark.parametrize("name", TYPES)
def test_records_without_files_name_none(name: str) -> None:
    of = type_of(name)
    files = {slot.path for slot in of.schema.slots if slot.type == "file"}
    bare = next(sample_records(of, seed=8, filled=1.0, files=False))
    assert set(bare) == set(of.schema.original_paths) - files


@pytest.mark.parametrize("name", TYPES)
def test_the_titles_of_a_list_of_objects_name_the_members_of_an_element(name: str) -> None:
    of = type_of(name)
    full = next(sample_records(of, seed=12, filled=1.0))
    for slot in of.schema.document["slots"]:
        value = full.get(slot["path"])
        first = value[0] if slot["kind"] == "o" and isinstance(value, list) and value else None
        for member in first if isinstance(first, dict) else ():
            assert all(member in title for title in slot["title"].values()), f"{slot['path']} {member}"
