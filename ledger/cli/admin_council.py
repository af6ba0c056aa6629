"""`gongzhi admin council`: approve, schedule, execute, cancel, list and show actions of the Council.

Whoever schedules or executes needs no right: the members' approvals count.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger import wiring, wiring_council, wiring_succession
from ledger.cli.admin_council_prepare import prepare_app
from ledger.cli.admin_council_propose import TransactionOption, propose_app
from ledger.cli.admin_options import (
    DryRunOption,
    FolderOption,
    JsonOption,
    KeystoreOption,
    PasswordOption,
    read_json,
    say,
)
from ledger.cli.admin_options import administration as opened_administration
from ledger.cli.chain_reading import load_trust_file, place_of
from ledger.cli.council_files import read_action, read_approval, read_trust
from ledger.cli.option_groups import takes
from ledger.cli.output import print_result
from ledger.cli.signing import open_asking
from ledger.client.durable import write_durably
from ledger.config import load_settings
from ledger.core.chainfile import Trust
from ledger.core.council_action import CouncilAction
from ledger.core.council_approval import Approval
from ledger.core.hexadecimal import from_hex, to_address, to_hex
from ledger.council_errors import SuccessorRefused
from ledger.errors import UsageError
from ledger.keys.uris import open_signer
from ledger.services.council import (
    STATE_NAMES,
    CouncilOnChain,
    approve,
    judge_cancellation,
    judge_execution,
    judge_founding,
    judge_schedule,
)
from ledger.services.founding import parse_founding

council_app = typer.Typer(no_args_is_help=True, help="What the members decide together.")
council_app.add_typer(prepare_app, name="prepare")
council_app.add_typer(propose_app, name="propose")

ActionArgument = Annotated[Path, typer.Argument(metavar="ACTION", help="action file, as `propose` writes it")]
ApprovalsArgument = Annotated[list[Path], typer.Argument(metavar="APPROVAL…", help="approval files of members")]


@dataclass(frozen=True)
class SendingOptions:
    """Who sends, from where."""

    keystore: KeystoreOption
    password_file: PasswordOption
    data_folder: FolderOption = None
    dry_run: DryRunOption = False
    as_json: JsonOption = False


@council_app.command("approve")
def approve_command(
    file: ActionArgument,
    *,
    agency: Annotated[int, typer.Option(min=1, help="number of the member agency that approves")],
    out: Annotated[Path, typer.Option("--out", help="approval file to write")],
    keystore: Annotated[Path, typer.Option(help="keystore of an ADMIN key of the agency")],
    password_file: Annotated[
        Path | None, typer.Option(help="file with the keystore's password; else it is asked for")
    ] = None,
    trust: Annotated[
        Path | None, typer.Option(help="trust file, by which the calls are read; else the data folder's")
    ] = None,
    cancels: Annotated[bool, typer.Option("--cancel", help="approve that the action is cancelled")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask before signing")] = False,
    data_folder: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what an action does, and sign it for a member agency. Opens no connection: take the file where the key is.

    The lines are read from the calls that are signed; a file that says something else is refused.
    """
    trusted = read_trust(trust, data_folder)
    action = read_action(file, trusted)
    if action.chain_id != trusted.chain_id or action.council != trusted.contracts["Council"].address:
        raise UsageError("the action is for another chain or another Council than the trust file names")
    _show(action, trusted, cancels=cancels)
    signer = open_asking(keystore, password_file)
    if not yes and not typer.confirm("Sign this?", err=True):
        raise typer.Abort
    approval = approve(action, agency, signer, cancels=cancels)
    write_durably(out, approval.encode())
    result = {"action": to_hex(action.id), "agency": agency, "key": signer.address, "cancels": cancels}
    print_result({**result, "approval": str(out)}, as_json=as_json)


