"""Overdue duties of a ledger: what the auditor lists by agency, judged as of a time, beside a verdict that stays."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger.core.audit.duties import DutyRows
from ledger.core.audit.ground import Ground
from ledger.core.audit.whole import item_args
from ledger.core.calendar import parse_calendar
from ledger.core.clocks import Duty, DutyKind
from ledger.core.codes import AgencyKind, Authority, EntryType, Purpose, ShareClass, Tier
from ledger.core.commitment import RecordContent, commit
from ledger.core.documents import CatalogueItem, MaskProfile
from ledger.core.eip712 import ZERO32
from ledger.core.export import ExportedEntry, ExportedLook
from ledger.core.hexadecimal import to_hex
from ledger.core.mask_policy import MaskPolicy, PolicyProfile
from ledger.core.schema import Schema, parse_schema
from ledger.core.verdict import Report, Verdict
from ledger.domain import load_document
from tests.simulated_consortium import (
    GATEWAY,
    OTHER_GATEWAY,
    PUBLISHER,
    READER,
    address,
    item_version,
    number32,
)
from tests.simulated_ledger import SimulatedLedger
from tests.unit.audit.auditing import audit

pytestmark = pytest.mark.unit

REQUEST, EMERGENCY = to_hex(number32("a request")), to_hex(number32("an emergency"))
NOTHING = to_hex(ZERO32)
CALENDAR = parse_calendar(load_document("calendar/cn-1.json"))
STEPS_ITEM, RIGHTS_ITEM, SHARED = 4, 5, 6
PROFILE = MaskProfile(SHARED, 1, Tier.T5, 0, (("/region", "o"),))
POLICY = MaskPolicy(SHARED, 1, (PolicyProfile(PROFILE.tier, PROFILE.purpose, PROFILE.hash),))
DAY = 86_400


def at(text: str) -> int:
    """The Unix second of a local time in Beijing."""
    return int((datetime.fromisoformat(text).replace(tzinfo=UTC) - timedelta(hours=8)).timestamp())


class DutyLedger(SimulatedLedger):
    """A simulated ledger with a calendar, and items of steps and rights requests."""

    def __init__(self, start: str) -> None:
        super().__init__(now=at(start))
        conditional = {"share_class": ShareClass.CONDITIONAL, "mask_policy_hash": POLICY.hash, "class1_profile": None}
        shared = replace(item_version(1, open_phone=False)[2], item=SHARED, **conditional)
        self.keep(CALENDAR.document, PROFILE.document, POLICY.document, shared.document)
        calendar = {"version": 1, "documentHash": to_hex(CALENDAR.hash)}
        self.mine([("Catalogue", "CalendarSet", calendar), ("Catalogue", "ItemPublished", item_args(shared))])
        said = {"/subjectRecordId": "id", "/process": "code", "/from": "code", "/to": "code"}
        self.steps = self.publish_open_item(STEPS_ITEM, "transition", said)
        self.rights = self.publish_open_item(RIGHTS_ITEM, "rights_request", {"/right": "code"})
        self.submit(1)
        self.anchor()

    def publish_open_item(self, number: int, name: str, said: Mapping[str, str]) -> Schema:
        slots = [{"path": p, "kind": "o", "type": t, "nullable": False, "class": "O"} for p, t in said.items()]
        title = {"zh": "步骤", "en": "Step"}
        document = {"format": "gongzhi-schema/1", "schema": name, "version": 1, "title": title, "slots": slots}
        schema = parse_schema(document)
        profile = MaskProfile(number, 1, Tier.T5, 0, tuple((path, "o") for path in said))
        everybody, clocks = (AgencyKind.FIRE, AgencyKind.COMMUNITY), (0, 0, 0)
        item = CatalogueItem(
            *(number, 1, title, GATEWAY, ShareClass.UNCONDITIONAL, None, schema.hash, everybody, everybody),
            *((Purpose.INCIDENT_RESPONSE,), None, profile.hash, 0, *clocks),
        )
        for kept in (schema.document, profile.document, item.document):
            self.keep(kept)
        self.schemas[schema.hash] = schema
        self.mine([("Catalogue", "ItemPublished", item_args(item))])
        return schema

    def wait(self, until: str) -> None:
        self.mine([], seconds=at(until) - self.now)

    def say(self, item: int, schema: Schema, key: str, values: Mapping[str, str]) -> bytes:
        """Publish a record of open slots and anchor it; returns its id."""
        record_id = number32("said", self.now, len(self.entries))
        record = commit(schema, RecordContent(record_id, 1, ZERO32, number32("salt", record_id), dict(values)))
        self.accept(self.sign_submission([record], key=key, item=item, schemaHash=schema.hash))
        self.anchor()
        return record_id

    def step(self, to_step: str, key: str = "publisher", subject: str = REQUEST) -> bytes:
        values = {"/subjectRecordId": subject, "/process": "request", "/from": "", "/to": to_step}
        return self.say(STEPS_ITEM, self.steps, key, values)

    def ask(self) -> None:
        hashes = {"basisRef": NOTHING, "scopeHash": NOTHING, "profile": to_hex(PROFILE.hash)}
        parties = {"request": REQUEST, "reader": READER, "holder": PUBLISHER, "key": address("reader")}
        asked = {"item": SHARED, "itemVersion": 1, "purpose": 2, "basis": 3, "until": self.now + 90 * DAY}
        self.mine([("AccessLedger", "AccessRequested", {**parties, **asked, **hashes})])

    def grant(self, **terms: int) -> None:
        parties = {"request": REQUEST, "reader": READER, "holder": PUBLISHER, "key": address("publisher")}
        bound = {"itemVersion": 1, "profile": to_hex(PROFILE.hash), "expiresAt": self.now + 60 * DAY}
        rest = {"uses": 0, "terms": 0, "destroyBy": 0, "assessment": NOTHING}
        self.mine([("AccessLedger", "AccessGranted", {**parties, **bound, **rest, **terms})])

    def open_emergency(self) -> None:
        times = {"expiresAt": self.now + DAY, "unsignedUntil": self.now + 7200, "reviewDueAt": self.now + 16 * DAY}
        parties = {"agency": READER, "secondAgency": 0, "reviewer": OTHER_GATEWAY, "key": address("reader")}
        about = {"caseRef": NOTHING, "region": 990101, "reason": 1, "noteHash": NOTHING}
        opened = {"emergency": EMERGENCY, "supervisor": "0x" + "00" * 20, **parties, **about, **times}
        self.mine([("EmergencyAccess", "EmergencyOpened", opened)])

    def about_emergency(self, event: str, **args: Any) -> None:
        self.mine([("EmergencyAccess", event, {"emergency": EMERGENCY, **args})])


def report(ledger: SimulatedLedger, folder: Path, as_of: str | None = None, **options: Any) -> Report:
    moment = None if as_of is None else at(as_of)
    found = audit(ledger, folder, as_of=moment, **options).report
    assert found.failures == ()
    return found


def owed(found: Report) -> dict[DutyKind, Duty]:
    return {duty.kind: duty for duty in found.overdue}


def test_an_unanswered_request_is_listed_in_working_days_across_the_holidays(tmp_path: Path) -> None:
    ledger = DutyLedger("2026-09-24T12:00")
    ledger.ask()
    found = report(ledger, tmp_path, "2026-10-20T09:00")
    assert found.verdict is Verdict.VERIFIED
    assert found.as_of == at("2026-10-20T09:00")
    answer = owed(found)[DutyKind.ANSWER]
    assert answer == Duty(DutyKind.ANSWER, REQUEST, PUBLISHER, at("2026-10-15T23:59:59"), None, 3, 1)
    assert [duty.agency for duty in found.overdue] == [PUBLISHER, PUBLISHER]
    assert found.members()["overdue"][1]["overdueWorkingDays"] == 3
    assert all("calendar" not in notice for notice in found.notices)


def test_duties_are_judged_as_of_the_exports_time_unless_another_is_given(tmp_path: Path) -> None:
    ledger = DutyLedger("2026-09-24T12:00")
    ledger.ask()
    found = report(ledger, tmp_path)
    assert (found.as_of, found.overdue) == (ledger.now, [])


def test_without_a_calendar_only_weekends_count_and_that_is_said(tmp_path: Path) -> None:
    ledger = DutyLedger("2026-09-24T12:00")
    ledger.ask()
    del ledger.documents[to_hex(CALENDAR.hash)]
    found = report(ledger, tmp_path, "2026-10-20T09:00")
    assert owed(found)[DutyKind.ANSWER].due_at == at("2026-10-08T23:59:59")
    assert "the document of calendar version 1 is not here: only weekends count as free" in found.notices


def test_a_holders_step_shows_a_check_in_time_and_a_strangers_does_not(tmp_path: Path) -> None:
    ledger = DutyLedger("2026-09-24T12:00")
    ledger.ask()
    ledger.step("")
    ledger.step("checked", key="rival")
    stranger = report(ledger, tmp_path / "stranger", "2026-10-01T09:00")
    assert list(owed(stranger)) == [DutyKind.CHECK]
    ledger.step("checked")
    assert report(ledger, tmp_path / "holder", "2026-10-01T09:00").overdue == []


@pytest.mark.parametrize(("mark", "by", "counts"), [(1, PUBLISHER, False), (3, PUBLISHER, True), (1, READER, True)])
def test_a_step_that_its_publisher_withdrew_does_not_count(tmp_path: Path, mark: int, by: int, counts: bool) -> None:
    ledger = DutyLedger("2026-09-24T12:00")
    ledger.ask()
    record = ledger.step("checked")
    marked = {"agency": by, "recordId": to_hex(record), "version": 0, "mark": mark, "reason": 1}
    ledger.mine([("RecordAnchors", "Marked", marked)])
    assert list(owed(report(ledger, tmp_path, "2026-10-01T09:00"))) == ([] if counts else [DutyKind.CHECK])


def test_an_erased_rights_request_is_counted_no_more(tmp_path: Path) -> None:
    ledger = DutyLedger("2026-09-24T12:00")
    filed = ledger.say(RIGHTS_ITEM, ledger.rights, "publisher", {"/right": "correct"})
    marked = {"agency": PUBLISHER, "recordId": to_hex(filed), "version": 0, "mark": 4, "reason": 1}
    ledger.mine([("RecordAnchors", "Marked", marked)])
    export = ledger.export()
    line = export.records[-1]
    record = commit(ledger.rights, RecordContent(filed, 1, ZERO32, number32("salt", filed), {"/right": "correct"}))
    kept = {name: line[name] for name in ("sequence", "position", "recordId", "version", "previous")}
    root = to_hex(record.record_root)
    export.records[-1] = {**kept, "recordRoot": root, "ciphertextDigest": line["ciphertextDigest"]}
    assert report(ledger, tmp_path, "2026-10-16T09:00", export=export).overdue == []


def test_obligations_of_a_grant_are_listed_until_they_are_acknowledged(tmp_path: Path) -> None:
    ledger = DutyLedger("2026-09-24T12:00")
    ledger.ask()
    ledger.grant(destroyBy=at("2026-10-12T12:00"), terms=0b1000)
    ledger.step("delivered")
    later = "2026-11-02T09:00"
    before = report(ledger, tmp_path / "before", later)
    assert list(owed(before)) == [DutyKind.DESTROY, DutyKind.NOTIFY]
    assert {duty.agency for duty in before.overdue} == {READER}
    ledger.wait("2026-10-12T10:00")
    ledger.step("destroyed", key="reader-publishes")
    ledger.step("notified", key="reader-publishes")
    after = report(ledger, tmp_path / "after", later)
    assert after.overdue == []


def test_an_emergency_that_was_never_reviewed_and_told_late(tmp_path: Path) -> None:
    ledger = DutyLedger("2026-09-01T10:00")
    ledger.open_emergency()
    ledger.about_emergency("EmergencyCoSigned", key=address("reader"))
    ledger.wait("2026-09-30T10:00")
    ledger.about_emergency("DataDestroyed", documentHash=NOTHING)
    ledger.wait("2026-10-08T10:00")
    ledger.about_emergency("NoticeGiven", documentHash=NOTHING)
    # Eleven working days from the end to Thursday 17 September, and eleven again to Friday 9 October.
    found = report(ledger, tmp_path / "before", "2026-10-09T18:00")
    review = owed(found)[DutyKind.REVIEW]
    assert (list(owed(found)), review.agency, review.escalation) == ([DutyKind.REVIEW], OTHER_GATEWAY, 1)
    assert review.overdue_working_days == 11
    later = owed(report(ledger, tmp_path / "after", "2026-10-10T00:00"))[DutyKind.REVIEW]
    assert (later.overdue_working_days, later.escalation) == (12, 2)
    assert "1 duties were done after they were due" in found.notices


def test_a_rights_request_is_listed_until_its_agency_answers(tmp_path: Path) -> None:
    ledger = DutyLedger("2026-09-24T12:00")
    filed = to_hex(ledger.say(RIGHTS_ITEM, ledger.rights, "publisher", {"/right": "correct"}))
    before = owed(report(ledger, tmp_path / "before", "2026-10-16T09:00"))
    assert before == {DutyKind.RIGHT: Duty(DutyKind.RIGHT, filed, PUBLISHER, at("2026-10-15T23:59:59"), None, 1, 1)}
    ledger.step("verified", subject=filed)
    ledger.step("done", subject=filed)
    assert report(ledger, tmp_path / "after", "2026-10-16T09:00").overdue == []


def test_a_sample_leaves_out_what_steps_would_show_and_says_so(tmp_path: Path) -> None:
    ledger = DutyLedger("2026-09-24T12:00")
    ledger.ask()
    ledger.step("checked")
    found = report(ledger, tmp_path, "2026-10-20T09:00", sample=1)
    assert list(owed(found)) == [DutyKind.ANSWER]
    assert any("not all of the stream was read" in notice for notice in found.notices)


def test_other_streams_are_said_to_be_missing(tmp_path: Path) -> None:
    ledger = DutyLedger("2026-09-24T12:00")
    ledger.ask()
    batch = {"gateway": OTHER_GATEWAY, "batch": 1, "root": NOTHING, "leafCount": 1, "firstSequence": 1, "head": NOTHING}
    ledger.mine([("RecordAnchors", "Anchored", batch)])
    found = report(ledger, tmp_path, "2026-10-20T09:00")
    assert "steps and deliveries in the streams of 1 other gateways are not in this export" in found.notices


def test_a_ledger_without_duties_says_nothing_of_them(tmp_path: Path) -> None:
    ledger = DutyLedger("2026-09-24T12:00")
    found = report(ledger, tmp_path, "2030-01-01T09:00")
    assert (found.overdue, [notice for notice in found.notices if "calendar" in notice]) == ([], [])


def test_the_first_look_under_a_grant_that_opened_something_is_the_delivery() -> None:
    def look(grant: int, moment: int, count: int = 1, authority: int = Authority.GRANT) -> ExportedEntry:
        about = {"authority": authority, "authorityId": number32("grant", grant), "recordCount": count}
        return ExportedEntry(1, EntryType.DISCLOSURE, {**about, "disclosedAt": moment}, "", b"", ZERO32)

    first, second = DutyRows(), DutyRows()
    ledger = SimulatedLedger()
    ground, shown = Ground(ledger.history(), ledger.domain, GATEWAY, {}), ExportedLook(1, b"", b"", ())
    for entry in (look(1, 40), look(1, 50), look(1, 30, count=0), look(1, 20, authority=Authority.CLASS1)):
        first.note_look(ground, entry, shown)
    unread = ExportedEntry(2, EntryType.QUERY, {"queryType": 5}, "", b"", ZERO32)
    for entry in (look(1, 45), look(2, 60), unread):
        second.note_look(ground, entry, shown)
    first.add(second)
    assert first.delivered == {number32("grant", 1): 40, number32("grant", 2): 60}
