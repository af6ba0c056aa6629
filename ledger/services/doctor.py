"""Judge whether a gateway stands well. Facts come in as they were collected; nothing here asks anybody.

Every finding has a stable code, a level, what was found, and its cure. What could not be collected is a `Fault`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ledger.core.chainfile import Trust
from ledger.core.points import Block
from ledger.core.request_base import SKEW_SECONDS
from ledger.core.trust_changes import TrustDifference

CLOCK_WARN_SECONDS = 5
"""Clocks kept by NTP differ by milliseconds; signed requests are refused from 30 seconds on."""
HEAD_PERIODS = 5
"""A chain whose newest block is older than so many block periods is an unhealthy one (operations page, health)."""
LEAST_HEAD_SECONDS = 15
"""Blocks of a second or two may be late together for so long on a busy machine."""
TESTED_SERVER_VERSION = 180_000
"""PostgreSQL 18: every test runs on it."""
WARN_FREE_BYTES = 5 * 2**30
LEAST_FREE_BYTES = 256 * 2**20
"""Below this a gateway is not ready, and its database stops within minutes of ingest."""
_BESU = re.compile(r"besu/v?([0-9]+)\.([0-9]+)\.([0-9]+)", re.IGNORECASE)
_STARVING_BESU = ((26, 4, 0), (26, 7, 0))
"""First and last version that leaves transactions of senders without a balance waiting for ever."""


class Level(StrEnum):
    """How bad a finding is; an error ends the command with exit code 1."""

    OK = "ok"
    WARN = "warn"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `cure` is empty where there is nothing to do."""

    code: str
    level: Level
    what: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """Facts that could not be had, and why."""

    why: str


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """A database that answers: version as PostgreSQL numbers it, its clock (Unix seconds), the shape of its tables."""

    server_version: int
    time: float
    revision: str | None
    newest_revision: str
    is_known: bool
    """Whether this program has a migration of the database's revision."""


@dataclass(frozen=True, slots=True)
class ChainFacts:
    """A node that answers, its newest block, one some blocks before (None on a young chain), the contracts' code.

    `faults` is where the deployment is not as published, `directory` where the directory differs from the trust file
    (None: nowhere), `anchors` the address of the RecordAnchors in force, None if that is not known.
    """

    chain_id: int
    genesis: str
    client: str
    head: Block
    earlier: Block | None
    code_hashes: Mapping[str, str]
    faults: tuple[TrustDifference, ...]
    directory: str | None = None
    anchors: str | None = None


@dataclass(frozen=True, slots=True)
class WorkFacts:
    """What waits in the database: times in Unix seconds, 0 if there is none; `facts_age` in seconds."""

    quarantined: int
    earliest_open_anchor_by: int
    head_seen_at: int
    facts_age: int


def judge_database(facts: DatabaseFacts | Fault, now: float) -> list[Finding]:
    """Return the findings on the database: whether it answers, its version, its tables, its clock."""
    if isinstance(facts, Fault):
        cure = "start it (`gongzhi up` for the embedded one), or mend the setting database_url"
        return [Finding("database_unreachable", Level.ERROR, facts.why, cure)]
    version = f"PostgreSQL {facts.server_version // 10_000}.{facts.server_version % 10_000}"
    found = [Finding("database_answers", Level.OK, f"{version} answers")]
    if facts.server_version < TESTED_SERVER_VERSION:
        cure = f"upgrade to PostgreSQL {TESTED_SERVER_VERSION // 10_000}, which this program is tested with"
        found = [Finding("database_old", Level.WARN, f"{version} answers", cure)]
    return [*found, _tables(facts), _clock("database", facts.time - now)]


