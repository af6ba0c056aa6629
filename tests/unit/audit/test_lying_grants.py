"""Attacks that fail: looks without a consent or grant that bears them out.

Each was signed and anchored by the gateway; the auditor finds it by the named check and blames the gateway.
"""

from pathlib import Path
from typing import Any

import pytest

from ledger.core.codes import Tier
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import to_hex
from tests.simulated_authorities import (
    CLOSED,
    ELSEWHERE,
    FOR_EVERY_PURPOSE,
    GRANTED,
    IN_EMERGENCY,
    NARROW,
    OF_COMMUNITIES,
    PHONE,
    AuthorityLedger,
    profile,
)
from tests.simulated_consortium import PUBLISHER, RIVAL, address, number32
from tests.unit.audit.auditing import audit
from tests.unit.audit.authorities import (
    GATEWAY_1,
    Lie,
    audited,
    require_found,
    withdrawal,
)

pytestmark = pytest.mark.unit
HOLDER = f"agency {PUBLISHER}"
WIDER = profile(Tier.T5, 4, PHONE)


# --- consents ---


def consented(ledger: AuthorityLedger, **changes: Any) -> None:
    ledger.consented_look(ledger.grant_by_consent(ledger.consent(**changes)), 2)


def consent_to_another_recipient(ledger: AuthorityLedger) -> None:
    consented(ledger, recipient=RIVAL)


def consent_to_records_of_another_holder(ledger: AuthorityLedger) -> None:
    consented(ledger, holder=RIVAL)


def consent_for_another_purpose(ledger: AuthorityLedger) -> None:
    consented(ledger, purpose=7)


def consent_to_other_categories(ledger: AuthorityLedger) -> None:
    consented(ledger, categories=0b100)


def consent_elsewhere(ledger: AuthorityLedger) -> None:
    consented(ledger, scopeHash=to_hex(ELSEWHERE.hash))


def consent_that_has_ended(ledger: AuthorityLedger) -> None:
    consented(ledger, validUntil=ledger.now + 4)


def consent_that_nobody_gave(ledger: AuthorityLedger) -> None:
    ledger.consented_look(ledger.grant_by_consent(number32("never given")), 2)


def look_after_a_received_withdrawal(ledger: AuthorityLedger) -> None:
    consent = ledger.consent()
    grant = ledger.grant_by_consent(consent)
    ledger.receive(*withdrawal(consent))
    ledger.consented_look(grant, 2)


def look_after_a_mined_withdrawal(ledger: AuthorityLedger) -> None:
    consent = ledger.consent()
    grant = ledger.grant_by_consent(consent)
    ledger.withdraw_consent(consent)
    ledger.consented_look(grant, 2)


def class_1_look_by_a_withdrawn_consent(ledger: AuthorityLedger) -> None:
    consent = ledger.consent()
    ledger.submit(9)
    ledger.anchor()
    ledger.withdraw_consent(consent)
    headers = ledger.headers(basis="1", basis_ref=to_hex(consent))
    ledger.look(ledger.committed(9), headers=headers, basis=1)


# --- grants ---


def grant_of_another_reader(ledger: AuthorityLedger) -> None:
    asked = {"reader": RIVAL, "profile": to_hex(OF_COMMUNITIES.hash)}
    ledger.granted_look(ledger.grant("request", asked), 2)


def grant_of_another_holder(ledger: AuthorityLedger) -> None:
    ledger.granted_look(ledger.grant("request", {"holder": RIVAL}), 2)


def grant_of_another_item(ledger: AuthorityLedger) -> None:
    ledger.granted_look(ledger.grant("request", {"item": CLOSED}), 2)


def grant_for_another_purpose(ledger: AuthorityLedger) -> None:
    named = {"profile": to_hex(FOR_EVERY_PURPOSE.hash)}
    ledger.granted_look(ledger.grant("request", {"purpose": 7, **named}, **named), 2)


def grant_elsewhere(ledger: AuthorityLedger) -> None:
    ledger.granted_look(ledger.grant("request", {"scopeHash": to_hex(ELSEWHERE.hash)}), 2)


