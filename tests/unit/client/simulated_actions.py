"""What a simulated gateway does with actions, and a conditional item with a mask policy."""

from dataclasses import dataclass, field
from typing import Any

from ledger.core.action_file import PreparedAction
from ledger.core.canonical import document_hash, encode
from ledger.core.codes import Tier
from ledger.core.documents import MaskProfile
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.mask_policy import MaskPolicy, PolicyProfile
from ledger.core.received import about_of
from ledger.core.typed_messages import message_from_json
from tests.unit.client.simulated_gateway import (
    DOMAIN,
    GATEWAY,
    ITEM,
    NOW,
    VERSION,
    SimulatedGateway,
    _error,
)

Rows = list[dict[str, Any]]


@dataclass
class SimulatedActions:
    """Takes signed actions, checks every signature and document, and lists what it was told to list."""

    gateway: SimulatedGateway
    taken: list[PreparedAction] = field(default_factory=list)
    state: str = "final"
    requests: Rows = field(default_factory=list)
    emergencies: Rows = field(default_factory=list)
    duties: Rows = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gateway.further |= {
            "actions": self._actions,
            "requests": lambda parts, query, _: self._listed("requests", "request", parts, query),
            "emergencies": lambda parts, query, _: self._listed("emergencies", "emergency", parts, query),
            "duties": lambda *_: (200, {"asOf": self.gateway.now, "duties": self.duties}),
        }
        self.gateway.further_public["agencies"] = lambda parts, *_: (
            200,
            {"id": int(parts[0]), "kind": 22, "region": "990101001007"},
        )

    def _actions(self, parts: list[str], _: dict[str, str], body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if parts:
            return 200, {"action": parts[0], "state": self.state, "error": "ConsentMismatch"}
        message = message_from_json(body["action"], body["message"])
        prepared = PreparedAction(
            body["action"], DOMAIN.chain_id, DOMAIN.record_anchors, message, tuple(body["documents"])
        )
        for given in body["signatures"]:
            prepared = prepared if given == "0x" else prepared.with_signature(from_hex(given, 65))
        assert not prepared.missing
        assert [to_hex(one) for one in prepared.relayed_signatures] == body["signatures"]
        self.taken.append(prepared)
        return 202, {
            "action": to_hex(prepared.digest),
            "state": "received",
            "received": self.gateway.sign("Received", self._promise(prepared.digest)),
        }

    def _promise(self, digest: bytes) -> dict[str, Any]:
        later, now = self.gateway.now + 300, self.gateway.now
        return {"gateway": GATEWAY, "action": digest, "receivedAt": now, "includeBy": later, "anchorBy": later}

    def _listed(self, name: str, one: str, parts: list[str], query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        rows: Rows = getattr(self, name)
        if parts:
            found = next((row for row in rows if row[one] == parts[0]), None)
            if found is None:
                raise _error("not_found")
            return 200, found
        rows = [row for row in rows if "state" not in query or row["state"] == query["state"]]
        place = int(query.get("cursor", "0"))
        following = str(place + 1) if len(rows) > place + 1 else None
        return 200, {name: rows[place : place + 1], "next": following}

    def about(self) -> str:
        """The id of what the newest action bears on."""
        newest = self.taken[-1]
        return to_hex(about_of(newest.action, newest.message, newest.digest))


def profiles_of(gateway: SimulatedGateway) -> dict[str, MaskProfile]:
    """Profiles of the item by tier: T3 for any purpose, T5 for any and for P02, E for any, and the resident's."""
    opened = gateway.profile.open
    return {
        "self": MaskProfile(ITEM, VERSION, Tier.T0, 12, opened[:5]),
        "T3": MaskProfile(ITEM, VERSION, Tier.T3, 0, opened[:3]),
        "T5": MaskProfile(ITEM, VERSION, Tier.T5, 0, opened[:4]),
        "T5P02": MaskProfile(ITEM, VERSION, Tier.T5, 2, opened),
        "E": MaskProfile(ITEM, VERSION, Tier.E, 0, opened[:6]),
    }


def make_conditional(gateway: SimulatedGateway) -> MaskPolicy:
    """Turn the gateway's item into one of share class 2 with a mask policy."""
    profiles = profiles_of(gateway)
    policy = MaskPolicy(
        ITEM, VERSION, tuple(PolicyProfile(one.tier, one.purpose, one.hash) for one in profiles.values())
    )
    gateway.item = gateway.item | {
        "shareClass": 2,
        "class1Profile": None,
        "maskPolicyHash": to_hex(policy.hash),
    }
    for document in (policy.document, gateway.item, *(one.document for one in profiles.values())):
        gateway.documents[to_hex(document_hash(document))] = encode(dict(document))
    return policy


def request_row(number: int, state: str = "requested") -> dict[str, Any]:
    """A request as the gateway lists it."""
    return {
        "request": to_hex(bytes([number]) * 32),
        "state": state,
        "reader": 3,
        "holder": 7,
        "item": 2,
        "purpose": 2,
        "basis": 3,
        "scopeHash": to_hex(bytes(31) + bytes([number])),
        "requestedAt": NOW - 86_400 * number,
        "until": NOW + 86_400,
        "grant": None if state == "requested" else {"expiresAt": NOW + 86_400, "uses": 0},
    }
