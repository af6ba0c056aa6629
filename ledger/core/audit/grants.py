"""Grants in the audit: each has terms that fit what it opens, and goes no further than its request.

A gateway takes no other decision, but anybody may bring one on chain. So the holder answers, whose key signed it.
"""

from collections.abc import Sequence

from ledger.core.access_facts import AccessFacts, GrantTerms
from ledger.core.audit.checks import Tally
from ledger.core.audit.ground import Ground
from ledger.core.documents import MaskProfile
from ledger.core.grant_rules import opened_classes, why_beyond_request, why_terms_unfit
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.schema import Schema

NOT_JUDGED = "a grant whose profile or schema is not in the export: what it opens is not judged"


def check_grants(grounds: Sequence[Ground], tally: Tally) -> None:
    """Check `grant.terms` and `grant.request` of every grant on chain, over the streams of one chain (at least one)."""
    for access in grounds[0].history.accesses.values():
        if access.grant is not None:
            profile = _profile(grounds, access.grant.profile)
            _check_terms(grounds, tally, access, access.grant, profile)
            asked = _profile(grounds, access.profile)
            beyond = why_beyond_request(access, access.grant, profile, asked)
            _judge(tally, "grant.request", access, "no longer and no more slots than were asked for", beyond)


def _check_terms(
    grounds: Sequence[Ground], tally: Tally, access: AccessFacts, grant: GrantTerms, profile: MaskProfile | None
) -> None:
    schema = _schema(grounds, access.item, grant.item_version)
    classes = None if profile is None or schema is None else opened_classes(profile, schema)
    if classes is None:
        tally.notices[NOT_JUDGED] += 1
    # Later than the request for certain: a gateway that brings a decision on chain late is to blame for that itself.
    unfit = why_terms_unfit(grant, classes, access.requested.time)
    _judge(tally, "grant.terms", access, "terms that fit what it opens", unfit)


def _judge(tally: Tally, check: str, access: AccessFacts, expected: str, found: str | None) -> None:
    tally.judge(check, found is None, f"grant {to_hex(access.id)}", expected, found or "", f"agency {access.holder}")


def _profile(grounds: Sequence[Ground], profile_hash: bytes) -> MaskProfile | None:
    found = (ground.profile_of(profile_hash) for ground in grounds)
    return next((profile for profile in found if profile is not None), None)


def _schema(grounds: Sequence[Ground], item: int, version: int) -> Schema | None:
    facts = grounds[0].history.items.get(item)
    published = facts.versions.get(version) if facts else None
    if published is None:
        return None
    schema_hash = from_hex(published.value["schemaHash"], 32)
    found = (ground.schema(schema_hash) for ground in grounds)
    return next((schema for schema in found if schema is not None), None)