def grant_that_nobody_gave(ledger: AuthorityLedger) -> None:
    ledger.granted_look(number32("never asked"), 2)


def request_that_nobody_decided(ledger: AuthorityLedger) -> None:
    ledger.granted_look(ledger.ask(), 2)


def request_that_was_refused(ledger: AuthorityLedger) -> None:
    request = ledger.ask()
    refused = {
        "request": to_hex(request),
        "key": address("publisher-decides"),
        "reason": 1,
        "reasonHash": to_hex(ZERO32),
    }
    ledger.mine([("AccessLedger", "AccessRefused", refused)])
    ledger.granted_look(request, 2)


def grant_that_has_expired(ledger: AuthorityLedger) -> None:
    ledger.granted_look(ledger.grant(expiresAt=ledger.now + 4), 2)


def look_after_a_mined_revocation(ledger: AuthorityLedger) -> None:
    grant = ledger.grant()
    ledger.end_grant(grant)
    ledger.granted_look(grant, 2)


def look_after_a_received_revocation(ledger: AuthorityLedger) -> None:
    grant = ledger.grant()
    ledger.receive("RevokeGrant", {"grant": grant, "reason": 1}, "publisher-decides")
    ledger.granted_look(grant, 2)


def empty_page_after_a_received_revocation(ledger: AuthorityLedger) -> None:
    grant = ledger.grant()
    ledger.receive("RevokeGrant", {"grant": grant, "reason": 1}, "publisher-decides")
    ledger.granted_look(grant)


def look_after_it_was_closed(ledger: AuthorityLedger) -> None:
    grant = ledger.grant()
    ledger.end_grant(grant, "GrantClosed")
    ledger.granted_look(grant, 2)


def opened_beyond_the_granted_profile(ledger: AuthorityLedger) -> None:
    entry = ledger.granted_look(ledger.grant(), 2, shown=IN_EMERGENCY, profile=GRANTED.hash)
    assert entry.message["profile"] == GRANTED.hash


def profile_widened(ledger: AuthorityLedger) -> None:
    ledger.keep(WIDER.document)
    ledger.granted_look(ledger.grant(), 2, shown=WIDER)


def profile_widened_because_it_was_asked_for(ledger: AuthorityLedger) -> None:
    ledger.keep(WIDER.document)
    ledger.granted_look(ledger.grant(), 2, shown=WIDER, said={"profile": to_hex(WIDER.hash)})


def look_beyond_a_narrower_profile(ledger: AuthorityLedger) -> None:
    ledger.granted_look(ledger.grant(), 2, profile=NARROW.hash, said={"profile": to_hex(NARROW.hash)})


def disclosure_of_another_grant_than_asked(ledger: AuthorityLedger) -> None:
    grant, other = ledger.grant(), ledger.grant("other")
    ledger.granted_look(grant, 2, authorityId=other)


def disclosure_of_a_grant_for_a_class_1_request(ledger: AuthorityLedger) -> None:
    ledger.granted_look(ledger.grant(), 2, said={"authority": "class1"})


def grant_used_more_often_than_given(ledger: AuthorityLedger) -> None:
    grant = ledger.grant(uses=2)
    for number in (1, 2):
        ledger.granted_look(grant, number)
    ledger.anchor()
    ledger.granted_look(grant, 3)


def granted_look_with_stale_facts(ledger: AuthorityLedger) -> None:
    grant = ledger.grant()
    stale = len(ledger.blocks) - 1
    ledger.end_grant(grant)
    ledger.now += 100
    ledger.granted_look(grant, 2, factsBlock=stale)


def facts_block_chosen_later(ledger: AuthorityLedger) -> None:
    request = ledger.ask()
    ledger.granted_look(request, 2, factsBlock=len(ledger.blocks))
    ledger.now += 40
    ledger.decide(request)


