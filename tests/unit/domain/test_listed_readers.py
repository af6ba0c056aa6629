"""Fields that the design opens to listed departments alone: items of their own, and no other reader in them."""

import pytest

from ledger.core.codes import AgencyKind, Tier
from ledger.core.documents import MaskProfile
from ledger.core.mask_table import Place
from ledger.core.profile_lint import LintCode, lint_profile
from ledger.core.schema import ORIGINAL
from ledger.domain import load_document
from ledger.errors import ProfileUnsafe
from ledger.services.catalogue_documents import ItemDocuments, item_documents
from ledger.services.lint_profiles import lint_ground, lint_item, require_safe
from ledger.services.profile_files import mask_table

pytestmark = pytest.mark.unit

TABLE = mask_table(load_document)
ENTRIES = {
    name: load_document(f"catalogue/{name}.json")
    for name in ("dispute", "dispute-originals", "care-record", "care-originals", "patrol-evidence")
}
DEPARTMENTS = {int(kind) for kind in TABLE.columns["T5"].reader_kinds}


def documents(name: str) -> ItemDocuments:
    return item_documents(ENTRIES[name], 1, load_document)


LISTED = [
    ("dispute_party", "T5", 4, {4}),
    ("health_detail", "T5", 7, {6, 34}),
    ("track", "T6", 9, {40}),
]


@pytest.mark.parametrize(("concept", "column", "purpose", "kinds"), LISTED)
def test_a_restricted_field_opens_where_no_other_department_reads(
    concept: str, column: str, purpose: int, kinds: set[int]
) -> None:
    def cell(*readers: int) -> str:
        given = tuple(AgencyKind(kind) for kind in readers)
        return TABLE.concepts[concept].cell(Place(column, purpose, "any", "/any", given))

    assert cell(*kinds) == "o"
    for kind in set(map(int, TABLE.columns[column].reader_kinds)) - kinds:
        assert cell(*kinds, kind) != "o"
        assert cell(kind) != "o"


@pytest.mark.parametrize(
    ("name", "slot", "tier", "purpose", "kinds"),
    [
        ("dispute-originals", "/respondent/name", 7, 4, DEPARTMENTS - {4}),
        ("dispute-originals", "/description", 7, 4, DEPARTMENTS - {4}),
        ("care-originals", "/health/detail", 7, 7, DEPARTMENTS - {6, 34}),
        ("patrol-evidence", "/checkpoints/answers", 8, 0, {42}),
    ],
)
def test_an_item_that_lets_others_read_what_is_for_listed_kinds_is_refused(
    name: str, slot: str, tier: int, purpose: int, kinds: set[int]
) -> None:
    require_safe(documents(name), load_document)
    for kind in sorted(kinds):
        readers = sorted({*ENTRIES[name]["readerKinds"], kind})
        found = item_documents(ENTRIES[name] | {"readerKinds": readers}, 1, load_document)
        with pytest.raises(ProfileUnsafe, match="reader_not_listed"):
            require_safe(found, load_document)
        code = LintCode.READER_NOT_LISTED
        told = {
            (one.finding.path, int(one.finding.tier), one.finding.purpose)
            for one in lint_item(found, load_document)
            if one.finding.code is code
        }
        assert (slot, tier, purpose) in told


@pytest.mark.parametrize(
    ("name", "slot", "tier", "purpose"),
    [("dispute", "/person/name", 7, 4), ("dispute", "/description", 7, 4), ("care-record", "/health/detail", 7, 7)],
)
def test_a_common_item_never_opens_what_is_for_listed_kinds(name: str, slot: str, tier: int, purpose: int) -> None:
    found = documents(name)
    assert not [one for one in found.profiles if one.tier == tier and (slot, "o") in one.open]
    ground = lint_ground(found, load_document)
    (finding,) = lint_profile(MaskProfile(found.item.item, 1, Tier(tier), purpose, ((slot, "o"),)), ground)
    assert finding.code is LintCode.READER_NOT_LISTED


@pytest.mark.parametrize("kind", [6, 7, 8, 10, 11, 12])
def test_another_department_in_the_common_item_sees_parties_masked_and_no_health_detail(kind: int) -> None:
    for name, paths in (("dispute", ("/person/", "/respondent/")), ("care-record", ("/health/",))):
        readers = sorted({*ENTRIES[name]["readerKinds"], kind})
        found = item_documents(ENTRIES[name] | {"readerKinds": readers}, 1, load_document)
        require_safe(found, load_document)
        opened = [one.open for one in found.profiles if one.tier is Tier.T5]
        assert not [slot for slots in opened for slot in slots if slot[1] == ORIGINAL and slot[0].startswith(paths)]
