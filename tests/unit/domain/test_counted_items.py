"""Which items of the catalogue are counted: each matter in one item, so that no two tables of it can be compared."""

from itertools import combinations
from typing import Any, Final

import pytest

from ledger.core.count_tables import CountRules, parse_count_rules
from ledger.domain import COUNTS_TABLE, load_document

pytestmark = pytest.mark.unit

KINDS_OF_THEIR_OWN: Final = {
    "schemas/facility": {109, 202, 206, 208, 212},
    "schemas/hazard": {104, 203, 204, 207},
    "schemas/measure": {113, 210},
    "schemas/plan": {117, 205},
    "schemas/post_holder": {116, 209, 216},
    "schemas/supply": {108, 211},
    "schemas/warning": {105, 214},
    "schemas/evaluation": {119, 215},
}
"""Items of one schema that are each of a kind of matter of its own (a lift is no hydrant), with the same masks: whoever
may read one has no need of the other, so that a matter is published to one of them."""
SUCCEEDED: Final = {"schemas/incident": {1, 103}}
"""An incident is published by the first version of its schema or by the second."""


def catalogue() -> list[dict[str, Any]]:
    listed = load_document("catalogue/list-1.json")
    return [load_document(entry["entry"]) for entry in listed["entries"]]


def schema_name(item: dict[str, Any]) -> str:
    name: str = item["schema"].rpartition("-")[0]
    return name


def counted_twice(rules: CountRules) -> set[tuple[str, int, int]]:
    """Pairs of counted items of one schema to which one agency may publish."""
    items = sorted(catalogue(), key=lambda item: item["item"])
    return {
        (schema_name(one), one["item"], other["item"])
        for one, other in combinations([item for item in items if item["item"] not in rules.counted_in], 2)
        if schema_name(one) == schema_name(other) and set(one["publisherKinds"]) & set(other["publisherKinds"])
    }


def test_no_matter_is_counted_in_two_items() -> None:
    found = counted_twice(parse_count_rules(load_document(COUNTS_TABLE)))
    excepted = {**KINDS_OF_THEIR_OWN, **SUCCEEDED}
    pairs = {(schema, one, other) for schema, ours in excepted.items() for one, other in combinations(sorted(ours), 2)}
    assert found <= pairs
    for schema, items in excepted.items():
        assert {number for name, *both in found if name == schema for number in both} == items


def test_items_of_kinds_of_their_own_show_the_same_of_a_matter() -> None:
    items = {item["item"]: item for item in catalogue()}
    for numbers in KINDS_OF_THEIR_OWN.values():
        shown = {tuple(items[one][name] for name in ("maskPolicy", "class1Profile", "shareClass")) for one in numbers}
        assert len(shown) == 1


def test_an_item_without_tables_names_items_of_its_schema_to_which_all_its_publishers_publish() -> None:
    items = {item["item"]: item for item in catalogue()}
    rules = parse_count_rules(load_document(COUNTS_TABLE))
    for number, partners in rules.counted_in.items():
        assert {schema_name(items[one]) for one in partners} == {schema_name(items[number])}
        published = {kind for one in partners for kind in items[one]["publisherKinds"]}
        assert set(items[number]["publisherKinds"]) <= published
