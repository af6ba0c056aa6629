"""Counting at the gateway: an item of care whose records several kinds of agencies may count."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger.core.canonical import encode
from ledger.core.codes import AgencyKind, Role
from ledger.core.count_tables import CountRules, TableRule
from ledger.core.hexadecimal import to_hex
from tests import engines
from tests.api.consortium import Consortium, bound, running_consortium
from tests.api.members import BEGINNING, FIRE_READER, Key, key
from tests.api.persons import CARE_DOCUMENTS, GROUNDS, args_of, care_content, care_draft, caring

__all__ = ["caring", "consortium", "counting"]
DAY = 86_400
DECEMBER = BEGINNING - 31 * DAY
"""The consortium's clock stands in the middle of January 2027."""
STREET = "990101001"
HERE, THERE = STREET + "003", STREET + "004"
EVALUATOR = key("evaluator", 77, Role.READ)
RULES = CountRules(3, 3, (TableRule("2026-01", 9, "month", ("class", "region")),), {})


@pytest.fixture
def consortium(postgres: str, migrated: str, tmp_path: Path) -> Iterator[Consortium]:
    """A consortium that counts by street, month, class and community."""
    dsn = engines.fresh_database(postgres, migrated)
    with running_consortium(dsn, tmp_path, count_rules=RULES) as made:
        yield made
    engines.drop_database(dsn)


@pytest.fixture
def counting(caring: Consortium) -> Consortium:
    """The care records may be counted for departments, property companies and evaluators."""
    kinds = (AgencyKind.FIRE, AgencyKind.COMMUNITY, AgencyKind.PROPERTY_COMPANY, AgencyKind.EVALUATOR)
    evaluator = {"agency": 77, "kind": int(AgencyKind.EVALUATOR), "region": 990101, "allowedRoles": 8191}
    args = args_of(CARE_DOCUMENTS) | {"version": 2, "readerKinds": sum(kind.bit for kind in kinds)}
    caring.add_block(
        [
            ("AgencyRegistry", "AgencyRegistered", evaluator),
            ("AgencyRegistry", "KeyBound", bound(EVALUATOR)),
            ("Catalogue", "ItemPublished", args),
        ]
    )
    return caring


def publish(
    consortium: Consortium, *groups: tuple[int, str, str], persons: int | None = None, at: int = DECEMBER
) -> None:
    """Publish records in December (or at a time): how many, which class, where; of persons of their own, or so few."""
    tokens = [to_hex(os.urandom(32)) for _ in range(persons or 0)]
    contents = [
        care_content(tokens[number % len(tokens)] if tokens else to_hex(os.urandom(32)), at, region, named)
        for count, named, region in groups
        for number in range(count)
    ]
    answer = consortium.publish(care_draft(consortium, *contents))
    assert answer.status_code == 202, answer.text


def count(
    consortium: Consortium,
    caller: Key = FIRE_READER,
    region: str | None = STREET,
    period: str = "2026-12",
    **headers: str,
) -> httpx.Response:
    """Ask for counts of the care item."""
    changed = {f"gongzhi-{name}": value for name, value in headers.items()}
    body = encode({"region": region, "period": period})
    return consortium.send(caller, "POST", "/v1/statistics", headers=GROUNDS | changed, body=body)


def margins(lines: list[dict[str, Any]]) -> dict[str | None, int]:
    """Labels with their records."""
    return {line["value"]: line["n"] for line in lines}
