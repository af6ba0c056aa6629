"""Looks that are permitted, one for each authority, and what makes each row of the decision's table fail for them."""

from dataclasses import replace
from typing import Any

from ledger.core.codes import Authority, Basis, Mark, Purpose, Refusal, ShareClass
from ledger.core.decision import ConsentRules, EmergencyRules, GrantRules, ItemRules, LookFacts, RecordFacts
from ledger.core.scope import EVERYWHERE, Scope

ITEM, READER, HOLDER, REGION = 3, 8, 7, "990101001001"
RULES = ItemRules(ShareClass.UNCONDITIONAL, 1 << Purpose.INCIDENT_RESPONSE, 1 << 8)
CONDITIONAL = replace(RULES, share_class=ShareClass.CONDITIONAL)
SCOPE = Scope(bytes(32), ("990101",), 1_000, 2_000, None, ("fire/",))
ANYWHERE = Scope(bytes(32), (EVERYWHERE,))
GRANT_RULES = GrantRules(READER, HOLDER, ITEM, Purpose.INCIDENT_RESPONSE, Basis.STATUTORY_DUTY, True, SCOPE)
CONSENT_RULES = ConsentRules(READER, HOLDER, Purpose.INCIDENT_RESPONSE, 0b110, True, True, ANYWHERE)
RECORD = RecordFacts(True, HOLDER, frozenset(), True, b"\x11" * 32, REGION, 1_500, "fire/building")

CLASS1 = LookFacts(
    key_entitled=True,
    item=RULES,
    reader=READER,
    reader_kind=8,
    purpose=Purpose.INCIDENT_RESPONSE,
    basis=Basis.STATUTORY_DUTY,
    basis_reference=True,
    case_reference=False,
    authority=Authority.CLASS1,
    authority_id_matches=True,
    requested_open=0b0110,
    permitted_open=0b1110,
    facts_stale=False,
    item_number=ITEM,
)
GRANT = replace(CLASS1, authority=Authority.GRANT, item=CONDITIONAL, grant=GRANT_RULES)
BY_CONSENT = replace(
    GRANT,
    basis=Basis.CONSENT,
    grant=replace(GRANT_RULES, basis=Basis.CONSENT),
    consent=CONSENT_RULES,
    categories=0b010,
)
EMERGENCY = replace(
    CLASS1,
    authority=Authority.EMERGENCY,
    item=CONDITIONAL,
    basis=Basis.EMERGENCY,
    basis_reference=False,
    case_reference=True,
    emergency=EmergencyRules(True, True, "990101", True),
)
LOOKS: dict[str, LookFacts] = {
    "class 1": CLASS1,
    "own": replace(CLASS1, authority=Authority.OWN, reader=HOLDER, reader_kind=22),
    "audit": replace(CLASS1, authority=Authority.AUDIT, reader=40, reader_kind=40, purpose=Purpose.RIGHTS_AND_AUDIT),
    "grant": GRANT,
    "grant by consent": BY_CONSENT,
    "emergency": EMERGENCY,
    "pending emergency": replace(EMERGENCY, authority=Authority.PENDING_EMERGENCY),
    "self": replace(CLASS1, authority=Authority.SELF, item=CONDITIONAL, purpose=Purpose.RIGHTS_AND_AUDIT),
}
UNBOUND_BY_CLASS = ("own", "audit")
"""Class 3 binds neither the publisher nor the auditor."""
OF_GRANTS = ("grant", "grant by consent")
OF_EMERGENCIES = ("emergency", "pending emergency")


def rows_of(name: str) -> list[Refusal]:
    """Return the rows of the table that can refuse a look of that authority."""
    not_its = {
        Refusal.ITEM_NOT_SHARED: name in UNBOUND_BY_CLASS,
        Refusal.GRANT_MISMATCH: name not in OF_GRANTS,
        Refusal.GRANT_NOT_USABLE: name not in OF_GRANTS,
        Refusal.OUT_OF_SCOPE: name not in OF_GRANTS,
        Refusal.EMERGENCY_NOT_LIVE: name not in OF_EMERGENCIES,
    }
    return [row for row in Refusal if row in FAULTS and not not_its.get(row, False)]


FAULTS: dict[Refusal, dict[str, Any]] = {
    Refusal.KEY_NOT_ENTITLED: {"key_entitled": False},
    Refusal.ITEM_UNKNOWN: {"record.at_this_gateway": False},
    Refusal.PURPOSE_NOT_ALLOWED: {"purpose": 0},
    Refusal.ITEM_NOT_SHARED: {"item.share_class": ShareClass.NOT_SHARED},
    Refusal.NO_AUTHORITY: {"authority_id_matches": False},
    Refusal.GRANT_MISMATCH: {"grant.holder": 9},
    Refusal.GRANT_NOT_USABLE: {"grant.usable": False},
    Refusal.BASIS_INCOMPLETE: {"basis_reference": False, "case_reference": False, "consent": None},
    Refusal.OUT_OF_SCOPE: {"record.occurred_at": 2_000},
    Refusal.EMERGENCY_NOT_LIVE: {"emergency.live": False},
    Refusal.RECORD_WITHDRAWN: {"record.marks": frozenset((Mark.ERASED, Mark.HOLD))},
    Refusal.PROFILE_TOO_WIDE: {"requested_open": 0b0111},
    Refusal.QUOTA_EXHAUSTED: {"quota_left": False},
    Refusal.FACTS_STALE: {"facts_stale": True},
}
"""One fault for each row: members of the look, or, by `part.member`, of one of its parts or of the record."""


def changed(look: LookFacts, record: RecordFacts, changes: dict[str, Any]) -> tuple[LookFacts, RecordFacts]:
    """Return look and record with these members changed; parts that a look does not have stay away."""
    for path, value in changes.items():
        part, _, member = path.rpartition(".")
        if part == "record":
            record = replace(record, **{member: value})
        elif not part:
            look = replace(look, **{member: value})
        elif (found := getattr(look, part)) is not None:
            look = replace(look, **{part: replace(found, **{member: value})})
    return look, record
