"""`gongzhi process`: state machines of the released table, steps that are taken, and where a record stands."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli.catalogue import Language, LanguageOption
from ledger.cli.connection import Connection, connected
from ledger.cli.option_groups import takes
from ledger.cli.output import print_json, print_table
from ledger.cli.process_show import show
from ledger.cli.process_words import deadline_text, process_title, state_title, takers_text
from ledger.cli.stepping import StepOptions, publish_step
from ledger.core.codes import AgencyKind
from ledger.core.hexadecimal import from_hex, to_hex
from ledger.core.process_table import ListedStep, Process, ProcessTable
from ledger.domain.process_table import shipped_process_table
from ledger.errors import UsageError

app = typer.Typer(
    no_args_is_help=True, help="Where an incident, a hazard or a request stands, and which steps are open."
)
MOST_NOTE_BYTES = 16 * 1024
JsonOption = Annotated[bool, typer.Option("--json", help="print one JSON object")]
ProcessArgument = Annotated[
    str, typer.Argument(metavar="PROCESS", help="as `incident`; `gongzhi process list` names all")
]
RecordArgument = Annotated[
    str,
    typer.Argument(metavar="RECORD_ID", help="record, request or grant that the step is about, 0x and 64 hex digits"),
]


@dataclass(frozen=True)
class ProcessStepOptions(StepOptions):
    """What a step of a process says beyond other steps."""

    note: Annotated[
        Path | None,
        typer.Option("--note", metavar="FILE", help="UTF-8 file of a note; it is sealed, never an argument"),
    ] = None
    previous: Annotated[str | None, typer.Option(help="id of the transition that this one follows")] = None
    root: Annotated[str | None, typer.Option(help="root of the record version that was acted upon")] = None
    evidence_record: Annotated[str | None, typer.Option(help="id of a record that is the evidence")] = None
    merged_into: Annotated[str | None, typer.Option(help="id of the record that it is merged into")] = None

    def more(self) -> dict[str, Any]:
        """Return further members of the step; raises UsageError, FormatError."""
        named = {
            "previous": (self.previous, "id of the transition before"),
            "subject_root": (self.root, "record root"),
            "evidence_record": (self.evidence_record, "id of the evidence"),
            "merged_into": (self.merged_into, "id of the record merged into"),
        }
        ids = {name: from_hex(text, 32, what=what) for name, (text, what) in named.items() if text is not None}
        return {**ids, "note": None if self.note is None else _note(self.note)}


app.command("show")(show)


@app.command("list")
def list_processes(lang: LanguageOption = Language.EN, as_json: JsonOption = False) -> None:
    """List the processes: where each begins and ends, and what to know of it."""
    table = shipped_process_table()
    if as_json:
        print_json({**_about(table), "processes": [_summary(one) for one in table.processes.values()]})
        return
    rows = [
        (one.name, process_title(one.name, lang), one.initial, ", ".join(one.ends), one.note[lang])
        for one in table.processes.values()
    ]
    print_table(("process", "title", "begins", "ends", "note"), rows)


@app.command("table")
def table_of(process: ProcessArgument, lang: LanguageOption = Language.EN, as_json: JsonOption = False) -> None:
    """Show the steps of a process: who may take each, until when, and who hears of it otherwise."""
    table = shipped_process_table()
    found = table.processes.get(process)
    if found is None:
        raise UsageError(f"no process of that name; there are: {', '.join(table.processes)}")
    if as_json:
        print_json({**_about(table), **_summary(found), "steps": [_step(one) for one in found.steps]})
        return
    rows = [
        (
            one.before,
            one.after,
            state_title(one.after, lang),
            one.mode.value,
            takers_text(one, lang),
            "; ".join(deadline_text(deadline, one, lang) for deadline in one.deadlines),
            ", ".join(_kind(kind, lang) for kind in one.escalation),
        )
        for one in found.steps
    ]
    print_table(("from", "to", "title", "mode", "who may", "until", "escalates to"), rows)
    print(found.note[lang])


@app.command("step")
@connected
@takes("options", ProcessStepOptions)
def take(
    record: RecordArgument,
    process: ProcessArgument,
    before: Annotated[str, typer.Argument(metavar="FROM", help="state that it stands in")],
    after: Annotated[str, typer.Argument(metavar="TO", help="state that it goes to")],
    *,
    options: ProcessStepOptions,
    connection: Connection,
) -> None:
    """Publish a step of a process, as a record of its own; what the table does not list is refused before that."""
    publish_step(record, process, before, after, options, connection)


def _note(file: Path) -> str:
    try:
        data = file.read_bytes()
        text = data.decode("utf-8-sig").strip()
    except OSError as failure:
        raise UsageError(f"the note's file cannot be read: {failure.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError("the note is not UTF-8") from None
    if not text or len(data) > MOST_NOTE_BYTES:
        raise UsageError(f"the note is empty, or has more than {MOST_NOTE_BYTES} bytes")
    return text


def _about(table: ProcessTable) -> dict[str, Any]:
    return {"table": {"version": table.version, "hash": to_hex(table.hash)}}


def _summary(process: Process) -> dict[str, Any]:
    return {
        "process": process.name,
        "title": {language.value: process_title(process.name, language) for language in Language},
        "initial": process.initial,
        "states": list(process.states),
        "ends": list(process.ends),
        "note": dict(process.note),
    }


def _step(step: ListedStep) -> dict[str, Any]:
    return {
        "from": step.before,
        "to": step.after,
        "mode": step.mode.value,
        "agencyKinds": [int(kind) for kind in step.agency_kinds],
        "party": None if step.party is None else step.party.value,
        "deadlines": [
            {"since": one.since, "hours": one.hours, "workingDays": one.working_days, "level": one.level}
            for one in step.deadlines
        ],
        "escalation": [int(kind) for kind in step.escalation],
    }


def _kind(kind: AgencyKind, language: Language) -> str:
    return str(getattr(kind, language))
