"""The key-holder's side of an audit: whose the records are that were opened on a consent, told without saying whose."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest

from ledger.core.audit.persons import COMPARED, ERASED, UNOPENED, ComparedPersons
from ledger.core.audit.replay import ONLY_KEY_HOLDERS
from ledger.core.canonical import encode
from ledger.core.chainfile import ChainFile, Trust
from ledger.core.codes import Mark
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.person_answer import Compared, PersonsAnswer, parse_persons_answer
from ledger.core.person_sample import PersonsSample, parse_persons_sample
from ledger.core.verdict import Report, Verdict
from ledger.errors import UsageError
from ledger.person_errors import PersonsAnswerRefused, PersonsSampleDiffers
from ledger.services.audit_ledger import AuditRequest, audit_ledger
from ledger.services.compare_persons import compare_persons
from ledger.services.consented_looks import draw_sample
from tests.api.consortium import Consortium
from tests.api.members import API_KEY, GATEWAY, PUBLISHER, Key, key
from tests.api.offices import Offices
from tests.api.persons import OTHER_ID, PLANTED, opening, publish_care, traces
from tests.api.test_audited import exported, passed
from tests.api.test_erasure import erase, mine_mark
from tests.api.test_grants import care_look, caring, granted_by_consent, offices
from tests.api.test_looks import path_of
from tests.api.test_who_looked import subject_of

pytestmark = pytest.mark.api
__all__ = ["caring", "offices"]
SEED = "thrown on the day of the audit: 4 2 6 1"
BLAMED = f"gateway {GATEWAY}"


@dataclass
class Audit:
    """What an auditor has: the export, what judges it, and his sample."""

    consortium: Consortium
    folder: Path
    trust: Trust
    chain: ChainFile

    def sample(self, seed: str = SEED, number: int = 100) -> PersonsSample:
        drawn = draw_sample(self.folder, self.chain.history(), seed, number)
        return parse_persons_sample(encode(drawn.document))

    def answer(self, sample: PersonsSample) -> PersonsAnswer:
        """Let the key-holder answer, and read his file."""
        return parse_persons_answer(encode(compare_persons(self.consortium.gateway, sample).document))

    def report(self, sample: PersonsSample, answer: PersonsAnswer) -> Report:
        persons = ComparedPersons(sample, answer)
        return audit_ledger(AuditRequest(self.folder, self.trust, self.chain, "the store", workers=1, persons=persons))[
            0
        ]

    def judged(self) -> Report:
        sample = self.sample()
        return self.report(sample, self.answer(sample))


def audit_of(caring: Offices, folder: Path) -> Audit:
    return Audit(caring.consortium, folder, *exported(caring.consortium, folder))


def looked(caring: Offices, person: str = PLANTED) -> bytes:
    """Let a record about a person be opened on the consent of PLANTED, one record and one page; returns its id."""
    record = publish_care(caring.consortium, subject_of(caring.consortium, opening(person)))
    caring.consortium.anchor_all()
    _, grant = granted_by_consent(caring, key(f"resident {os.urandom(4).hex()}", 0))
    for path in (path_of(record), "/v1/records"):
        assert care_look(caring, grant, path).status_code in (200, 403), path
    return record


def changed(caring: Offices, statement: str, *values: object) -> None:
    """Change the gateway's database behind its back."""
    with psycopg.connect(caring.consortium.dsn) as connection:
        assert connection.execute(statement, values).rowcount > 0


def taken_for_the_consenting_person(caring: Offices) -> bytes:
    """Let the gateway open a record about somebody else on a consent; returns the record's id."""
    about = subject_of(caring.consortium, opening())
    record = publish_care(caring.consortium, subject_of(caring.consortium, opening(OTHER_ID)))
    caring.consortium.anchor_all()
    changed(caring, "UPDATE subjects SET token = %s WHERE record_id = %s", from_hex(about), record)
    _, grant = granted_by_consent(caring, key("a resident", 0))
    assert care_look(caring, grant, path_of(record)).status_code == 200
    return record


def test_every_drawn_look_is_compared_and_told(caring: Offices, tmp_path: Path) -> None:
    looked(caring)
    looked(caring)
    audit = audit_of(caring, tmp_path / "export")
    sample = audit.sample()
    answer = audit.answer(sample)
    report = audit.report(sample, answer)
    assert (report.verdict, report.failures) == (Verdict.VERIFIED, ())
    assert len(sample.looks) == sample.drawn_from == passed(report, "look.person") == 5
    assert COMPARED.format(compared=5, all=5, seed=SEED, signer=answer.signer) in report.notices
    assert not [notice for notice in report.notices if notice.startswith(ONLY_KEY_HOLDERS)]


def test_who_is_not_compared_stays_counted(caring: Offices, tmp_path: Path) -> None:
    looked(caring)
    looked(caring)
    audit = audit_of(caring, tmp_path / "export")
    sample = audit.sample(number=2)
    report = audit.report(sample, audit.answer(sample))
    assert report.verdict is Verdict.VERIFIED
    assert passed(report, "look.person") == 2
    assert f"{ONLY_KEY_HOLDERS} (3)" in report.notices


