"""Load the catalogue: how every entry stands against the chain, what is refused before anything is sent, and loading.

Safe to cut off and to repeat: what is on chain with the same hash is published, and only its documents are kept anew.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ledger.catalogue_errors import CatalogueRefused, ItemNotChangeable, ItemVersionNotNext, ItemVersionTaken
from ledger.core.hexadecimal import to_hex
from ledger.errors import NotFound
from ledger.ports import Signer
from ledger.services.administration import Administration
from ledger.services.catalogue_differences import item_differences
from ledger.services.catalogue_documents import ItemDocuments
from ledger.services.catalogue_stored import FindDocument, stored_item
from ledger.services.publish_item import keep_documents, publish_item


class Standing(StrEnum):
    """How an entry stands against the chain."""

    NEW = "new"
    NEXT = "next version"
    PUBLISHED = "published"
    REFUSED = "refused"


@dataclass(frozen=True)
class ItemOnChain:
    """Where an item stands on chain; all zero if it was never published."""

    responsible: int
    latest_version: int
    retired: bool


@dataclass(frozen=True)
class CatalogueOnChain:
    """What the catalogue contract says now. `document_hash` takes item and version; lists are (version, hash)."""

    authority: Callable[[], int]
    item: Callable[[int], ItemOnChain]
    document_hash: Callable[[int, int], bytes]
    duty_list: Callable[[], tuple[int, bytes]]
    calendar: Callable[[], tuple[int, bytes]]


@dataclass(frozen=True)
class PlannedItem:
    """An entry's documents, how they stand, what they change in words, and why they are refused (None if not)."""

    documents: ItemDocuments
    standing: Standing
    changes: Sequence[str]
    refusal: CatalogueRefused | None


@dataclass(frozen=True)
class LoadKeys:
    """ADMIN keys by agency number; that of the catalogue authority among them if it is on this machine."""

    admins: Mapping[int, Signer]
    authority: int


def plan_item(on_chain: CatalogueOnChain, documents: ItemDocuments, find: FindDocument) -> PlannedItem:
    """Say how an entry stands; `find` gives documents of the gateway, for what the earlier version said."""
    item = documents.item
    state = on_chain.item(item.item)
    what = f"item {item.item} version {item.version}"
    if state.retired:
        retired = ItemNotChangeable(f"{what}: the item is retired; take it off the list")
        return PlannedItem(documents, Standing.REFUSED, (), retired)
    if state.latest_version >= item.version:
        kept = on_chain.document_hash(item.item, item.version)
        if kept == item.hash:
            return PlannedItem(documents, Standing.PUBLISHED, (), None)
        changes = _changes(find, kept, documents)
        taken = ItemVersionTaken(f"{what} is on chain with other documents; the next is {state.latest_version + 1}")
        return PlannedItem(documents, Standing.REFUSED, changes, taken)
    refusal = _refusal(state, item.responsible, item.version, what)
    if refusal is not None:
        return PlannedItem(documents, Standing.REFUSED, (), refusal)
    if item.version == 1:
        return PlannedItem(documents, Standing.NEW, (f"{what} is new",), None)
    changes = _changes(find, on_chain.document_hash(item.item, item.version - 1), documents)
    return PlannedItem(documents, Standing.NEXT, changes, None)


def refuse_unloadable(plan: Sequence[PlannedItem]) -> None:
    """Raise the first refusal of a plan, its detail naming all of them, so that nothing is sent of a part."""
    refusals = [one.refusal for one in plan if one.refusal is not None]
    if refusals:
        raise type(refusals[0])("; ".join(one.detail for one in refusals))


def waiting_for(plan: Sequence[PlannedItem], keys: LoadKeys) -> dict[int, str]:
    """Return the items that cannot be signed with these keys, by number, each with what it waits for."""
    waiting = {}
    for planned in plan:
        item = planned.documents.item
        needed = {item.responsible, keys.authority} - keys.admins.keys()
        if needed and planned.standing in (Standing.NEW, Standing.NEXT):
            agencies = ", ".join(str(agency) for agency in sorted(needed))
            waiting[item.item] = f"an ADMIN key of agency {agencies}"
    return waiting


def load_item(administration: Administration, planned: PlannedItem, keys: LoadKeys, now: int) -> None:
    """Publish a planned item, or keep the documents of one that is published; `now` is in Unix seconds.

    Raises its refusal, and TransactionFailed where the catalogue refuses a key.
    """
    if planned.refusal is not None:
        raise planned.refusal
    if planned.standing is Standing.PUBLISHED:
        keep_documents(administration.store, planned.documents, now)
        return
    responsible = planned.documents.item.responsible
    authority = None if responsible == keys.authority else keys.admins.get(keys.authority)
    publish_item(administration, planned.documents, keys.admins[responsible], authority, now)


def is_published(on_chain: tuple[int, bytes], version: int, document_hash: bytes, what: str) -> bool:
    """Say whether a duty list or calendar is the one on chain; False where it is the next version.

    Raises ItemVersionTaken where this version, or a later one, is on chain with another document, and
    ItemVersionNotNext where versions between are missing.
    """
    latest, kept = on_chain
    if (latest, kept) == (version, document_hash):
        return True
    if version <= latest:
        raise ItemVersionTaken(
            f"{what} version {latest} is on chain with hash {to_hex(kept)}; the next is {latest + 1}"
        )
    if version > latest + 1:
        raise ItemVersionNotNext(f"{what} version {version}: the next is {latest + 1}")
    return False


def _refusal(state: ItemOnChain, responsible: int, version: int, what: str) -> CatalogueRefused | None:
    if state.responsible not in (0, responsible):
        return ItemNotChangeable(f"{what}: agency {state.responsible} is responsible for the item, not {responsible}")
    if version != state.latest_version + 1:
        return ItemVersionNotNext(f"{what}: the next is {state.latest_version + 1}")
    return None


def _changes(find: FindDocument, earlier: bytes, later: ItemDocuments) -> Sequence[str]:
    try:
        return item_differences(stored_item(find, earlier), later)
    except NotFound:
        return ("the documents on chain are not kept by this gateway: what differs cannot be said in words",)
