"""Finding another gateway: from the one that is known, checked against what the chain names."""

from ledger.client.desk import Desk
from ledger.client.promises import broken
from ledger.core.canonical import decode, encode, encode_text
from ledger.core.endpoint_document import Endpoint, parse_endpoint
from ledger.core.hexadecimal import from_hex
from ledger.core.history import AsOf, History, latest
from ledger.errors import NotFound


def find_gateway(desk: Desk, agency: int) -> Endpoint:
    """Return where the gateway of an agency is, as the document says whose hash its ADMIN put on chain.

    The hash is the chain's where the client has chain facts, else the gateway's word. Raises NotFound for an agency
    without a gateway, PromiseBroken for a document with another hash or of another agency.
    """
    named = _on_chain(desk, agency) if desk.facts.chain else None
    endpoint = parse_endpoint(decode(desk.document(named or _as_told(desk, agency))))
    if endpoint.agency != agency:
        broken("the endpoint document is another agency's")
    return endpoint


def announce(desk: Desk, endpoint: Endpoint) -> None:
    """Hand an endpoint document over to this gateway; raises NotFound or Conflict where the chain names no such one."""
    body = encode({"document": encode_text(dict(endpoint.document))})
    desk.transport.post("/v1/endpoints", body, repeatable=True)


def _on_chain(desk: Desk, agency: int) -> bytes:
    found = _named(desk, agency)
    if found is None and desk.newer_facts is not None:
        desk.facts = desk.newer_facts()
        found = _named(desk, agency)
    if found is None:
        raise NotFound(f"agency {agency} has named no gateway on chain")
    return found


def _named(desk: Desk, agency: int) -> bytes | None:
    history: History | None = desk.facts.chain.history if desk.facts.chain else None
    facts = history.agencies.get(agency) if history else None
    found: bytes | None = None if facts is None else latest(facts.gateway_documents, AsOf(desk.transport.now()), None)
    return found


def _as_told(desk: Desk, agency: int) -> bytes:
    told = desk.transport.get_public(f"/v1/agencies/{agency}").members("id", "endpoint")["endpoint"]
    if told is None:
        raise NotFound(f"agency {agency} has named no gateway on chain")
    return from_hex(told["documentHash"], 32, what="documentHash")
