"""Ask once: whether a current record about a person exists, so that nobody asks the resident again (policy page)."""

from dataclasses import dataclass

from ledger.core.queries import COVERAGE
from ledger.core.subjects import SubjectOpening
from ledger.errors import LookRefused
from ledger.rows import SubjectRecords
from ledger.services.asked import Asked
from ledger.services.authenticate import Call
from ledger.services.queries import refuse_query, sign_query
from ledger.services.sign import SignedStatement
from ledger.services.subjects import token_of_opening

MOST_COUNTED = 100
"""Records of one person in one item that an answer tells apart; more count as this many."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The signed Query, and what is there; no value of a record and no record id."""

    query: SignedStatement
    found: SubjectRecords


def coverage(call: Call, asked: Asked, opening: SubjectOpening) -> Coverage | LookRefused:
    """Answer how many current records of the asked item are about a person, and time and publisher of the newest."""
    refused = refuse_query(call, asked, COVERAGE, about=lambda: token_of_opening(call.gateway, opening))
    if refused is not None:
        return refused
    token = token_of_opening(call.gateway, opening)
    found = call.transaction.subject_records(token, asked.item, MOST_COUNTED)
    return Coverage(sign_query(call, asked, COVERAGE, found.count), found)
