"""Tokens of the persons of a table: asked of the gateway in lists, so that thousands of rows take a few requests."""

from collections.abc import Sequence
from itertools import islice

from ledger.client.grounds import Grounds
from ledger.client.subjects import SubjectsDesk
from ledger.client.tables.source import Tokens
from ledger.core.subjects import MOST_LISTED, RESIDENT_ID, canonical_id


def resident_tokens(desk: SubjectsDesk, grounds: Grounds) -> Tokens:
    """Return what answers identity numbers with what records about those residents commit in `/subject`.

    The answer raises as `SubjectsDesk.tokens_for_publishing` does.
    """

    def ask(numbers: Sequence[str]) -> list[bytes]:
        persons = iter([canonical_id(RESIDENT_ID, number) for number in numbers])
        tokens: list[bytes] = []
        while part := list(islice(persons, MOST_LISTED)):
            tokens += desk.tokens_for_publishing(part, grounds)
        return tokens

    return ask
