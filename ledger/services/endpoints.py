"""Where other gateways are reached: the chain names each agency's endpoint document, any gateway hands it on."""

import time
from typing import Any

from ledger.core.canonical import decode_canonical, encode
from ledger.core.endpoint_document import Endpoint, parse_endpoint
from ledger.core.hexadecimal import to_hex
from ledger.core.history import AsOf, History, latest
from ledger.core.shapes import members_of, text
from ledger.errors import Conflict, FormatError, NotFound
from ledger.ports import Signer, Transaction
from ledger.services.administration import Administration
from ledger.services.authenticate import Call
from ledger.services.catalogue_documents import JSON


def document_in_force(history: History, agency: int, as_of: AsOf) -> bytes | None:
    """Return the hash of the endpoint document that an agency named last by then, None if it runs no gateway."""
    facts = history.agencies.get(agency)
    named: bytes | None = None if facts is None else latest(facts.gateway_documents, as_of, None)
    return named


def describe_endpoint(
    history: History, transaction: Transaction, agency: int, as_of: AsOf
) -> dict[str, str | None] | None:
    """Return the hash of an agency's endpoint document, and its URL if the document is here; None if it names none.

    An ADMIN may name any document: one that is no endpoint of his agency gives no URL.
    """
    named = document_in_force(history, agency, as_of)
    if named is None:
        return None
    found = transaction.document(named)
    return {"documentHash": to_hex(named), "url": None if found is None else _url_of(found[1], agency)}


def _url_of(content: bytes, agency: int) -> str | None:
    try:
        endpoint = parse_endpoint(decode_canonical(content))
    except FormatError:
        return None
    return endpoint.url if endpoint.agency == agency else None


def keep_endpoint(call: Call, body: object) -> dict[str, Any]:
    """Keep the endpoint document of any agency, given as `{"document": canonical text}`, to hand it on.

    Raises FormatError for what is no such document, NotFound for an agency that named none, Conflict where the chain
    names another document.
    """
    call.require_member()
    content = text(members_of(body, ("document",), what="body")["document"], what="document").encode("utf-8")
    endpoint = parse_endpoint(decode_canonical(content))
    named = document_in_force(call.history, endpoint.agency, call.as_of)
    if named is None:
        raise NotFound(f"agency {endpoint.agency} has named no gateway on chain, as far as this one has followed it")
    if named != endpoint.hash:
        raise Conflict(f"the chain names another endpoint document for agency {endpoint.agency}")
    call.transaction.add_document(endpoint.hash, JSON, content, call.now)
    return {"agency": endpoint.agency, "documentHash": to_hex(endpoint.hash), "url": endpoint.url}


def name_endpoint(administration: Administration, endpoint: Endpoint, admin: Signer) -> None:
    """Put the hash of an agency's endpoint document on chain, signed by its ADMIN; the document is stored first.

    Naming the same one again changes nothing. Raises TransactionFailed for a key that is no ADMIN.
    """
    with administration.store.begin() as transaction:
        transaction.add_document(endpoint.hash, JSON, encode(endpoint.document), int(time.time()))
    administration.send_message(
        f"endpoint/{endpoint.agency}/{endpoint.hash.hex()}",
        "SetEndpoint",
        {"admin": admin.address, "documentHash": endpoint.hash},
        {admin.address: admin},
    )
