"""Offices that ask, decide, open and review at the tests' consortium, and the chain events that follow from their acts.

Item 2 is the conditional one (originals of incidents): communities publish it, fire brigades read it.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from ledger.core.canonical import encode
from ledger.core.codes import AgencyKind, CaptureMode, DataCategory, GuardianRelation, Purpose, Role, Tier
from ledger.core.consent_documents import ConsentText, Evidence
from ledger.core.hexadecimal import to_hex
from ledger.core.received import consent_id
from ledger.core.scope import Scope
from ledger.core.typed_messages import MESSAGES, message_digest, message_to_json
from ledger.services.catalogue_documents import item_documents
from ledger.tag_rows import SubjectTag
from tests.api.consortium import Consortium, bound
from tests.api.members import AUDITOR, CHAIN_ID, COMMUNITY, CONTRACT_ADDRESSES, DATA, FIRE, GATEWAY, PROPERTY, Key, key

ITEM, SHUT_ITEM = 2, 6
PURPOSE = 2
DAY = 86_400
NOBODY = "0x" + "00" * 20
ZERO32 = bytes(32)
ASSESSMENT = b"\x0a" * 32
"""The profile that is granted opens sensitive slots, so a grant names an assessment."""
REQUESTER = key("fire requester", FIRE, Role.REQUEST)
DECIDER = key("community decider", COMMUNITY, Role.DECIDE)
OWN_DECIDER = key("fire decider", FIRE, Role.DECIDE)
OPENER = key("fire opener", FIRE, Role.EMERGENCY)
SUPERVISOR = key("fire supervisor", FIRE, Role.SUPERVISE)
SECOND = key("property supervisor", PROPERTY, Role.SUPERVISE)
REVIEWER = key("assigned reviewer", AUDITOR, Role.REVIEW)
OWN_REVIEWER = key("fire reviewer", FIRE, Role.REVIEW)
OTHER_REVIEWER = key("property reviewer", PROPERTY, Role.REVIEW)
OFFICES = (
    *(REQUESTER, DECIDER, OWN_DECIDER, OPENER, SUPERVISOR),
    *(SECOND, REVIEWER, OWN_REVIEWER, OTHER_REVIEWER),
)


def _documents() -> Any:
    entry = json.loads((DATA / "catalogue" / "incident-originals.json").read_text("utf-8"))
    return item_documents(entry, GATEWAY, lambda name: json.loads((DATA / name).read_text("utf-8")))


DOCUMENTS = _documents()
PROFILE = next(one.profile for one in DOCUMENTS.policy.profiles if (one.tier, one.purpose) == (Tier.T5, 0))
"""What a fire brigade may be granted of originals: the tier of departments."""
WORDS = {"zh": "文本", "en": "text"}
TEXT = ConsentText(
    "test-text",
    1,
    WORDS,
    (Purpose.INCIDENT_RESPONSE,),
    (DataCategory.GENERAL,),
    (AgencyKind.FIRE,),
    *(WORDS, None, WORDS, WORDS, WORDS),
)


def text_of(document: Mapping[str, Any]) -> str:
    """Return a document as it goes with a message."""
    return encode(dict(document)).decode("utf-8")


def fresh_scope() -> Scope:
    """Return a scope of the whole region under a fresh salt."""
    return Scope(os.urandom(32), ("990101",))


def fresh_evidence(said: Mapping[str, Any]) -> Evidence:
    """Return evidence of a consent with these members, under a fresh salt and without a witness."""
    mode = CaptureMode(min(said["captureMode"], CaptureMode.STATUTORY_NOTICE))
    relation = GuardianRelation.PARENT if mode is CaptureMode.GUARDIAN else None
    return Evidence(os.urandom(32), mode, said["subjectTag"], said["textHash"], relation=relation)


@dataclass
class Act:
    """A typed message, its digest, and what was answered."""

    name: str
    message: dict[str, Any]
    digest: bytes
    answer: httpx.Response

    @property
    def code(self) -> str:
        """The problem's code, `taken` if there was none."""
        return "taken" if self.answer.status_code == 202 else str(self.answer.json()["code"])


