"""A night emergency from the first signature to the destroyed data, and one that nobody ever reviewed."""

from typing import Any

from ledger.cli.demo.desks import Desk, opened_values
from ledger.cli.demo.originals import ITEM as ORIGINALS
from ledger.cli.demo.sharing import REGION
from ledger.cli.demo.story import Story
from ledger.client.emergencies import NewEmergency
from ledger.client.grounds import Grounds
from ledger.client.preparing import salted_reasons
from ledger.core.codes import Authority, Basis, Purpose, ReviewVerdict

CASE = "case 2026-312"
SECONDS = 6 * 3_600
DANGER_TO_LIFE, MISSING_PERSON = 1, 3


def break_glass(health: Desk, reviewer: Desk, record: bytes, story: Story) -> dict[str, Any]:
    """Let health open a record at once on one signature, be co-signed, end, be reviewed, tell and destroy."""
    new = NewEmergency(CASE, (ORIGINALS,), REGION, DANGER_TO_LIFE, SECONDS, note="燃气泄漏，夜间值班")
    emergencies = health.emergencies
    opened = health.send(emergencies.open(new, health.signing("emergency")), "emergency").action
    grounds = Grounds(
        ORIGINALS,
        Purpose.INCIDENT_RESPONSE,
        Basis.EMERGENCY,
        officer="officer 4",
        case=CASE,
        authority=Authority.EMERGENCY,
        authority_id=opened,
    )
    page = health.client.read(record, grounds)
    authority = Authority(page.disclosure.message["authority"])
    story.say(
        "At night health opens an emergency with one signature, and looks at once"
        f" (authority {authority.name}): {len(opened_values(page))} slots open."
    )
    health.send_and_wait(emergencies.co_sign(opened, health.signing("supervise")), "supervise")
    health.client.read(record, grounds)
    health.send_and_wait(emergencies.end(opened, health.signing("emergency")), "emergency")
    refusal = health.refused(record, grounds)
    story.say(f"   co-signed, looked again, ended; the next look is refused: reason {refusal.reason}, {refusal.name}")
    review = reviewer.emergencies.review(
        opened, ReviewVerdict.JUSTIFIED, salted_reasons("开启理由充分，范围适当", 1), reviewer.signing("review")
    )
    sent = [
        reviewer.send(review, "review"),
        health.send(
            emergencies.notified(opened, salted_reasons("已书面告知", 1), health.signing("emergency")), "emergency"
        ),
        health.send(
            emergencies.destroyed(opened, salted_reasons("副本已删除", 1), health.signing("emergency")), "emergency"
        ),
    ]
    story.say(
        "   The coordination centre, assigned, reviews it: justified. The residents are told, the data destroyed."
    )
    return {"looks": 2, "refusals": [refusal.reason], "afterwards": len(sent), "firstAuthority": int(authority)}


def never_reviewed(police: Desk, story: Story) -> bytes:
    """Let the police open and end an emergency that nobody reviews; returns its id."""
    new = NewEmergency("case 2026-313", (ORIGINALS,), "990101002", MISSING_PERSON, SECONDS, note="走失老人")
    emergencies = police.emergencies
    opened = police.send_and_wait(emergencies.open(new, police.signing("emergency")), "emergency").action
    police.send_and_wait(emergencies.end(opened, police.signing("emergency")), "emergency")
    story.say("The police open another one and end it; nobody reviews it, tells anybody or destroys anything.")
    return opened
