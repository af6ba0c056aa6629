"""Persons that a key-holder compared with consents, counted in a verification (verification page, points 3 and 5).

What he signed is taken for what his gateway says of itself: a look on another person's consent that he admits convicts
it. That two are the same person nobody else can see, so it is told who compared, and how many of how many.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass

from ledger.core.audit.checks import Tally
from ledger.core.audit.ground import Ground
from ledger.core.audit.replay import ONLY_KEY_HOLDERS
from ledger.core.eip712 import ZERO32
from ledger.core.hexadecimal import to_hex
from ledger.core.person_answer import Compared, ComparedLook, PersonsAnswer
from ledger.core.person_sample import PersonsSample
from ledger.person_errors import PersonsAnswerRefused

COMPARED = (
    "persons compared for {compared:,} of {all:,} records opened on a consent, drawn by the seed “{seed}”: believed of "
    "key {signer}"
)
ERASED = "records of the sample that were erased: their persons cannot be compared any more"
UNOPENED = "records of the sample that the key-holder did not open"
NOT_HERE = "records of the sample that stand in no entry of this export yet"
RecordKey = tuple[bytes, int]
"""Record id and version."""


@dataclass(frozen=True, slots=True)
class ComparedPersons:
    """A sample with the answer to it, which was verified against the sample and the chain."""

    sample: PersonsSample
    answer: PersonsAnswer


def check_digests(answer: PersonsAnswer, digests: Mapping[RecordKey, bytes | None]) -> None:
    """Raise PersonsAnswerRefused where an answer names another commitment of `/subject` than the ledger has.

    `digests` are those of the ledger by record version, None of a tombstone, zero without a `/subject`.
    """
    for look in answer.looks:
        digest = digests.get((look.record_id, look.version))
        if look.result in _OPENED and digest is not None and digest != look.subject_digest:
            raise PersonsAnswerRefused(f"entry {look.sequence}: the record commits another /subject")


def count_compared(
    ground: Ground, tally: Tally, persons: ComparedPersons, digests: Mapping[RecordKey, bytes | None]
) -> None:
    """Count `look.person`, and tell how many persons were compared; `digests` as for `check_digests`.

    Of a record that is gone nothing shows what was opened: `same` counts as erased, `other` is admitted all the same.
    """
    compared = 0
    for look in persons.answer.looks:
        key = look.record_id, look.version
        if key not in digests:
            _leave_out(tally, NOT_HERE)
        elif look.result is Compared.OTHER or (look.result is Compared.SAME and digests[key] is not None):
            compared += 1
            holds = look.result is Compared.SAME and look.subject_digest != ZERO32
            expected = f"a record about the person of consent {to_hex(look.consent)}"
            found = "a record about another person, as its key-holder signed"
            tally.judge("look.person", holds, _subject(look), expected, found, ground.blamed)
        elif digests[key] is None:
            tally.skipped["look.person"] += 1
            tally.notices[ERASED] += 1
        else:
            _leave_out(tally, UNOPENED)
    sample, signer = persons.sample, persons.answer.signer
    told = COMPARED.format(compared=compared, all=sample.drawn_from, seed=sample.seed, signer=signer)
    tally.notices[told] += 1
    left = tally.notices.pop(ONLY_KEY_HOLDERS, 0) - compared
    if left > 0:
        tally.notices[ONLY_KEY_HOLDERS] = left


def _leave_out(tally: Tally, why: str) -> None:
    tally.skipped["look.person"] += 1
    if why not in tally.incomplete:
        tally.incomplete.append(why)


def _subject(look: ComparedLook) -> str:
    return f"entry {look.sequence}, opened record {to_hex(look.record_id)} version {look.version}"


_OPENED: Set[Compared] = frozenset((Compared.SAME, Compared.OTHER))
