"""Publish the calendar of working days: on chain by its hash, in the gateway's store by its document."""

from ledger.core.calendar import Calendar
from ledger.core.canonical import encode
from ledger.ports import Signer
from ledger.services.administration import Administration
from ledger.services.catalogue_documents import JSON


def publish_calendar(administration: Administration, calendar: Calendar, authority: Signer, now: int) -> None:
    """Publish a version of the calendar, signed by an ADMIN key of the catalogue authority.

    The document is stored first, so that what the chain names is there. Repeating it changes nothing. Raises
    TransactionFailed where the catalogue refuses: another signer, or a version that is not the next one.
    """
    with administration.store.begin() as transaction:
        transaction.add_document(calendar.hash, JSON, encode(calendar.document), now)
    administration.send_message(
        administration.fresh_intent(f"calendar/{calendar.version}"),
        "SetCalendar",
        {"admin": authority.address, "version": calendar.version, "documentHash": calendar.hash},
        {authority.address: authority},
    )
