"""Hold an item's profiles against the field × tier table before anything of the item is published."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ledger.core.documents import MaskProfile
from ledger.core.field_nature import open_personal
from ledger.core.judged import Judgement, parse_judged
from ledger.core.profile_lint import Class1, Finding, LintCode, LintGround, lint_profile
from ledger.domain import load_document
from ledger.errors import ProfileUnsafe, UsageError
from ledger.services.catalogue_documents import ItemDocuments
from ledger.services.profile_files import fields_name, fields_of, mask_table

JUDGED = "masks/judged-1.json"
_MOST_SHOWN = 20


@dataclass(frozen=True)
class LintedFinding:
    """A finding about a profile of an item; `judgement` is what the committed list says of it, None for an open one."""

    finding: Finding
    judgement: Judgement | None


def lint_item(documents: ItemDocuments, load: Callable[[str], Any]) -> tuple[LintedFinding, ...]:
    """Return every finding about an item's profiles; `load` reads the schema's fields map.

    Table and judged findings are the program's own, whatever folder the item comes from. Raises ProfileUnsafe where the
    schema has no fields map that can be read, or one of another schema, and FormatError for a wrong one.
    """
    ground, judged = lint_ground(documents, load), parse_judged(load_document(JUDGED))
    return tuple(
        LintedFinding(finding, _judgement(judged, profile, finding))
        for profile in documents.profiles
        for finding in lint_profile(profile, _for_class1(ground, documents, profile))
    )


def require_safe(documents: ItemDocuments, load: Callable[[str], Any]) -> None:
    """Raise ProfileUnsafe, naming item, tier, purpose, path, kind and finding, where a profile opens too much.

    An item without any profile is asked for what its class O keeps in clear all the same.
    """
    found = [one.finding.line for one in lint_item(documents, load) if one.judgement is None]
    if not documents.profiles:
        about = f"{LintCode.OPEN_PERSONAL}, {LintCode.OPEN_PERSONAL.words[1]}"
        found = [f"{path}: {about}" for path in open_personal(documents.schema)]
    if found:
        more = f"; and {len(found) - _MOST_SHOWN} more" if len(found) > _MOST_SHOWN else ""
        raise ProfileUnsafe(f"item {documents.item.item}: {'; '.join(found[:_MOST_SHOWN])}{more}")


def lint_ground(documents: ItemDocuments, load: Callable[[str], Any]) -> LintGround:
    """Return what an item's profiles are held against; raises ProfileUnsafe without a fields map of its schema."""
    schema = documents.schema
    try:
        fields = fields_of(load, schema)
    except (FileNotFoundError, UsageError):
        raise ProfileUnsafe(f"item {documents.item.item}: there is no {fields_name(schema)}") from None
    if (fields.schema, fields.version) != (schema.name, schema.version):
        raise ProfileUnsafe(f"item {documents.item.item}: {fields_name(schema)} is the fields map of another schema")
    item = documents.item
    return LintGround(schema, fields, mask_table(load_document), item.purposes, readers=item.reader_kinds)


def _for_class1(ground: LintGround, documents: ItemDocuments, profile: MaskProfile) -> LintGround:
    if profile is not documents.profile:
        return ground
    item = documents.item
    return replace(ground, class1=Class1(item.reader_kinds, item.purposes))


def _judgement(judged: tuple[Judgement, ...], profile: MaskProfile, finding: Finding) -> Judgement | None:
    return next((one for one in judged if one.is_about(profile.hash, finding)), None)
