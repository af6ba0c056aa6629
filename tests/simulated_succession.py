"""A simulated ledger whose RecordAnchors is succeeded by others, as honest members do it and as liars tell it."""

from dataclasses import dataclass, field, replace
from typing import Any

from ledger.core.bundle import AnchorClaim, Bundle, SignedSubmission, bundle_document
from ledger.core.canonical import encode
from ledger.core.chainfile import Trust
from ledger.core.points import ANCHORS, anchors_name, anchors_number
from ledger.core.statements import StatementDomain
from ledger.core.stored import stored_slots, view_of
from ledger.core.succession import AnchorsCode
from tests.simulated_consortium import CONTRACTS, address
from tests.simulated_ledger import SimulatedLedger
from tests.simulated_stream import StreamEntry

NOBODY = "0x" + "00" * 20
VARIABLES = (
    *("_governor", "_registry", "_predecessor", "_cachedThis", "_cachedChainId", "_cachedDomainSeparator"),
    *("_hashedName", "_hashedVersion", "_name", "_version"),
)
CODE = AnchorsCode(
    b"published code" + bytes(32 * len(VARIABLES)),
    tuple((14 + 32 * place, 32, variable) for place, variable in enumerate(VARIABLES)),
)


@dataclass
class SucceededLedger(SimulatedLedger):
    """A ledger whose directory names its contracts; `succeed` goes on in another RecordAnchors."""

    line: list[str] = field(default_factory=lambda: [CONTRACTS[ANCHORS].address])
    """Addresses, the one in force last."""

    def __post_init__(self) -> None:
        super().__post_init__()
        pin = CONTRACTS[ANCHORS]
        self.mine([self.entered(pin.address, pin.code_hash, NOBODY)])

    @property
    def trust(self) -> Trust:
        """The trust file with the published code."""
        return replace(super().trust, anchors_code=CODE)

    def entered(self, at: str, code_hash: str, previous: str) -> tuple[str, str, dict[str, Any]]:
        """Return the event that names a RecordAnchors."""
        args = {"name": ANCHORS, "at": at, "codeHash": code_hash, "previous": previous, "since": len(self.blocks)}
        return "SystemDirectory", "ContractSet", args

    def name_successor(self, code_hash: str | None = None) -> str:
        """Let the directory name a successor, of published code unless another hash is given; returns its address."""
        at, before = address(f"anchors {len(self.line) + 1}"), self.line[-1]
        self.mine([self.entered(at, code_hash or self.trust.line.successor_hash(at, before) or "", before)])
        self.line.append(at)
        return at

    def go_on(self) -> None:
        """Sign and anchor for the newest contract from now on."""
        self.domain = StatementDomain(self.chain_id, self.line[-1])
        self.anchors = anchors_name(len(self.line))

    def succeed(self) -> None:
        """Anchor what waits in the old contract, after the successor was named; then go on in the new one."""
        self.name_successor()
        if self.unanchored:
            self.anchor()
        self.go_on()

    def published(self, number: int) -> StreamEntry:
        """Publish one made-up incident in a batch of its own."""
        entry = self.submit(number)
        self.anchor()
        return entry

    def bundle(self, entry: StreamEntry, contract: str | None = None) -> bytes:
        """Return the bundle of the only record of a batch's only entry, said to stand in `contract`."""
        submitted, schema = entry.submitted, self.items[1][0]
        assert submitted is not None
        (record,) = submitted.records
        anchor = next(a for a in self.history().anchors[self.gateway] if a.first_sequence == entry.sequence)
        at = self.line[(anchors_number(anchor.contract) or 0) - 1] if contract is None else contract
        place = anchor.transaction, anchor.point.block
        claim = AnchorClaim(self.chain_id, at, self.gateway, anchor.batch, anchor.root, 1, entry.sequence, *place)
        view = view_of(schema, record.record_id, 1, record.previous, stored_slots(schema, record), 1)
        signed = SignedSubmission(submitted.message, submitted.signer, submitted.signature, submitted.sealed_hash)
        return encode(bundle_document(Bundle(view, schema.document, signed, (), claim, entry.sequence, ())))
