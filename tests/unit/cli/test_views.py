"""How open slots are shown to people."""

import pytest

from ledger.cli.views import cells_of
from ledger.core.schema import parse_schema
from ledger.domain import load_document

pytestmark = pytest.mark.unit
SCHEMA = parse_schema(load_document("schemas/incident-1.json"))


@pytest.mark.parametrize(
    ("time", "shown"),
    [
        (0, "1970-01-01 00:00Z"),
        (253_402_300_799, "9999-12-31 23:59Z"),
        (253_402_300_800, "253402300800"),
        (2**53 - 1, "9007199254740991"),
    ],
)
def test_a_time_is_a_date_as_long_as_there_is_one(time: int, shown: str) -> None:
    record = {"slots": [{"path": "/occurredAt", "kind": "o", "value": time}]}
    assert cells_of(record, [("/occurredAt", "o")], SCHEMA) == [shown]
