"""A resident's consent opens a care record to a hospital; her withdrawal refuses the very next look."""

import os
import random
import time
from collections.abc import Mapping
from typing import Any

from ledger.cli.demo.calls import identity_number, synthetic_reporters
from ledger.cli.demo.consortium import number_of
from ledger.cli.demo.desks import Desk, opened_values, told_refusal, wait_final
from ledger.cli.demo.story import Story
from ledger.client.consents import NewConsent, new_evidence
from ledger.client.grounds import Grounds
from ledger.client.preparing import Signing, salted_reasons
from ledger.client.requests import AskedAccess, GrantedTerms
from ledger.client.steps import publish_one
from ledger.client.subjects import SubjectsDesk
from ledger.core.codes import Authority, Basis, CaptureMode, DataCategory, Purpose, Term, Tier, bitmap_of
from ledger.core.consent_documents import parse_consent_text
from ledger.core.hexadecimal import to_hex
from ledger.core.received import consent_id
from ledger.core.scope import Scope
from ledger.core.subjects import RESIDENT_ID, SubjectId, canonical_id
from ledger.domain import load_document
from ledger.keys.keystore import DEVELOPMENT_SCRYPT_COST, create_keystore
from ledger.ports import Signer

CARE = 223
"""Care records with health detail: of departments, health and hospitals alone see it."""
HOLDER, HOSPITAL = "community-1", "hospital"
REGION = "990101001001"
DUTY = "城市居民委员会组织法 第三条"
TEXT = "consent_texts/care-to-hospital-1.json"
SEED = 3_119
YEAR_SECONDS = 365 * 86_400
ASSESSMENT = "影响评估：本人同意，仅照护，一份记录。"
RESIDENTS_WISH = 1
"""Reason of a withdrawal: the resident wants it so."""
COLLECTING = Grounds(CARE, Purpose.CARE, Basis.STATUTORY_DUTY, DUTY)


def consent_and_withdraw(holder: Desk, hospital: Desk, story: Story) -> dict[str, Any]:
    """Publish a care record, take a consent, let the hospital look, withdraw, and let it be refused."""
    resident = _resident()
    subjects = SubjectsDesk(holder.client.desk)
    before = subjects.coverage(resident, COLLECTING)
    values = _care_record(to_hex(subjects.token_for_publishing(resident, COLLECTING)))
    record, _ = publish_one(holder.client, CARE, values)
    after = subjects.coverage(resident, COLLECTING)
    story.say(
        f"Community 1 asks whether anybody keeps a care record of a resident ({before.count}), and publishes one;"
        f" whoever asks now hears that there is {after.count}, and asks her nothing again."
    )
    key = _own_key(holder)
    consent = _consent(holder, resident, record, key, story)
    asked = AskedAccess(
        holder=number_of(HOLDER),
        item=CARE,
        purpose=Purpose.CARE,
        basis=Basis.CONSENT,
        scope=Scope(os.urandom(32), (REGION,), None, None, (record,), None),
        until=int(time.time()) + YEAR_SECONDS // 2,
        consent=consent,
        tier=Tier.T5,
    )
    request = hospital.send_and_wait(hospital.requests.ask(asked, hospital.signing("desk")), "desk").action
    terms = GrantedTerms(terms=Term.NO_ONWARD.bit, assessment=salted_reasons(ASSESSMENT, 1))
    holder.send_and_wait(holder.requests.grant(request, terms, holder.signing("decide")), "decide")
    grounds = Grounds(
        CARE, Purpose.CARE, Basis.CONSENT, officer="doctor 8", authority=Authority.GRANT, authority_id=request
    )
    seen = opened_values(hospital.client.read(record, grounds))
    shown = "name, phone and health detail" if seen.get("/health/detail") else "less than she agreed to"
    story.say(f"   The hospital asks on that consent, is granted it, and opens her care record: {shown}.")
    withdrawal = holder.consents.withdraw(consent, RESIDENTS_WISH, Signing(key.address))
    holder.send(withdrawal, signers=(key,))
    refusal = hospital.refused(record, grounds)
    story.say(f"   She withdraws. Before any block the very next look is refused: {told_refusal(refusal)}")
    return {"looks": 1, "refusals": [refusal.reason], "records": 1}


def _consent(holder: Desk, resident: SubjectId, record: bytes, key: Signer, story: Story) -> bytes:
    """Record the resident's consent by a key of her own, and wait until it is on chain; returns its id."""
    recipient, now = number_of(HOSPITAL), int(time.time())
    tag = SubjectsDesk(holder.client.desk).tag_for_consent(resident, recipient, COLLECTING).tag
    consent = NewConsent(
        subject_tag=tag,
        recipient=recipient,
        holder=number_of(HOLDER),
        categories=bitmap_of((DataCategory.GENERAL, DataCategory.SENSITIVE)),
        purpose=Purpose.CARE,
        scope=Scope(os.urandom(32), (REGION,), None, None, (record,), None),
        text=parse_consent_text(load_document(TEXT)),
        valid_from=now - 60,
        valid_until=now + YEAR_SECONDS,
    )
    evidence = new_evidence(CaptureMode.OWN_KEY, consent)
    prepared = holder.consents.record(consent, evidence, Signing(key.address))
    sent = holder.send(prepared, signers=(key,))
    wait_final(holder.client, sent.action)
    story.say("   She consents with a key made for this consent alone; on chain stand a fresh tag and hashes.")
    return consent_id(prepared.message)


def _own_key(holder: Desk) -> Signer:
    """Make the key that controls this consent and nothing else."""
    path = holder.folder.keys / f"consent-{os.urandom(8).hex()}.json"
    return create_keystore(path, os.urandom(32), os.urandom(16).hex(), scrypt_cost=DEVELOPMENT_SCRYPT_COST)


def _resident() -> SubjectId:
    chance = random.Random(SEED)  # noqa: S311 (a synthetic person, not a key)
    return canonical_id(RESIDENT_ID, identity_number(f"99010119400101{chance.randrange(1000):03d}"))


def _care_record(subject: str) -> Mapping[str, Any]:
    person = next(synthetic_reporters(SEED))
    now = int(time.time())
    return {
        "/region": REGION,
        "/occurredAt": now - 3_600,
        "/recordedAt": now,
        "/class": "alert",
        "/level": 3,
        "/subject": subject,
        "/person/name": person["reporter_name"],
        "/person/phone": person["reporter_phone"],
        "/person/birthDate": "1940-01-01",
        "/person/address": {
            "district": "示范区",
            "street": "一街道",
            "community": "一社区",
            "building": "3号楼",
            "room": "301",
        },
        "/trigger": "inactive/12h",
        "/need": "walking",
        "/health/detail": "心脏病史，随身带药",
        "/outcome": None,
        "/closedAt": None,
        "/synthetic": True,
    }
