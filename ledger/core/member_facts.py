"""What the chain says of agencies, keys, catalogue items, anchors and marks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.core.codes import HOLD_RELEASED, Mark
from ledger.core.points import ANCHORS, AsOf, Dated, Point, latest

ACTIVE = 1


@dataclass(slots=True)
class KeyFacts:
    """The immutable binding of a key, its end if it has one (retired or revoked), and where it was revoked.

    A key that was retired may be revoked later, which says since when it is suspect and leaves its end where it is.
    `officer` is the agency's pseudonym of who holds it, None where none was named.
    """

    agency: int
    roles: int
    valid_from: int
    valid_until: int
    bound: Point
    ended: Point | None = None
    revoked: Point | None = None
    suspect_from: int = 0
    officer: bytes | None = None

    def is_live(self, as_of: AsOf) -> bool:
        """Say whether the key was bound by that moment, and neither ended nor expired; it need not be valid yet."""
        is_ended = self.ended is not None and as_of.covers(self.ended)
        return as_of.covers(self.bound) and not is_ended and as_of.time < self.valid_until


@dataclass(slots=True)
class AgencyFacts:
    """A member: kind, region, the statuses it has had and the roles that its keys were allowed (bitmaps)."""

    kind: int
    region: int
    registered: Point
    allowed_roles: int
    statuses: list[Dated] = field(default_factory=list)
    gateway_documents: list[Dated] = field(default_factory=list)
    allowed_roles_since: list[Dated] = field(default_factory=list)
    """Those that `allowed_roles` says now, and all before."""

    def is_active(self, as_of: AsOf) -> bool:
        """Say whether the agency was registered and active at that moment."""
        return as_of.covers(self.registered) and latest(self.statuses, as_of, ACTIVE) == ACTIVE


@dataclass(slots=True)
class ItemFacts:
    """A catalogue item: its versions by number (ItemPublished args), and its retirement."""

    versions: dict[int, Dated] = field(default_factory=dict)
    retired: Point | None = None

    def version(self, number: int, as_of: AsOf) -> Mapping[str, Any] | None:
        """Return the published args of a version, or None if it was unknown or the item retired by then."""
        published = self.versions.get(number)
        if published is None or not as_of.covers(published.since) or self.is_retired(as_of):
            return None
        args: Mapping[str, Any] = published.value
        return args

    def newest(self, as_of: AsOf) -> Mapping[str, Any] | None:
        """Return the args of the newest version that was published by then, or None."""
        return None if self.is_retired(as_of) else self.last_published(as_of)

    def last_published(self, as_of: AsOf) -> Mapping[str, Any] | None:
        """Return the args of the newest version that was published by then, retired or not, or None."""
        known = [number for number, dated in tuple(self.versions.items()) if as_of.covers(dated.since)]
        args: Mapping[str, Any] | None = self.versions[max(known)].value if known else None
        return args

    def is_retired(self, as_of: AsOf) -> bool:
        """Say whether the item was retired by then."""
        return self.retired is not None and as_of.covers(self.retired)


@dataclass(frozen=True, slots=True)
class AnchorFacts:
    """One anchored batch of a gateway."""

    gateway: int
    batch: int
    root: bytes
    leaf_count: int
    first_sequence: int
    head: bytes
    point: Point
    transaction: str
    contract: str = ANCHORS
    """Which RecordAnchors it stands in."""


@dataclass(frozen=True, slots=True)
class MarkFacts:
    """One mark on a record, by whichever agency; version 0 means all versions."""

    agency: int
    version: int
    mark: int
    reason: int
    point: Point

    @property
    def is_release(self) -> bool:
        """Whether it ends its agency's hold on exactly this version, and sets nothing."""
        return is_release(self.mark, self.reason)


def is_release(mark: int, reason: int) -> bool:
    """Say whether a mark with this reason ends a hold."""
    return mark == Mark.HOLD and reason == HOLD_RELEASED
