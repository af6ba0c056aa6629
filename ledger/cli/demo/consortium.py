"""Who takes part in the demonstration, with which keys, and where."""

from dataclasses import dataclass

from ledger.core.codes import AgencyKind, Role, bitmap_of

DISTRICT = 990101
"""Region prefix 99 is not assigned to any place."""


@dataclass(frozen=True)
class DemoKey:
    """A key of a demo agency: what it is called, and its roles."""

    name: str
    roles: tuple[Role, ...]


@dataclass(frozen=True)
class DemoAgency:
    """A demo agency; it gets its number in the order of `AGENCIES`, from 1."""

    slug: str
    name: str
    kind: AgencyKind
    region: int
    keys: tuple[DemoKey, ...]

    @property
    def allowed_roles(self) -> int:
        """ADMIN and what its keys need."""
        return bitmap_of({Role.ADMIN, *(role for key in self.keys for role in key.roles)})


_DESK = (DemoKey("desk", (Role.SUBMIT, Role.READ)),)
_READER = (DemoKey("desk", (Role.READ,)),)

GATEWAY_KEYS = (
    DemoKey("api", (Role.API_SIGN,)),
    DemoKey("anchor", (Role.ANCHOR,)),
    DemoKey("anchor-spare", (Role.ANCHOR,)),
    DemoKey("relay", (Role.RELAY,)),
)

COMMUNITIES = tuple(
    DemoAgency(f"community-{number}", f"Community {number}", AgencyKind.COMMUNITY, region, _DESK)
    for number, region in enumerate(
        (990101001001, 990101001002, 990101001003, 990101002001, 990101002002, 990101002003), 1
    )
)

AGENCIES = (
    DemoAgency("data-bureau", "Data bureau", AgencyKind.DATA_BUREAU, DISTRICT, (*GATEWAY_KEYS, *_READER)),
    DemoAgency("fire", "Fire brigade", AgencyKind.FIRE, DISTRICT, _DESK),
    DemoAgency("police", "Police", AgencyKind.POLICE, DISTRICT, _DESK),
    DemoAgency("health", "Health commission", AgencyKind.HEALTH, DISTRICT, _DESK),
    DemoAgency("street-1", "Street 1", AgencyKind.STREET, 990101001, _DESK),
    DemoAgency("street-2", "Street 2", AgencyKind.STREET, 990101002, _DESK),
    *COMMUNITIES,
    DemoAgency("property", "Property company", AgencyKind.PROPERTY_COMPANY, 990101001001, _READER),
    DemoAgency("auditor", "Auditor", AgencyKind.AUDITOR, DISTRICT, (DemoKey("desk", (Role.AUDIT, Role.READ)),)),
)
GATEWAY_AGENCY = 1
