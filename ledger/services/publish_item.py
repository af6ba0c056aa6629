"""Publish a catalogue item version: on chain by its hashes, in the gateway's store by its documents."""

from collections.abc import Mapping
from typing import Any

from ledger.core.canonical import encode
from ledger.ports import Signer, Store
from ledger.services.administration import ZERO_ADDRESS, Administration, or_zero
from ledger.services.catalogue_documents import JSON, ItemDocuments


def publish_item(
    administration: Administration,
    documents: ItemDocuments,
    responsible: Signer,
    authority: Signer | None,
    now: int,
) -> None:
    """Publish an item version, signed by ADMIN keys of its agency and of the catalogue authority.

    `authority` is None where one agency is both. Documents are stored first, so that what the chain names is there.
    Repeating it changes nothing, and tries again what was refused. Raises TransactionFailed where the chain refuses.
    """
    item = documents.item
    keep_documents(administration.store, documents, now)
    signers = {responsible.address: responsible}
    if authority is not None:
        signers[authority.address] = authority
    administration.send_message(
        administration.fresh_intent(f"publish-item/{item.item}/{item.version}"),
        "PublishItem",
        item_message(documents, responsible.address, None if authority is None else authority.address),
        signers,
    )


def item_message(documents: ItemDocuments, responsible_admin: str, authority_admin: str | None) -> dict[str, Any]:
    """Return the members of `PublishItem` for these ADMIN keys (addresses), but nonce and deadline.

    `authority_admin` is None where one agency is both.
    """
    item = documents.item
    return {
        "responsibleAdmin": responsible_admin,
        "authorityAdmin": ZERO_ADDRESS if authority_admin is None else authority_admin,
        "item": item.item,
        "version": item.version,
        "responsible": item.responsible,
        "shareClass": int(item.share_class),
        "schemaHash": item.schema_hash,
        "publisherKinds": item.publisher_bitmap,
        "readerKinds": item.reader_bitmap,
        "purposes": item.purpose_bitmap,
        "maskPolicyHash": or_zero(item.mask_policy_hash),
        "class1Profile": or_zero(item.class1_profile),
        "updateEverySeconds": item.update_every_seconds,
        "checkDays": item.check_days,
        "answerDays": item.answer_days,
        "deliverDays": item.deliver_days,
        "documentHash": item.hash,
    }


def keep_documents(store: Store, documents: ItemDocuments, now: int) -> None:
    """Keep the documents of an item version in the gateway's store, where their readers fetch them by hash."""
    with store.begin() as transaction:
        for digest, content in documents.documents.items():
            transaction.add_document(digest, JSON, content, now)


def keep_document(store: Store, digest: bytes, document: Mapping[str, Any], now: int) -> None:
    """Keep one document in the gateway's store by its hash; keeping it twice is no error."""
    with store.begin() as transaction:
        transaction.add_document(digest, JSON, encode(document), now)
