"""Consents in the audit: the evidence of each that was received, and which witnessed ones are to be rechecked by hand.

Whether somebody really signed a paper shows on no chain. So a second person stands by, and a share of what agencies
witnessed is drawn for a recheck at the shelf (contracts page, "Witnessed paper").
"""

import json

from ledger.core.audit.checks import Tally
from ledger.core.audit.ground import Ground
from ledger.core.consent_documents import WITNESSED_MODES, check_evidence, parse_evidence
from ledger.core.entitlement import why_not_witness
from ledger.core.hexadecimal import from_hex
from ledger.core.history import AsOf, History
from ledger.core.keccak import keccak256
from ledger.core.received import ReceivedAction
from ledger.errors import FormatError, SignatureError

ONE_IN = 20
"""Of so many witnessed consents one is drawn, and at least one."""


def check_consent(ground: Ground, tally: Tally, subject: str, action: ReceivedAction) -> None:
    """Check `consent.evidence` of a received RecordConsent.

    A gateway takes no consent without its evidence, so it answers for a missing one. For evidence that is another's, or
    not witnessed, the agency answers that captured the consent; where none did, the gateway that took it.
    """
    text = ground.documents.get(action.message["evidenceHash"])
    expected = "evidence of this consent"
    if text is None:
        tally.fail("consent.evidence", subject, expected, "not in the export", ground.blamed)
        return
    captured_by = action.message["capturedBy"]
    blames = f"agency {captured_by}" if captured_by else ground.blamed
    fault = _fault(ground.history, text, action)
    tally.judge("consent.evidence", fault is None, subject, expected, fault or "", blames)


def _fault(history: History, text: str, action: ReceivedAction) -> str | None:
    """Return what is wrong with evidence, as of when the consent was received."""
    try:
        evidence = parse_evidence(json.loads(text))
        check_evidence(evidence, action.message)
    except ValueError:
        return "no evidence but another document"
    except (FormatError, SignatureError) as error:
        return error.detail
    if evidence.witness is None:
        return None
    return why_not_witness(history, evidence.witness, action.message, AsOf(action.received_at))


def drawn_for_recheck(history: History) -> list[bytes]:
    """Return ids of witnessed consents on chain to be rechecked: one in `ONE_IN`, at least one, in the order drawn.

    Drawn by the hash of the newest block, so that every auditor of that block draws the same, and no agency knew which
    when it witnessed them. Consents that were withdrawn are drawn too.
    """
    newest = history.newest_block
    witnessed = [one.id for one in history.consents.values() if one.capture_mode in WITNESSED_MODES]
    if newest is None or not witnessed:
        return []
    seed = from_hex(newest.hash, 32)
    witnessed.sort(key=lambda consent: keccak256(seed + consent))
    return witnessed[: -(-len(witnessed) // ONE_IN)]
