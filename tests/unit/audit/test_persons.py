"""What a key-holder found of persons, in a verification: counted, told, and held against the gateway."""

from dataclasses import replace
from pathlib import Path

import pytest

from ledger.core.audit.checks import Tally
from ledger.core.audit.ground import Ground
from ledger.core.audit.persons import (
    COMPARED,
    ERASED,
    NOT_HERE,
    UNOPENED,
    ComparedPersons,
    RecordKey,
    check_digests,
    count_compared,
)
from ledger.core.audit.replay import ONLY_KEY_HOLDERS
from ledger.core.eip712 import ZERO32
from ledger.core.keccak import keccak256
from ledger.core.person_answer import Compared, ComparedLook, PersonsAnswer
from ledger.core.person_sample import ConsentedLook, PersonsSample
from ledger.core.signature import sign_digest
from ledger.core.verdict import Verdict
from ledger.person_errors import PersonsAnswerRefused, PersonsSampleDiffers
from ledger.services.consented_looks import draw_sample
from tests.simulated_authorities import AuthorityLedger
from tests.simulated_consortium import address, number32, private_key
from tests.unit.audit.auditing import audit
from tests.unit.audit.authorities import GATEWAY_1

pytestmark = pytest.mark.unit
SEED = "thrown dice: 4 2 6 1"
DIGEST = number32("digest of a subject")
Digests = dict[RecordKey, bytes | None]


def persons_of(*found: tuple[Compared, bytes]) -> ComparedPersons:
    """A sample with an answer of these results and digests; record n has the id number32(n)."""
    looks = [
        ComparedLook(10 + place, number32(place), 1, number32("consent"), number32("tag"), digest, result)
        for place, (result, digest) in enumerate(found)
    ]
    drawn = tuple(ConsentedLook(one.sequence, one.record_id, 1, number32("root"), one.consent) for one in looks)
    ledger = AuthorityLedger()
    sample = PersonsSample(ledger.domain, 1, 40, SEED, 9, drawn)
    return ComparedPersons(sample, PersonsAnswer(ledger.domain, 1, sample.hash, 0, tuple(looks), address("gateway")))


def counted(persons: ComparedPersons, digests: Digests, opened: int = 9) -> Tally:
    ledger, tally = AuthorityLedger(), Tally()
    tally.notices[ONLY_KEY_HOLDERS] = opened
    ground = Ground(ledger.chain.history(), ledger.domain, 1, {})
    check_digests(persons.answer, digests)
    count_compared(ground, tally, persons, digests)
    return tally


def test_the_same_persons_are_counted_and_told() -> None:
    persons = persons_of((Compared.SAME, DIGEST), (Compared.SAME, DIGEST))
    tally = counted(persons, {(number32(0), 1): DIGEST, (number32(1), 1): DIGEST})
    assert (tally.passed["look.person"], tally.failures, tally.incomplete) == (2, [], [])
    told = COMPARED.format(compared=2, all=9, seed=SEED, signer=address("gateway"))
    assert tally.notices == {told: 1, ONLY_KEY_HOLDERS: 7}


def test_the_same_person_in_a_record_that_is_gone_counts_as_erased() -> None:
    persons = persons_of((Compared.SAME, DIGEST), (Compared.SAME, DIGEST))
    tally = counted(persons, {(number32(0), 1): DIGEST, (number32(1), 1): None})
    assert (tally.passed["look.person"], tally.skipped["look.person"], tally.notices[ERASED]) == (1, 1, 1)
    assert COMPARED.format(compared=1, all=9, seed=SEED, signer=address("gateway")) in tally.notices
    assert (tally.notices[ONLY_KEY_HOLDERS], tally.failures, tally.incomplete) == (8, [], [])


def test_another_person_in_a_record_that_is_gone_is_admitted_all_the_same() -> None:
    (failure,) = counted(persons_of((Compared.OTHER, DIGEST)), {(number32(0), 1): None}).failures
    assert failure.check == "look.person"


def test_where_all_were_compared_nothing_is_left_to_key_holders() -> None:
    tally = counted(persons_of((Compared.SAME, DIGEST)), {(number32(0), 1): DIGEST}, opened=1)
    assert ONLY_KEY_HOLDERS not in tally.notices


@pytest.mark.parametrize("found", [(Compared.OTHER, DIGEST), (Compared.OTHER, ZERO32), (Compared.SAME, ZERO32)])
def test_another_person_convicts_the_gateway_that_says_so(found: tuple[Compared, bytes]) -> None:
    (failure,) = counted(persons_of(found), {(number32(0), 1): found[1]}).failures
    assert (failure.check, failure.blames) == ("look.person", GATEWAY_1)
    assert failure.subject.startswith("entry 10, opened record 0x")


