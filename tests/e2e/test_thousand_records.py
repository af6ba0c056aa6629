"""A thousand generated records of every type, committed, sealed, masked and verified."""

import pytest

from tests.generated_records import TYPES, commit_mask_verify

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

RECORDS = 1_000


@pytest.mark.parametrize("name", TYPES)
def test_a_thousand_generated_records_of_a_type_commit_mask_and_verify(name: str) -> None:
    assert sum(1 for _ in commit_mask_verify(name, RECORDS, seed=11)) == RECORDS
