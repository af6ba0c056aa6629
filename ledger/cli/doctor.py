"""`gongzhi doctor`: look at everything a gateway stands on; each finding with its cure."""

import platform
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import version

import typer

from ledger.cli import doctor_facts
from ledger.cli.lifecycle import FolderOption, JsonOption
from ledger.cli.output import print_result
from ledger.config import Settings, load_settings
from ledger.core.chainfile import Trust
from ledger.errors import FormatError, UsageError
from ledger.services.doctor import (
    DatabaseFacts,
    Fault,
    Finding,
    Level,
    is_well,
    judge_chain,
    judge_database,
    judge_disk,
    judge_port,
    judge_secrets,
    judge_work,
)
from ledger.services.doctor_keys import judge_key


def doctor(folder: FolderOption = None, as_json: JsonOption = False) -> None:
    """Look at settings, database, chain, contracts, keys, disk, secret files and the API's port.

    Changes nothing, and asks no password. Exit code 0 where no finding is an error, else 1.
    """
    try:
        settings = load_settings(folder)
    except UsageError as fault:
        findings = [settings_finding(fault)]
    else:
        findings = list(examine(settings))
    well = is_well(findings)
    result = {"well": well, "findings": [asdict(finding) for finding in findings]}
    print_result(result, as_json=as_json, show=lambda: show(findings))
    raise typer.Exit(0 if well else 1)


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield every finding on a gateway of these settings."""
    now = doctor_facts.unix_now()
    program = f"gongzhi {version('gongzhi')} on Python {platform.python_version()}"
    yield Finding("program", Level.OK, program)
    yield from _database(settings, now)
    trust = _trust(settings)
    if isinstance(trust, Finding):
        yield trust
    else:
        yield from judge_chain(doctor_facts.chain_facts(settings, trust), trust, int(now))
    known = None if isinstance(trust, Finding) else trust
    for key in doctor_facts.configured_keys(settings, known):
        yield judge_key(key, settings.gateway, int(now))
    yield _key_provider(settings)
    yield judge_disk(doctor_facts.free_bytes(settings))
    yield from judge_secrets(doctor_facts.secret_modes(settings))
    yield judge_port(*doctor_facts.api_port(settings))


def _database(settings: Settings, now: float) -> Iterator[Finding]:
    facts = doctor_facts.database_facts(settings)
    yield from judge_database(facts, now)
    if isinstance(facts, DatabaseFacts) and facts.revision == facts.newest_revision:
        work = doctor_facts.work_facts(settings)
        if not isinstance(work, Fault):
            yield from judge_work(work, int(now))


def _trust(settings: Settings) -> Trust | Finding:
    from ledger.wiring import load_trust

    try:
        return load_trust(settings)
    except (UsageError, FormatError) as failure:
        cure = "get the consortium's trust file, and name it in the setting trust_file"
        return Finding("trust_unusable", Level.ERROR, failure.detail, cure)


def _key_provider(settings: Settings) -> Finding:
    fault = doctor_facts.key_provider_fault(settings)
    if fault is None:
        return Finding("key_provider_opens", Level.OK, "the key provider opens")
    cure = "mend the setting key_provider; without its master key no original is ever opened again"
    return Finding("key_provider_unavailable", Level.ERROR, fault.why, cure)


def settings_finding(fault: UsageError) -> Finding:
    """Return the finding on settings that cannot be read; it names members, never what they hold."""
    what = f"settings that are not as documented: {fault.detail}"
    return Finding("settings_invalid", Level.ERROR, what, "compare them with the reference page of settings")


def show(findings: list[Finding]) -> None:
    """Print the findings for people, errors last: there the eye is."""
    order = (Level.OK, Level.WARN, Level.ERROR)
    for finding in sorted(findings, key=lambda one: order.index(one.level)):
        print(f"{finding.level:<5}  {finding.code:<24}  {finding.what}")
        if finding.cure:
            print(f"{'':<7}{'cure':<24}  {finding.cure}")
