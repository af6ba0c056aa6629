"""EmergencyAccess after the end: reviews, overdue reviews, notices, destruction."""

import pytest

from ledger.core.codes import Role
from tests.contracts.offices import Offices, word
from tests.contracts.sandbox import COMMUNITY, DAY, Sandbox

pytestmark = pytest.mark.contracts


@pytest.fixture
def sandbox(offices: Offices) -> Sandbox:
    return offices.sandbox


def overdue(offices: Offices) -> int:
    return offices.sandbox.emergencies.overdue_reviews(offices.reader.agency, block="latest")


def test_the_assigned_agency_reviews_and_the_worst_verdict_counts(sandbox: Sandbox, offices: Offices) -> None:
    emergency = offices.ended()
    outcome = sandbox.send(offices.about("ReviewEmergency", emergency))
    assert outcome.event == (
        "EmergencyReviewed",
        {
            "emergency": "0x" + emergency.hex(),
            "reviewer": offices.reviewers.agency,
            "key": offices.reviewer.address,
            "verdict": 1,
            "documentHash": "0x" + word("review").hex(),
        },
    )
    sandbox.refuses("VerdictNotAdverse", offices.about("ReviewEmergency", emergency))
    for verdict, worst in ((3, 3), (2, 3)):
        sandbox.send(offices.about("ReviewEmergency", emergency, verdict=verdict))
        assert sandbox.emergencies.emergency_info(emergency, block="latest").verdict == worst


def test_nothing_is_reviewed_before_its_end(sandbox: Sandbox, offices: Offices) -> None:
    emergency = offices.opened()
    sandbox.refuses("EmergencyStillLive", offices.about("ReviewEmergency", emergency))
    sandbox.sleep(7200)
    sandbox.send(offices.about("ReviewEmergency", emergency))


def test_a_review_says_a_known_verdict_and_its_reasons(sandbox: Sandbox, offices: Offices) -> None:
    emergency = offices.ended()
    for verdict in (0, 4):
        sandbox.refuses("VerdictUnknown", offices.about("ReviewEmergency", emergency, verdict=verdict))
    sandbox.refuses("DocumentHashMissing", offices.about("ReviewEmergency", emergency, documentHash=bytes(32)))


def test_nobody_reviews_but_the_assigned_agency(sandbox: Sandbox, offices: Offices) -> None:
    emergency = offices.ended()
    for member in (offices.reader, offices.substitute, offices.holder):
        key = sandbox.bind(member, Role.REVIEW)
        sandbox.refuses("NotParty", offices.about("ReviewEmergency", emergency, key))
    sandbox.refuses("KeyNotEntitled", offices.about("ReviewEmergency", emergency, offices.supervisor))


def test_the_reviewing_agency_is_reviewed_by_the_substitute(sandbox: Sandbox, offices: Offices) -> None:
    own = sandbox.bind(offices.reviewers, Role.EMERGENCY)
    emergency = offices.opened(key=own)
    info = sandbox.emergencies.emergency_info(emergency, block="latest")
    assert (info.agency, info.reviewer) == (offices.reviewers.agency, offices.substitute.agency)
    sandbox.sleep(7200)
    sandbox.refuses("NotParty", offices.about("ReviewEmergency", emergency))
    sandbox.send(offices.about("ReviewEmergency", emergency, sandbox.bind(offices.substitute, Role.REVIEW)))


def test_the_reviewer_stays_whoever_is_assigned_later(sandbox: Sandbox, offices: Offices) -> None:
    emergency = offices.ended()
    sandbox.govern(sandbox.parameters.set("reviewAgency", offices.substitute.agency))
    other = sandbox.bind(offices.substitute, Role.REVIEW)
    sandbox.refuses("NotParty", offices.about("ReviewEmergency", emergency, other))
    sandbox.send(offices.about("ReviewEmergency", emergency))


def test_a_reviewer_that_is_not_active_any_more_is_replaced(sandbox: Sandbox, offices: Offices) -> None:
    emergency = offices.ended()
    offices.suspend(offices.reviewers)
    stranger = sandbox.bind(offices.holder, Role.REVIEW)
    sandbox.refuses("NotParty", offices.about("ReviewEmergency", emergency, stranger))
    outcome = sandbox.send(offices.about("ReviewEmergency", emergency, sandbox.bind(offices.substitute, Role.REVIEW)))
    replaced = {"emergency": "0x" + emergency.hex(), "reviewer": offices.substitute.agency}
    assert outcome.events[0][1:] == ("ReviewerReplaced", replaced)
    offices.suspend(offices.reviewers, 1)
    sandbox.refuses("NotParty", offices.about("ReviewEmergency", emergency, verdict=3))


def test_without_a_reviewer_other_than_the_opener_nothing_opens(sandbox: Sandbox, offices: Offices) -> None:
    for name in ("reviewAgency", "reviewAgencySubstitute"):
        sandbox.govern(sandbox.parameters.set(name, offices.reader.agency))
    sandbox.refuses("ReviewerMissing", offices.alarm().call)
    offices.suspend(offices.substitute)
    sandbox.govern(sandbox.parameters.set("reviewAgencySubstitute", offices.substitute.agency))
    sandbox.refuses("ReviewerMissing", offices.alarm().call)


def test_over_the_limit_of_overdue_reviews_a_second_agency_signs(sandbox: Sandbox, offices: Offices) -> None:
    waiting = [offices.ended() for _ in range(3)]
    assert overdue(offices) == 0
    sandbox.sleep(17 * DAY)
    assert overdue(offices) == 3
    line = sandbox.refuses("SecondAgencyRequired", offices.alarm(supervisor=offices.supervisor).call)
    assert line == f"SecondAgencyRequired(agency={offices.reader.agency}, overdue=3, limit=2)"
    outcome = sandbox.send(offices.alarm(second=offices.second).call)
    assert outcome.events[0][2]["secondAgency"] == offices.holder.agency
    sandbox.send(offices.about("ReviewEmergency", waiting[0]))
    assert overdue(offices) == 2
    offices.opened()


