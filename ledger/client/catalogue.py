"""Which schema an item version has: from the chain where the client knows it, else as the gateway tells."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from ledger.client.desk import Desk
from ledger.client.promises import broken
from ledger.core.documents import CatalogueItem
from ledger.core.hexadecimal import from_hex
from ledger.core.history import AsOf, History
from ledger.core.shapes import array, unsigned
from ledger.errors import NotFound


def item_document(desk: Desk, item: int, version: int | None = None) -> CatalogueItem:
    """Return the document of an item version, the newest if None, fetched by its hash.

    Raises NotFound for an unknown or retired item, PromiseBroken for a document that is another item's, FormatError.
    """
    args = _on_chain(desk, item, version) if desk.facts.chain else _as_told(desk, item, version)
    if args is None:
        raise NotFound(f"item {item}, version {version or 'newest'}, is not in the catalogue, or is retired")
    document = desk.item(from_hex(args["documentHash"], 32, what="documentHash"))
    if (document.item, document.version) != (item, args["version"]):
        broken("the catalogue names the document of another item version")
    return document


def _on_chain(desk: Desk, item: int, version: int | None) -> Mapping[str, Any] | None:
    found = _of_history(desk, item, version)
    if found is None and desk.newer_facts is not None:
        desk.facts = desk.newer_facts()
        found = _of_history(desk, item, version)
    return found


def _of_history(desk: Desk, item: int, version: int | None) -> Mapping[str, Any] | None:
    history: History | None = desk.facts.chain.history if desk.facts.chain else None
    facts = history.items.get(item) if history else None
    if facts is None:
        return None
    as_of = AsOf(desk.transport.now())
    return facts.newest(as_of) if version is None else facts.version(version, as_of)


def _as_told(desk: Desk, item: int, version: int | None) -> Mapping[str, Any] | None:
    members = desk.transport.get_public(f"/v1/catalogue/{item}").members("item", "retired", "versions")
    versions = members["versions"]
    if members["retired"] is not None or not isinstance(versions, list):
        return None
    fitting = [told for told in versions if version is None or told.get("version") == version]
    return fitting[-1] if fitting else None


def names_of_items(desk: Desk, items: Iterable[int], language: str) -> dict[int, str]:
    """Return the names (`zh` or `en`) of these items by number, without retired ones; raises PromiseBroken."""
    names = {}
    for item in items:
        with suppress(NotFound):
            names[item] = item_document(desk, item).name[language]
    return names


def published_items(desk: Desk) -> list[CatalogueItem]:
    """Return the newest version of every item that is published and not retired, by number.

    From the chain where the client knows it, else as the gateway tells; each document is fetched by its hash. Raises
    PromiseBroken, FormatError.
    """
    history: History | None = desk.facts.chain.history if desk.facts.chain else None
    if history is not None:
        numbers = sorted(history.items)
    else:
        told = array(desk.transport.get_public("/v1/catalogue").members("items")["items"], what="catalogue")
        given = (one.get("item") if isinstance(one, dict) else None for one in told)
        numbers = [unsigned(number, 32, what="item of the catalogue") for number in given]
    found = []
    for number in numbers:
        with suppress(NotFound):
            found.append(item_document(desk, number))
    return found
