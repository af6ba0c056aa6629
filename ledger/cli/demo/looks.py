"""The looks of the demonstration: who asks for what, on which grounds, and what they see."""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.cli.demo.story import Story
from ledger.client.gongzhi import GongzhiClient
from ledger.client.grounds import Grounds
from ledger.client.looking import Page, SearchTerms
from ledger.core.canonical import decode
from ledger.core.codes import Basis, Purpose
from ledger.errors import LookRefused

ITEM = 1
FIRE_DUTY = "消防法 第三十二条"
POLICE_DUTY = "人民警察法 第六条"
STREET_DUTY = "地方组织法 第八十六条"


@dataclass(frozen=True)
class DemoSearch:
    """One search: whose, for what, and in which words it is told."""

    agency: str
    words: str
    grounds: Grounds
    terms: SearchTerms


SEARCHES = (
    DemoSearch(
        "fire",
        "The fire brigade looks for fires",
        Grounds(ITEM, Purpose.FIRE_SAFETY, Basis.STATUTORY_DUTY, FIRE_DUTY, officer="officer 17"),
        SearchTerms(record_class="fire/", limit=200),
    ),
    DemoSearch(
        "police",
        "The police look for traffic accidents",
        Grounds(ITEM, Purpose.INCIDENT_RESPONSE, Basis.STATUTORY_DUTY, POLICE_DUTY),
        SearchTerms(record_class="traffic/accident", limit=200),
    ),
    DemoSearch(
        "street-1",
        "Street 1 looks at its newest incidents",
        Grounds(ITEM, Purpose.INCIDENT_RESPONSE, Basis.STATUTORY_DUTY, STREET_DUTY),
        SearchTerms(region="990101001", limit=50),
    ),
)
MOST_PAGES = 10
REFUSED = Grounds(ITEM, Purpose.INCIDENT_RESPONSE, Basis.CONTRACT, "property service contract 2024-7")


@dataclass(frozen=True)
class Seen:
    """What one search showed."""

    pages: Sequence[Page]

    @property
    def records(self) -> int:
        """How many records were shown."""
        return sum(len(page.views) for page in self.pages)


def search(client: GongzhiClient, asked: DemoSearch, story: Story) -> Seen:
    """Search page by page (at most MOST_PAGES), and tell what the first record looks like."""
    pages = []
    for page in client.search(asked.grounds, asked.terms):
        pages.append(page)
        if len(pages) == MOST_PAGES or asked.terms.region is not None:
            break
    seen = Seen(pages)
    story.say(f"{asked.words}: {seen.records} records in {len(pages)} signed pages.")
    if seen.records:
        story.say(f"   the first: {first_line(pages[0])}")
    return seen


def first_line(page: Page) -> str:
    """Return the open slots of a page's first record, in a line."""
    view = page.views[0]
    shown = {slot.path.rsplit("/", 1)[-1]: decode(slot.value) for slot in view.slots if slot.value is not None}
    place = shown.get("address")
    street = f"{place['street']}, {place['district']}" if isinstance(place, dict) else "no address"
    closed = sum(slot.value is None for slot in view.slots)
    return (
        f"{shown['class']} in {shown['region']}, {street}, near {shown['point']}, reported by {shown['name']}"
        f" {shown['phone']}; {closed} of {len(view.slots)} slots stay closed"
    )


def be_refused(client: GongzhiClient, story: Story) -> LookRefused:
    """Let the property company ask; returns the refusal, which is checked, kept and told."""
    try:
        next(client.search(REFUSED, SearchTerms()))
    except LookRefused as refusal:
        story.say(
            f"The property company asks for incidents and is refused: reason {refusal.reason}, {refusal.name}"
            f" (needed: {refusal.needed}). The refusal is signed and anchored like any look."
        )
        return refusal
    raise AssertionError("the property company must be refused")
