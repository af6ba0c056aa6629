"""`gongzhi demo`: a consortium from nothing to an audit, told in plain words."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger import wiring
from ledger.cli.connection import Connection, open_client
from ledger.cli.demo.auditing import audit, gather, keep_chain, rehearse
from ledger.cli.demo.calls import write_calls
from ledger.cli.demo.consenting import HOLDER as CARE_HOLDER
from ledger.cli.demo.consenting import HOSPITAL, consent_and_withdraw
from ledger.cli.demo.consortium import COMMUNITIES, REVIEW_AGENCY
from ledger.cli.demo.desks import Desk
from ledger.cli.demo.emergencies import break_glass, never_reviewed
from ledger.cli.demo.looks import SEARCHES, be_refused, search
from ledger.cli.demo.originals import publish_originals
from ledger.cli.demo.publishing import publish_calls, wait_until_anchored
from ledger.cli.demo.registers import HOLDER as REGISTRAR
from ledger.cli.demo.registers import import_registers
from ledger.cli.demo.setup import found_consortium
from ledger.cli.demo.sharing import HOLDER, REGION, ask_and_look, ask_in_vain
from ledger.cli.demo.story import Story
from ledger.client.gongzhi import GongzhiClient
from ledger.client.publishing import Accepted
from ledger.config import Settings, load_settings
from ledger.core.verdict import Report
from ledger.embedded import stack
from ledger.embedded.data_folder import DataFolder, write_durably
from ledger.embedded.stack import Endpoints
from ledger.errors import ChainError, UsageError

CALLS = Path("tests/data/montgomery-911-calls.csv")
DEMO_FILE = "demo.json"
SEED = 911
ANCHORED_SECONDS = 60.0


@dataclass
class Demo:
    """One run: its folders, its story, and the figures that it ends with."""

    settings: Settings
    story: Story
    figures: dict[str, Any]
    unanswered: bytes = b""
    """A request that nobody answers."""
    unreviewed: bytes = b""
    """An emergency that nobody reviews."""

    @property
    def folder(self) -> DataFolder:
        """The data folder."""
        return DataFolder.at(self.settings.data_folder)

    @property
    def scratch(self) -> Path:
        """Where calls, exports and bundles of the demonstration stand."""
        return self.folder.root / "demo"

    @contextmanager
    def client(self, agency: str) -> Iterator[GongzhiClient]:
        """Give the client of an agency, by its name in the demo file."""
        with open_client(Connection(as_agency=agency, profile=self.folder.root / DEMO_FILE)) as client:
            yield client


def demo(
    once: Annotated[bool, typer.Option("--once", help="stop everything at the end")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="end with one JSON line; the story goes to stderr")] = False,
    data_folder: Annotated[Path | None, typer.Option(help="where everything is kept")] = None,
    calls: Annotated[Path, typer.Option(help="the emergency calls")] = CALLS,
    limit: Annotated[int | None, typer.Option(min=60, help="take only the first calls")] = None,
) -> None:
    """Found a consortium, publish real emergency calls, look, be refused, audit, and catch a lying operator.

    Ends with exit code 0 if the ledger is verified and every lie is found, else 1.
    """
    if not calls.exists():
        raise UsageError(f"{calls} is not there; run this from the project's folder, or give --calls")
    run = Demo(load_settings(data_folder), Story(as_json), {})
    if run.folder.root.joinpath(DEMO_FILE).exists():
        raise UsageError("the demonstration was run here before; `gongzhi up` starts it, `gongzhi reset` deletes it")
    try:
        well = tell(run, calls, limit)
    finally:
        if once:
            stack.down(run.folder, run.story.say)
    if as_json:
        print(json.dumps(run.figures, ensure_ascii=False))
    raise typer.Exit(0 if well else 1)


def tell(run: Demo, calls: Path, limit: int | None) -> bool:
    """Run all phases; returns whether the ledger was verified and every lie found."""
    story = run.story
    with story.phase("start", "A database and a chain are started, and a consortium is founded"):
        found = start(run)
    with story.phase("publish", "Six communities publish their emergency calls"):
        publish(run, calls, limit)
    with story.phase("import", "A community imports its registers of residents and dwellings"):
        register(run)
    with story.phase("look", "Other agencies look"):
        record = look(run)
    with story.phase("share", "Originals are shared on request, and in an emergency"):
        share(run, calls)
    with story.phase("prove", "One record proves itself, without any server"):
        prove(run, found, record)
    with story.phase("audit", "The auditor checks everything"):
        report = verify(run, found)
    with story.phase("tamper", "What if the operator lies? Four rehearsals on copies of the database"):
        trust = wiring.load_trust(run.settings)
        evidence = gather(found.rpc_url, trust, run.folder.root / "clients")
        run.figures["tamperings"] = rehearse(run.settings, evidence, run.scratch, story)
    run.figures["seconds"] = story.seconds | {"total": round(sum(story.seconds.values()), 2)}
    close(run, found)
    return report.verdict.exit_code == 0 and all(lie["found"] for lie in run.figures["tamperings"])


def start(run: Demo) -> Endpoints:
    """Start the engines, found the consortium, start the services, and write the demo file."""
    stack.up(run.folder, wiring.stack_plan(run.settings), run.story.say)
    consortium = found_consortium(run.settings, run.story.say)
    run.settings = load_settings(run.settings.data_folder)
    found = stack.up(run.folder, wiring.stack_plan(run.settings), run.story.say)
    document = {
        "api": found.api_url,
        "rpc": found.rpc_url,
        "chainId": consortium["chainId"],
        "contracts": consortium["contracts"],
        "trust": str(run.settings.trust_path.absolute()),
        "gateway": run.settings.gateway,
        "agencies": consortium["agencies"],
    }
    write_durably(run.folder.root / DEMO_FILE, json.dumps(document, indent=2, ensure_ascii=False).encode())
    run.story.say(f"Seventeen agencies, nine contracts, one gateway; its API answers at {found.api_url}")
    return found


def publish(run: Demo, calls: Path, limit: int | None) -> None:
    """Let the communities publish; tells how many records were accepted and anchored."""
    records = submissions = 0
    files = write_calls(calls, run.scratch / "calls", SEED, limit)
    last: list[Accepted] = []
    for community in COMMUNITIES:
        path, _ = files[str(community.region)]
        with run.client(community.slug) as client:
            published, accepted = publish_calls(client, path, run.scratch / "jobs" / community.slug)
            records, submissions = records + published, submissions + len(accepted)
            last = accepted or last
            run.story.say(f"{community.name}: {published} incidents in {len(accepted)} signed submissions, accepted")
            if community is COMMUNITIES[-1]:
                wait_until_anchored(client, last)
    run.figures |= {"records": records, "submissions": submissions}
    run.story.say(f"{records} records are anchored on chain: names, phones and addresses sealed, masks committed.")


def register(run: Demo) -> None:
    """Let a community import its registers from spreadsheets, faults and all."""
    with run.client(REGISTRAR) as client:
        told = import_registers(client, run.scratch / "registers", run.story)
    run.figures["imported"] = told
    run.figures["records"] += sum(one["records"] for one in told.values())
    run.figures["submissions"] += sum(one["submissions"] for one in told.values())


def look(run: Demo) -> bytes:
    """Let agencies search and one be refused; returns a record that was seen."""
    looks, seen_record = 0, b""
    for asked in SEARCHES:
        with run.client(asked.agency) as client:
            seen = search(client, asked, run.story)
            looks += len(seen.pages)
            seen_record = seen.pages[0].views[0].record_id if seen.records and not seen_record else seen_record
    with run.client("street-1") as client:
        client.read(seen_record, SEARCHES[2].grounds)
        looks += 1
        run.story.say("Street 1 reads one of them by its id.")
    with run.client("property") as client:
        refusal = be_refused(client, run.story)
    run.figures |= {"looks": looks, "refusals": 1, "refusalReason": refusal.reason}
    return seen_record


def share(run: Demo, calls: Path) -> None:
    """Let agencies ask, grant, refuse, break the glass and answer for it."""
    with ExitStack() as open_desks:

        def desk(slug: str) -> Desk:
            return Desk(slug, open_desks.enter_context(run.client(slug)), run.folder)

        holder, fire, health, police = (desk(slug) for slug in (HOLDER, "fire", "health", "police"))
        originals = publish_originals(holder.client, calls, REGION, run.scratch / "originals")
        run.story.say(f"Community 2 publishes {originals.count} calls with their originals: class 2, on request only.")
        told = [ask_and_look(fire, holder, originals, run.story)]
        run.unanswered = ask_in_vain(health, run.story)
        told.append(consent_and_withdraw(desk(CARE_HOLDER), desk(HOSPITAL), run.story))
        told.append(break_glass(health, desk(REVIEW_AGENCY), originals.fire, run.story))
        run.unreviewed = never_reviewed(police, run.story)
    run.figures["shared"] = originals.count + sum(one.get("records", 0) for one in told)
    run.figures["records"] += run.figures["shared"]
    run.figures["firstAuthority"] = told[-1]["firstAuthority"]
    run.figures["looks"] += sum(one["looks"] for one in told)
    run.figures["refusalReasons"] = [reason for one in told for reason in one["refusals"]]
    run.figures["refusals"] += len(run.figures["refusalReasons"])


def prove(run: Demo, found: Endpoints, record: bytes) -> None:
    """Fetch a bundle, write the chain file, and verify in a process of its own that opens no socket."""
    bundle, chain = run.scratch / "bundle.json", run.scratch / "chain.json"
    with run.client("fire") as client:
        bundle.write_bytes(client.bundle(record, SEARCHES[0].grounds).data)
    run.figures["looks"] += 1
    trust = wiring.load_trust(run.settings)
    keep_chain(gather(found.rpc_url, trust, run.folder.root / "clients"), chain)
    arguments = ["--chain", str(chain), "--trust", str(run.settings.trust_path), "--offline", "--json"]
    command = [sys.executable, "-m", "ledger.cli", "verify", "bundle", str(bundle), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    verdict = json.loads(done.stdout)
    run.figures["bundle"] = {"verdict": verdict["verdict"], "exitCode": done.returncode}
    run.story.say(f"`gongzhi verify bundle --offline`, from three files: {verdict['verdict']}.")


def wait_until_all_is_anchored(settings: Settings) -> None:
    """Wait until no entry is without an anchor; raises ChainError if that takes longer than ANCHORED_SECONDS."""
    store = wiring.open_store(settings, connections=1)
    until = time.monotonic() + ANCHORED_SECONDS
    try:
        while time.monotonic() < until:
            with store.begin() as transaction:
                if not transaction.figures()["earliest_open_anchor_by"]:
                    return
            time.sleep(0.1)
    finally:
        store.close()
    raise ChainError("entries are still not anchored; see `gongzhi logs worker`")


def verify(run: Demo, found: Endpoints) -> Report:
    """Let the auditor export and verify the ledger."""
    wait_until_all_is_anchored(run.settings)
    with run.client("auditor") as auditor:
        trust = wiring.load_trust(run.settings)
        evidence = gather(found.rpc_url, trust, run.folder.root / "clients")
        export = run.scratch / "export"
        if export.exists():
            shutil.rmtree(export)
        report = audit(auditor, evidence, export, run.story)
    run.figures["anchors"] = len(evidence.chain.history().anchors.get(run.settings.gateway, []))
    run.figures["verified"] = {
        "verdict": report.verdict.value,
        "exitCode": report.verdict.exit_code,
        "checked": report.checked,
        "expected": report.expected,
    }
    run.figures["overdue"] = [
        {"kind": duty.kind.value, "agency": duty.agency, "workingDays": duty.overdue_working_days}
        for duty in report.overdue
    ]
    return report


def close(run: Demo, found: Endpoints) -> None:
    """Tell the figures, and where to go on."""
    figures, say = run.figures, run.story.say
    lies = figures["tamperings"]
    say()
    say(
        f"{figures['records']} records, {figures['submissions']} submissions, {figures['anchors']} anchors,"
        f" {figures['looks']} looks, {figures['refusals']} refusals; {sum(lie['found'] for lie in lies)} of {len(lies)}"
        f" lies found; {figures['seconds']['total']} seconds."
    )
    say(f"API {found.api_url} · chain {found.rpc_url} · files in {run.settings.data_folder}")
    say("Go on: gongzhi search --as fire --item 1 --purpose P05 --basis LB3 --basis-ref 消防法 · gongzhi down")
