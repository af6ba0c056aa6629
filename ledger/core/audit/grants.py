"""Grants in the audit: each has terms that fit what it opens, goes no further than its request, and has a profile that
may be given for its purpose, of a tier of its reader.

A gateway takes no other decision, but anybody may bring one on chain. So the holder answers, whose key signed it. A
look under such a grant is judged by itself: what the decision at the gateway permits is not its fault.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.core.access_facts import AccessFacts, GrantTerms
from ledger.core.audit.checks import Tally
from ledger.core.audit.ground import Ground
from ledger.core.documents import MaskProfile
from ledger.core.grant_rules import is_listed, opened_classes, why_beyond_request, why_terms_unfit, why_tier_unfit
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.mask_policy import MaskPolicy
from ledger.core.mask_table import MaskTable
from ledger.core.schema import Schema

NOT_JUDGED: Mapping[str, str] = {
    "grant.terms": "a grant whose profile or schema is not in the export: what it opens is not judged",
    "grant.request": "a grant whose profile, or the one asked for, is not in the export: its slots are not compared",
    "grant.profile": "a grant whose mask policy is not in the export: whether that lists the profile is not judged",
    "grant.tier": "a grant whose request's profile is not in the export: its tier is not judged",
}
"""Notices, by check: what is said where a document is missing and what is known is no fault. It is no pass either."""


def check_grants(grounds: Sequence[Ground], tally: Tally, table: MaskTable) -> None:
    """Check `grant.terms`, `grant.request`, `grant.profile` and `grant.tier` of every grant on chain.

    `grounds` are the streams of one chain (at least one); `table` says which kind of agency looks under which tier. The
    table is on no chain: grants of any age are held to the one that is given.
    """
    for access in grounds[0].history.accesses.values():
        if access.grant is not None:
            judged = _Grant(grounds, tally, access, access.grant)
            judged.check_terms()
            judged.check_request()
            judged.check_profile()
            judged.check_tier(table)


@dataclass(frozen=True)
class _Grant:
    """A grant on chain, and where its documents are looked for."""

    grounds: Sequence[Ground]
    tally: Tally
    access: AccessFacts
    grant: GrantTerms

    def check_terms(self) -> None:
        profile, schema = self._profile(self.grant.profile), self._schema()
        classes = None if profile is None or schema is None else opened_classes(profile, schema)
        # Later than the request for certain: a gateway that brings a decision on chain late answers for that.
        unfit = why_terms_unfit(self.grant, classes, self.access.requested.time)
        self._judge("grant.terms", "terms that fit what it opens", unfit, is_known=classes is not None)

    def check_request(self) -> None:
        granted, asked = self._profile(self.grant.profile), self._profile(self.access.profile)
        is_known = self.grant.profile == self.access.profile or (granted is not None and asked is not None)
        beyond = why_beyond_request(self.access, self.grant, granted, asked)
        self._judge("grant.request", "no longer and no more slots than were asked for", beyond, is_known=is_known)

    def check_profile(self) -> None:
        """Both are held to it: a request for a profile that nobody listed would bound nothing, and name any tier."""
        granted = "granted", self.grant.item_version, self.grant.profile
        asked = "asked for", self.access.item_version, self.access.profile
        listed = {named: self._is_listed(*named[1:]) for named in (granted, asked)}
        found = "; ".join(
            f"profile {to_hex(profile)} was {what}, which version {version} of item {self.access.item} does not list"
            for (what, version, profile), answer in listed.items()
            if answer is False
        )
        expected = f"profiles that the mask policy lists for purpose {self.access.purpose}"
        self._judge("grant.profile", expected, found or None, is_known=None not in listed.values())

    def check_tier(self, table: MaskTable) -> None:
        asked, reader = self._profile(self.access.profile), self.access.reader
        kind = self.grounds[0].history.agencies[reader].kind
        unfit = None if asked is None else why_tier_unfit(asked, reader, kind, table.tiers_of(kind))
        self._judge("grant.tier", "a tier under which the reader's kind looks", unfit, is_known=asked is not None)

    def _judge(self, check: str, expected: str, found: str | None, *, is_known: bool) -> None:
        """Count a pass only where all was known: what is known may be a fault all the same."""
        if found is None and not is_known:
            self.tally.skipped[check] += 1
            self.tally.notices[NOT_JUDGED[check]] += 1
            return
        subject, blames = f"grant {to_hex(self.access.id)}", f"agency {self.access.holder}"
        self.tally.judge(check, found is None, subject, expected, found or "", blames)

    def _is_listed(self, version: int, profile: bytes) -> bool | None:
        """Say whether an item version's mask policy lists a profile, None where the policy is not there."""
        published = self._published(version)
        if published is None:
            return None
        named = from_hex(published["maskPolicyHash"], 32)
        policy = self._mask_policy(named)
        return None if policy is None and any(named) else is_listed(policy, profile, self.access.purpose)

    def _published(self, version: int) -> Mapping[str, Any] | None:
        """Return what the chain says of a version of the grant's item: it may be retired since."""
        facts = self.grounds[0].history.items.get(self.access.item)
        published = facts.versions.get(version) if facts else None
        return None if published is None else published.value

    def _mask_policy(self, policy_hash: bytes) -> MaskPolicy | None:
        found = (ground.mask_policy_of(policy_hash) for ground in self.grounds)
        return next((policy for policy in found if policy is not None), None)

    def _profile(self, profile_hash: bytes) -> MaskProfile | None:
        found = (ground.profile_of(profile_hash) for ground in self.grounds)
        return next((profile for profile in found if profile is not None), None)

    def _schema(self) -> Schema | None:
        published = self._published(self.grant.item_version)
        if published is None:
            return None
        schema_hash = from_hex(published["schemaHash"], 32)
        found = (ground.schema(schema_hash) for ground in self.grounds)
        return next((schema for schema in found if schema is not None), None)