def test_a_look_on_the_consent_of_another_person_is_found(caring: Offices, tmp_path: Path) -> None:
    looked(caring)
    record = taken_for_the_consenting_person(caring)
    audit = audit_of(caring, tmp_path / "export")
    wrong = next(look for look in audit.sample().looks if look.record_id == record)
    report = audit.judged()
    (failure,) = report.failures
    assert (report.verdict, failure.id, failure.blames) == (Verdict.FAULTY, "look.person", BLAMED)
    assert failure.subject == f"entry {wrong.sequence}, opened record {to_hex(record)} version 1"


@pytest.mark.parametrize(
    "hide",
    [
        "DELETE FROM subject_tags",
        "UPDATE subject_tags SET token = (SELECT token FROM subjects LIMIT 1)",
        "UPDATE subject_tags SET period = period + 7",
    ],
)
def test_no_row_of_the_database_hides_another_person(caring: Offices, tmp_path: Path, hide: str) -> None:
    taken_for_the_consenting_person(caring)
    other = subject_of(caring.consortium, opening(OTHER_ID))
    changed(caring, "UPDATE subjects SET token = %s", from_hex(other))
    changed(caring, hide)
    assert {one.id for one in audit_of(caring, tmp_path / "export").judged().failures} == {"look.person"}


def test_a_tag_that_is_forgotten_is_made_anew(caring: Offices, tmp_path: Path) -> None:
    looked(caring)
    changed(caring, "DELETE FROM subject_tags")
    assert audit_of(caring, tmp_path / "export").judged().verdict is Verdict.VERIFIED


def test_a_record_whose_sealed_content_was_changed_is_not_compared(caring: Offices, tmp_path: Path) -> None:
    looked(caring)
    audit = audit_of(caring, tmp_path / "export")
    changed(caring, "UPDATE sealed SET ciphertext = set_byte(ciphertext, 40, get_byte(ciphertext, 40) # 1)")
    report = audit.judged()
    assert (report.verdict, report.failures) == (Verdict.INCOMPLETE, ())
    assert UNOPENED in report.notices


def test_the_person_of_an_erased_record_cannot_be_compared_any_more(caring: Offices, tmp_path: Path) -> None:
    record = looked(caring)
    mine_mark(caring.consortium, record, Mark.ERASED)
    erase(caring.consortium)
    audit = audit_of(caring, tmp_path / "export")
    sample = audit.sample()
    assert {look.result for look in audit.answer(sample).looks} == {Compared.ERASED}
    report = audit.judged()
    assert (report.verdict, report.failures) == (Verdict.VERIFIED, ())
    assert f"{ERASED} (2)" in report.notices


# --- answers that are refused ---


def without_a_look(answer: PersonsAnswer) -> PersonsAnswer:
    return signed(replace(answer, looks=answer.looks[1:]))


def with_a_look_twice(answer: PersonsAnswer) -> PersonsAnswer:
    return signed(replace(answer, looks=(answer.looks[1], *answer.looks[1:])))


def of_another_sample(answer: PersonsAnswer) -> PersonsAnswer:
    return signed(replace(answer, sample=os.urandom(32)))


def altered(answer: PersonsAnswer) -> PersonsAnswer:
    last = replace(answer.looks[-1], result=Compared.OTHER)
    return replace(answer, looks=(*answer.looks[:-1], last))


def of_another_subject(answer: PersonsAnswer) -> PersonsAnswer:
    first = replace(answer.looks[0], subject_digest=os.urandom(32))
    return signed(replace(answer, looks=(first, *answer.looks[1:])))


def of_another_tag(answer: PersonsAnswer) -> PersonsAnswer:
    first = replace(answer.looks[0], subject_tag=os.urandom(32))
    return signed(replace(answer, looks=(first, *answer.looks[1:])))


def by_a_stranger(answer: PersonsAnswer) -> PersonsAnswer:
    return signed(answer, key("a stranger", 0))


def by_a_member_that_is_not_the_gateway(answer: PersonsAnswer) -> PersonsAnswer:
    return signed(answer, PUBLISHER)


def in_the_name_of_the_gateway(answer: PersonsAnswer) -> PersonsAnswer:
    return replace(signed(answer, PUBLISHER), signer=answer.signer)


