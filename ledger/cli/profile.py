"""`gongzhi profile`: what each tier sees of a catalogue item, and whether a profile opens too much."""

from typing import Annotated, Any

import typer

from ledger.cli.code_names import parse_purpose, parse_tier
from ledger.cli.domain_folder import DomainFolder, entries_of_file
from ledger.cli.output import print_result, print_table
from ledger.cli.profile_table import Language, code_words, header, parse_language, preview_document, print_preview
from ledger.core.hexadecimal import to_hex
from ledger.core.profile_lint import audience
from ledger.services.catalogue_documents import ItemDocuments
from ledger.services.lint_profiles import LintedFinding, lint_item
from ledger.services.preview_profiles import is_used, preview_fields, profiles_for
from ledger.services.sample_records import record_type, sample_records

app = typer.Typer(no_args_is_help=True, help="What each tier sees of an item.")

ItemArgument = Annotated[str, typer.Argument(help="number of a catalogue item, or its name as `resident-profile`")]
JsonOption = Annotated[bool, typer.Option("--json", help="print one JSON object")]
LanguageOption = Annotated[str, typer.Option("--lang", help="words in `en` or `zh`")]


@app.command("lint")
def profile_lint(
    entries: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE…",
            help="catalogue entries or profile files: paths, or names as `catalogue/incident.json`; none: all items",
        ),
    ] = None,
    lang: LanguageOption = "en",
    as_json: JsonOption = False,
) -> None:
    """Say what a profile opens that its tier may not see; exit code 1 where something is found.

    `gongzhi admin catalogue load` does the same before it publishes anything. What a file names is looked for in its
    own folder, laid out as the domain data, and then in the program's; the field and tier table is always the
    program's.
    """
    language = parse_language(lang)
    results = [result for file in _files(entries) for result in _linted(file, language)]
    open_findings = sum(not one["judged"] for result in results for one in result["findings"])
    result = {"well": not open_findings, "items": results}
    print_result(result, as_json=as_json, show=lambda: _print_findings(results, open_findings))
    raise typer.Exit(1 if open_findings else 0)


@app.command("show")
def profile_show(item: ItemArgument, lang: LanguageOption = "en", as_json: JsonOption = False) -> None:
    """List the profiles of an item: for whom, for what, and which slots open.

    Of a class-1 item nothing is granted: its class-1 profile, the emergency and the person are what is used.
    """
    language = parse_language(lang)
    folder = DomainFolder()
    entry = folder.find(item)
    documents = folder.documents(entry)
    notes = _notes(folder, entry)
    ordered = sorted(documents.profiles, key=lambda one: (one.tier, one.purpose))
    shown = [
        {
            "tier": profile.tier.name,
            "purpose": profile.purpose,
            "class1": profile is documents.profile,
            "used": is_used(profile, documents),
            "profile": to_hex(profile.hash),
            "note": notes[profile.tier, profile.purpose],
            "open": [[path, kind] for path, kind in profile.open],
        }
        for profile in ordered
    ]
    result = {"item": documents.item.item, "version": documents.item.version, "profiles": shown}
    rows = [
        (header(profile, documents, language, " "), len(profile.open), notes[profile.tier, profile.purpose][language])
        for profile in ordered
        if is_used(profile, documents)
    ]
    print_result(result, as_json=as_json, show=lambda: _print_profiles(documents, rows, language))


@app.command("preview")
def profile_preview(
    item: ItemArgument,
    purpose: Annotated[str | None, typer.Option(help="what the look is for, as P07 or 7")] = None,
    tier: Annotated[list[str] | None, typer.Option(help="only this tier, as T3; again for more")] = None,
    seed: Annotated[int, typer.Option(min=0, help="another sample record")] = 1,
    lang: LanguageOption = "en",
    as_json: JsonOption = False,
) -> None:
    """Show one synthetic record as each tier sees it. What is closed is drawn as a dash."""
    language = parse_language(lang)
    folder = DomainFolder()
    documents = folder.documents(folder.find(item))
    wanted = None if purpose is None else parse_purpose(purpose)
    profiles = profiles_for(documents, wanted, [parse_tier(one) for one in tier or []])
    schema = documents.schema
    of = record_type(f"{schema.name}-{schema.version}", folder.load)
    fields = preview_fields(schema, next(sample_records(of, seed=seed, filled=1.0)), profiles)
    result = preview_document(documents, profiles, fields)
    codes = code_words(of, language)
    print_result(result, as_json=as_json, show=lambda: print_preview(documents, profiles, fields, codes, language))


def _files(entries: list[str] | None) -> list[str]:
    return entries or [name for name, _ in DomainFolder().entries()]


def _linted(file: str, language: Language) -> list[dict[str, Any]]:
    folder, entries = entries_of_file(file)
    results = []
    for entry in entries:
        documents = folder.documents(entry)
        found = [_finding(one, language) for one in lint_item(documents, folder.load)]
        results.append({"file": file, "item": documents.item.item, "findings": found})
    return results


def _finding(one: LintedFinding, language: Language) -> dict[str, Any]:
    finding, judgement = one.finding, one.judgement
    zh, en = finding.code.words
    return {
        "tier": finding.tier.name,
        "purpose": finding.purpose,
        "path": finding.path,
        "kind": finding.kind,
        "code": str(finding.code),
        "says": zh if language == "zh" else en,
        "judged": None if judgement is None else judgement.reason[language],
        "audience": audience(finding.tier, finding.purpose),
    }


def _print_findings(results: list[dict[str, Any]], open_findings: int) -> None:
    rows = [
        (one["item"], found["audience"], found["path"], found["kind"], found["code"], _judged(found))
        for one in results
        for found in one["findings"]
    ]
    if rows:
        print_table(["item", "profile", "path", "kind", "finding", "says"], rows)
    items = len({one["item"] for one in results})
    counted = f"{items} item{'s' * (items != 1)}: {open_findings} finding{'s' * (open_findings != 1)}"
    print(counted + ("" if open_findings else ", every profile may be published"))


def _judged(found: dict[str, Any]) -> str:
    return str(found["says"] if found["judged"] is None else f"judged: {found['judged']}")


def _notes(folder: DomainFolder, entry: dict[str, Any]) -> dict[tuple[int, int], dict[str, str]]:
    policy, class1 = entry["maskPolicy"], entry["class1Profile"]
    given = [] if policy is None else list(folder.load(policy)["profiles"])
    given += [] if class1 is None else [folder.load(class1)]
    return {(one["tier"], one["purpose"]): one["note"] for one in given}


def _print_profiles(documents: ItemDocuments, rows: list[tuple[str, int, str]], language: Language) -> None:
    item = documents.item
    print(f"{item.item} {item.name[language]}: {len(rows)} profiles of {len(documents.schema.slots)} slots")
    print_table(["profile", "open", "what"], rows)
