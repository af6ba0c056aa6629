"""Tokens of the persons of a table: asked of the gateway in lists, so that thousands of rows take a few requests."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from ledger.client.grounds import Grounds
from ledger.client.subjects import SubjectsDesk
from ledger.client.tables.source import Tokens
from ledger.core.subjects import MOST_LISTED, SubjectId

AT_ONCE = 3
"""Lists on their way: whoever prepares rows waits for all of them, and a gateway has several processes."""


def resident_tokens(desk: SubjectsDesk, grounds: Grounds) -> Tokens:
    """Return what answers persons with what records about those residents commit in `/subject`.

    Lists are asked a few at a time. The answer raises as `SubjectsDesk.tokens_for_publishing` does, once the lists that
    were on their way are answered; no other is begun then.
    """

    def ask(persons: Sequence[SubjectId]) -> list[bytes]:
        lists = [persons[place : place + MOST_LISTED] for place in range(0, len(persons), MOST_LISTED)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            asked = [pool.submit(desk.tokens_for_publishing, one, grounds) for one in lists]
            try:
                return [token for answer in asked for token in answer.result()]
            finally:
                pool.shutdown(cancel_futures=True)

    return ask