@council_app.command("check")
def check(
    founding: Annotated[Path, typer.Argument(metavar="FOUNDING", help="founding file on which the founders agreed")],
    *,
    rpc: Annotated[str, typer.Option(metavar="URL", help="JSON-RPC URL of a node, best your own")],
    trust: Annotated[Path, typer.Option(help="trust file that whoever deployed handed out")],
    as_json: JsonOption = False,
) -> None:
    """Check before approving a founding that what was deployed is what was agreed; changes nothing.

    Each contract is the published code, created by the published creation code, governed by the Council and by nobody
    else, and the Council has the founders, threshold and delays of the founding file. Exit codes: 0 it is so, 1 it is
    not, 2 usage, 4 the node does not answer.
    """
    place_of(rpc)
    terms = parse_founding(read_json(founding)).terms
    faults = wiring_council.deployment_faults(rpc, load_trust_file(trust), terms)
    found = [{"member": fault.member, "agreed": fault.one, "found": fault.other} for fault in faults]

    def show() -> None:
        print(
            "not what was agreed: do not approve" if found else "published code, the Council governs, terms as agreed"
        )
        for fault in faults:
            print(f"  {fault.member}: {fault.other}, not {fault.one}")

    print_result({"asAgreed": not found, "faults": found}, as_json=as_json, show=show)
    if found:
        raise typer.Exit(1)


