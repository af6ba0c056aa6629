"""Everything that is done about one resident: asked once, published, consented, looked at, withdrawn, erased."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.demo.consenting import CARE, HOSPITAL, TEXT, YEAR_SECONDS
from ledger.cli.demo.consortium import number_of
from ledger.cli.demo.desks import Desk, opened_values, wait_final
from ledger.client.consents import NewConsent, new_evidence
from ledger.client.gongzhi import GongzhiClient
from ledger.client.grounds import Grounds
from ledger.client.own_consents import own_consents
from ledger.client.preparing import Signing, salted_reasons
from ledger.client.requests import AskedAccess, GrantedTerms
from ledger.client.rights import resident_s_grounds
from ledger.client.steps import publish_one
from ledger.client.subjects import SubjectsDesk
from ledger.core.codes import Authority, Basis, CaptureMode, Mark, Purpose, Tier
from ledger.core.consent_documents import parse_consent_text
from ledger.core.hexadecimal import to_hex
from ledger.core.queries import EVERY_ITEM
from ledger.core.received import consent_id
from ledger.core.scope import Scope
from ledger.core.subjects import RESIDENT_ID, SubjectId, SubjectOpening, canonical_id
from ledger.domain import load_document
from ledger.errors import LookRefused
from ledger.keys.keystore import DEVELOPMENT_SCRYPT_COST, create_keystore
from tests.e2e.demo_stack import DemoStack, signed_request
from tests.e2e.planted import IN_CARE, Person
from tests.e2e.spreading import PUBLISHER, Aftermath

REGION = "990101002002"
DUTY = "城市居民委员会组织法 第三条"
COLLECTING = Grounds(CARE, Purpose.CARE, Basis.STATUTORY_DUTY, DUTY)


def spread_care(demo: DemoStack, made: Aftermath, folder: Path) -> None:
    """Do all of it, at the community that is the publisher."""
    resident = canonical_id(RESIDENT_ID, IN_CARE.id_number)
    kept = demo.folder.root / "clients" / f"{HOSPITAL}-on-consent"
    with demo.client(PUBLISHER, folder / "client") as client, demo.client(HOSPITAL, kept) as hospital:
        subjects = SubjectsDesk(client.desk)
        subjects.coverage(resident, COLLECTING)
        subjects.token(resident, COLLECTING)
        values = care_record(IN_CARE, to_hex(subjects.token_for_publishing(resident, COLLECTING)))
        record, _ = publish_one(client, CARE, values, wait_seconds=20)
        made.record_ids.append(record)
        consent_and_look(demo, client, hospital, (resident, record))
        look_for_herself(client, resident, record)
        for what, (method, target, body, headers) in misplaced(resident).items():
            made.refusals[what] = signed_request(demo, PUBLISHER, method, target, body, headers).send(demo.api)
            made.bodies |= {what: body} if body else {}
        erase(client, record)


def care_record(person: Person, subject: str) -> Mapping[str, Any]:
    """A care record about a person, as the request body carries it."""
    return {
        "/region": REGION,
        "/occurredAt": 1_700_000_000,
        "/recordedAt": 1_700_000_100,
        "/class": "alert",
        "/level": 3,
        "/subject": subject,
        "/person/name": person.name,
        "/person/phone": person.phone,
        "/person/birthDate": "1940-02-29",
        "/person/address": {
            "district": "示范区",
            "street": "长江路",
            "community": None,
            # The mask of this item shows the building, so a made-up one stands here, and the planted one in the detail.
            "building": "7号楼",
            "room": person.room,
        },
        "/trigger": "device/button",
        "/need": "oxygen",
        "/health/detail": f"{person.nature}，{person.building}",
        "/outcome": None,
        "/closedAt": None,
        "/synthetic": True,
    }


def consent_and_look(
    demo: DemoStack, client: GongzhiClient, hospital_client: GongzhiClient, about: tuple[SubjectId, bytes]
) -> None:
    """Let the resident consent, the hospital look on it, and the resident withdraw."""
    resident, record = about
    holder, hospital = Desk(PUBLISHER, client, demo.folder), Desk(HOSPITAL, hospital_client, demo.folder)
    now, recipient = client.desk.transport.now(), number_of(HOSPITAL)
    path = demo.folder.keys / f"consent-{os.urandom(8).hex()}.json"
    key = create_keystore(path, os.urandom(32), "of a test", scrypt_cost=DEVELOPMENT_SCRYPT_COST)
    scope = Scope(os.urandom(32), (REGION,), None, None, (record,), None)
    consent = NewConsent(
        subject_tag=SubjectsDesk(client.desk).tag_for_consent(resident, recipient, COLLECTING).tag,
        recipient=recipient,
        holder=client.desk.agency,
        categories=0b110,
        purpose=Purpose.CARE,
        scope=scope,
        text=parse_consent_text(load_document(TEXT)),
        valid_from=now - 60,
        valid_until=now + YEAR_SECONDS,
    )
    evidence = new_evidence(CaptureMode.OWN_KEY, consent)
    recorded = holder.consents.record(consent, evidence, Signing(key.address))
    wait_final(client, holder.send(recorded, signers=(key,)).action)
    named = consent_id(recorded.message)
    until = now + YEAR_SECONDS // 2
    asked = AskedAccess(
        client.desk.agency, CARE, Purpose.CARE, Basis.CONSENT, scope, until, consent=named, tier=Tier.T5
    )
    request = hospital.send_and_wait(hospital.requests.ask(asked, hospital.signing("desk")), "desk").action
    grant = holder.requests.grant(
        request, GrantedTerms(assessment=salted_reasons("评估：仅限照护", 1)), holder.signing("decide")
    )
    holder.send_and_wait(grant, "decide")
    grounds = Grounds(CARE, Purpose.CARE, Basis.CONSENT, authority=Authority.GRANT, authority_id=request)
    seen = json.dumps(opened_values(hospital_client.read(record, grounds)), ensure_ascii=False)
    assert all(secret in seen for secret in (IN_CARE.name, IN_CARE.phone, IN_CARE.nature, IN_CARE.room))
    holder.send(holder.consents.withdraw(named, 1, Signing(key.address)), signers=(key,))
    assert hospital.refused(record, grounds).name == "basis_incomplete"


def look_for_herself(client: GongzhiClient, resident: SubjectId, record: bytes) -> None:
    """Let the resident look at the community's desk; somebody else's opening shows nothing."""
    grounds = Grounds(
        CARE,
        Purpose.RIGHTS_AND_AUDIT,
        Basis.STATUTORY_DUTY,
        "个人信息保护法 第四十五条",
        authority=Authority.SELF,
        opening=SubjectOpening(os.urandom(32), resident).header,
    )
    seen = json.dumps(opened_values(client.read(record, grounds)), ensure_ascii=False)
    assert IN_CARE.nature in seen
    own = resident_s_grounds(EVERY_ITEM, resident)
    assert [(one.told["state"], one.told["withdrawReason"]) for one in own_consents(client.desk, own)] == [
        ("withdrawn", 1)
    ]
    assert client.subjects.looks(own).looks
    somebody = SubjectOpening(os.urandom(32), canonical_id("passport", "E00000001")).header
    with pytest.raises(LookRefused, match="no_authority"):
        client.read(record, replace(grounds, opening=somebody))


def misplaced(resident: SubjectId) -> dict[str, tuple[str, str, bytes, dict[str, str]]]:
    """Requests that carry an id where none belongs, or an opening that opens nothing."""
    opening = SubjectOpening(bytes(32), resident)
    grounds = {"gongzhi-item": "3", "gongzhi-purpose": "7", "gongzhi-basis": "3"}
    commitment = json.dumps({"subjectCommitment": "0x" + "00" * 32}).encode()
    number = resident.canonical
    return {
        "an id in place of a commitment": (
            *("POST", "/v1/coverage"),
            json.dumps({"subjectCommitment": number}).encode(),
            {**grounds, "gongzhi-opening": opening.header},
        ),
        "an opening of another commitment": (
            *("POST", "/v1/coverage", commitment),
            {**grounds, "gongzhi-opening": opening.header},
        ),
        "an id as opening": ("POST", "/v1/coverage", commitment, {**grounds, "gongzhi-opening": number}),
        "an id in an unknown member": (
            *("POST", "/v1/coverage"),
            json.dumps({"subjectCommitment": "0x" + "00" * 32, number: IN_CARE.name}).encode(),
            {**grounds, "gongzhi-opening": opening.header},
        ),
        "a name as a document": (
            *("POST", "/v1/actions"),
            json.dumps(
                {"action": "RequestAccess", "message": {}, "signatures": ["0x"], "documents": [IN_CARE.name]}
            ).encode(),
            {},
        ),
        "an action named by a person": (
            *("POST", "/v1/actions"),
            json.dumps({"action": IN_CARE.name, "message": {"x": number}, "signatures": []}).encode(),
            {},
        ),
        "an id as grant": ("GET", "/v1/records", b"", {**grounds, "gongzhi-grant": number}),
        "an id as request": ("GET", f"/v1/requests/{number}", b"", {}),
        "an id as a list's cursor": ("GET", f"/v1/consents?cursor={number}", b"", {}),
        "an id as the cursor of his own consents": (
            *("GET", f"/v1/subject-consents?cursor={number}", b""),
            {**grounds, "gongzhi-authority": "self", "gongzhi-subject": to_hex(opening.commitment)},
        ),
        "an id as the resident of consents": (
            *("GET", "/v1/subject-consents", b""),
            {**grounds, "gongzhi-authority": "self", "gongzhi-subject": number, "gongzhi-opening": opening.header},
        ),
    }


def erase(client: GongzhiClient, record: bytes) -> None:
    """Erase the record, and wait until its content is gone."""
    action = client.mark(record, 0, Mark.ERASED, 1)
    wait_final(client, action.action)
