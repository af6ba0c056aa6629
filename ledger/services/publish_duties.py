"""Publish the duty list: on chain by its hash, in the gateway's store by its document.

What it names (purposes, bases with their flows) is stored with it: the hash on chain is that of all of them.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ledger.core.canonical import document_hash, encode
from ledger.core.duty_list import ListOfDuties
from ledger.core.flow_list import parse_bases, parse_purposes
from ledger.errors import FormatError
from ledger.ports import Signer
from ledger.services.administration import Administration
from ledger.services.catalogue_documents import JSON


def named_by(duties: ListOfDuties, load: Callable[[str], Any]) -> dict[bytes, Any]:
    """Return the duty list's document and those that it names, by hash; `load` reads files of the domain data.

    Raises FormatError where a file is another than the list names, or none of its kind.
    """
    documents: dict[bytes, Any] = {duties.hash: duties.document}
    for one in duties.named:
        document = load(one.file)
        if document_hash(document) != one.hash:
            raise FormatError(f"duty list: {one.file} is another document than the one that it names")
        (parse_bases if one.file.startswith("bases") else parse_purposes)(document)
        documents[one.hash] = document
    return documents


def keep_duties(administration: Administration, documents: Mapping[bytes, Any], now: int) -> None:
    """Store a duty list with what it names, by hash, so that the gateway serves them; `now` is in Unix seconds."""
    with administration.store.begin() as transaction:
        for digest, document in documents.items():
            transaction.add_document(digest, JSON, encode(document), now)


def publish_duties(administration: Administration, duties: ListOfDuties, authority: Signer) -> None:
    """Publish a version of the duty list, signed by an ADMIN key of the catalogue authority.

    Its documents are kept before, so that what the chain names is there. Repeating it changes nothing. Raises
    TransactionFailed where the catalogue refuses: another signer, or a version that is not the next one.
    """
    administration.send_message(
        administration.fresh_intent(f"duty-list/{duties.version}"),
        "SetDutyList",
        {"admin": authority.address, "version": duties.version, "documentHash": duties.hash},
        {authority.address: authority},
    )
