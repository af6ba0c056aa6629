"""`gongzhi catalogue`: what is shared, by whom, with whom: from the domain data, and what of it is published."""

import csv
import io
import json
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli.catalogue_files import FromOption, domain_loader, metadata_code_sets, read_list
from ledger.cli.connection import Connection, connected, open_client
from ledger.cli.output import print_json, print_members, print_result, print_table
from ledger.core.code_sets import CodeSet
from ledger.core.codes import AgencyKind
from ledger.core.hexadecimal import to_hex
from ledger.embedded.data_folder import write_durably
from ledger.errors import NotFound, UsageError
from ledger.services.catalogue_metadata import FIELDS, CatalogueResource, flat_row, read_resources, resource_members

app = typer.Typer(no_args_is_help=True, help="What is shared, by whom and with whom.")
EXPORT_FORMAT = "gongzhi-catalogue-export/1"


class Language(StrEnum):
    """Language of words."""

    ZH = "zh"
    EN = "en"


class ExportFormat(StrEnum):
    """Format of an exported catalogue."""

    CSV = "csv"
    JSON = "json"


ListOption = Annotated[str, typer.Option("--list", help="list of the domain data, as `catalogue/list-1.json`")]
LanguageOption = Annotated[Language, typer.Option("--lang", help="words in `en` or `zh`")]
KindOption = Annotated[int | None, typer.Option(min=1, help="kind of department, as 8 for fire")]
JsonOption = Annotated[bool, typer.Option("--json", help="print one JSON object")]
SHIPPED_LIST = "catalogue/list-1.json"


@app.command("list")
def catalogue_list(
    provider: KindOption = None,
    reader: KindOption = None,
    list_name: ListOption = SHIPPED_LIST,
    folder: FromOption = None,
    lang: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """List the items: number, name, who provides, how it is shared. `--provider 8 --reader 3` narrows it by kinds."""
    resources, code_sets = _read(list_name, folder)
    chosen = [
        one
        for one in resources
        if (provider is None or one.listed.responsible == _kind(provider))
        and (reader is None or _kind(reader) in one.item.reader_kinds)
    ]
    rows = [
        {"item": one.item.item, "version": one.item.version, **resource_members(one, resources, code_sets, lang)}
        for one in chosen
    ]
    if as_json:
        print_json({"items": rows})
        return
    names = ("name", "provider", "shareType", "updateCycle", "code")
    columns = ["item" if lang is Language.EN else "序号", *(FIELDS[name][lang] for name in names)]
    print_table(columns, [[row["item"], *(row[name] for name in names)] for row in rows])


@app.command("show")
def catalogue_show(
    item: Annotated[str, typer.Argument(help="number of an item, or its name as `resident-profile`")],
    list_name: ListOption = SHIPPED_LIST,
    folder: FromOption = None,
    lang: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """Show one item: the national metadata, and who may publish and read it, for what, within which days."""
    resources, code_sets = _read(list_name, folder)
    found = next((one for one in resources if item in (str(one.item.item), Path(one.listed.entry).stem)), None)
    if found is None:
        raise NotFound("the list has no such item; `gongzhi catalogue list` names them")
    members = {**resource_members(found, resources, code_sets, lang), **_rules(found, lang)}
    if as_json:
        print_json({"item": found.item.item, "version": found.item.version, **members})
        return
    flat = dict(zip((FIELDS[name][lang] for name in FIELDS), flat_row(members), strict=True))
    print_members({**flat, **_rules(found, lang, told=True)})


@app.command("export")
def catalogue_export(
    out: Annotated[Path, typer.Option("--out", help="file to write")],
    export_format: Annotated[ExportFormat, typer.Option("--format", help="`csv` or `json`")] = ExportFormat.CSV,
    list_name: ListOption = SHIPPED_LIST,
    folder: FromOption = None,
    lang: LanguageOption = Language.ZH,
    as_json: JsonOption = False,
) -> None:
    """Write the catalogue in the fields of the national catalogue of government information resources.

    CSV has one row for each resource, in UTF-8 with a byte order mark, so that spreadsheets read its Chinese; JSON has
    the items of information one by one.
    """
    resources, code_sets = _read(list_name, folder)
    rows = [resource_members(one, resources, code_sets, lang) for one in resources]
    content = _as_json(rows, lang) if export_format is ExportFormat.JSON else _as_csv(rows, lang)
    write_durably(out, content)
    print_result({"written": str(out), "format": str(export_format), "resources": len(rows)}, as_json=as_json)


@app.command("published")
@connected
def catalogue_published(
    *, lang: LanguageOption = Language.EN, as_json: JsonOption = False, connection: Connection
) -> None:
    """List what is published now: the newest version of each item on chain, its document checked by its hash."""
    from ledger.client.catalogue import published_items  # only here: the rest of this file needs no client

    with open_client(connection) as client:
        items = published_items(client.desk)
    if as_json:
        print_json({"items": [{**item.document, "documentHash": to_hex(item.hash)} for item in items]})
        return
    columns = {
        Language.EN: ["item", "version", "name", "agency", "share type"],
        Language.ZH: ["序号", "版本", "名称", "负责机构", "共享类型"],
    }
    rows = [(one.item, one.version, one.name[lang], one.responsible, getattr(one.share_class, lang)) for one in items]
    print_table(columns[lang], rows)


def _read(list_name: str, folder: Path | None) -> tuple[list[CatalogueResource], dict[str, CodeSet]]:
    load = domain_loader(folder)
    return read_resources(read_list(list_name, load).entries, load), metadata_code_sets(load)


def _kind(number: int) -> AgencyKind:
    try:
        return AgencyKind(number)
    except ValueError:
        known = ", ".join(f"{int(kind)} {kind.en}" for kind in AgencyKind)
        raise UsageError(f"no kind of department has this number; there are: {known}") from None


def _rules(resource: CatalogueResource, language: str, *, told: bool = False) -> dict[str, Any]:
    item = resource.item
    rules: dict[str, Sequence[str]] = {
        "publishers": [getattr(kind, language) for kind in item.publisher_kinds],
        "readers": [getattr(kind, language) for kind in item.reader_kinds],
        "purposes": [f"{purpose.short_name} {getattr(purpose, language)}" for purpose in item.purposes],
    }
    days = {"check": item.check_days, "answer": item.answer_days, "deliver": item.deliver_days}
    if not told:
        return {**rules, "workingDays": days}
    words = {"publishers": "发布单位", "readers": "可读单位", "purposes": "用途"} if language == "zh" else {}
    clocks = "受理、答复、提供（工作日）" if language == "zh" else "working days to check, answer, deliver"
    return {
        **{words.get(name, name): ", ".join(members) for name, members in rules.items()},
        clocks: ", ".join(str(number) for number in days.values()),
    }


def _as_json(rows: Sequence[dict[str, Any]], language: str) -> bytes:
    document = {"format": EXPORT_FORMAT, "language": language, "resources": rows}
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def _as_csv(rows: Sequence[dict[str, Any]], language: str) -> bytes:
    written = io.StringIO(newline="")
    table = csv.writer(written)
    table.writerow([words[language] for words in FIELDS.values()])
    table.writerows(flat_row(row) for row in rows)
    return written.getvalue().encode("utf-8-sig")
