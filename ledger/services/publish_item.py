"""Publish a catalogue item version: on chain by its hashes, in the gateway's store by its documents."""

from ledger.ports import Signer
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
    Repeating it changes nothing. Raises TransactionFailed where the catalogue refuses.
    """
    item = documents.item
    with administration.store.begin() as transaction:
        for digest, content in documents.documents.items():
            transaction.add_document(digest, JSON, content, now)
    signers = {responsible.address: responsible}
    if authority is not None:
        signers[authority.address] = authority
    administration.send_message(
        f"publish-item/{item.item}/{item.version}",
        "PublishItem",
        {
            "responsibleAdmin": responsible.address,
            "authorityAdmin": ZERO_ADDRESS if authority is None else authority.address,
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
        },
        signers,
    )
