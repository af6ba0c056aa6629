"""What judging an action to be relayed works with: the message, its keys' roles, documents, and what came before.

What the chain would refuse is refused here, with the contract's own error name, so that nothing is promised that
cannot be kept.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from ledger.action_errors import DocumentMissing, NotOnChainYet, NotParty, StateMismatch, TermsRefused
from ledger.core.canonical import decode_canonical
from ledger.core.codes import Role
from ledger.core.consent_documents import parse_consent_text, parse_evidence, parse_reasons
from ledger.core.history import AsOf, History
from ledger.core.scope import parse_scope
from ledger.core.typed_messages import message_from_json
from ledger.errors import NotFound
from ledger.rows import Action
from ledger.services.authenticate import Call
from ledger.services.refuse import entitlement_error

Found = TypeVar("Found")

ZERO_ADDRESS = "0x" + "00" * 20
TIME_LIMIT = 1 << 53
NAMED_DOCUMENTS: Mapping[str, Mapping[str, Callable[[object], object]]] = {
    "RecordConsent": {"scopeHash": parse_scope, "textHash": parse_consent_text, "evidenceHash": parse_evidence},
    "RequestAccess": {"scopeHash": parse_scope},
    "DecideAccess": {"reasonHash": parse_reasons, "assessment": parse_reasons},
    "OpenEmergency": {"noteHash": parse_reasons},
    "ReviewEmergency": {"documentHash": parse_reasons},
    "NoteNotified": {"documentHash": parse_reasons},
    "NoteDestroyed": {"documentHash": parse_reasons},
    "KeepData": {"assessment": parse_reasons},
}
"""The documents that may come with a message: by the member that holds their hash, and what parses them."""


@dataclass(frozen=True)
class Judged:
    """An action under judgement. `received` are the actions here that bear on the same object and have not failed.

    `documents` are those that came along, parsed, by the member that names them; `include_by` is the block's promise.
    """

    call: Call
    name: str
    message: Mapping[str, Any]
    digest: bytes
    about: bytes
    documents: Mapping[str, Any]
    include_by: int

    @property
    def history(self) -> History:
        """The chain as this process knows it."""
        return self.call.history

    @property
    def now(self) -> int:
        """The gateway's clock."""
        return self.call.now

    @cached_property
    def by_then(self) -> AsOf:
        """The moment of the promised block, as far as it is known now."""
        return AsOf(self.include_by, self.call.as_of.point)

    @cached_property
    def received(self) -> Sequence[Action]:
        """Return the actions here that bear on the same object and have not failed, in the order of their entries."""
        return standing(self.call, self.call.transaction.actions_about([self.about]))

    @cached_property
    def pending(self) -> Sequence[Action]:
        """Return those of the received actions that the followed chain does not show yet."""
        rows = [(action, self.call.transaction.transaction(action.intent)) for action in self.received]
        return [action for action, row in rows if row and (row.block is None or row.block > self.call.facts_block)]

    def was_received(self, *names: str) -> bool:
        """Say whether one of these messages about the same object was taken before."""
        return any(action.name in names for action in self.received)

    def known(self, things: Mapping[bytes, Found], what: str) -> Found:
        """Return the consent, request or emergency that the message bears on; raises NotFound or NotOnChainYet."""
        found = things.get(self.about)
        if found is not None:
            return found
        if self.was_received("RecordConsent", "RequestAccess", "OpenEmergency"):
            raise NotOnChainYet(f"the {what} is on its way to the chain")
        raise NotFound(f"no {what} with this id stands on chain")

    def require_role(self, role: Role, member: str = "key", agency: int | None = None) -> int:
        """Return the agency for which the key in a member may act in `role`, now and until the promised block.

        Raises NotEntitled, KeyEnded, RoleMissing, or NotParty where it is another agency than `agency`.
        """
        key = self.message[member]
        for as_of in (self.call.as_of, self.by_then):
            if self.history.why_not_entitled(key, role, None, as_of) is not None:
                raise entitlement_error(self.history, key, role, None, as_of)
        own = self.history.keys[key].agency
        if agency is not None and own != agency:
            raise NotParty(f"NotParty: agency {agency} may do this, with role {role.name}; the key is of agency {own}")
        return own

    def is_active(self, agency: int) -> bool:
        """Say whether an agency is registered and active."""
        facts = self.history.agencies.get(agency)
        return facts is not None and facts.is_active(self.call.as_of)

    def require_document(self, member: str) -> Any:
        """Return the parsed document that a member names, from the body or kept before; raises DocumentMissing."""
        if member in self.documents:
            return self.documents[member]
        found = self.call.transaction.document(self.message[member])
        if found is None:
            raise DocumentMissing(f"the document that {member} names is not here")
        return NAMED_DOCUMENTS[self.name][member](decode_canonical(found[1]))

    def require_expiry(self, member: str, life: int) -> None:
        """Raise TermsRefused unless a time lies behind the promised block and at most `life` seconds from now."""
        self.require_until(member, self.now + life)

    def require_until(self, member: str, latest: int) -> None:
        """Raise TermsRefused unless a time lies behind the promised block and not behind `latest` (Unix seconds)."""
        self.require(
            self.include_by < self.message[member] <= latest,
            f"ExpiryInvalid: {member} must lie after {self.include_by} and not after {latest}",
        )

    def require_hashes(self, error: str, *members: str) -> None:
        """Raise TermsRefused where a member that must hold a hash is zero."""
        for member in members:
            self.require(any(self.message[member]), f"{error}: {member} is zero")

    def require_reason(self) -> None:
        """Raise TermsRefused where the reason is missing."""
        self.require(self.message["reason"] != 0, "ReasonMissing: reason is a code from 1")

    def require(self, holds: bool, detail: str) -> None:
        """Raise TermsRefused with `detail` unless it holds."""
        if not holds:
            raise TermsRefused(detail)

    def require_state(self, holds: bool, detail: str) -> None:
        """Raise StateMismatch with `detail` unless it holds."""
        if not holds:
            raise StateMismatch(detail)


def standing(call: Call, actions: Sequence[Action]) -> Sequence[Action]:
    """Return those actions whose transaction has not failed."""
    rows = [(action, call.transaction.transaction(action.intent)) for action in actions]
    return [action for action, row in rows if row is not None and row.state != "failed"]


def under_way(call: Call, name: str) -> list[tuple[Action, dict[str, Any]]]:
    """Return actions of a name that the followed chain does not show yet, with their messages."""
    actions = call.transaction.actions_under_way(name, call.facts_block)
    return [(action, message_from_json(name, action.message)) for action in actions]
