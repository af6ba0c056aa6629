"""Where the catalogue on chain is read for the administrator's verbs."""

from collections.abc import Mapping

from ledger.chain.contracts.binding import node
from ledger.chain.contracts.catalogue import Catalogue
from ledger.services.catalogue_load import CatalogueOnChain, ItemOnChain


def open_catalogue(rpc: str, contracts: Mapping[str, str]) -> CatalogueOnChain:
    """Return the catalogue of a deployment, as the node at `rpc` shows it now."""
    catalogue = Catalogue(node(rpc), contracts["Catalogue"])

    def item(number: int) -> ItemOnChain:
        state = catalogue.item_state(number, block="latest")
        return ItemOnChain(int(state.responsible), state.latest_version, state.retired)

    def duty_list() -> tuple[int, bytes]:
        kept = catalogue.duty_list(block="latest")
        return kept.version, kept.document_hash

    def calendar() -> tuple[int, bytes]:
        kept = catalogue.calendar(block="latest")
        return kept.version, kept.document_hash

    return CatalogueOnChain(
        authority=lambda: catalogue.catalogue_authority(block="latest"),
        item=item,
        document_hash=lambda number, version: catalogue.item(number, version, block="latest").document_hash,
        duty_list=duty_list,
        calendar=calendar,
    )
