"""`gongzhi verify bundle`: each file in the numbered steps, the worst verdict for all. Imports `ledger.core` alone."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ledger.cli.verify_inputs import GivenChain, read_bytes, read_chain, read_trust
from ledger.core.bundle import parse_bundle
from ledger.core.chainfile import why_unverifiable
from ledger.core.hexadecimal import to_hex
from ledger.core.verdict import CheckResult, Report, Verdict, worst
from ledger.core.verify import CHAIN_STEPS, FILE_STEPS, STEP_IDS, ChainFacts, verify_bundle
from ledger.errors import ChainError, HistoryError, UnsupportedFormat, VerificationError


@dataclass(frozen=True)
class _Judged:
    """What one bundle got: the step that failed, if one did."""

    name: str
    verdict: Verdict
    failure: VerificationError | None = None
    notices: Sequence[str] = ()


def verify_bundles(
    files: Sequence[Path], at_chain: bool, chain: Sequence[str], trust: Path | None, offline: bool
) -> Report:
    """Verify bundles at level `chain` or `file`; returns the report.

    Raises UsageError (unreadable file), ChainError (nothing to judge by) and UnsupportedFormat (trust or chain file).
    """
    started = time.monotonic()
    if not files:
        return Report(
            Verdict.INCOMPLETE, f"{Verdict.INCOMPLETE}: no bundle was named", notices=("no bundle was named",)
        )
    facts, given = _chain_facts(chain, trust, offline) if at_chain else (None, None)
    judged = [_judge(path, facts) for path in files]
    return _report(judged, facts, given, time.monotonic() - started)


def _chain_facts(sources: Sequence[str], trust_file: Path | None, offline: bool) -> tuple[ChainFacts, GivenChain]:
    trust = read_trust(trust_file)
    given = read_chain(sources, trust, offline=offline)
    chain = given.file
    try:
        history = chain.history()
    except HistoryError as error:
        raise ChainError(error.detail) from error
    refusal = why_unverifiable(trust, chain, history)
    if refusal is not None:
        raise ChainError(refusal)
    return ChainFacts(trust, chain, history), given


def _judge(path: Path, facts: ChainFacts | None) -> _Judged:
    data = read_bytes(path, "bundle")
    try:
        verified = verify_bundle(data, facts)
    except VerificationError as failure:
        if isinstance(failure.__cause__, UnsupportedFormat):
            return _Judged(path.name, Verdict.UNSUPPORTED, failure)
        if failure.step == 10 and facts is not None and _is_ahead(data, facts):
            return _Judged(path.name, Verdict.INCOMPLETE, notices=("its block is newer than the chain that was given",))
        return _Judged(path.name, Verdict.FAULTY, failure)
    return _Judged(path.name, Verdict.CONSISTENT if facts is None else Verdict.VERIFIED, notices=verified.notices)


def _is_ahead(data: bytes, facts: ChainFacts) -> bool:
    claim, newest = parse_bundle(data).anchor, facts.history.newest_block
    return newest is not None and claim.block > newest.number


def _report(judged: Sequence[_Judged], facts: ChainFacts | None, given: GivenChain | None, seconds: float) -> Report:
    good = sum(one.verdict in (Verdict.VERIFIED, Verdict.CONSISTENT) for one in judged)
    verdict = worst(one.verdict for one in judged)
    newest = facts.history.newest_block if facts else None
    if facts is None or given is None:
        scope = "signer and anchor not checked against a chain"
    else:
        scope = f"block {newest.number if newest else 0}; events as given by {given.source}"
    notices = [f"{one.name}: {notice}" for one in judged for notice in one.notices]
    notices += given.notices if given else ()
    return Report(
        verdict,
        f"{verdict}: {good} of {len(judged)} bundles; {scope}",
        tuple(_results(judged, FILE_STEPS if facts is None else CHAIN_STEPS)),
        notices,
        good,
        len(judged),
        block=newest.number if newest else None,
        trust_hash=to_hex(facts.trust.hash) if facts else None,
        seconds=seconds,
    )


def _results(judged: Sequence[_Judged], steps: Sequence[int]) -> list[CheckResult]:
    """Return the failures, then per step how many bundles passed it and how many never came to it."""
    failed = [one.failure for one in judged if one.failure is not None]
    results = [_failed(one.name, one.failure) for one in judged if one.failure is not None]
    good = sum(one.verdict in (Verdict.VERIFIED, Verdict.CONSISTENT) for one in judged)
    for step in steps:
        passed = good + sum(failure.step > step for failure in failed)
        skipped = sum(failure.step < step for failure in failed)
        for result, count in (("pass", passed), ("skipped", skipped)):
            if count:
                results.append(CheckResult(step, STEP_IDS[step], result, count=count))
    return results


def _failed(name: str, failure: VerificationError) -> CheckResult:
    expected = failure.expected or failure.detail
    actual = f"{failure.detail}: {failure.actual}" if failure.actual and failure.expected else failure.detail
    return CheckResult(failure.step, STEP_IDS[failure.step], "fail", name, expected, actual, failure.blames)
