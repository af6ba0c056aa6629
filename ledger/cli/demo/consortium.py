"""Who takes part in the demonstration, with which keys, and where."""

from dataclasses import dataclass

from ledger.core.codes import AgencyKind, Role, bitmap_of

DISTRICT = 990101
"""Region prefix 99 is not assigned to any place."""


@dataclass(frozen=True)
class DemoKey:
    """A key of a demo agency: what it is called, its roles, and the post of who holds it; empty for a machine's."""

    name: str
    roles: tuple[Role, ...]
    officer: str = ""


@dataclass(frozen=True)
class DemoAgency:
    """A demo agency; it gets its number in the order of `AGENCIES`, from 1. `later`: roles that it may still give."""

    slug: str
    name: str
    kind: AgencyKind
    region: int
    keys: tuple[DemoKey, ...]
    later: tuple[Role, ...] = ()

    @property
    def allowed_roles(self) -> int:
        """ADMIN, what its keys need, and what it may give later."""
        return bitmap_of({Role.ADMIN, *self.later, *(role for key in self.keys for role in key.roles)})


DESK = "desk"
"""The key of everyday work, which every agency has."""

_DESK = DemoKey(DESK, (Role.SUBMIT, Role.REQUEST, Role.READ), "desk officer")
_READER = DemoKey(DESK, (Role.READ,), "desk officer")
_DECIDE = DemoKey("decide", (Role.DECIDE,), "head of section")
_EMERGENCY = DemoKey("emergency", (Role.EMERGENCY,), "duty officer")
_SUPERVISE = DemoKey("supervise", (Role.SUPERVISE,), "chief on duty")
_REVIEW = DemoKey("review", (Role.REVIEW,), "reviewer")
_AUDITOR = DemoKey(DESK, (Role.AUDIT, Role.READ), "auditor")
_PUBLISHER = (_DESK, _DECIDE)
_RESPONDER = (_DESK, _DECIDE, _EMERGENCY, _SUPERVISE)

GATEWAY_KEYS = (
    DemoKey("api", (Role.API_SIGN,)),
    DemoKey("anchor", (Role.ANCHOR,)),
    DemoKey("anchor-spare", (Role.ANCHOR,)),
    DemoKey("relay", (Role.RELAY,)),
)

COMMUNITIES = tuple(
    DemoAgency(f"community-{number}", f"Community {number}", AgencyKind.COMMUNITY, region, _PUBLISHER)
    for number, region in enumerate(
        (990101001001, 990101001002, 990101001003, 990101002001, 990101002002, 990101002003), 1
    )
)

AGENCIES = (
    DemoAgency("data-bureau", "Data bureau", AgencyKind.DATA_BUREAU, DISTRICT, (*GATEWAY_KEYS, _READER)),
    DemoAgency("fire", "Fire brigade", AgencyKind.FIRE, DISTRICT, _RESPONDER),
    DemoAgency(
        *("police", "Police", AgencyKind.POLICE, DISTRICT, _RESPONDER), later=(Role.API_SIGN, Role.ANCHOR, Role.RELAY)
    ),
    DemoAgency("health", "Health commission", AgencyKind.HEALTH, DISTRICT, _RESPONDER),
    DemoAgency("street-1", "Street 1", AgencyKind.STREET, 990101001, _PUBLISHER),
    DemoAgency("street-2", "Street 2", AgencyKind.STREET, 990101002, _PUBLISHER),
    *COMMUNITIES,
    DemoAgency("property", "Property company", AgencyKind.PROPERTY_COMPANY, 990101001001, (_READER,)),
    DemoAgency(
        "auditor", "Auditor", AgencyKind.AUDITOR, DISTRICT, (DemoKey(DESK, (Role.AUDIT, Role.READ), "auditor"),)
    ),
    DemoAgency("hospital", "District hospital", AgencyKind.HOSPITAL, DISTRICT, _PUBLISHER),
    DemoAgency("coordination", "Coordination centre", AgencyKind.COORDINATION, DISTRICT, (_READER, _REVIEW)),
    DemoAgency("supervisor", "Supervision office", AgencyKind.SUPERVISOR, DISTRICT, (_READER, _REVIEW)),
)
GATEWAY_AGENCY = 1
REVIEW_AGENCY, REVIEW_AGENCY_SUBSTITUTE = "coordination", "supervisor"
"""Who reviews emergencies, and who reviews the reviewer's own."""
CATALOGUE = (
    *("catalogue/incident.json", "catalogue/incident-originals.json", "catalogue/care-record.json"),
    *("catalogue/transition.json", "catalogue/rights-request.json", "catalogue/service-flag.json"),
    *("catalogue/resident-profile.json", "catalogue/dwelling-rental.json", "catalogue/incident-report.json"),
    "catalogue/care-originals.json",
)
"""Items 1 to 6, 101 to 103 and 223, all kept by the gateway's agency."""
CALENDAR = "calendar/cn-1.json"


def number_of(slug: str) -> int:
    """Return the number that an agency gets."""
    return next(number for number, agency in enumerate(AGENCIES, 1) if agency.slug == slug)