class Offices:
    """Acts at one consortium. `mine` appends the block that an act leads to."""

    def __init__(self, consortium: Consortium) -> None:
        self.consortium = consortium
        self.cases: dict[bytes, bytes] = {}
        item = DOCUMENTS.item
        args = _published(item)
        consortium.add_block(
            [
                *[("AgencyRegistry", "KeyBound", bound(held)) for held in OFFICES],
                ("Catalogue", "ItemPublished", args),
                ("Catalogue", "ItemPublished", args | {"item": SHUT_ITEM, "shareClass": 3}),
                ("Parameters", "ParameterSet", {"name": "reviewAgency", "value": AUDITOR}),
            ]
        )
        with consortium.store.begin() as opened:
            for document_hash, content in DOCUMENTS.documents.items():
                opened.add_document(document_hash, "application/json", content, consortium.now)

    # acts
    def act(
        self,
        name: str,
        said: Mapping[str, Any],
        *signers: Key,
        documents: Sequence[str] = (),
        caller: Key | None = None,
        forged: Key | None = None,
    ) -> Act:
        """Send a message; the first signer is its `key` unless `said` names another. `forged` signs in their place."""
        nonce = int.from_bytes(os.urandom(24), "big") << 64
        deadline = self.consortium.now + 600
        message = {"key": signers[0].address, "nonce": nonce, "deadline": deadline, **said}
        return self.send(name, message, *signers, documents=documents, caller=caller, forged=forged)

    def send(
        self,
        name: str,
        message: Mapping[str, Any],
        *signers: Key,
        documents: Sequence[str] = (),
        caller: Key | None = None,
        forged: Key | None = None,
    ) -> Act:
        """Send a whole message, signed by these keys; who calls is the first signer or `caller`."""
        digest = message_digest(name, message, CHAIN_ID, CONTRACT_ADDRESSES[MESSAGES[name].contract])
        held = {one.address: (forged or one).sign_digest(digest) for one in signers}
        signatures = [held.get(message[member], b"") for member in MESSAGES[name].signers]
        body = {
            "action": name,
            "message": message_to_json(name, message),
            "signatures": [to_hex(signature) for signature in signatures],
            "documents": list(documents),
        }
        answer = self.consortium.send(caller or signers[0], "POST", "/v1/actions", body=encode(body))
        return Act(name, dict(message), digest, answer)

    def request(self, signer: Key = REQUESTER, scope: Scope | None = None, **changes: Any) -> Act:
        """Ask for records of the community."""
        scope = scope or fresh_scope()
        said = {
            "holder": COMMUNITY,
            "item": ITEM,
            "itemVersion": 1,
            "purpose": PURPOSE,
            "basis": 3,
            "basisRef": os.urandom(32),
            "scopeHash": scope.hash,
            "profile": PROFILE,
            "until": self.consortium.now + 30 * DAY,
        }
        return self.act("RequestAccess", said | changes, signer, documents=[text_of(scope.document)])

    def decide(self, request: bytes, signer: Key = DECIDER, **changes: Any) -> Act:
        """Grant a request."""
        said = {
            "request": request,
            "decision": 1,
            "itemVersion": 1,
            "profile": PROFILE,
            "expiresAt": self.consortium.now + 20 * DAY,
            "uses": 5,
            "terms": 0,
            "destroyBy": 0,
            "assessment": ASSESSMENT,
            "reason": 0,
            "reasonHash": ZERO32,
        }
        return self.act("DecideAccess", said | changes, signer)

    def refuse(self, request: bytes, **changes: Any) -> Act:
        """Refuse a request."""
        none = {"itemVersion": 0, "profile": ZERO32, "expiresAt": 0, "uses": 0, "assessment": ZERO32}
        return self.decide(request, **{"decision": 2, **none, "reason": 2, **changes})

    def consent(self, person: Key, scope: Scope | None = None, evidence: Evidence | None = None, **changes: Any) -> Act:
        """Record a consent that a person's own key controls; a member hands it over.

        Its evidence goes along, unless `changes` names another's hash.
        """
        scope = scope or fresh_scope()
        said = {
            "subjectTag": os.urandom(32),
            "recipient": FIRE,
            "holder": COMMUNITY,
            "categories": 2,
            "purpose": PURPOSE,
            "scopeHash": scope.hash,
            "textHash": TEXT.hash,
            "controller": person.address,
            "capturedBy": 0,
            "captureMode": 1,
            "validFrom": self.consortium.now - DAY,
            "validUntil": self.consortium.now + 60 * DAY,
            "salt": os.urandom(32),
            "nonce": 0,
        }
        said |= changes
        with self.consortium.store.begin() as opened:
            # As if it had been asked for, for a person whom nobody keeps records about.
            made = SubjectTag(said["subjectTag"], os.urandom(32), said["recipient"], said["purpose"], 0)
            opened.add_subject_tag(made, self.consortium.now)
        evidence = evidence or fresh_evidence(said)
        documents = [text_of(scope.document), text_of(TEXT.document)]
        if "evidenceHash" not in changes:
            said["evidenceHash"] = evidence.hash
            documents.append(text_of(evidence.document))
        return self.act("RecordConsent", said, person, documents=documents, caller=REQUESTER)

    def open(self, *signers: Key, **changes: Any) -> Act:
        """Open an emergency on item 2 for a case of its own, kept in `cases`; a second signer supervises."""
        signers = signers or (OPENER,)
        said = {
            "supervisor": signers[1].address if len(signers) > 1 else NOBODY,
            "secondAgencyKey": signers[2].address if len(signers) > 2 else NOBODY,
            "caseRef": os.urandom(32),
            "items": (ITEM,),
            "region": 990101,
            "reason": 1,
            "noteHash": ZERO32,
            "expiresAt": self.consortium.now + DAY,
        }
        said |= changes
        act = self.act("OpenEmergency", said, *signers)
        self.cases[act.digest] = said["caseRef"]
        return act

    def on(self, name: str, emergency: bytes, signer: Key, **said: Any) -> Act:
        """Do something about an emergency."""
        return self.act(name, {"emergency": emergency, **said}, signer)

    # the chain
    def mine(self, act: Act) -> bytes:
        """Append the block that holds what an act leads to; returns the id of what it bears on."""
        assert act.code == "taken", act.answer.text
        contract, event, args = _event(act)
        about = next(iter(args.items()))
        items = [(contract, "EmergencyItemOpened", dict([about]) | {"item": item}) for item in args.get("items", ())]
        self.consortium.add_block([(contract, event, args), *items])
        return bytes.fromhex(about[1][2:])

    def granted(self, **changes: Any) -> bytes:
        """Return a request that was granted on chain."""
        request = self.mine(self.request(**changes))
        return self.mine(self.decide(request))


