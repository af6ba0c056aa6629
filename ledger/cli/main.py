"""`gongzhi`: one file per noun, each imported only when its command runs.

So `gongzhi verify bundle` starts with `ledger.core` and Typer alone. Help of the whole needs no module either: the one
line of each command stands here.
"""

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup

from ledger.cli.output import EXIT_USAGE, exit_code_of, print_error
from ledger.errors import GongzhiError

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "up": ("lifecycle:up", "start the embedded database, chain, api and worker"),
    "down": ("lifecycle:down", "stop them; everything is kept"),
    "status": ("lifecycle:status", "what runs, and whether it is well"),
    "logs": ("lifecycle:logs", "what the processes wrote"),
    "doctor": ("doctor:doctor", "look at everything a gateway stands on; each finding with its cure"),
    "reset": ("lifecycle:reset", "stop everything and delete the data folder"),
    "demo": ("demo:demo", "a whole consortium on this machine, from deployment to audit"),
    "submit": ("submit:submit", "publish the rows of a CSV file as records"),
    "coverage": ("coverage:coverage", "is there a record about a person already"),
    "statistics": ("statistics:app", "counts that show nobody, and how often was collected twice"),
    "record": ("record:app", "publish one record from a file, with photos or documents"),
    "read": ("read:read", "look at one record, or at a file attached to it"),
    "search": ("search:search", "look at the records of an item"),
    "request": ("request:app", "ask a holder for records, and follow a request"),
    "grant": ("grant:app", "decide requests, end grants, say what was done about their obligations"),
    "consent": ("consent:app", "record and withdraw consents, give receipts"),
    "emergency": ("emergency:app", "open records at once, and answer for it afterwards"),
    "process": ("process:app", "where an incident, a hazard or a request stands, and which steps are open"),
    "rights": ("rights:app", "requests of residents about their own data"),
    "inbox": ("inbox:inbox", "what waits for this agency, overdue first"),
    "sign": ("signing:sign", "sign an action file away from any network"),
    "send": ("signing:send", "hand over an action file that is signed"),
    "mark": ("mark:mark", "mark a record withdrawn, corrected, disputed, erased or hold"),
    "gateway": ("gateway:app", "where other agencies' gateways are"),
    "profile": ("profile:app", "what each tier sees of an item, and whether a profile opens too much"),
    "codes": ("codes:app", "codes that records may hold, what they mean, and how other systems write them"),
    "catalogue": ("catalogue:app", "what is shared, by whom and with whom; export in the national metadata"),
    "duties": ("duties:app", "whose each matter of the duty list is, by which article, until when"),
    "retention": ("retention:retention", "mark own records erased whose retention period is over"),
    "bundle": ("bundle:bundle", "fetch one record's proof bundle"),
    "export": ("export:app", "write the ledger or the chain to files, for verification without a server"),
    "opening": ("opening:app", "show an auditor officer, case and basis of own looks, and verify what was shown"),
    "explain": ("explain:explain", "where a record, submission, action or entry is, and what it waits for"),
    "verify": ("verify:app", "verify a bundle or the whole ledger"),
    "inspect": ("verify:inspect", "print what a file says, without judging it"),
    "admin": ("admin:app", "deploy contracts, enrol agencies, publish the catalogue, write the trust file"),
    "worker": ("worker:worker", "anchor, relay and follow the chain (a service)"),
    "bench": ("bench:bench", "measure this machine against the floors"),
}
"""Command → `module:attribute` below ledger.cli (a function or a Typer group), and its one line of help."""


class LazyGroup(TyperGroup):
    """The root command: a noun's module is imported when the noun is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 (Typer's signature)
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 (Typer's signature)
        return load_command(cmd_name) if cmd_name in COMMANDS else None

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 (Typer's signature)
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


def load_command(name: str) -> Any:
    """Import the module of a command and return the command."""
    place, line = COMMANDS[name]
    module, attribute = place.split(":")
    found = getattr(import_module(f"ledger.cli.{module}"), attribute)
    group = found
    if not isinstance(found, typer.Typer):
        group = typer.Typer(add_completion=False, rich_markup_mode=None)
        group.command(name=name)(found)
    group.rich_markup_mode = None
    command = typer.main.get_command(group)
    command.name, command.short_help = name, line
    return command


app = typer.Typer(
    cls=LazyGroup,
    name="gongzhi",
    help="A ledger through which agencies share records, and can prove every record and every look.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def _root() -> None:
    """A ledger through which agencies share records, and can prove every record and every look."""


def run(arguments: Sequence[str]) -> int:
    """Run a command line (without the program's name); returns its exit code.

    Errors of the project are printed with code, when and remedy, as JSON where `--json` stands in the arguments.
    """
    command = typer.main.get_command(app)
    try:
        outcome = command.main(args=list(arguments) or ["--help"], prog_name="gongzhi", standalone_mode=False)
    except GongzhiError as error:
        print_error(error, as_json="--json" in arguments)
        return exit_code_of(error)
    except typer.Exit as stop:
        return stop.exit_code
    except typer.Abort:
        print("stopped", file=sys.stderr)
        return 130
    except typer.TyperException as error:
        print(f"usage: {error.format_message()}\n  remedy  see the command's --help", file=sys.stderr)
        return EXIT_USAGE
    return outcome if isinstance(outcome, int) else 0


def main() -> None:
    """Entry point of `gongzhi`."""
    sys.exit(run(sys.argv[1:]))
