"""Who may ask without seeing a record (policy page, "Subjects" and "Statistics"): pure, replayed by an auditor.

| path | type | role | what is answered |
|---|---|---|---|
| /v1/coverage | coverage | READ | whether an item has current records about the person |
| /v1/subject-tokens | match | READ | the caller's own token of the person |
| /v1/subjects | match | SUBMIT | what a publisher commits in its record's `/subject` |
| /v1/subjects/list | match | SUBMIT | the same for several persons, `resultCount` of them |
| /v1/subject-tags | match | SUBMIT | a fresh tag for a consent |
| /v1/looks | match | READ | the resident himself: who looked at records about him |
| /v1/subject-consents | match | READ | the resident himself: what he consented to, about no item |
| /v1/statistics | statistics | READ | a table of counts of an item, small figures suppressed |
| /v1/submissions | coverage | SUBMIT | which of the persons in a submission an item that refuses them has already |

The reasons are those of looks, in their order. Item 0 stands for no item in particular; coverage and statistics name
one. A publisher needs the token of every item that it may publish, a class-3 item too: there nothing is shared.

A resident asks who looked through a member that serves him, for P12 and nothing else, whatever the purposes of the
item. With item 0 he is told of the items of which the member may serve him: those that it may read or publish. What he
consented to is of no item: a member that serves him tells him all of it.

A submission states neither purpose nor basis, so the Query of what it was told has 0 for both. Any other query states
its basis as a look does, and an auditor's export too. Where somebody publishes or takes a consent, LB1 is the consent
that he is taking; elsewhere it is a sound one on chain, to him and for this purpose. That it is of the person who is
asked about, the gateway compares, which alone knows both: no auditor can, since nothing that is kept says about whom.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ledger.core.codes import AgencyKind, Basis, Purpose, QueryType, Refusal, Role, ShareClass
from ledger.core.eip712 import ZERO32
from ledger.core.history import AsOf, History
from ledger.core.look import Ground, Look, consent_rules

EVERY_ITEM: Final = 0
"""The item of a query that is about no item in particular."""
NO_PURPOSE: Final = 0
"""What a Query says where the request states no purpose."""


@dataclass(frozen=True, slots=True)
class QueryKind:
    """One of the questions: its path, the type that its statement says, and the role that it needs."""

    path: str
    type: QueryType
    role: Role
    is_for_publishing: bool = False
    is_by_resident: bool = False
    """Asked with authority SELF, for the rights of the person alone."""
    names_item: bool = False
    """Item 0 is none for it."""
    names_no_item: bool = False
    """Only item 0 is one for it."""
    is_by_submission: bool = False
    """Told to who publishes, for no stated purpose, and of no class-3 item."""


COVERAGE: Final = QueryKind("/v1/coverage", QueryType.COVERAGE, Role.READ, names_item=True)
TOKEN: Final = QueryKind("/v1/subject-tokens", QueryType.MATCH, Role.READ)
SUBJECT: Final = QueryKind("/v1/subjects", QueryType.MATCH, Role.SUBMIT, is_for_publishing=True)
SUBJECT_LIST: Final = QueryKind("/v1/subjects/list", QueryType.MATCH, Role.SUBMIT, is_for_publishing=True)
TAG: Final = QueryKind("/v1/subject-tags", QueryType.MATCH, Role.SUBMIT)
LOOKS: Final = QueryKind("/v1/looks", QueryType.MATCH, Role.READ, is_by_resident=True)
CONSENTS: Final = QueryKind("/v1/subject-consents", QueryType.MATCH, Role.READ, is_by_resident=True, names_no_item=True)
STATISTICS: Final = QueryKind("/v1/statistics", QueryType.STATISTICS, Role.READ, names_item=True)
COLLECTING: Final = QueryKind(
    "/v1/submissions", QueryType.COVERAGE, Role.SUBMIT, names_item=True, is_by_submission=True
)
EXPORT: Final = QueryKind("/v1/export", QueryType.EXPORT, Role.AUDIT)
"""An auditor's; whether it is answered is decided as a look with authority AUDIT."""
KINDS: Final[Mapping[str, QueryKind]] = {
    kind.path: kind for kind in (COVERAGE, TOKEN, SUBJECT, SUBJECT_LIST, TAG, LOOKS, CONSENTS, STATISTICS, COLLECTING)
}
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
    if asker.item != EVERY_ITEM or kind.names_item:
        item = history.items.get(asker.item)
        if item is not None:
            # Who looked is told of retired items too.
            args = item.last_published(as_of) if kind.is_by_resident else item.newest(as_of)
        if args is None or kind.names_no_item:
            return Refusal.ITEM_UNKNOWN
    agency = history.agencies.get(asker.agency)
    agency_kind = agency.kind if agency else 0
    if not _purpose_allowed(kind, asker.purpose, agency_kind, args):
        return Refusal.PURPOSE_NOT_ALLOWED
    if args is not None and args["shareClass"] == ShareClass.NOT_SHARED and not _keeps(kind, agency_kind, args):
        return Refusal.ITEM_NOT_SHARED
    return None


def lacks_basis(ground: Ground, kind: QueryKind, look: Look, as_of: AsOf) -> bool:
    """Say whether the basis that a query states is not complete (row 8). `look`: what was stated, of no authority."""
    if kind.is_by_submission:
        return False
    if look.basis == Basis.EMERGENCY:
        return look.case_ref == ZERO32
    if look.basis != Basis.CONSENT:
        return look.basis not in _BASES or look.basis_ref == ZERO32
    if not rests_on_consent(kind, look):
        return False
    consent = consent_rules(ground, look, as_of)
    said = look.reader, look.purpose
    return consent is None or not (consent.live and consent.sound) or (consent.recipient, consent.purpose) != said


def rests_on_consent(kind: QueryKind, look: Look) -> bool:
    """Say whether what a query states as its basis is a consent that was given before."""
    return look.basis == Basis.CONSENT and kind.role is Role.READ


def items_for_resident(history: History, asker: Asker, as_of: AsOf) -> tuple[int, ...]:
    """Return the items of which a member may tell a resident who looked, ascending: all that it may, or the asked one.

    `asker` was permitted to ask LOOKS.
    """
    asked = sorted(history.items) if asker.item == EVERY_ITEM else (asker.item,)
    return tuple(one for one in asked if why_not_query(history, LOOKS, replace(asker, item=one), as_of) is None)


def _keeps(kind: QueryKind, agency_kind: int, args: Mapping[str, Any]) -> bool:
    # What is never shared is its publishers' business, and that of the residents whom they serve.
    return kind.is_for_publishing or (kind.is_by_resident and bool(args["publisherKinds"] >> agency_kind & 1))


def _purpose_allowed(kind: QueryKind, purpose: int, agency_kind: int, args: Mapping[str, Any] | None) -> bool:
    if agency_kind not in _AGENCY_KINDS:
        return False
    if purpose not in ((NO_PURPOSE,) if kind.is_by_submission else _PURPOSES):
        return False
    if kind.is_by_resident and purpose != Purpose.RIGHTS_AND_AUDIT:
        return False
    if args is None:
        return True
    if kind.is_for_publishing or kind.is_by_submission:
        return bool(args["publisherKinds"] >> agency_kind & 1)
    # Who publishes an item asks before it collects.
    kinds = args["readerKinds"] | args["publisherKinds"]
    return bool((kind.is_by_resident or args["purposes"] >> purpose & 1) and kinds >> agency_kind & 1)


_PURPOSES = frozenset(Purpose)
_BASES = frozenset(Basis)
_AGENCY_KINDS = frozenset(AgencyKind)
