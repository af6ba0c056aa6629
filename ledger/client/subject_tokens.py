"""Tokens of the persons of a table: asked of the gateway in lists, so that thousands of rows take a few requests."""

from collections.abc import Sequence

from ledger.client.grounds import Grounds
from ledger.client.subjects import SubjectsDesk
from ledger.client.tables.source import Tokens
from ledger.core.subjects import MOST_LISTED, SubjectId


def resident_tokens(desk: SubjectsDesk, grounds: Grounds) -> Tokens:
    """Return what answers persons with what records about those residents commit in `/subject`.

    The answer raises as `SubjectsDesk.tokens_for_publishing` does.
    """

    def ask(persons: Sequence[SubjectId]) -> list[bytes]:
        tokens: list[bytes] = []
        for place in range(0, len(persons), MOST_LISTED):
            tokens += desk.tokens_for_publishing(persons[place : place + MOST_LISTED], grounds)
        return tokens

    return ask
