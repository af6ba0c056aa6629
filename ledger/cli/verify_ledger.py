"""`gongzhi verify ledger`: gathers what the verification needs, runs it, pins the state."""

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ledger.cli.moments import read_moment
from ledger.cli.verify_inputs import GivenChain, read_bytes, read_chain, read_trust
from ledger.core.audit.persons import ComparedPersons
from ledger.core.audit.receipts import NamedReceipt
from ledger.core.chainfile import ChainFile, Trust
from ledger.core.person_answer import PersonsAnswer, parse_persons_answer
from ledger.core.person_sample import parse_persons_sample
from ledger.core.receipt import parse_receipt
from ledger.core.verdict import Report
from ledger.errors import FormatError, UnsupportedFormat, UsageError
from ledger.person_errors import PersonsAnswerRefused
from ledger.services.audit_ledger import AuditRequest, audit_ledgers, gateway_of
from ledger.services.audit_state import read_state, write_state


@dataclass(frozen=True)
class LedgerArguments:
    """The options of the command."""

    trust: Path | None
    chain: Sequence[str]
    api: Sequence[str]
    export: Sequence[Path]
    keystore: Path | None
    password_file: Path | None
    basis_reference: str
    since: Path | None
    receipts: Path | None
    sample: int | None
    workers: int | None
    fail_fast: bool
    as_of: str | None = None
    persons: Sequence[Path] = ()
    persons_sample: Sequence[Path] = ()


def verify_ledger(arguments: LedgerArguments, offline: bool) -> Report:
    """Verify a ledger; returns the report. Raises UsageError, ChainError, UnsupportedFormat."""
    if bool(arguments.api) == bool(arguments.export):
        raise UsageError("verify ledger takes either --export or --api, once for each gateway")
    if arguments.api and offline:
        raise UsageError("--offline takes --export, not --api")
    if arguments.since and len([*arguments.api, *arguments.export]) > 1:
        raise UsageError("--since is the state of one gateway's stream: verify one export with it")
    for export in arguments.export:
        if not export.is_dir():
            raise UsageError(f"there is no folder {export}")
    trust = read_trust(arguments.trust)
    chain = read_chain(arguments.chain, trust, offline=offline)
    if arguments.export:
        return _verify(arguments, trust, chain, arguments.export)
    with tempfile.TemporaryDirectory(prefix="gongzhi-export-") as folder:
        places = [Path(folder) / str(number) for number in range(len(arguments.api))]
        for url, place in zip(arguments.api, places, strict=True):
            _export(arguments, url, trust, chain.file, place)
        return _verify(arguments, trust, chain, places)


def _verify(arguments: LedgerArguments, trust: Trust, chain: GivenChain, folders: Sequence[Path]) -> Report:
    progress = _Progress()
    receipts = _receipts(arguments.receipts)
    persons = _persons(arguments)
    gateways = [gateway_of(folder) for folder in folders]
    requests = [
        AuditRequest(
            folder=folder,
            trust=trust,
            chain=chain.file,
            chain_source=chain.source,
            notices=chain.notices,
            receipts=list(_receipts_for(receipts, gateways, place)),
            since=read_state(arguments.since) if arguments.since else None,
            sample=arguments.sample,
            workers=arguments.workers,
            fail_fast=arguments.fail_fast,
            as_of=None if arguments.as_of is None else read_moment(arguments.as_of),
            persons=persons.get(gateways[place]),
            advance=progress.show,
        )
        for place, folder in enumerate(folders)
    ]
    if not persons.keys() <= {*gateways}:
        raise UsageError("a sample of persons is of a gateway of which no export is here")
    report, states = audit_ledgers(requests)
    progress.clear()
    if arguments.since is not None and states[0] is not None:
        write_state(arguments.since, states[0])
    return report


def _receipts_for(
    receipts: Sequence[NamedReceipt], gateways: Sequence[int | None], place: int
) -> Iterator[NamedReceipt]:
    """Yield the receipts that one export is asked for: its gateway's, and with the first those of no gateway here."""
    for name, receipt in receipts:
        gateway = receipt.message["gateway"]
        if gateway == gateways[place] or (place == 0 and gateway not in gateways):
            yield name, receipt


def _receipts(folder: Path | None) -> list[NamedReceipt]:
    if folder is None:
        return []
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}")
    found = []
    for path in sorted(folder.rglob("*.json")):
        try:
            found.append((path.name, parse_receipt(read_bytes(path, "receipt"))))
        except UnsupportedFormat:
            continue  # commitments' openings and other files that a client keeps beside its receipts
        except FormatError as error:
            raise UsageError(f"receipt {path.name}: {error.detail}") from error
    return found


def _persons(arguments: LedgerArguments) -> Mapping[int | None, ComparedPersons]:
    """Return the samples of persons with their answers, by gateway; raises UsageError, PersonsAnswerRefused."""
    samples = [parse_persons_sample(read_bytes(path, "sample")) for path in arguments.persons_sample]
    answers = {one.sample: one for one in map(_answer, arguments.persons)}
    if len({sample.gateway for sample in samples}) < len(samples):
        raise UsageError("--persons-sample takes one sample of each gateway")
    if not len(samples) == len(answers) == len(arguments.persons):
        raise UsageError("--persons and --persons-sample go together: your own sample beside each answer to one")
    if any(sample.hash not in answers for sample in samples):
        raise PersonsAnswerRefused("the answer is of another sample")
    return {sample.gateway: ComparedPersons(sample, answers[sample.hash]) for sample in samples}


def _answer(path: Path) -> PersonsAnswer:
    return parse_persons_answer(read_bytes(path, "answer"))


def _export(arguments: LedgerArguments, url: str, trust: Trust, chain: ChainFile, folder: Path) -> None:
    from ledger.cli.audit_export import export_for_audit

    if arguments.keystore is None or arguments.password_file is None:
        raise UsageError("--api needs --keystore and --password-file of a key with role AUDIT")
    export_for_audit(url, arguments.keystore, arguments.password_file, arguments.basis_reference, trust, chain, folder)


class _Progress:
    """How far a verification is, on stderr while that is a terminal."""

    def __init__(self) -> None:
        self._is_shown = sys.stderr.isatty()

    def show(self, done: int, total: int) -> None:
        """Show bytes done."""
        if self._is_shown and total:
            print(f"\rverifying {100 * done // total:3d} % of {total / 1e6:,.0f} MB", end="", file=sys.stderr)

    def clear(self) -> None:
        """Clear the line."""
        if self._is_shown:
            print("\r\x1b[K", end="", file=sys.stderr)