@council_app.command("check-successor")
def check_successor(
    address: Annotated[str, typer.Argument(help="address of the RecordAnchors that is to succeed the one in force")],
    *,
    rpc: Annotated[str, typer.Option(metavar="URL", help="JSON-RPC URL of a node, best your own")],
    trust: Annotated[Path, typer.Option(help="trust file, your own")],
    transaction: TransactionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check before approving a naming that a RecordAnchors may succeed the one in force; changes nothing.

    It is the published code, made to succeed that one, and nothing stands in its storage (with --transaction: the
    published creation code has made it). Exit codes: 0 it may, 1 it may not, 2 usage, 4 the node does not answer.
    """
    place_of(rpc)
    at = to_address(address.lower(), what="address")
    code_hash = wiring.open_chain(rpc, {}).code_hash(at)
    why = wiring_succession.why_not_in_force(load_trust_file(trust), rpc, at, code_hash, transaction)
    told = f"do not approve {at}: {why}" if why else f"{at} may succeed: published code, nothing in its storage before"
    print_result({"maySucceed": why is None, "why": why}, as_json=as_json, show=lambda: print(told))
    if why is not None:
        raise typer.Exit(1)


@council_app.command("schedule")
@takes("options", SendingOptions)
def schedule(
    file: ActionArgument,
    approvals: ApprovalsArgument,
    transaction: TransactionOption = None,
    *,
    options: SendingOptions,
) -> None:
    """Schedule an action that enough members approve; its delay begins."""
    _send("schedule", file, approvals, options, transaction)


@council_app.command("execute")
@takes("options", SendingOptions)
def execute(
    file: ActionArgument,
    approvals: ApprovalsArgument,
    transaction: TransactionOption = None,
    *,
    options: SendingOptions,
) -> None:
    """Execute a scheduled action whose delay is over; the founding action, which all founders approve, at once."""
    _send("execute", file, approvals, options, transaction)


@council_app.command("cancel")
@takes("options", SendingOptions)
def cancel(file: ActionArgument, approvals: ApprovalsArgument, *, options: SendingOptions) -> None:
    """Cancel a scheduled action, with what members wrote by `approve --cancel`."""
    _send("cancel", file, approvals, options)


@council_app.command("list")
def list_command(data_folder: FolderOption = None, as_json: JsonOption = False) -> None:
    """Show members, threshold, epoch, and every action with its state, as the chain tells them."""
    settings = load_settings(data_folder)
    trusted = wiring.load_trust(settings)
    rpc = wiring.rpc_url(settings)
    contracts = wiring.contract_addresses(trusted)
    standing = wiring_council.open_council(trusted.chain_id, rpc, contracts).standing()
    actions = [
        {
            "action": one.action,
            "state": STATE_NAMES[one.state],
            "epoch": one.epoch,
            "executableAt": one.executable_at,
            "expiry": one.expiry,
            "approvedBy": list(one.approved_by),
            "calls": list(one.functions),
        }
        for one in wiring_council.listed_actions(rpc, contracts)
    ]
    council = {
        "council": contracts["Council"],
        "founded": standing.founded,
        "members": list(standing.members),
        "threshold": standing.threshold,
        "epoch": standing.epoch,
        "development": standing.development,
    }
    print_result({**council, "actions": actions}, as_json=as_json)


@council_app.command("show")
def show(
    which: Annotated[str, typer.Argument(metavar="ACTION", help="action file, or an action's id")],
    data_folder: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what an action does and where it stands on chain."""
    settings = load_settings(data_folder)
    trusted = wiring.load_trust(settings)
    contracts = wiring.contract_addresses(trusted)
    council = wiring_council.open_council(trusted.chain_id, wiring.rpc_url(settings), contracts)
    described: dict[str, Any] = {}
    if Path(which).exists():
        action = read_action(Path(which), trusted)
        action_id = action.id
        described = {"says": list(action.says(council.read_call)), "epoch": action.epoch, "expiry": action.expiry}
    else:
        action_id = from_hex(which, 32, what="an action's id")
    state, executable_at = council.state_of(action_id)
    standing = {"state": STATE_NAMES[state], "executableAt": executable_at or None}
    print_result({"action": to_hex(action_id), **standing, **described}, as_json=as_json)


def _send(
    verb: str, file: Path, approval_files: list[Path], options: SendingOptions, transaction: str | None = None
) -> None:
    settings = load_settings(options.data_folder)
    trusted = wiring.load_trust(settings)
    action = read_action(file, trusted)
    approvals = [read_approval(path) for path in approval_files]
    result: dict[str, Any] = {"action": to_hex(action.id)}
    sender = open_signer(f"keystore:{options.keystore}", options.password_file)
    with opened_administration(settings, sender) as opened:
        acts = wiring_council.open_acts(settings, opened)
        for line in action.says(acts.council.read_call):
            say(line)
        _judge(verb, acts.council, action, approvals)
        why = None
        if verb != "cancel":
            why = wiring_succession.why_not_named(trusted, wiring.rpc_url(settings), action, transaction)
        if why is not None:
            raise SuccessorRefused(why)
        if options.dry_run:
            print_result({"dryRun": True, "would": verb, **result}, as_json=options.as_json)
            return
        if verb == "schedule":
            result["executableAt"] = acts.schedule(action, approvals)
        elif verb == "cancel":
            acts.cancel(action, approvals)
        elif acts.council.standing().founded:
            acts.execute(action, approvals)
        else:
            acts.found(action, approvals)
        state = acts.council.state_of(action.id)[0]
    print_result({**result, "state": STATE_NAMES[state]}, as_json=options.as_json)


def _judge(verb: str, council: CouncilOnChain, action: CouncilAction, approvals: list[Approval]) -> None:
    judges = {"schedule": judge_schedule, "cancel": judge_cancellation, "execute": judge_execution}
    founding = verb == "execute" and not council.standing().founded
    (judge_founding if founding else judges[verb])(council, action, approvals)


def _show(action: CouncilAction, trusted: Trust, *, cancels: bool) -> None:
    typer.echo("  CANCEL this action:" if cancels else "  this action:", err=True)
    for line in action.says(wiring_council.call_reader(wiring.contract_addresses(trusted))):
        typer.echo(f"  {line}", err=True)
    typer.echo(f"  epoch {action.epoch}, expires at {action.expiry} (Unix seconds)", err=True)
    typer.echo(
        f"  waits {action.delay // 3600} hours once it is scheduled, unless the Council is for development", err=True
    )
    typer.echo(f"  chain: {action.chain_id}, Council: {action.council}, id: {to_hex(action.id)}", err=True)
