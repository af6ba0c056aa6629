"""Originals are class 2: fire asks a community, is granted its fires, and sees nothing else."""

import os
import time
from collections.abc import Mapping
from typing import Any

from ledger.cli.demo.consortium import number_of
from ledger.cli.demo.desks import Desk, opened_values, told_refusal
from ledger.cli.demo.looks import FIRE_DUTY
from ledger.cli.demo.originals import ITEM as ORIGINALS
from ledger.cli.demo.originals import Originals
from ledger.cli.demo.story import Story
from ledger.client.grounds import Grounds
from ledger.client.preparing import salted_reasons
from ledger.client.requests import AskedAccess, GrantedTerms
from ledger.client.steps import NewStep, take_step
from ledger.core.codes import Authority, Basis, Outcome, Purpose, Term, Tier
from ledger.core.scope import Scope

DAY_SECONDS = 86_400
FIRES = "fire/"
HOLDER = "community-2"
REGION = "990101001002"
UNANSWERED_HOLDER = "community-3"
ASSESSMENT = "影响评估：仅火警，三次查看，用后销毁。"
"""Originals of incidents hold sensitive data, so a grant names an impact assessment."""


def ask_and_look(fire: Desk, holder: Desk, originals: Originals, story: Story) -> dict[str, Any]:
    """Let fire ask for a community's fires, be granted, look, and be refused for what is not a fire."""
    now = int(time.time())
    asked = _ask(fire, number_of(HOLDER), REGION, now)
    step = NewStep(asked, "request", "requested", "checked", REGION, synthetic=True)
    take_step(holder.client, step)
    terms = GrantedTerms(
        expires_at=now + 30 * DAY_SECONDS,
        uses=3,
        terms=Term.NO_ONWARD.bit,
        destroy_by=now + 60 * DAY_SECONDS,
        assessment=salted_reasons(ASSESSMENT, 1),
    )
    holder.send_and_wait(holder.requests.grant(asked, terms, holder.signing("decide")), "decide")
    story.say("Fire asks Community 2 for the originals of its fires; the community checks, and grants three looks.")
    grounds = Grounds(
        ORIGINALS,
        Purpose.FIRE_SAFETY,
        Basis.STATUTORY_DUTY,
        FIRE_DUTY,
        officer="officer 17",
        case="case 2026-311",
        authority=Authority.GRANT,
        authority_id=asked,
    )
    seen = opened_values(fire.client.read(originals.fire, grounds))
    story.say(f"   it opens one case: {_in_words(seen)}")
    refusal = fire.refused(originals.other, grounds)
    story.say(f"   and is refused for the next, which is no fire: {told_refusal(refusal)}")
    fire.send(fire.requests.close(asked, Outcome.ACCEPTED, fire.signing("desk")), "desk")
    after = fire.refused(originals.fire, grounds)
    done = NewStep(asked, "obligation", "due", "destroyed", REGION, synthetic=True)
    take_step(fire.client, done)
    story.say(f"   It closes the grant; from that moment the same look is refused: {told_refusal(after)}")
    story.say("   What it had got is destroyed, and it says so: a signed step like the community's check.")
    return {"looks": 1, "refusals": [refusal.reason, after.reason], "records": 2}


def ask_in_vain(health: Desk, story: Story) -> bytes:
    """Let health ask a community that never answers; returns the request's id."""
    asked = _ask(health, number_of(UNANSWERED_HOLDER), "990101001003", int(time.time()), Purpose.EPIDEMIC_CONTROL)
    story.say("Health asks Community 3 for originals too, and is never answered.")
    return asked


def _ask(desk: Desk, holder: int, region: str, now: int, purpose: Purpose = Purpose.FIRE_SAFETY) -> bytes:
    classes = (FIRES,) if purpose is Purpose.FIRE_SAFETY else None
    asked = AskedAccess(
        holder=holder,
        item=ORIGINALS,
        purpose=purpose,
        basis=Basis.STATUTORY_DUTY,
        scope=Scope(os.urandom(32), (region,), None, None, None, classes),
        until=now + 30 * DAY_SECONDS,
        reference=FIRE_DUTY,
        tier=Tier.T5,
    )
    return desk.send_and_wait(desk.requests.ask(asked, desk.signing("desk")), "desk").action


def _in_words(seen: Mapping[str, Any]) -> str:
    place = seen["/place/address"]
    reporter = "the reporter's name and phone" if seen.get("/reporter/name") else "no reporter"
    return f"{seen['/class']}, the full address of {len(place)} levels, {reporter}, the description as it was typed"
