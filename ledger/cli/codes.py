"""`gongzhi codes`: which codes there are, what they mean, how other systems write them, and whether values fit."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli.code_set_files import code_set_named, code_sets
from ledger.cli.output import EXIT_FAILED, print_json, print_members, print_result, print_table
from ledger.cli.verify_inputs import read_bytes
from ledger.core.code_rules import accepted_words
from ledger.core.code_sets import WARN, Code, CodeSet
from ledger.core.hexadecimal import to_hex
from ledger.errors import FormatError

app = typer.Typer(no_args_is_help=True, help="Codes that records may hold, and what they mean.")

JsonOption = Annotated[bool, typer.Option("--json", help="print one JSON object")]
MOST_LINES = 1_000
"""Line numbers that one answer lists."""
NameArgument = Annotated[str, typer.Argument(metavar="NAME[/VERSION]", help="code set, as `sex` (newest) or `sex/1`")]


@app.command("list")
def list_codes(as_json: JsonOption = False) -> None:
    """List the code sets: how many codes or which check, titles, and systems whose codes are mapped."""
    found = code_sets()
    if as_json:
        print_json({"codeSets": [_summary(one) for one in found]})
        return
    rows = [
        (
            one.reference,
            one.check or len(one.codes),
            one.title["zh"],
            one.title["en"],
            ", ".join(one.mappings),
        )
        for one in found
    ]
    print_table(("code set", "codes", "标题", "title", "mappings"), rows)


@app.command("show")
def show_codes(
    name: NameArgument,
    system: Annotated[str, typer.Option(help="show how this system writes the codes instead")] = "",
    as_json: JsonOption = False,
) -> None:
    """Show a code set: its codes with both titles, its source, the hash that schemas name, and its mappings."""
    found = code_set_named(name)
    mapping = found.mappings[system] if system and found.mapped(system, "") is None else None
    if as_json:
        print_json(
            _summary(found) | ({"mapping": mapping} if mapping else {"codes": [_code(one) for one in found.codes]})
        )
        return
    print_members(_told(found))
    if mapping is not None:
        print_table(
            (system, found.reference, "标题"), [(theirs, ours, _zh(found, ours)) for theirs, ours in mapping.items()]
        )
    elif found.codes:
        print_table(("code", "number", "parent", "标题", "title"), [_row(one) for one in found.codes])


@app.command("check")
def check_codes(
    name: NameArgument,
    file: Annotated[Path | None, typer.Option(help="one value a line; without it, from standard input")] = None,
    system: Annotated[str, typer.Option(help="values are codes of this system, mapped first")] = "",
    as_json: JsonOption = False,
) -> None:
    """Say which lines hold no value of a code set. Values are never arguments and never printed."""
    found = code_set_named(name)
    if system:
        found.mapped(system, "")
    data = sys.stdin.buffer.read() if file is None else read_bytes(file, "file")
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise FormatError("the values are not UTF-8") from None
    given = [(number, line.strip()) for number, line in enumerate(lines, 1) if line.strip()]
    outside = [number for number, value in given if not _fits(found, value, system)]
    told = {
        "codeSet": found.pinned,
        "values": len(given),
        "fitting": len(given) - len(outside),
        "warned" if found.failing == WARN else "refused": len(outside),
        "lines": outside[:MOST_LINES],
    }
    if outside and not system:
        told["accepted"] = accepted_words(found).removeprefix("accepted: ")
    print_result(told, as_json=as_json)
    if outside and found.failing != WARN:
        raise typer.Exit(EXIT_FAILED)


def _fits(code_set: CodeSet, value: str, system: str) -> bool:
    return code_set.mapped(system, value) is not None if system else code_set.accepts(value)


def _summary(one: CodeSet) -> dict[str, Any]:
    return {
        "codeSet": one.reference,
        "title": dict(one.title),
        "hash": to_hex(one.hash),
        "count": len(one.codes),
        "check": one.check,
        "failing": one.failing,
        "source": one.source,
        "mappings": list(one.mappings),
    }


def _told(one: CodeSet) -> dict[str, str]:
    told = {
        "code set": one.pinned,
        "title": f"{one.title['zh']} / {one.title['en']}",
        "check": one.check or "",
        "failing": one.failing,
        "source": one.source or "",
        "mappings": ", ".join(one.mappings),
    }
    return {name: text for name, text in told.items() if text}


def _row(one: Code) -> tuple[str, ...]:
    number = "" if one.number is None else str(one.number)
    return one.code, number, one.parent or "", one.title["zh"], one.title["en"]


def _zh(code_set: CodeSet, code: str) -> str:
    known = code_set.by_code.get(code)
    return known.title["zh"] if known else ""


def _code(one: Code) -> dict[str, Any]:
    optional = {"number": one.number, "parent": one.parent}
    return {"code": one.code, "title": dict(one.title)} | {k: v for k, v in optional.items() if v is not None}
