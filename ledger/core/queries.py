"""Who may ask about a person without seeing anything of his (policy page, "Subjects"): pure, replayed by an auditor.

| path | type | role | what is answered |
|---|---|---|---|
| /v1/coverage | coverage | READ | whether an item has current records about the person |
| /v1/subject-tokens | match | READ | the caller's own token of the person |
| /v1/subjects | match | SUBMIT | what a publisher commits in its record's `/subject` |
| /v1/subject-tags | match | SUBMIT | a fresh tag for a consent |

The reasons are those of looks, in their order. Item 0 stands for no item in particular; coverage names one. A publisher
needs the token of every item that it may publish, a class-3 item too: there nothing is shared.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ledger.core.codes import AgencyKind, Purpose, QueryType, Refusal, Role, ShareClass
from ledger.core.history import AsOf, History

EVERY_ITEM: Final = 0
"""The item of a query that is about no item in particular."""


@dataclass(frozen=True, slots=True)
class QueryKind:
    """One of the questions: its path, the type that its statement says, and the role that it needs."""

    path: str
    type: QueryType
    role: Role
    is_for_publishing: bool = False


COVERAGE: Final = QueryKind("/v1/coverage", QueryType.COVERAGE, Role.READ)
TOKEN: Final = QueryKind("/v1/subject-tokens", QueryType.MATCH, Role.READ)
SUBJECT: Final = QueryKind("/v1/subjects", QueryType.MATCH, Role.SUBMIT, is_for_publishing=True)
TAG: Final = QueryKind("/v1/subject-tags", QueryType.MATCH, Role.SUBMIT)
KINDS: Final[Mapping[str, QueryKind]] = {kind.path: kind for kind in (COVERAGE, TOKEN, SUBJECT, TAG)}
"""By path: an auditor finds the kind of a query in the request that was signed."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, about which item (0: none in particular), for which purpose."""

    agency: int
    key: str
    item: int
    purpose: int


def why_not_query(history: History, kind: QueryKind, asker: Asker, as_of: AsOf) -> Refusal | None:
    """Return the first reason why a query may not be answered at that moment, or None. Total."""
    if history.why_not_entitled(asker.key, kind.role, asker.agency, as_of) is not None:
        return Refusal.KEY_NOT_ENTITLED
    args = None
    if asker.item != EVERY_ITEM or kind is COVERAGE:
        item = history.items.get(asker.item)
        args = item.newest(as_of) if item else None
        if args is None:
            return Refusal.ITEM_UNKNOWN
    agency = history.agencies.get(asker.agency)
    if not _purpose_allowed(kind, asker.purpose, agency.kind if agency else 0, args):
        return Refusal.PURPOSE_NOT_ALLOWED
    if args is not None and args["shareClass"] == ShareClass.NOT_SHARED and not kind.is_for_publishing:
        return Refusal.ITEM_NOT_SHARED
    return None


def _purpose_allowed(kind: QueryKind, purpose: int, agency_kind: int, args: Mapping[str, Any] | None) -> bool:
    if purpose not in _PURPOSES or agency_kind not in _AGENCY_KINDS:
        return False
    if args is None:
        return True
    if kind.is_for_publishing:
        return bool(args["publisherKinds"] >> agency_kind & 1)
    # Who publishes an item asks before it collects.
    kinds = args["readerKinds"] | args["publisherKinds"]
    return bool(args["purposes"] >> purpose & 1 and kinds >> agency_kind & 1)


_PURPOSES = frozenset(Purpose)
_AGENCY_KINDS = frozenset(AgencyKind)
