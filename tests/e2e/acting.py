"""Agencies that act on the contracts whatever happens to their gateway: requests, and emergencies with looks."""

import os

from ledger.cli.demo.consortium import number_of
from ledger.cli.demo.desks import Desk, wait_final
from ledger.client.emergencies import NewEmergency
from ledger.client.grounds import Grounds
from ledger.client.looking import SearchTerms
from ledger.client.requests import AskedAccess
from ledger.core.codes import Authority, Basis, Purpose, Tier
from ledger.core.scope import Scope
from ledger.errors import LookRefused
from tests.e2e.persistent import Persistent

ORIGINALS = 2
REGION = "990101002001"
HOUR_SECONDS = 3_600
MOST_REQUESTS = 80
MOST_EMERGENCIES = 40
"""Fewer than the 64 reviews that the contract lists by their time: beyond them a second agency must sign."""


class Asking(Persistent):
    """Asks a community for its originals again and again; every promise to relay is checked and kept."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(pause_seconds=1.5)
        self._desk = desk
        self.taken: list[bytes] = []

    def attempt(self) -> None:
        """Ask once more; a request whose answer was lost is not asked again."""
        desk = self._desk
        if len(self.taken) == MOST_REQUESTS:
            return
        asked = AskedAccess(
            holder=number_of("community-4"),
            item=ORIGINALS,
            purpose=Purpose.FIRE_SAFETY,
            basis=Basis.STATUTORY_DUTY,
            scope=Scope(os.urandom(32), (REGION,)),
            until=desk.client.desk.transport.now() + HOUR_SECONDS,
            reference="消防法 第三十二条",
            tier=Tier.T5,
        )
        self.taken.append(desk.send(desk.requests.ask(asked, desk.signing("desk")), "desk").action)

    def require_all_final(self) -> None:
        """After the block: each request that was taken is on chain."""
        assert self.taken
        for action in self.taken:
            wait_final(self._desk.client, action)


class BreakingGlass(Persistent):
    """Opens emergencies, looks under each at once and until it is ended, and looks once more."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(pause_seconds=2.5)
        self._desk, self._number = desk, 0
        self.taken: list[bytes] = []
        self.served = self.refused = 0

    def attempt(self) -> None:
        """Open, look, end, and be refused; what an interruption leaves undone stays undone."""
        if self._number == MOST_EMERGENCIES:
            return
        desk, self._number = self._desk, self._number + 1
        case = f"case of a rehearsal {self._number}"
        new = NewEmergency(case, (ORIGINALS,), REGION, 1, HOUR_SECONDS)
        opened = desk.send(desk.emergencies.open(new, desk.signing("emergency")), "emergency").action
        self.taken.append(opened)
        grounds = Grounds(
            ORIGINALS,
            Purpose.INCIDENT_RESPONSE,
            Basis.EMERGENCY,
            case=case,
            authority=Authority.EMERGENCY,
            authority_id=opened,
        )
        for _ in range(2):
            next(desk.client.search(grounds, SearchTerms(limit=5)))
            self.served += 1
        ended = desk.send(desk.emergencies.end(opened, desk.signing("emergency")), "emergency").action
        self.taken.append(ended)
        try:
            next(desk.client.search(grounds, SearchTerms(limit=5)))
        except LookRefused as refusal:
            assert refusal.name == "emergency_not_live"  # noqa: PT017 (anything else fails the thread)
            self.refused += 1
        else:
            raise AssertionError("a look after the end was served")

    def require_all_final(self) -> None:
        """After the block: each opening and end that was taken is on chain."""
        for action in self.taken:
            wait_final(self._desk.client, action)