def _published(item: Any) -> dict[str, Any]:
    return {
        "item": item.item,
        "version": item.version,
        "responsible": item.responsible,
        "shareClass": int(item.share_class),
        "schemaHash": to_hex(item.schema_hash),
        "publisherKinds": item.publisher_bitmap,
        "readerKinds": item.reader_bitmap,
        "purposes": item.purpose_bitmap,
        "maskPolicyHash": to_hex(item.mask_policy_hash),
        "class1Profile": to_hex(ZERO32),
        "updateEverySeconds": 0,
        "checkDays": 2,
        "answerDays": 10,
        "deliverDays": 20,
        "documentHash": to_hex(item.hash),
    }


def _event(act: Act) -> tuple[str, str, dict[str, Any]]:
    said = message_to_json(act.name, act.message)
    contract = MESSAGES[act.name].contract
    if act.name == "RequestAccess":
        return contract, "AccessRequested", {"request": to_hex(act.digest), "reader": FIRE, **said}
    if act.name == "RecordConsent":
        return contract, "ConsentRecorded", {"consent": to_hex(consent_id(act.message)), **said}
    if act.name == "OpenEmergency":
        opened = {
            "agency": FIRE,
            "secondAgency": PROPERTY if int(said["secondAgencyKey"], 16) else 0,
            "unsignedUntil": min(said["expiresAt"], said["deadline"] - 600 + 7_200),
            "reviewer": AUDITOR,
            "reviewDueAt": said["expiresAt"] + 15 * DAY,
        }
        return contract, "EmergencyOpened", {"emergency": to_hex(act.digest), **said, **opened}
    about = next(name for name in ("consent", "request", "grant", "emergency") if name in said)
    args = {about: said[about], "reader": FIRE, "holder": COMMUNITY, "reviewer": AUDITOR, **said}
    granted = "AccessGranted" if said.get("decision") == 1 else "AccessRefused"
    return contract, _EVENTS.get(act.name, granted), args


_EVENTS = {
    "WithdrawConsent": "ConsentWithdrawn",
    "RevokeGrant": "GrantRevoked",
    "WithdrawRequest": "RequestWithdrawn",
    "CloseGrant": "GrantClosed",
    "CoSignEmergency": "EmergencyCoSigned",
    "EndEmergency": "EmergencyEnded",
    "ReviewEmergency": "EmergencyReviewed",
    "NoteNotified": "NoticeGiven",
    "DeferNotice": "NoticeDeferred",
    "NoteDestroyed": "DataDestroyed",
    "KeepData": "DataKept",
}
