"""For what the persons of a table are asked about must be said before anything is asked."""

import pytest

from ledger.cli.table_options import TableOptions
from ledger.core.codes import Basis, Purpose
from ledger.errors import UsageError

pytestmark = pytest.mark.unit


def test_tokens_are_asked_on_stated_grounds_only() -> None:
    grounds = TableOptions(purpose="P01", basis="LB3", basis_ref="第三条").grounds(101)
    assert (grounds.item, grounds.purpose, grounds.basis) == (101, Purpose.RESIDENCE_REGISTRATION, Basis.STATUTORY_DUTY)
    for missing in (TableOptions(purpose="P01"), TableOptions(basis="LB3"), TableOptions()):
        with pytest.raises(UsageError, match="--purpose and --basis"):
            missing.grounds(101)
