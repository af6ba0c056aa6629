"""Publish the duty list: on chain by its hash, in the gateway's store by its document."""

from ledger.core.canonical import encode
from ledger.core.duty_list import ListOfDuties
from ledger.ports import Signer
from ledger.services.administration import Administration
from ledger.services.catalogue_documents import JSON


def publish_duties(administration: Administration, duties: ListOfDuties, authority: Signer, now: int) -> None:
    """Publish a version of the duty list, signed by an ADMIN key of the catalogue authority.

    The document is stored first, so that what the chain names is there. Repeating it changes nothing. Raises
    TransactionFailed where the catalogue refuses: another signer, or a version that is not the next one.
    """
    with administration.store.begin() as transaction:
        transaction.add_document(duties.hash, JSON, encode(duties.document), now)
    administration.send_message(
        administration.fresh_intent(f"duty-list/{duties.version}"),
        "SetDutyList",
        {"admin": authority.address, "version": duties.version, "documentHash": duties.hash},
        {authority.address: authority},
    )
