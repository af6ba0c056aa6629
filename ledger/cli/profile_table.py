"""The preview of a record by profiles: a table for people, and JSON."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from ledger.cli.output import print_table
from ledger.cli.views import cell_text
from ledger.core.canonical import JsonValue
from ledger.core.codes import Purpose
from ledger.core.documents import EVERY_PURPOSE, MaskProfile
from ledger.core.hexadecimal import to_hex
from ledger.core.schema import Slot
from ledger.errors import UsageError
from ledger.services.catalogue_documents import ItemDocuments
from ledger.services.preview_profiles import PreviewField
from ledger.services.sample_records import RecordType

Language = Literal["zh", "en"]
CodeWords = Mapping[str, Mapping[str, str]]
"""What codes say, by path and code."""
CLOSED = "–"
NOTHING = "∅"
_LONGEST = 40
"""Characters of a value in a table on a terminal; the rest is cut off, and `--json` has it."""
_LONGEST_HASH = 12
_WORDS: dict[Language, dict[str, str]] = {
    "en": {"self": "the person", "class1": "class 1", "field": "field", "original": "original"},
    "zh": {"self": "本人", "class1": "一类", "field": "字段", "original": "原文"},
}
_TOLD: dict[Language, str] = {
    "en": f"one synthetic record; {CLOSED} closed, {NOTHING} open and the record has none; ~ derived by a rule",
    "zh": f"一条合成记录；{CLOSED} 关闭，{NOTHING} 打开但记录无值；~ 按规则派生",
}


def parse_language(text: str) -> Language:
    """Return `zh` or `en`; raises UsageError for another one."""
    if text == "zh":
        return "zh"
    if text == "en":
        return "en"
    raise UsageError("--lang is en or zh")


def header(profile: MaskProfile, documents: ItemDocuments, language: Language, between: str) -> str:
    """Return whose column a profile is: its tier, in words, and its purpose where it has one."""
    words = _WORDS[language]
    if profile is documents.profile:
        return words["class1"]
    if profile.purpose == Purpose.RIGHTS_AND_AUDIT:
        return words["self"]
    parts = [profile.tier.name, getattr(profile.tier, language)]
    if profile.purpose != EVERY_PURPOSE:
        parts.append(Purpose(profile.purpose).short_name)
    return between.join(parts)


def preview_document(
    documents: ItemDocuments, profiles: Sequence[MaskProfile], fields: Sequence[PreviewField]
) -> dict[str, Any]:
    """Return a preview as JSON: the original record, and what each profile opens of it."""
    shown = [
        {
            "tier": profile.tier.name,
            "purpose": profile.purpose,
            "class1": profile is documents.profile,
            "profile": to_hex(profile.hash),
            "slots": [
                {"path": slot.path, "kind": slot.kind, "value": value}
                for field in fields
                for slot, value in field.opened[place]
            ],
        }
        for place, profile in enumerate(profiles)
    ]
    originals = {field.path: field.original for field in fields}
    return {"item": documents.item.item, "version": documents.item.version, "originals": originals, "profiles": shown}


def code_words(of: RecordType, language: Language) -> CodeWords:
    """Return what the codes of each path say, by path and code."""
    sets = {slot.path: of.code_sets[slot.code_set.unpinned] for slot in of.schema.slots if slot.code_set is not None}
    return {path: {one.code: one.title[language] for one in found.codes} for path, found in sets.items()}


def print_preview(
    documents: ItemDocuments,
    profiles: Sequence[MaskProfile],
    fields: Sequence[PreviewField],
    codes: CodeWords,
    language: Language,
) -> None:
    """Print a preview as a table: a row for each field, a column for each profile; codes with what they say."""
    words, terminal = _WORDS[language], sys.stdout.isatty()
    original = {slot.path: slot for slot in documents.schema.slots if slot.is_original}
    between = "\n" if terminal else " "
    columns = [words["field"], words["original"], *(header(one, documents, language, between) for one in profiles)]
    rows = [
        [
            field.title[language] if terminal else f"{field.title[language]} {field.path}",
            _shown(original[field.path], field.original, codes, short=terminal),
            *(_opened(opened, codes, short=terminal) for opened in field.opened),
        ]
        for field in fields
    ]
    print(f"{documents.item.item} {documents.item.name[language]}: {_TOLD[language]}")
    print_table(columns, rows)


def _opened(opened: Sequence[tuple[Slot, JsonValue]], codes: CodeWords, *, short: bool) -> str:
    shown = [("" if slot.is_original else "~") + _shown(slot, value, codes, short=short) for slot, value in opened]
    return " ".join(shown) if shown else CLOSED


def _shown(slot: Slot, value: JsonValue, codes: CodeWords, *, short: bool) -> str:
    says = codes.get(slot.path, {})
    if value is None:
        text = NOTHING
    elif isinstance(value, list):
        text = ", ".join(f"{one} {says[str(one)]}" if str(one) in says else str(one) for one in value)
    else:
        text = cell_text(value, slot.type)
        text = f"{text} {says[text]}" if text in says else text
    most = _LONGEST_HASH if text.startswith("0x") else _LONGEST
    return f"{text[: most - 1]}…" if short and len(text) > most else text