def test_what_was_not_opened_is_told_apart() -> None:
    results = [(one, ZERO32) for one in (Compared.ERASED, Compared.UNOPENED, Compared.ERASED, Compared.UNOPENED)]
    digests: Digests = {(number32(0), 1): None, (number32(1), 1): None, (number32(2), 1): DIGEST}
    tally = counted(persons_of(*results), digests)
    # An erased record has a tombstone: who says so of another did not open it.
    assert (tally.notices[ERASED], tally.skipped["look.person"]) == (2, 4)
    assert tally.incomplete == [UNOPENED, NOT_HERE]
    several = counted(persons_of(*[(Compared.UNOPENED, ZERO32)] * 2), {(number32(n), 1): DIGEST for n in range(2)})
    assert several.incomplete == [UNOPENED]


def test_another_commitment_than_the_ledgers_is_refused() -> None:
    persons = persons_of((Compared.OTHER, DIGEST))
    with pytest.raises(PersonsAnswerRefused, match="entry 10: the record commits another /subject"):
        counted(persons, {(number32(0), 1): number32("another digest")})


# --- with an export ---


@pytest.fixture
def ledger() -> AuthorityLedger:
    """A ledger with two looks on consents at three records of a type that names nobody, and one that needs none."""
    ledger = AuthorityLedger()
    grant = ledger.grant_by_consent(ledger.consent())
    ledger.consented_look(grant, 1, 2)
    ledger.consented_look(grant, 3)
    ledger.granted_look(ledger.grant("another"), 1)
    ledger.anchor()
    return ledger


def answered(ledger: AuthorityLedger, sample: PersonsSample, result: Compared = Compared.OTHER) -> ComparedPersons:
    """The sample with the gateway's signed answer, the same for every look."""
    tags = ledger.chain.history().consents
    found = tuple(
        ComparedLook(
            one.sequence, one.record_id, one.version, one.consent, tags[one.consent].subject_tag, ZERO32, result
        )
        for one in sample.looks
    )
    answer = PersonsAnswer(sample.domain, 1, sample.hash, ledger.now, found, address("gateway"))
    signature = sign_digest(keccak256(answer.preimage), private_key("gateway"))
    return ComparedPersons(sample, answer.signed(signature))


def drawn(ledger: AuthorityLedger, folder: Path, number: int = 10) -> PersonsSample:
    return draw_sample(ledger.export().write(folder / "drawn"), ledger.chain.history(), SEED, number)


def test_looks_on_consents_are_drawn_and_no_others(ledger: AuthorityLedger, tmp_path: Path) -> None:
    sample = drawn(ledger, tmp_path)
    assert (len(sample.looks), sample.drawn_from, sample.gateway) == (3, 3, 1)
    assert {look.record_id for look in sample.looks} == {ledger.committed(number).record_id for number in (1, 2, 3)}


def test_records_about_nobody_that_were_opened_on_a_consent_are_found(ledger: AuthorityLedger, tmp_path: Path) -> None:
    report = audit(ledger, tmp_path, persons=answered(ledger, drawn(ledger, tmp_path)))
    report.require("look.person", GATEWAY_1, "about another person")
    assert (report.failed, len(report.report.failures)) == ({"look.person"}, 3)


def test_a_sample_that_nobody_opened_makes_a_verification_incomplete(ledger: AuthorityLedger, tmp_path: Path) -> None:
    persons = answered(ledger, drawn(ledger, tmp_path), Compared.UNOPENED)
    report = audit(ledger, tmp_path, persons=persons).report
    assert (report.verdict, report.failures) == (Verdict.INCOMPLETE, ())
    assert UNOPENED in report.notices


def test_a_sample_of_another_ledger_is_refused(ledger: AuthorityLedger, tmp_path: Path) -> None:
    sample = drawn(ledger, tmp_path)
    elsewhere = replace(sample, domain=replace(sample.domain, chain_id=1))
    with pytest.raises(PersonsSampleDiffers, match="another chain or contract"):
        audit(ledger, tmp_path / "chain", persons=answered(ledger, elsewhere))
    with pytest.raises(PersonsSampleDiffers, match="of gateway 2, the export of 1"):
        audit(ledger, tmp_path / "gateway", persons=answered(ledger, replace(sample, gateway=2)))


def test_lines_that_no_export_has_are_passed_over_when_looks_are_drawn(ledger: AuthorityLedger, tmp_path: Path) -> None:
    folder = ledger.export().write(tmp_path / "export")
    history = ledger.chain.history()
    whole = draw_sample(folder, history, SEED, 10)
    for name in ("entries", "looks", "records"):
        lines = (folder / f"{name}.ndjson").read_bytes()
        (folder / f"{name}.ndjson").write_bytes(b'no line\n[]\n{"sequence":"1"}\n' + lines + b'{"sequence":99}\n')
    assert draw_sample(folder, history, SEED, 10) == whole
    looks = folder / "looks.ndjson"
    looks.write_bytes(looks.read_bytes().replace(b'"base":"', b'"base":"x'))
    assert draw_sample(folder, history, SEED, 10).looks == ()
    looks.write_bytes(looks.read_bytes().replace(b'"signature":"0x', b'"signature":"0'))
    assert draw_sample(folder, history, SEED, 10).looks == ()
