"""The chain's history in a process: folded once, and out of the garbage collector's way."""

import gc

import pytest

from ledger.services import facts
from ledger.services.facts import HistoryCache
from tests.api.consortium import Consortium

pytestmark = pytest.mark.api


def test_a_long_fold_is_not_gone_through_by_full_collections_any_more(
    consortium: Consortium, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts, "BLOCKS_AT_ONCE", 3)
    cache = HistoryCache()
    gc.unfreeze()
    try:
        with consortium.store.begin() as transaction:
            history = cache.history(transaction)
            frozen = gc.get_freeze_count()
            consortium.add_block()
        assert frozen > 0
        gc.unfreeze()
        with consortium.store.begin() as transaction:
            assert cache.history(transaction) is history
        assert gc.get_freeze_count() == 0
        assert history.newest_block == consortium.blocks[-1]
    finally:
        gc.unfreeze()
