"""Findings about published profiles that were judged and stand: `gongzhi-judged/1`.

A judgement names the hash of the profile's document, so it is of that profile alone: whoever changes the profile is
asked again.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.core.hexadecimal import from_hex
from ledger.core.profile_lint import Finding, LintCode
from ledger.core.shapes import array, format_members, members_of, text, titles
from ledger.errors import FormatError

JUDGED_FORMAT = "gongzhi-judged/1"
_MEMBERS = ("format", "findings")
_JUDGEMENT = ("profile", "code", "path", "kind", "reason")


@dataclass(frozen=True)
class Judgement:
    """A finding that stands for one profile (its hash, 32 bytes), and why."""

    profile: bytes
    code: LintCode
    path: str
    kind: str
    reason: Mapping[str, str]

    def is_about(self, profile: bytes, finding: Finding) -> bool:
        """Say whether it judges this finding of the profile with this hash."""
        return (self.profile, self.code, self.path, self.kind) == (profile, finding.code, finding.path, finding.kind)


def parse_judged(document: object) -> tuple[Judgement, ...]:
    """Return the judgements of a `gongzhi-judged/1` document; raises `UnsupportedFormat` or `FormatError`."""
    members = format_members(document, JUDGED_FORMAT, _MEMBERS, what="judged findings")
    return tuple(_judgement(one) for one in array(members["findings"], what="judged findings", most=64))


def _judgement(value: object) -> Judgement:
    members = members_of(value, _JUDGEMENT, what="judged finding")
    code = text(members["code"], what="judged finding code")
    if code not in set(LintCode):
        raise FormatError("judged finding code: a code that this version does not know")
    return Judgement(
        profile=from_hex(members["profile"], 32, what="judged finding profile"),
        code=LintCode(code),
        path=text(members["path"], what="judged finding path"),
        kind=text(members["kind"], what="judged finding kind"),
        reason=titles(members["reason"], what="judged finding reason"),
    )
