"""`gongzhi admin council propose`: write the file of an action, from words that say what it does."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ledger import wiring, wiring_council, wiring_succession
from ledger.cli.admin_agency import registration_at
from ledger.cli.admin_options import FolderOption, JsonOption, read_json
from ledger.cli.option_groups import takes
from ledger.cli.output import print_result
from ledger.cli.signing import read_action_file
from ledger.client.durable import write_durably
from ledger.config import load_settings
from ledger.core.chainfile import Trust
from ledger.core.codes import Role, bitmap_of
from ledger.core.council_action import HOUR_SECONDS, MOST_CALLS, CouncilCall, parse_council_action
from ledger.core.hexadecimal import to_address, to_hex
from ledger.core.points import ANCHORS
from ledger.core.typed_messages import PAUSABLE
from ledger.errors import UsageError
from ledger.services.council import CouncilOnChain, propose
from ledger.services.founding import (
    DAY_SECONDS,
    EncodeCall,
    founding_calls,
    parse_founding,
    registration_call,
    role_named,
)

propose_app = typer.Typer(no_args_is_help=True, help="Write the file of an action for the members to approve.")
AGENCY_STATUSES = {"active": 1, "suspended": 2, "left": 3}
LONGEST_PAUSE_HOURS = 30 * 24

ModuleArgument = Annotated[str, typer.Argument(metavar="MODULE", help=f"one of {', '.join(PAUSABLE)}")]
TransactionOption = Annotated[
    str | None,
    typer.Option(metavar="HASH", help="what created a new RecordAnchors, if something stands in its storage already"),
]
AgencyArgument = Annotated[int, typer.Argument(min=1, help="number of the agency")]


@dataclass(frozen=True)
class ProposeOptions:
    """Where the file goes, and how long the action lives."""

    out: Annotated[Path, typer.Option("--out", help="action file to write")]
    add: Annotated[
        bool, typer.Option("--add", help="add the call to the action that the file holds; approvals before are void")
    ] = False
    days: Annotated[int, typer.Option(min=1, max=365, help="days until the action expires")] = 14
    data_folder: FolderOption = None
    as_json: JsonOption = False


@dataclass(frozen=True)
class Proposing:
    """The Council for which an action is written, and what encodes its calls."""

    trusted: Trust
    council: CouncilOnChain
    encode: EncodeCall
    options: ProposeOptions

    @classmethod
    def opened(cls, options: ProposeOptions) -> "Proposing":
        """Read trust file and chain; raises UsageError, EngineError."""
        settings = load_settings(options.data_folder)
        trusted = wiring.load_trust(settings)
        contracts = wiring.contract_addresses(trusted)
        council = wiring_council.open_council(trusted.chain_id, wiring.rpc_url(settings), contracts)
        return cls(trusted, council, wiring_council.call_encoder(contracts), options)

    def write(self, *calls: CouncilCall, salt: bytes | None = None) -> None:
        """Write the action's file and print what it says; raises FormatError, UsageError."""
        action = propose(self.council, self._with_earlier(calls), self.options.days * DAY_SECONDS, salt)
        if len(action.calls) > MOST_CALLS:
            raise UsageError(f"an action has {MOST_CALLS} calls at most")
        write_durably(self.options.out, action.encode(self.council.read_call))
        standing = self.council.standing()
        result = {
            "action": to_hex(action.id),
            "says": list(action.says(self.council.read_call)),
            "epoch": action.epoch,
            "expiry": action.expiry,
            "delaySeconds": 0 if standing.development else action.delay,
            "approvalsNeeded": standing.threshold if standing.founded else len(standing.founders),
            "file": str(self.options.out),
        }
        print_result(result, as_json=self.options.as_json)

    def _with_earlier(self, calls: Sequence[CouncilCall]) -> Sequence[CouncilCall]:
        if not self.options.add:
            return calls
        try:
            kept = self.options.out.read_bytes()
        except OSError:
            raise UsageError(f"--add: {self.options.out} cannot be read") from None
        return [*parse_council_action(kept, self.council.read_call).calls, *calls]


@propose_app.command("set-parameter")
@takes("options", ProposeOptions)
def set_parameter(
    name: Annotated[str, typer.Argument(help="name, as `reviewAgency`; the reference of Parameters lists all")],
    value: Annotated[int, typer.Argument(min=0, help="number of an agency, seconds or a count")],
    *,
    options: ProposeOptions,
) -> None:
    """Set a parameter of the consortium."""
    proposing = Proposing.opened(options)
    proposing.write(proposing.encode("Parameters", "set", name, value))


