"""A stream that goes on in a successor of RecordAnchors: both are read, and each lie at the switch is found."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.core.anchor import GENESIS_HEAD
from ledger.core.chainfile import ContractPin, Trust, why_unverifiable
from ledger.core.codes import Mark
from ledger.core.governance_rules import REPUDIATE, SET_CONTRACT
from ledger.core.hexadecimal import to_hex
from ledger.core.points import ANCHORS
from ledger.core.receipt import Receipt, SignedAction
from ledger.core.verdict import Verdict
from ledger.core.verify import CHAIN_STEPS, ChainFacts, verify_bundle
from ledger.errors import HistoryError, VerificationError
from tests.simulated_consortium import CONTRACTS, address, marked, number32
from tests.simulated_council import GOVERNED, GovernedChain, named
from tests.simulated_ledger import DISPUTE
from tests.simulated_receipts import acceptance
from tests.simulated_succession import CODE, SucceededLedger
from tests.unit.audit.auditing import audit
from tests.unit.audit.governing import anchored, repudiated

pytestmark = pytest.mark.unit


def succeeded() -> SucceededLedger:
    """A stream of two batches in the first contract, of which the second seals it, and of two in the successor."""
    ledger = SucceededLedger()
    ledger.submit(1, 2)
    ledger.anchor()
    ledger.look(ledger.committed(1))
    ledger.succeed()
    ledger.submit(3)
    ledger.anchor()
    ledger.look(ledger.committed(3))
    ledger.receive("Mark", DISPUTE)
    ledger.mine([("RecordAnchors-2", *marked(DISPUTE["recordId"], DISPUTE["mark"])[1:])])
    ledger.query()
    ledger.anchor()
    return ledger


def facts(ledger: SucceededLedger) -> ChainFacts:
    return ChainFacts(ledger.trust, ledger.chain, ledger.history())


def test_a_stream_is_verified_through_two_successions(tmp_path: Path) -> None:
    ledger = succeeded()
    ledger.succeed()
    ledger.submit(5)
    ledger.anchor()
    audited = audit(ledger, tmp_path)
    assert audited.report.verdict is Verdict.VERIFIED, audited.report.failures
    assert (audited.passed("stream.fold"), audited.passed("stream.succession")) == (5, 3)
    assert [anchor.contract for anchor in ledger.history().anchors[1]] == [
        *("RecordAnchors", "RecordAnchors"),
        *("RecordAnchors-2", "RecordAnchors-2", "RecordAnchors-3"),
    ]
    line, history = ledger.trust.line, ledger.history()
    assert line.newest(history) == ledger.domain
    domains = [line.domain_of(history, anchor).record_anchors for anchor in history.anchors[1]]
    assert domains == [ledger.line[place] for place in (0, 0, 1, 1, 2)]


def test_an_export_of_before_the_succession_is_verified_after_it(tmp_path: Path) -> None:
    ledger = SucceededLedger()
    ledger.published(1)
    export = ledger.export()
    ledger.succeed()
    assert audit(ledger, tmp_path / "then", export).report.verdict is Verdict.VERIFIED
    export.manifest = replace(export.manifest, contract=address("elsewhere"))
    assert audit(ledger, tmp_path / "elsewhere", export).report.verdict is Verdict.UNVERIFIABLE


@pytest.mark.parametrize("is_code_known", [True, False])
def test_other_code_than_the_published_one_makes_the_chain_unverifiable(tmp_path: Path, is_code_known: bool) -> None:
    ledger = SucceededLedger()
    ledger.published(1)
    at = ledger.name_successor(to_hex(number32("other code")) if is_code_known else None)
    trust = replace(ledger.trust, anchors_code=CODE if is_code_known else None)
    report = audit(ledger, tmp_path, trust=trust).report
    assert report.verdict is Verdict.UNVERIFIABLE
    assert f"names {at} for RecordAnchors from block 5 on" in report.headline


def test_code_that_succeeds_another_contract_or_is_of_another_deployment_is_refused() -> None:
    line = SucceededLedger().trust.line
    at, before = address("successor"), line.first
    others = (replace(line, governor=at), replace(line, registry=at), replace(line, chain_id=7))
    told = {one.successor_hash(at, before) for one in (line, *others)} | {line.successor_hash(at, at)}
    assert len(told) == 5


def test_no_contract_is_named_again_and_the_first_one_is_the_pinned_one() -> None:
    ledger = succeeded()
    pin = CONTRACTS[ANCHORS]
    ledger.mine([ledger.entered(pin.address, pin.code_hash, ledger.line[-1])])
    why = why_unverifiable(ledger.trust, ledger.chain, ledger.history())
    assert why is not None
    assert pin.address in why
    other = replace(ledger.trust, contracts={**CONTRACTS, ANCHORS: ContractPin(address("x"), pin.code_hash)})
    assert why_unverifiable(other, ledger.chain, ledger.history()) is not None


def strangely_succeeded() -> tuple[SucceededLedger, str]:
    """A stream in a successor, after which another one is named that succeeds the first contract too."""
    ledger = SucceededLedger()
    ledger.published(1)
    first, stale = ledger.line[0], address("stale")
    ledger.succeed()
    ledger.published(2)
    ledger.mine([ledger.entered(stale, ledger.trust.line.successor_hash(stale, first) or "", ledger.line[-1])])
    return ledger, stale


def name_after(ledger: SucceededLedger, stale: str, at: str) -> None:
    """Let the directory name what succeeds the last good one, or that one once more, after the stale one."""
    before = ledger.line[0] if at == ledger.line[1] else ledger.line[1]
    ledger.mine([ledger.entered(at, ledger.trust.line.successor_hash(at, before) or "", stale)])


def test_what_succeeds_an_earlier_contract_stops_everybody_until_another_naming_mends_it(tmp_path: Path) -> None:
    ledger, stale = strangely_succeeded()
    why = why_unverifiable(ledger.trust, ledger.chain, ledger.history())
    assert why is not None
    assert f"names {stale}" in why
    ledger.published(3)
    mended = address("mended")
    name_after(ledger, stale, mended)
    ledger.line.append(mended)
    ledger.go_on()
    ledger.published(4)
    audited = audit(ledger, tmp_path)
    assert audited.report.verdict is Verdict.VERIFIED, audited.report.failures
    assert any(f"{stale} was named, which may not succeed" in notice for notice in audited.report.notices)
    assert [anchor.contract for anchor in ledger.history().anchors[1]] == [
        *("RecordAnchors", "RecordAnchors-2", "RecordAnchors-2", "RecordAnchors-3"),
    ]


def test_the_last_good_contract_named_once_more_mends_it_too(tmp_path: Path) -> None:
    ledger, stale = strangely_succeeded()
    name_after(ledger, stale, ledger.line[1])
    ledger.published(3)
    assert audit(ledger, tmp_path).report.verdict is Verdict.VERIFIED
    assert [one.address for one in ledger.trust.line.contracts(ledger.history())] == ledger.line


@pytest.mark.parametrize("mended", [2, 3])
def test_events_of_a_contract_before_the_line_names_it_make_a_chain_file_unverifiable(mended: int) -> None:
    ledger, stale = strangely_succeeded()
    ledger.mine([("RecordAnchors-3", *anchored(3)[1:])])
    name_after(ledger, stale, ledger.line[1] if mended == 2 else address("mended"))
    why = why_unverifiable(ledger.trust, ledger.chain, ledger.history())
    assert why is not None
    assert "an event of RecordAnchors-3, which is not named by then" in why


def test_what_nobody_has_named_is_no_chain_of_ours() -> None:
    ledger = SucceededLedger()
    ledger.line.append(address("unnamed"))
    ledger.go_on()
    ledger.submit(1)
    ledger.anchor()
    with pytest.raises(HistoryError, match="RecordAnchors-2, which nobody has named"):
        ledger.history()


def test_names_that_no_successor_has_are_passed_over() -> None:
    ledger = SucceededLedger()
    for name in ("RecordAnchors-1", "RecordAnchors-02", "RecordAnchors-x", "RecordAnchors-"):
        ledger.mine([(name, *anchored()[1:])])
    assert ledger.history().anchors == {}


def test_a_batch_in_the_old_contract_when_all_promises_are_due_blames_the_gateway(tmp_path: Path) -> None:
    ledger = SucceededLedger()
    ledger.published(1)
    ledger.name_successor()
    for _ in range(3):
        ledger.mine([], seconds=149)
    ledger.published(2)
    audit(ledger, tmp_path).require("stream.succession", "gateway 1", f"anchored at {ledger.now}")


def test_a_chain_that_stood_still_excuses_a_late_seal(tmp_path: Path) -> None:
    ledger = SucceededLedger()
    ledger.published(1)
    ledger.name_successor()
    ledger.submit(2)
    ledger.anchor(seconds=2_000)
    assert "stream.succession" not in audit(ledger, tmp_path).failed


def test_a_batch_in_the_old_contract_beside_the_stream_blames_the_gateway(tmp_path: Path) -> None:
    ledger = succeeded()
    ledger.mine([anchored(3)])
    audited = audit(ledger, tmp_path / "ours")
    assert audited.failed == {"stream.succession"}
    audited.require("stream.succession", "gateway 1", "another batch 3 in RecordAnchors")


def test_a_batch_beside_the_stream_is_repudiated_without_the_one_of_its_number_in_the_successor(tmp_path: Path) -> None:
    ledger = SucceededLedger()
    ledger.published(1)
    ledger.succeed()
    entry = ledger.published(2)
    ledger.mine([anchored(2)])
    ledger.mine([repudiated(2)])
    audited = audit(ledger, tmp_path / "beside")
    assert audited.failed == {"stream.succession"}
    assert any("batch 2 of gateway 1 in RecordAnchors was repudiated" in one for one in audited.report.notices)
    assert not any("repudiated" in notice for notice in verify_bundle(ledger.bundle(entry), facts(ledger)).notices)
    ledger.mine([("RecordAnchors-2", *repudiated(2)[1:])])
    assert audit(ledger, tmp_path / "both").failed == {"stream.succession"}
    assert any("repudiated" in notice for notice in verify_bundle(ledger.bundle(entry), facts(ledger)).notices)


@pytest.mark.parametrize(
    ("contracts", "failed"),
    [
        (("RecordAnchors-2", "RecordAnchors"), set()),
        (("RecordAnchors", "RecordAnchors-2"), {"batch.repudiated"}),
        (("RecordAnchors-2", "RecordAnchors-2"), {"batch.repudiated"}),
    ],
)
def test_an_old_contract_knows_nothing_of_what_the_successor_repudiated(
    tmp_path: Path, contracts: tuple[str, str], failed: set[str]
) -> None:
    ledger = succeeded()
    for contract in contracts:
        ledger.mine([(contract, *repudiated(1)[1:])])
    assert audit(ledger, tmp_path).failed == failed


def test_what_another_gateway_does_at_the_switch_is_judged_with_its_own_stream(tmp_path: Path) -> None:
    other = succeeded()
    other.mine([("RecordAnchors-2", "Anchored", {**anchored()[2], "gateway": 2})])
    other.mine([("RecordAnchors", "Anchored", {**anchored()[2], "gateway": 2})])
    assert audit(other, tmp_path).failed == set()


def test_a_gap_at_the_switch_is_found(tmp_path: Path) -> None:
    ledger = SucceededLedger()
    ledger.published(1)
    ledger.succeed()
    ledger.entries.append(ledger.entries[0])
    ledger.published(2)
    assert "stream.fold" in audit(ledger, tmp_path).failed


def test_a_head_that_begins_anew_in_the_successor_is_found(tmp_path: Path) -> None:
    ledger = SucceededLedger()
    ledger.published(1)
    ledger.succeed()
    ledger.head = GENESIS_HEAD
    ledger.published(2)
    assert audit(ledger, tmp_path).failed == {"stream.fold"}


def test_a_statement_signed_for_the_old_contract_does_not_count_in_the_new_one(tmp_path: Path) -> None:
    ledger = SucceededLedger()
    ledger.published(1)
    ledger.submit(2)
    ledger.name_successor()
    old = ledger.domain
    ledger.go_on()
    ledger.domain = old
    ledger.anchor()
    audit(ledger, tmp_path).require("entry.root", "gateway 1")


def test_receipts_of_both_contracts_are_checked(tmp_path: Path) -> None:
    ledger = SucceededLedger()
    receipts = []
    for number in (1, 2):
        submitted = ledger.sign_submission([ledger.committed(number)])
        receipts.append((f"{number}.json", acceptance(ledger, submitted)))
        ledger.accept(submitted)
        entry = ledger.receive("Mark", {**DISPUTE, "mark": int(Mark.DISPUTED), "version": number})
        assert entry.action is not None
        action = SignedAction("Mark", entry.action.message, entry.action.signatures[0])
        promise = Receipt("received", entry.message, entry.signer, entry.signature, ledger.domain, action, ledger.now)
        receipts.append((f"mark-{number}.json", promise))
        ledger.mine([(ledger.anchors, *marked(DISPUTE["recordId"], Mark.DISPUTED, version=number)[1:])])
        ledger.anchor()
        if number == 1:
            ledger.succeed()
    audited = audit(ledger, tmp_path, receipts=receipts)
    assert audited.report.verdict is Verdict.VERIFIED, audited.report.headline
    assert (audited.passed("receipt.kept"), audited.passed("receipt.included")) == (4, 2)


def test_records_of_before_and_after_prove_by_their_own_contracts() -> None:
    ledger = SucceededLedger()
    before = ledger.published(1)
    ledger.succeed()
    after = ledger.published(2)
    for entry in (before, after):
        assert verify_bundle(ledger.bundle(entry), facts(ledger)).steps == CHAIN_STEPS
        other = ledger.line[0 if entry is after else 1]
        with pytest.raises(VerificationError) as caught:
            verify_bundle(ledger.bundle(entry, other), facts(ledger))
        assert caught.value.step == 7


@pytest.mark.parametrize(
    ("trusted", "found"),
    [
        (lambda trust: trust, "batch 2 was never anchored"),
        (lambda trust: replace(trust, contracts={**CONTRACTS, ANCHORS: ContractPin("0x" + "9" * 40, "")}), "no"),
    ],
)
def test_a_batch_stands_in_one_contract_only(trusted: Callable[[Trust], Trust], found: str) -> None:
    ledger = SucceededLedger()
    ledger.published(1)
    ledger.succeed()
    old = replace(ledger.domain, record_anchors=ledger.line[0])
    ledger.domain = old
    entry = ledger.published(2)
    with pytest.raises(VerificationError) as caught:
        verify_bundle(ledger.bundle(entry, ledger.line[0]), replace(facts(ledger), trust=trusted(ledger.trust)))
    assert caught.value.step == 10
    assert found in caught.value.detail


# --- the Council's part ---


class Succession(GovernedChain):
    """A governed chain whose trust file comes with the published code."""

    @property
    def trust(self) -> Trust:
        return replace(super().trust, anchors_code=CODE)

    def successor(self) -> ContractPin:
        at, before = address("successor"), GOVERNED[ANCHORS].address
        return ContractPin(at, self.trust.line.successor_hash(at, before) or "")


def founded() -> Succession:
    chain = Succession()
    chain.mine([])
    chain.mine([("Council", "MembersSet", {"epoch": 1, "agencies": [1, 2, 3], "threshold": 2})])
    chain.found()
    return chain


def test_a_successor_that_the_council_names_is_legal_and_its_batches_are_repudiated_there() -> None:
    chain = founded()
    pin = chain.successor()
    chain.act(("SystemDirectory", SET_CONTRACT), named(ANCHORS, pin, GOVERNED[ANCHORS].address))
    chain.mine([("RecordAnchors-2", *anchored()[1:])])
    action, schedule = chain.scheduled(("RecordAnchors", REPUDIATE), waits=3 * 86_400)
    schedule[2]["targets"] = [pin.address]
    chain.mine([schedule])
    told = "RecordAnchors-2", *repudiated()[1:]
    chain.mine([chain.executed(action), told], seconds=3 * 86_400)
    tally = chain.judged()
    assert tally.failures == []
    assert tally.passed["directory.contracts"] == len(CONTRACTS) + 1
    assert why_unverifiable(chain.trust, chain.chain, chain.history()) is None


def test_a_successor_that_nobody_has_decided_on_is_found() -> None:
    chain = founded()
    chain.mine([named(ANCHORS, chain.successor(), GOVERNED[ANCHORS].address)])
    assert {failure.check for failure in chain.judged().failures} == {"council.acts"}


def test_a_successor_that_does_not_say_whom_it_follows_is_found() -> None:
    chain = founded()
    chain.act(("SystemDirectory", SET_CONTRACT), named(ANCHORS, chain.successor()))
    assert {failure.check for failure in chain.judged().failures} == {"directory.contracts"}
