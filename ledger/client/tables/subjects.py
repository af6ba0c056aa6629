"""Whom a row is about: by an identity number, or by other papers where a mapping lets them name somebody.

    "subject": "/idNumber"
    "subject": {"number": "/idNumber",
                "papers": {"type": "/otherIdType", "number": "/otherIdNumber", "only": {"/class": ["overseas"]}}}

Other papers count only where there is no identity number, and only in rows that hold one of the codes of `only`: a
citizen who is named by a passport would be a second person to everybody.

| reason | when |
|---|---|
| `value_missing` | neither an identity number nor papers that count, or papers without type or number |
| `papers_name_nobody` | papers of a type that names no person: none of a subject's (formats page, section 8) |
| `papers_malformed` | a number of papers that is not 1 to 40 letters, digits, hyphens and slashes |
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.core.canonical import JsonValue
from ledger.core.shapes import array, members_of, text
from ledger.core.subjects import ID_TYPES, RESIDENT_ID, SubjectId, canonical_id
from ledger.errors import FormatError, RowRejected


@dataclass(frozen=True, slots=True)
class OtherPapers:
    """Paths of a type of papers and their number, and the path and codes of the rows in which they count."""

    type: str
    number: str
    where: str
    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class SubjectRule:
    """The path of the identity number whose person a row is about, and of papers in its place."""

    number: str
    papers: OtherPapers | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path that the rule names."""
        papers = self.papers
        return (self.number,) if papers is None else (self.number, papers.type, papers.number, papers.where)

    def person(self, originals: Mapping[str, JsonValue]) -> SubjectId | None:
        """Return whom a row's originals are about, None without a number where no papers may stand for it.

        Raises RowRejected, which never says what the row holds.
        """
        number = originals.get(self.number)
        if isinstance(number, str):
            return _canonical(RESIDENT_ID, number, self.number, "id_malformed")
        papers = self.papers
        if papers is None:
            return None
        kind, number = originals.get(papers.type), originals.get(papers.number)
        if originals.get(papers.where) not in papers.codes or (kind is None and number is None):
            raise RowRejected(self.number, "value_missing")
        if kind is None or number is None:
            raise RowRejected(papers.type if kind is None else papers.number, "value_missing")
        if kind not in ID_TYPES:
            raise RowRejected(papers.type, "papers_name_nobody")
        return _canonical(str(kind), str(number), papers.number, "papers_malformed")


def parse_subject_rule(value: object, what: str) -> SubjectRule:
    """Return the rule of a mapping; raises FormatError."""
    if isinstance(value, str):
        return SubjectRule(value)
    members = members_of(value, ("number", "papers"), what=what)
    papers = members_of(members["papers"], ("type", "number", "only"), what=f"{what} papers")
    only = papers["only"]
    if not isinstance(only, dict) or len(only) != 1:
        raise FormatError(f"{what} papers: only names one path and its codes")
    ((where, codes),) = only.items()
    return SubjectRule(
        text(members["number"], what=what),
        OtherPapers(
            text(papers["type"], what=what),
            text(papers["number"], what=what),
            where,
            frozenset(text(code, what=what) for code in array(codes, what=what)),
        ),
    )


def _canonical(id_type: str, number: str, path: str, reason: str) -> SubjectId:
    try:
        return canonical_id(id_type, number)
    except FormatError:
        raise RowRejected(path, reason) from None
