"""What a client believes of its gateway before it asks anything: keys, delays and items, from the chain or pinned.

Chain facts are a snapshot. Where a promise does not check against it, the client takes a newer one and checks again,
so that a key bound a minute ago is no false alarm.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger.core.codes import Role
from ledger.core.history import DEFAULT_PARAMETERS, AsOf
from ledger.core.points import ANCHORS
from ledger.core.statements import StatementDomain
from ledger.core.succession import AnchorsLine
from ledger.core.verify import ChainFacts
from ledger.errors import NotFound


@dataclass(frozen=True)
class GatewayFacts:
    """A gateway (agency id) and what its statements are judged by: the chain, or else pinned API_SIGN addresses.

    `domain` is that of the RecordAnchors in force, `line` says which ones it succeeded. `contracts` are the addresses
    that the trust file names: what typed messages are signed for.
    """

    gateway: int
    domain: StatementDomain
    pinned_keys: frozenset[str] = frozenset()
    chain: ChainFacts | None = None
    contracts: Mapping[str, str] = field(default_factory=dict)
    line: AnchorsLine | None = None

    @property
    def domains(self) -> Sequence[StatementDomain]:
        """The domains of every RecordAnchors of the line, that in force first."""
        if self.line is None or self.chain is None:
            return [self.domain]
        return [*self.line.domains(self.chain.history).values()][::-1]

    def domains_at(self, at: int) -> Sequence[StatementDomain]:
        """Return the domains in which a statement of `at` may be signed, that in force first.

        A gateway hears of a successor later than others. What it signs for the one before can be anchored there until
        `since` + anchorDelay, so it counts until then; whether it was anchored there is judged as any promise is.
        """
        if self.line is None or self.chain is None:
            return [self.domain]
        sinces = [one.since for one in self.line.contracts(self.chain.history)[:0:-1]]
        untils = [since.time + self.anchor_delay(since.time) for since in sinces if since is not None]
        newest, *older = self.domains
        return [newest, *[domain for domain, until in zip(older, untils, strict=True) if at <= until]]

    def contract_address(self, name: str) -> str:
        """Return the address of a contract; raises NotFound if the trust file does not name it."""
        address = self.domain.record_anchors if name == ANCHORS else self.contracts.get(name)
        if address is None:
            raise NotFound(f"the trust file names no contract {name}")
        return address

    def why_not_key(self, key: str, at: int) -> str | None:
        """Return why `key` may not sign for the gateway at `at` (Unix seconds), or None if it may."""
        if self.chain is None:
            return None if key in self.pinned_keys else "the key is not one of the gateway's pinned keys"
        return self.chain.history.why_not_entitled(key, Role.API_SIGN, self.gateway, AsOf(at))

    def anchor_delay(self, at: int) -> int:
        """Return the anchoring delay (seconds) in force at `at`; the default where there is no chain."""
        if self.chain is None:
            return DEFAULT_PARAMETERS["anchorDelay"]
        return self.chain.history.parameter("anchorDelay", AsOf(at))

    def item_version(self, item: int, version: int, at: int) -> Mapping[str, Any] | None:
        """Return the catalogue's args of an item version at `at`, None where there is no chain or it is unknown."""
        facts = self.chain.history.items.get(item) if self.chain else None
        return facts.version(version, AsOf(at)) if facts else None