def signed(answer: PersonsAnswer, by: Key = API_KEY) -> PersonsAnswer:
    named = replace(answer, signer=by.address)
    return named.signed(by.sign_preimage(named.preimage))


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (without_a_look, "the sample has 3 looks, the answer 2"),
        (with_a_look_twice, "another look in its place"),
        (of_another_sample, "of another sample"),
        (altered, "altered"),
        (of_another_subject, "commits another /subject"),
        (of_another_tag, "another tag on chain"),
        (by_a_stranger, "no API_SIGN key of gateway"),
        (by_a_member_that_is_not_the_gateway, "no API_SIGN key of gateway"),
        (in_the_name_of_the_gateway, "altered"),
    ],
)
def test_an_answer_that_is_not_the_gateways_whole_answer_is_refused(
    caring: Offices, tmp_path: Path, spoil: Callable[[PersonsAnswer], PersonsAnswer], why: str
) -> None:
    looked(caring)
    looked(caring)
    audit = audit_of(caring, tmp_path / "export")
    sample = audit.sample(number=3)
    answer = audit.answer(sample)
    assert audit.report(sample, signed(answer)).verdict is Verdict.VERIFIED
    with pytest.raises(PersonsAnswerRefused, match=why):
        audit.report(sample, parse_persons_answer(encode(spoil(answer).document)))


# --- samples ---


def test_a_sample_that_its_seed_does_not_draw_is_refused(caring: Offices, tmp_path: Path) -> None:
    looked(caring)
    looked(caring)
    audit = audit_of(caring, tmp_path / "export")
    drawn = audit.sample(number=2)
    rest = tuple(look for look in audit.sample().looks if look not in drawn.looks)[:2]
    for chosen in (replace(drawn, looks=rest), replace(drawn, drawn_from=2)):
        answer = audit.answer(chosen)
        with pytest.raises(PersonsSampleDiffers, match="draws other looks"):
            audit.report(chosen, answer)


def test_a_sample_is_drawn_again_from_a_later_export_and_from_no_earlier_one(caring: Offices, tmp_path: Path) -> None:
    looked(caring)
    earlier = audit_of(caring, tmp_path / "earlier")
    looked(caring)
    later = audit_of(caring, tmp_path / "later")
    sample = earlier.sample()
    assert passed(later.report(sample, later.answer(sample)), "look.person") == len(sample.looks)
    of_all = later.sample()
    with pytest.raises(PersonsSampleDiffers, match="where no entry is here"):
        earlier.report(of_all, later.answer(of_all))


def test_a_key_holder_compares_for_his_own_gateway_alone(caring: Offices, tmp_path: Path) -> None:
    looked(caring)
    audit = audit_of(caring, tmp_path / "export")
    sample = audit.sample()
    elsewhere = replace(sample.domain, chain_id=sample.domain.chain_id + 1)
    for other in (replace(sample, gateway=GATEWAY + 1), replace(sample, domain=elsewhere)):
        with pytest.raises(PersonsSampleDiffers, match="another gateway, chain or contract"):
            audit.answer(other)


def test_pairs_that_an_auditor_makes_up_are_not_compared(caring: Offices, tmp_path: Path) -> None:
    looked(caring)
    looked(caring)
    audit = audit_of(caring, tmp_path / "export")
    sample = audit.sample()
    one = sample.looks[0]
    other = next(look for look in sample.looks if look.consent != one.consent)
    for made_up in (
        replace(one, consent=other.consent),
        replace(one, consent=os.urandom(32)),
        replace(one, record_id=other.record_id, sequence=one.sequence, version=2),
        replace(one, record_root=os.urandom(32)),
        replace(one, sequence=1),
        replace(one, sequence=sample.last_sequence + 1),
    ):
        with pytest.raises(PersonsSampleDiffers, match="did not open this record on this consent"):
            audit.answer(replace(sample, looks=(made_up,)))
    assert audit.answer(replace(sample, looks=(one,))).looks[0].result is Compared.SAME


def test_where_nobody_looked_on_a_consent_there_is_nothing_to_compare(caring: Offices, tmp_path: Path) -> None:
    publish_care(caring.consortium, subject_of(caring.consortium, opening()))
    audit = audit_of(caring, tmp_path / "export")
    sample = audit.sample()
    assert (sample.looks, sample.drawn_from) == ((), 0)
    assert audit.report(sample, audit.answer(sample)).verdict is Verdict.VERIFIED
    with pytest.raises(UsageError, match="there is no export"):
        draw_sample(tmp_path / "nowhere", audit.chain.history(), SEED, 1)


def test_nothing_in_the_files_says_who_anybody_is(caring: Offices, tmp_path: Path) -> None:
    looked(caring)
    token = subject_of(caring.consortium, opening())
    audit = audit_of(caring, tmp_path / "export")
    sample = audit.sample()
    files = [encode(sample.document).decode(), encode(audit.answer(sample).document).decode()]
    with psycopg.connect(caring.consortium.dsn) as connection:
        kept = connection.execute("SELECT token FROM subject_tags").fetchall()
    planted = [*traces(PLANTED), "欧阳", "测试", token[2:], *(bytes(row[0]).hex() for row in kept)]
    assert to_hex(sample.looks[0].record_id) in files[0]
    for text in files:
        assert not [trace for trace in planted if trace.lower() in text.lower()]
        assert "period" not in text