@propose_app.command("register")
@takes("options", ProposeOptions)
def register(
    file: Annotated[Path, typer.Argument(help="agency file with its keys here, or a registration signed elsewhere")],
    *,
    options: ProposeOptions,
) -> None:
    """Register a new member agency with its first ADMIN key, which signs that it exists."""
    proposing = Proposing.opened(options)
    council = proposing.council
    registry = proposing.trusted.contracts["AgencyRegistry"].address
    registration = registration_at(file, council.chain_id, registry, council.standing().now)
    proposing.write(registration_call(registration, proposing.encode))


@propose_app.command("restore-admin")
@takes("options", ProposeOptions)
def restore_admin(
    file: Annotated[Path, typer.Argument(help="action file RestoreAdmin, signed by the new ADMIN key")],
    *,
    options: ProposeOptions,
) -> None:
    """Give an ADMIN key to an agency that has no usable one left."""
    _propose_signed(file, "RestoreAdmin", "AgencyRegistry", "restore_admin", options)


@propose_app.command("set-status")
@takes("options", ProposeOptions)
def set_status(
    agency: AgencyArgument,
    status: Annotated[str, typer.Argument(help="active, suspended or left (for ever)")],
    *,
    options: ProposeOptions,
) -> None:
    """Suspend an agency, take it back, or note that it has left."""
    if status not in AGENCY_STATUSES:
        raise UsageError(f"a status is one of {', '.join(AGENCY_STATUSES)}")
    proposing = Proposing.opened(options)
    proposing.write(proposing.encode("AgencyRegistry", "set_status", agency, AGENCY_STATUSES[status]))


@propose_app.command("set-allowed-roles")
@takes("options", ProposeOptions)
def set_allowed_roles(
    agency: AgencyArgument,
    roles: Annotated[list[str], typer.Argument(help="roles that it may give to new keys, ADMIN always among them")],
    *,
    options: ProposeOptions,
) -> None:
    """Set the roles that an agency may give; bound keys keep theirs."""
    allowed = bitmap_of({Role.ADMIN, *(role_named(name) for name in roles)})
    proposing = Proposing.opened(options)
    proposing.write(proposing.encode("AgencyRegistry", "set_allowed_roles", agency, allowed))


@propose_app.command("catalogue-authority")
@takes("options", ProposeOptions)
def catalogue_authority(
    agency: AgencyArgument,
    plan: Annotated[
        Path | None, typer.Option(help="plan of `catalogue propose` that the members decide about with this action")
    ] = None,
    *,
    options: ProposeOptions,
) -> None:
    """Name the agency that keeps the catalogue; with `--plan` as the members' decision about what it loads.

    The plan's hash is the action's salt, so every approval is for this plan: `catalogue check --decision` says so, and
    `catalogue load --decision` loads nothing else.
    """
    from ledger.cli.catalogue_plan_file import read_plan

    proposing = Proposing.opened(options)
    naming = proposing.encode("Catalogue", "set_catalogue_authority", agency)
    if plan is None:
        proposing.write(naming)
        return
    given = read_plan(plan)
    if given.authority != agency or options.add:
        raise UsageError("a decision about a plan names the plan's own authority, and does nothing else")
    proposing.write(naming, salt=given.hash)


@propose_app.command("revoke-key")
@takes("options", ProposeOptions)
def revoke_key(
    key: Annotated[str, typer.Argument(help="address of the key")],
    reason: Annotated[int, typer.Argument(min=1, max=65_535, help="code of the reason")],
    suspect_from: Annotated[int, typer.Option(min=0, help="suspect since this time (Unix seconds), 0 if not")] = 0,
    *,
    options: ProposeOptions,
) -> None:
    """Revoke any key, an agency's last ADMIN key too; executed without a delay."""
    proposing = Proposing.opened(options)
    address = to_address(key.lower(), what="key")
    proposing.write(proposing.encode("AgencyRegistry", "revoke_key_as_governor", address, reason, suspect_from))


@propose_app.command("pause")
@takes("options", ProposeOptions)
def pause(
    module: ModuleArgument,
    hours: Annotated[int, typer.Argument(min=1, max=LONGEST_PAUSE_HOURS, help="how long, from now on")],
    *,
    options: ProposeOptions,
) -> None:
    """Pause a module; executed without a delay. Withdrawals, revocations, reviews and emergencies are never stopped."""
    proposing = Proposing.opened(options)
    until = proposing.council.standing().now + hours * HOUR_SECONDS
    proposing.write(proposing.encode(_module(module), "pause_as_governor", until))


