"""What the doctor says of facts: each finding is reached, with its level; each but the good ones has a cure."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from ledger.cli.doctor import settings_finding
from ledger.config import load_settings
from ledger.core.canonical import encode
from ledger.core.chainfile import ContractPin, Trust, parse_trust, trust_document
from ledger.core.codes import Role
from ledger.core.history import Block
from ledger.core.key_expiry import WARN_SECONDS
from ledger.core.trust_changes import TrustDifference
from ledger.errors import UsageError
from ledger.services import doctor
from ledger.services.doctor import ChainFacts, DatabaseFacts, Fault, Finding, Level, WorkFacts, is_well
from ledger.services.doctor_keys import BoundKey, ConfiguredKey, judge_key

pytestmark = pytest.mark.unit
NOW = 1_800_000_000
GENESIS, OTHER = "0x" + "9e" * 32, "0x" + "0e" * 32
ADDRESS = "0x" + "ab" * 20
NAMES = ("AgencyRegistry", "Catalogue", "Parameters", "RecordAnchors")

DATABASE = DatabaseFacts(180_001, NOW + 0.5, "0009", "0009", True)
WORK = WorkFacts(quarantined=0, earliest_open_anchor_by=NOW + 100, head_seen_at=NOW - 2, facts_age=60)
HEAD = Block(100, OTHER, GENESIS, NOW - 9)
CHAIN = ChainFacts(
    7, GENESIS, "besu/v26.7.1/linux", HEAD, Block(90, OTHER, GENESIS, HEAD.time - 20), dict.fromkeys(NAMES, OTHER), ()
)
BOUND = BoundKey(3, Role.ANCHOR.bit, 1, NOW - 10, NOW + WARN_SECONDS + 86_400, 1)
KEY = ConfiguredKey("anchor_keys[0]", Role.ANCHOR, ADDRESS, BOUND)


def trust(engine: str = "besu") -> Trust:
    pins = {name: ContractPin(ADDRESS, OTHER) for name in NAMES}
    return parse_trust(encode(trust_document(7, GENESIS, pins, engine)))


def on(bound: BoundKey, now: int = NOW) -> Finding:
    return judge_key(replace(KEY, bound=bound), 3, now)


def database(**changes: object) -> list[Finding]:
    return doctor.judge_database(replace(DATABASE, **changes), NOW)  # type: ignore[arg-type]


def work(**changes: int) -> list[Finding]:
    return doctor.judge_work(replace(WORK, **changes), NOW)


def chain(engine: str = "besu", **changes: object) -> list[Finding]:
    return doctor.judge_chain(replace(CHAIN, **changes), trust(engine), NOW)  # type: ignore[arg-type]


def settings_fault(**members: object) -> Finding:
    with pytest.raises(UsageError) as caught:
        load_settings(**members)  # type: ignore[arg-type]
    return settings_finding(caught.value)


def every() -> Iterator[tuple[str, str, list[Finding]]]:
    """(code, level, findings among which it stands)"""
    yield "database_unreachable", "error", doctor.judge_database(Fault("no answer"), NOW)
    yield "database_answers", "ok", database()
    yield "database_old", "warn", database(server_version=170_006)
    yield "tables_current", "ok", database()
    yield "tables_old", "error", database(revision="0001")
    yield "tables_old", "error", database(revision=None, is_known=False)
    yield "tables_newer", "error", database(revision="0099", is_known=False)
    yield "clock_agrees", "ok", database()
    yield "clock_skewed", "warn", database(time=NOW - 5.0)
    yield "clock_wrong", "error", database(time=NOW + 30.0)
    yield "worker_silent", "error", work(head_seen_at=0)
    yield "worker_silent", "error", work(head_seen_at=NOW - 31)
    yield "worker_follows", "ok", work(head_seen_at=NOW - 30)
    yield "promise_broken", "error", work(earliest_open_anchor_by=NOW - 1)
    yield "outbox_quarantined", "warn", work(quarantined=2)
    yield "outbox_clean", "ok", work()
    yield "chain_unreachable", "error", doctor.judge_chain(Fault("no answer"), trust(), NOW)
    yield "node_answers", "ok", chain(client="anvil/v1.2")
    yield "node_version", "error", chain(client="besu/v26.4.0/linux")
    yield "node_version", "error", chain(client="besu/v26.7.0/linux")
    yield "chain_other", "error", chain(chain_id=8)
    yield "genesis_other", "error", chain(genesis=OTHER)
    yield "chain_trusted", "ok", chain()
    yield "contract_trusted", "ok", chain()
    yield "contract_other", "error", chain(code_hashes={})
    yield "deployment_published", "ok", chain()
    yield "deployment_other", "error", chain(faults=(TrustDifference("contracts.Catalogue.code", "published", OTHER),))
    yield "directory_trusted", "ok", chain()
    yield "directory_other", "error", chain(directory="the directory names another RecordAnchors")
    yield "clock_skewed", "warn", chain(head=replace(HEAD, time=NOW + 6))
    yield "clock_wrong", "error", chain(head=replace(HEAD, time=NOW + 31))
    yield "head_old", "error", chain(head=replace(HEAD, time=NOW - 16), earlier=None)
    yield "head_young", "ok", chain()
    yield "disk_full", "error", [doctor.judge_disk(doctor.LEAST_FREE_BYTES - 1)]
    yield "disk_short", "warn", [doctor.judge_disk(doctor.LEAST_FREE_BYTES)]
    yield "disk_free", "ok", [doctor.judge_disk(doctor.WARN_FREE_BYTES)]
    yield "secret_open", "error", doctor.judge_secrets({"a": 0o600, "b": 0o640})
    yield "secrets_private", "ok", doctor.judge_secrets({"a": 0o600, "b": 0o400})
    yield "api_stopped", "warn", [doctor.judge_port(None, "nobody")]
    yield "api_stopped", "warn", [doctor.judge_port(8080, "nobody")]
    yield "api_live", "ok", [doctor.judge_port(8080, "live")]
    yield "port_taken", "error", [doctor.judge_port(8080, "other")]
    yield "key_unavailable", "error", [judge_key(replace(KEY, address=Fault("no file")), 3, NOW)]
    yield "key_opens", "ok", [judge_key(replace(KEY, role=None), 3, NOW)]
    yield "key_opens", "ok", [judge_key(replace(KEY, bound=None), 3, NOW)]
    yield "key_unbound", "error", [on(BoundKey(0, 0, 0, 0, 0, 0))]
    yield "key_foreign", "error", [on(replace(BOUND, agency=4))]
    yield "key_role_missing", "error", [on(replace(BOUND, roles=Role.SUBMIT.bit))]
    yield "key_ended", "error", [on(replace(BOUND, state=3))]
    yield "key_not_yet", "error", [on(BOUND, BOUND.valid_from - 1)]
    yield "key_expired", "error", [on(BOUND, BOUND.valid_until)]
    yield "agency_not_active", "error", [on(replace(BOUND, agency_status=2))]
    yield "key_expiring", "warn", [on(BOUND, BOUND.valid_until - WARN_SECONDS)]
    yield "key_usable", "ok", [on(BOUND, BOUND.valid_until - WARN_SECONDS - 1)]
    yield "settings_invalid", "error", [settings_fault(gateway="planted")]


@pytest.mark.parametrize(
    ("code", "level", "findings"), list(every()), ids=lambda part: part if isinstance(part, str) else ""
)
def test_each_finding_is_reached_with_its_level_and_a_cure(code: str, level: str, findings: list[Finding]) -> None:
    assert (code, level) in [(finding.code, str(finding.level)) for finding in findings]
    for finding in findings:
        assert bool(finding.cure) == (finding.level is not Level.OK), finding
        assert "planted" not in finding.what


def test_a_gateway_without_an_error_is_well() -> None:
    good = [*database(), *work(), *chain(), judge_key(KEY, 3, NOW)]
    assert {finding.level for finding in good} == {Level.OK}
    assert is_well([*good, doctor.judge_port(None, "nobody")])
    assert not is_well([*good, doctor.judge_port(1, "other")])


def test_a_chain_that_makes_blocks_on_demand_has_no_age() -> None:
    codes = {finding.code for finding in chain("anvil", head=replace(HEAD, time=NOW - 10**6))}
    assert not codes & {"head_old", "head_young"}


def test_the_age_of_the_head_is_measured_in_periods_of_this_chain() -> None:
    slow = Block(90, OTHER, GENESIS, HEAD.time - 10 * 60)
    for age, code in ((300, "head_young"), (301, "head_old")):
        head = replace(HEAD, time=NOW - age)
        assert code in {one.code for one in chain(head=head, earlier=replace(slow, time=head.time - 600))}