def _tables(facts: DatabaseFacts) -> Finding:
    if facts.revision == facts.newest_revision:
        return Finding("tables_current", Level.OK, f"tables of revision {facts.revision}")
    if facts.revision is None or facts.is_known:
        what = f"tables of revision {facts.revision or 'none'}, this program works with {facts.newest_revision}"
        return Finding("tables_old", Level.ERROR, what, "`gongzhi admin migrate`, after a backup")
    what = f"tables of revision {facts.revision}, which this program does not know"
    return Finding("tables_newer", Level.ERROR, what, "run the version of the program that made them, or a newer one")


def _clock(whose: str, ahead: float) -> Finding:
    what = f"the {whose}'s clock is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} this machine's"
    cure = "keep both machines' clocks by NTP"
    if abs(ahead) >= SKEW_SECONDS:
        return Finding("clock_wrong", Level.ERROR, what, cure)
    if abs(ahead) >= CLOCK_WARN_SECONDS:
        return Finding("clock_skewed", Level.WARN, what, cure)
    return Finding("clock_agrees", Level.OK, what)


def judge_work(facts: WorkFacts, now: int) -> list[Finding]:
    """Return the findings on what the worker does: head seen, promises kept, nothing in quarantine."""
    found = []
    unseen = now - facts.head_seen_at
    if facts.head_seen_at == 0 or unseen > facts.facts_age / 2:
        what = (
            "no worker has seen the chain yet" if facts.head_seen_at == 0 else f"no worker saw the head for {unseen} s"
        )
        found.append(Finding("worker_silent", Level.ERROR, what, "start `gongzhi worker` and read its log"))
    else:
        found.append(Finding("worker_follows", Level.OK, f"a worker saw the head {unseen} s ago"))
    late = now - facts.earliest_open_anchor_by
    if facts.earliest_open_anchor_by and late > 0:
        cure = "see what keeps the worker from anchoring: its log, the ANCHOR keys, the chain"
        found.append(Finding("promise_broken", Level.ERROR, f"an entry should be anchored since {late} s", cure))
    if facts.quarantined:
        what = f"{facts.quarantined} transactions failed for good"
        cure = "`gongzhi explain` tells why each failed; what it was for is to be done anew"
        found.append(Finding("outbox_quarantined", Level.WARN, what, cure))
    else:
        found.append(Finding("outbox_clean", Level.OK, "no transaction failed for good"))
    return found


def judge_chain(facts: ChainFacts | Fault, trust: Trust, now: int) -> list[Finding]:
    """Return the findings on the chain: that it is the trusted one, with the trusted code, and alive."""
    if isinstance(facts, Fault):
        cure = "start the node (`gongzhi up` for the embedded one), or mend the setting rpc_url"
        return [Finding("chain_unreachable", Level.ERROR, facts.why, cure)]
    found = [_node(facts.client), _identity(facts, trust)]
    found += [_code(name, pin.code_hash, facts.code_hashes.get(name)) for name, pin in trust.contracts.items()]
    if found[1].level is Level.OK:
        found += [*_deployment(facts), _directory(facts)]
    found.append(_clock("chain", max(0, facts.head.time - now)))
    return found if trust.engine == "anvil" else [*found, _head_age(facts, now)]


def _node(client: str) -> Finding:
    matched = _BESU.match(client)
    version = tuple(map(int, matched.groups())) if matched else None
    if version is not None and _STARVING_BESU[0] <= version <= _STARVING_BESU[1]:
        cure = "run Besu 26.7.1 or newer on every validator"
        return Finding("node_version", Level.ERROR, f"{client} leaves senders without a balance waiting", cure)
    return Finding("node_answers", Level.OK, f"{client} answers")


def _identity(facts: ChainFacts, trust: Trust) -> Finding:
    cure = "mend the setting rpc_url, or get the trust file of this consortium anew"
    if facts.chain_id != trust.chain_id:
        what = f"the node is on chain {facts.chain_id}, the trust file on {trust.chain_id}"
        return Finding("chain_other", Level.ERROR, what, cure)
    if facts.genesis != trust.genesis:
        what = f"the chain begins with {facts.genesis}, the trust file with {trust.genesis}"
        return Finding("genesis_other", Level.ERROR, what, cure)
    return Finding("chain_trusted", Level.OK, f"chain {facts.chain_id} from {facts.genesis}")