@propose_app.command("lift")
@takes("options", ProposeOptions)
def lift(module: ModuleArgument, *, options: ProposeOptions) -> None:
    """Lift a module's pause, a guardian's too; executed without a delay."""
    proposing = Proposing.opened(options)
    proposing.write(proposing.encode(_module(module), "pause_as_governor", 0))


@propose_app.command("repudiate")
@takes("options", ProposeOptions)
def repudiate(
    file: Annotated[Path, typer.Argument(help="action file Repudiate, signed by an ADMIN key of the gateway")],
    *,
    options: ProposeOptions,
) -> None:
    """Say that a batch is not its gateway's: its ANCHOR key was stolen. The batch stays visible."""
    _propose_signed(file, "Repudiate", "RecordAnchors", "repudiate", options)


@propose_app.command("set-contract")
@takes("options", ProposeOptions)
def set_contract(
    name: Annotated[str, typer.Argument(help="name of the contract, as `RecordAnchors`")],
    address: Annotated[str, typer.Argument(help="address of the contract that is to stand under the name")],
    transaction: TransactionOption = None,
    *,
    options: ProposeOptions,
) -> None:
    """Enter a contract in the directory, or the successor of one; the code that is there now is what is entered."""
    proposing = Proposing.opened(options)
    at = to_address(address.lower(), what="address")
    rpc = wiring.rpc_url(load_settings(options.data_folder))
    code_hash = wiring.open_chain(rpc, {}).code_hash(at)
    if name == ANCHORS:
        refusal = wiring_succession.why_not_in_force(proposing.trusted, rpc, at, code_hash, transaction)
        if refusal is not None:
            raise UsageError(f"{at} may not succeed the {ANCHORS} in force: {refusal}")
    proposing.write(proposing.encode("SystemDirectory", "set_contract", name, at, code_hash))


@propose_app.command("set-members")
@takes("options", ProposeOptions)
def set_members(
    threshold: Annotated[int, typer.Argument(min=1, max=64, help="approvals that an action needs: more than half")],
    agencies: Annotated[list[int], typer.Argument(help="numbers of all member agencies")],
    *,
    options: ProposeOptions,
) -> None:
    """Set who has a vote, and how many votes an action needs; a new epoch begins with it."""
    members = sorted(agencies)
    if len(set(members)) != len(members) or not len(members) < 2 * threshold <= 2 * len(members):
        raise UsageError(f"{len(members)} members, each once, need a threshold of more than half and at most all")
    proposing = Proposing.opened(options)
    proposing.write(proposing.encode("Council", "set_members", members, threshold))


@propose_app.command("founding")
@takes("options", ProposeOptions)
def founding(
    file: Annotated[Path, typer.Argument(help="founding file, as it was given to `admin deploy`")],
    registrations: Annotated[list[Path], typer.Argument(help="registrations, each signed by its founder")],
    *,
    options: ProposeOptions,
) -> None:
    """Write the founding action, which all founders approve: agencies and contracts entered, founding completed."""
    proposing = Proposing.opened(options)
    prepared = {one.message["firstAdmin"]: one for one in map(read_action_file, registrations)}
    plan = parse_founding(read_json(file))
    ordered = [prepared[founder.admin] for founder in plan.founders if founder.admin in prepared]
    if len(ordered) < len(plan.founders):
        absent = ", ".join(founder.name for founder in plan.founders if founder.admin not in prepared)
        raise UsageError(f"no registration of {absent}")
    proposing.write(*founding_calls(plan, ordered, proposing.trusted.contracts, proposing.encode))


def _propose_signed(file: Path, action: str, contract: str, method: str, options: ProposeOptions) -> None:
    """Write the action that hands over a message which a key has signed elsewhere; raises UsageError, FormatError."""
    proposing = Proposing.opened(options)
    prepared = read_action_file(file)
    if prepared.action != action or prepared.missing:
        raise UsageError(f"{file} is no action {action} that its key has signed")
    at, encode = proposing.trusted.contracts[contract].address, proposing.encode
    if contract == ANCHORS:
        rpc = wiring.rpc_url(load_settings(options.data_folder))
        at = wiring_council.anchors_in_force(proposing.trusted, rpc)
        encode = wiring_council.call_encoder({**wiring.contract_addresses(proposing.trusted), ANCHORS: at})
    if prepared.contract != at:
        raise UsageError(f"{file} is signed for another {contract} than the one in force, {at}")
    proposing.write(encode(contract, method, prepared.message, *prepared.relayed_signatures))


def _module(name: str) -> str:
    if name not in PAUSABLE:
        raise UsageError(f"a module that can be paused is one of {', '.join(PAUSABLE)}")
    return name
