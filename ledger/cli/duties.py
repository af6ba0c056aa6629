"""`gongzhi duties`: matters of the duty list, which a look on statutory duty (LB3) may refer to."""

from typing import Annotated, Any

import typer

from ledger.cli.catalogue import JsonOption, KindOption, Language, LanguageOption
from ledger.cli.catalogue_files import FromOption, domain_loader
from ledger.cli.output import print_json, print_members, print_table
from ledger.core.duty_list import ListedDuty, parse_duty_list
from ledger.errors import NotFound

app = typer.Typer(no_args_is_help=True, help="Whose each matter is, by which article, until when.")
FileOption = Annotated[str, typer.Option("--file", help="duty list of the domain data, as `duties-2.json`")]
SHIPPED_DUTIES = "duties-2.json"
_WORDS = {
    "duty": ("编号", "duty"),
    "matter": ("事项", "matter"),
    "responsible": ("责任单位", "responsible"),
    "assisting": ("配合单位", "assisting"),
    "article": ("依据", "article"),
    "workingDays": ("时限（工作日，0 为当日）", "working days (0 = the same day)"),
    "item": ("目录项", "item"),
    "purpose": ("用途", "purpose"),
}


@app.command("list")
def duties_list(
    kind: KindOption = None,
    file: FileOption = SHIPPED_DUTIES,
    folder: FromOption = None,
    lang: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """List the matters: one responsible body each. `--kind 8` leaves those that a kind answers for or assists in."""
    duties = parse_duty_list(domain_loader(folder)(file))
    chosen = [_told(one, lang) for one in duties.duties if kind is None or kind in (one.responsible, *one.assisting)]
    if as_json:
        print_json({"version": duties.version, "duties": chosen})
        return
    names = ("duty", "matter", "responsible", "workingDays", "article")
    print_table([_words(name, lang) for name in names], [[one[name] for name in names] for one in chosen])


@app.command("show")
def duties_show(
    duty: Annotated[str, typer.Argument(help="id of a duty, as F-01")],
    file: FileOption = SHIPPED_DUTIES,
    folder: FromOption = None,
    lang: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """Show one matter in words: what `--basis-ref F-01` of a look refers to."""
    found = parse_duty_list(domain_loader(folder)(file)).find(duty)
    if found is None:
        raise NotFound("the duty list has no duty of this id; `gongzhi duties list` names them")
    told = _told(found, lang)
    if as_json:
        print_json(told)
        return
    print_members({_words(name, lang): _plain(value) for name, value in told.items()})


def _told(duty: ListedDuty, language: Language) -> dict[str, Any]:
    return {
        "duty": duty.duty,
        "matter": duty.matter[language],
        "responsible": getattr(duty.responsible, language),
        "assisting": [getattr(kind, language) for kind in duty.assisting],
        "article": duty.article[language],
        "workingDays": duty.working_days,
        "item": duty.item,
        "purpose": f"{duty.purpose.short_name} {getattr(duty.purpose, language)}",
    }


def _words(name: str, language: Language) -> str:
    return _WORDS[name][language is Language.EN]


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return "" if value is None else str(value)