LIES: list[tuple[Lie, str, str]] = [
    (consent_to_another_recipient, "look.decision", "basis_incomplete"),
    (consent_to_records_of_another_holder, "look.decision", "basis_incomplete"),
    (consent_for_another_purpose, "look.decision", "basis_incomplete"),
    (consent_to_other_categories, "look.decision", "basis_incomplete"),
    (consent_elsewhere, "look.decision", "basis_incomplete"),
    (consent_that_has_ended, "look.decision", "basis_incomplete"),
    (consent_that_nobody_gave, "look.decision", "basis_incomplete"),
    (look_after_a_received_withdrawal, "look.decision", "basis_incomplete"),
    (look_after_a_mined_withdrawal, "look.decision", "basis_incomplete"),
    (class_1_look_by_a_withdrawn_consent, "look.decision", "basis_incomplete"),
    (grant_of_another_reader, "look.decision", "grant_mismatch"),
    (grant_of_another_holder, "look.decision", "grant_mismatch"),
    (grant_of_another_item, "look.decision", "grant_mismatch"),
    (grant_for_another_purpose, "look.decision", "grant_mismatch"),
    (grant_elsewhere, "look.decision", "out_of_scope"),
    (grant_that_nobody_gave, "look.decision", "no_authority"),
    (request_that_nobody_decided, "look.decision", "grant_not_usable"),
    (request_that_was_refused, "look.decision", "grant_not_usable"),
    (grant_that_has_expired, "look.decision", "grant_not_usable"),
    (look_after_a_mined_revocation, "look.decision", "grant_not_usable"),
    (look_after_a_received_revocation, "look.decision", "grant_not_usable"),
    (empty_page_after_a_received_revocation, "look.decision", "grant_not_usable"),
    (look_after_it_was_closed, "look.decision", "grant_not_usable"),
    (opened_beyond_the_granted_profile, "look.profile", "1 slots beyond"),
    (profile_widened, "look.profile", "1 slots beyond"),
    (profile_widened_because_it_was_asked_for, "look.profile", "1 slots beyond"),
    (look_beyond_a_narrower_profile, "look.profile", "slots beyond"),
    (disclosure_of_another_grant_than_asked, "look.headers", "authorityId"),
    (disclosure_of_a_grant_for_a_class_1_request, "look.headers", "authority"),
    (grant_used_more_often_than_given, "look.uses", "look 3"),
    (granted_look_with_stale_facts, "look.facts", "was stale"),
    (facts_block_chosen_later, "look.facts", "has time"),
]


@pytest.mark.parametrize(("lie", "check", "found"), LIES, ids=[lie.__name__ for lie, _, _ in LIES])
def test_an_attack_is_found_by_its_check_and_blames_the_gateway(
    lie: Lie, check: str, found: str, tmp_path: Path
) -> None:
    require_found(lie, check, found, tmp_path)


def test_a_look_under_a_profile_that_nobody_listed_blames_the_holder_who_gave_it_too(tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    ledger.keep(WIDER.document)
    asked = {"profile": to_hex(WIDER.hash)}
    ledger.granted_look(ledger.grant("request", asked, **asked), 2, shown=WIDER)
    report = audited(ledger, tmp_path)
    report.require("look.profile", GATEWAY_1, "slots beyond")
    report.require("grant.profile", HOLDER, "which version 1 of item 6 does not list")
    assert report.failed == {"look.profile", "grant.profile"}


# --- documents that were withheld ---


@pytest.mark.parametrize("withheld", ["scope", "profile", "mask policy"])
def test_a_withheld_document_of_a_look_blames_the_gateway(withheld: str, tmp_path: Path) -> None:
    ledger = AuthorityLedger()
    ledger.granted_look(ledger.grant(), 2)
    ledger.emergency_look(ledger.emergency(), 2)
    ledger.anchor()
    export = ledger.export()
    sort = {"scope": "gongzhi-scope/1", "profile": "gongzhi-profile/1", "mask policy": "gongzhi-mask-policy/1"}
    kept = {name: text for name, text in export.documents.items() if sort[withheld] not in text}
    assert len(kept) < len(export.documents)
    export.documents = kept
    audit(ledger, tmp_path, export).require("document.present", GATEWAY_1)