def test_the_second_agency_is_neither_opener_nor_reviewer(sandbox: Sandbox, offices: Offices) -> None:
    for member in (offices.reader, offices.reviewers):
        key = sandbox.bind(member, Role.SUPERVISE)
        sandbox.refuses("SecondAgencyInvalid", offices.alarm(second=key).call)
    sandbox.refuses("KeyNotEntitled", offices.alarm(second=offices.witness).call)


def test_each_agency_answers_for_its_own_overdue_reviews(sandbox: Sandbox, offices: Offices) -> None:
    for _ in range(3):
        offices.ended()
    sandbox.sleep(17 * DAY)
    other = sandbox.register(kind=COMMUNITY)
    offices.opened(key=sandbox.bind(other, Role.EMERGENCY))
    assert sandbox.emergencies.overdue_reviews(other.agency, block="latest") == 0


def test_a_place_in_the_list_is_used_again(sandbox: Sandbox, offices: Offices) -> None:
    first, second = offices.ended(), offices.ended()
    sandbox.send(offices.about("ReviewEmergency", first))
    third = offices.ended()
    places = [sandbox.emergencies.emergency_info(each, block="latest").place for each in (first, second, third)]
    assert places == [0, 1, 0]
    sandbox.sleep(17 * DAY)
    assert overdue(offices) == 2


def test_beyond_sixty_four_waiting_reviews_each_counts_as_overdue_at_once(sandbox: Sandbox, offices: Offices) -> None:
    waiting = [offices.ended() for _ in range(64)]
    assert overdue(offices) == 0
    beyond = [offices.ended() for _ in range(3)]
    assert overdue(offices) == 3
    sandbox.refuses("SecondAgencyRequired", offices.alarm().call)
    sandbox.send(offices.about("ReviewEmergency", waiting[5]))
    assert overdue(offices) == 3
    for emergency in beyond:
        sandbox.send(offices.about("ReviewEmergency", emergency))
    assert overdue(offices) == 0
    sandbox.send(offices.alarm(second=offices.second).call)


def test_the_persons_concerned_are_told_once_and_after_the_end(sandbox: Sandbox, offices: Offices) -> None:
    emergency = offices.opened()
    sandbox.refuses("EmergencyStillLive", offices.about("NoteNotified", emergency))
    sandbox.send(offices.about("EndEmergency", emergency))
    sandbox.refuses("DocumentHashMissing", offices.about("NoteNotified", emergency, documentHash=bytes(32)))
    sandbox.refuses("NotParty", offices.about("NoteNotified", emergency, offices.second))
    outcome = sandbox.send(offices.about("NoteNotified", emergency))
    expected = {"emergency": "0x" + emergency.hex(), "documentHash": "0x" + word("letters").hex()}
    assert outcome.event == ("NoticeGiven", expected)
    assert sandbox.emergencies.emergency_info(emergency, block="latest").notice == 2
    for name in ("NoteNotified", "DeferNotice"):
        sandbox.refuses("NoticeAlreadyGiven", offices.about(name, emergency))


def test_a_notice_is_put_off_for_a_reason_and_not_for_ever(sandbox: Sandbox, offices: Offices) -> None:
    emergency, until = offices.opened(), sandbox.now + 80 * DAY
    sandbox.refuses("ReasonMissing", offices.about("DeferNotice", emergency, reason=0))
    for wrong in (sandbox.now, sandbox.now + 91 * DAY):
        sandbox.refuses("ExpiryInvalid", offices.about("DeferNotice", emergency, until=wrong))
    sandbox.refuses("NotParty", offices.about("DeferNotice", emergency, offices.second))
    outcome = sandbox.send(offices.about("DeferNotice", emergency, offices.supervisor, until=until, reason=3))
    assert outcome.event == ("NoticeDeferred", {"emergency": "0x" + emergency.hex(), "until": until, "reason": 3})
    assert sandbox.emergencies.emergency_info(emergency, block="latest").notice == 1
    sandbox.sleep(7200)
    sandbox.send(offices.about("NoteNotified", emergency))


def test_what_was_seen_is_destroyed_or_kept_by_an_assessment(sandbox: Sandbox, offices: Offices) -> None:
    live, emergency = offices.opened(), offices.ended()
    for name, member in (("KeepData", "assessment"), ("NoteDestroyed", "documentHash")):
        sandbox.refuses("EmergencyStillLive", offices.about(name, live))
        sandbox.refuses("DocumentHashMissing", offices.about(name, emergency, **{member: bytes(32)}))
        sandbox.refuses("NotParty", offices.about(name, emergency, offices.second))
    steps = (
        ("KeepData", "DataKept", {"assessment": "0x" + word("assessment").hex()}, 1),
        ("NoteDestroyed", "DataDestroyed", {"documentHash": "0x" + word("shredder").hex()}, 2),
    )
    for name, event, told, state in steps:
        outcome = sandbox.send(offices.about(name, emergency))
        assert outcome.event == (event, {"emergency": "0x" + emergency.hex(), **told})
        assert sandbox.emergencies.emergency_info(emergency, block="latest").destruction == state
        sandbox.refuses("DestructionSettled", offices.about("KeepData", emergency))
    sandbox.refuses("DestructionSettled", offices.about("NoteDestroyed", emergency))