def _code(name: str, trusted: str, found: str | None) -> Finding:
    if found == trusted:
        return Finding("contract_trusted", Level.OK, f"{name} has the code that the trust file pins")
    cure = "stop, and ask the other members: either the trust file is old, or the contract is not theirs"
    return Finding("contract_other", Level.ERROR, f"{name} has other code than the trust file says", cure)


def _directory(facts: ChainFacts) -> Finding:
    if facts.directory is None:
        what = "the directory names what the trust file pins"
        return Finding("directory_trusted", Level.OK, f"{what}; RecordAnchors in force: {facts.anchors or 'unknown'}")
    cure = "update this software where the Council has named newer contracts; else stop, and ask the other members"
    return Finding("directory_other", Level.ERROR, facts.directory, cure)


def _deployment(facts: ChainFacts) -> list[Finding]:
    if not facts.faults:
        what = "the contracts are the published code, governed by the Council, and refer to one another"
        return [Finding("deployment_published", Level.OK, what)]
    cure = "stop, and ask the other members: whoever deployed may hold power; or run the version of the contracts' code"
    return [
        Finding("deployment_other", Level.ERROR, f"{fault.member} is {fault.other}, not {fault.one}", cure)
        for fault in facts.faults
    ]


def _head_age(facts: ChainFacts, now: int) -> Finding:
    age, period = max(0, now - facts.head.time), 1.0
    if facts.earlier is not None:
        blocks = facts.head.number - facts.earlier.number
        period = max(period, (facts.head.time - facts.earlier.time) / blocks)
    what = f"the newest block, {facts.head.number}, is {age} s old; blocks come every {period:.1f} s"
    if age > max(LEAST_HEAD_SECONDS, HEAD_PERIODS * period):
        return Finding("head_old", Level.ERROR, what, "see whether more than two thirds of the validators run")
    return Finding("head_young", Level.OK, what)


def judge_disk(free_bytes: int) -> Finding:
    """Return the finding on the disk of the data folder."""
    what, cure = (
        f"{free_bytes // 2**20} MiB free in the data folder",
        "make room, or move the data folder to a larger disk",
    )
    if free_bytes < LEAST_FREE_BYTES:
        return Finding("disk_full", Level.ERROR, what, cure)
    if free_bytes < WARN_FREE_BYTES:
        return Finding("disk_short", Level.WARN, what, cure)
    return Finding("disk_free", Level.OK, what)


def judge_secrets(modes: Mapping[str, int]) -> list[Finding]:
    """Return the findings on secret files, by path with their permission bits: their owner alone may touch them."""
    open_ones = [path for path, mode in modes.items() if mode & 0o077]
    if not open_ones:
        return [Finding("secrets_private", Level.OK, f"{len(modes)} secret files, readable by their owner alone")]
    return [
        Finding(
            "secret_open", Level.ERROR, f"{path} may be read by others", f"`chmod go= {path}`, then change what it held"
        )
        for path in open_ones
    ]


def judge_port(port: int | None, state: str) -> Finding:
    """Return the finding on the API's port; `state` is what a request there met: `live`, `nobody` or `other`."""
    if port is None:
        return Finding("api_stopped", Level.WARN, "no API was started here yet", "`gongzhi up`, or `python -m api`")
    if state == "live":
        return Finding("api_live", Level.OK, f"the API lives on port {port}")
    if state == "nobody":
        return Finding("api_stopped", Level.WARN, f"nobody listens on port {port}", "`gongzhi up`, or `python -m api`")
    cure = "stop the other program, or choose another api_port"
    return Finding("port_taken", Level.ERROR, f"another program listens on the API's port {port}", cure)


def is_well(findings: Sequence[Finding]) -> bool:
    """Say whether nothing is an error."""
    return all(finding.level is not Level.ERROR for finding in findings)
