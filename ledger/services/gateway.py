"""What every service of a gateway works with. `ledger.wiring` makes one per process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ledger.core.collect_once import NO_RULES, CollectOnce
from ledger.core.count_tables import CountRules, parse_count_rules
from ledger.core.history import AnchorFacts, History
from ledger.core.statements import StatementDomain
from ledger.core.succession import AnchorsLine
from ledger.council_errors import DirectoryDiffers
from ledger.domain import COUNTS_TABLE, load_document
from ledger.ports import KeyProvider, Signer, Store, Transaction

COUNT_RULES = parse_count_rules(load_document(COUNTS_TABLE))
"""Where settings name no others."""


class Facts(Protocol):
    """The folded chain history of this process, brought up to date from the store."""

    def history(self, transaction: Transaction) -> History:
        """Return the history as of the newest followed block; cheap when nothing is new."""

    def known(self) -> History:
        """Return the history as far as this process knows it, without a question: good to foresee, not to decide by."""

    def agency_of(self, key: str) -> int | None:
        """Return the agency to which a key (lower-case 0x address) was bound, as far as this process knows."""


@dataclass(frozen=True, slots=True)
class SubjectRules:
    """How long an agency's token of a person stays the same, and how often an agency may ask about persons."""

    epoch_days: int = 90
    queries_per_day: int = 1_000
    """Of one agency, per day of UTC."""
    listed_per_day: int = 100_000
    """Persons for whom a publisher may list tokens, of one agency, per day of UTC: they tell it nothing about anybody,
    and a table of residents has many."""


@dataclass(frozen=True, slots=True)
class AttachmentRules:
    """Which attachments are taken, how large, and how much of one agency may wait for the records that name it."""

    most_bytes: int = 5 * 1024 * 1024
    staged_bytes: int = 64 * 1024 * 1024
    """Of uploads of one agency that no record names yet; also the most that one submission binds."""
    staged_seconds: int = 86_400
    """How long an upload waits for its record before the worker removes it."""
    pdf: bool = False
    """Whether PDF is taken too: nothing can clean one, so a gateway decides to."""


@dataclass(frozen=True)
class Gateway:
    """A gateway's identity, its adapters and its clock.

    `clock` gives Unix seconds (the system clock outside of tests).
    """

    agency: int
    domain: StatementDomain
    store: Store
    facts: Facts
    api_signer: Signer
    key_provider: KeyProvider
    clock: Callable[[], int]
    subject_rules: SubjectRules = field(default_factory=SubjectRules)
    line: AnchorsLine | None = None
    """What may succeed the RecordAnchors of `domain`; without it nothing does."""
    collect_once: CollectOnce = NO_RULES
    count_rules: CountRules = COUNT_RULES
    attachment_rules: AttachmentRules = field(default_factory=AttachmentRules)
    signs_remotely: bool = False
    """Whether another process signs, so that a signature takes as long as its answer."""

    def domains_in(self, history: History) -> Sequence[StatementDomain]:
        """Return the domains of its statements, of each RecordAnchors one, that in force last.

        Raises DirectoryDiffers where the directory names a RecordAnchors of unknown code.
        """
        if self.line is None:
            return [self.domain]
        refusal = self.line.refusal(history)
        if refusal is not None:
            raise DirectoryDiffers(refusal)
        return list(self.line.domains(history).values())

    def domain_at(self, history: History, anchor: AnchorFacts) -> StatementDomain:
        """Return the domain of the statements of an anchored batch."""
        return self.domain if self.line is None else self.line.domain_of(history, anchor)
