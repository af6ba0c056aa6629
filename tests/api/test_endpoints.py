"""Finding other gateways: any gateway hands on the endpoint documents that the chain names, and no other."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ledger.client.endpoints import announce, find_gateway
from ledger.core.canonical import encode, encode_text
from ledger.core.endpoint_document import Endpoint
from ledger.core.hexadecimal import to_hex
from ledger.errors import Conflict, FormatError, NotFound, PromiseBroken
from tests.api.consortium import Consortium
from tests.api.members import COMMUNITY, FIRE_READER, PUBLISHER, SCHEMA, STRANGER
from tests.api.test_client_at_the_api import Desks

pytestmark = pytest.mark.api
ENDPOINT = Endpoint(COMMUNITY, "https://community.example:8443")


@pytest.fixture
def desks(consortium: Consortium, tmp_path: Path) -> Iterator[Desks]:
    with ExitStack() as stack:
        yield Desks(consortium, tmp_path / "desks", stack)


def named(consortium: Consortium, endpoint: Endpoint) -> None:
    args = {"agency": endpoint.agency, "documentHash": to_hex(endpoint.hash)}
    consortium.add_block([("AgencyRegistry", "EndpointSet", args)])


def test_a_reader_finds_another_gateway_from_the_one_that_it_knows(desks: Desks) -> None:
    publisher, reader = desks.open(PUBLISHER).desk, desks.open(FIRE_READER).desk
    with pytest.raises(NotFound, match="named no gateway"):
        find_gateway(reader, COMMUNITY)
    named(desks.consortium, ENDPOINT)
    with pytest.raises(PromiseBroken, match="does not have a document"):
        find_gateway(reader, COMMUNITY)
    told = desks.consortium.send(None, "GET", f"/v1/agencies/{COMMUNITY}").json()["endpoint"]
    assert told == {"documentHash": to_hex(ENDPOINT.hash), "url": None}
    announce(publisher, ENDPOINT)
    announce(publisher, ENDPOINT)
    assert find_gateway(reader, COMMUNITY) == ENDPOINT
    told = desks.consortium.send(None, "GET", f"/v1/agencies/{COMMUNITY}").json()["endpoint"]
    assert told == {"documentHash": to_hex(ENDPOINT.hash), "url": ENDPOINT.url}


def test_the_document_that_was_named_last_counts(desks: Desks) -> None:
    reader = desks.open(FIRE_READER).desk
    named(desks.consortium, ENDPOINT)
    announce(reader, ENDPOINT)
    moved = Endpoint(COMMUNITY, "https://elsewhere.example")
    with pytest.raises(Conflict, match="another endpoint document"):
        announce(reader, moved)
    named(desks.consortium, moved)
    announce(reader, moved)
    reader.facts = desks.facts()
    assert find_gateway(reader, COMMUNITY) == moved


def test_what_the_chain_does_not_name_is_not_kept(desks: Desks) -> None:
    consortium = desks.consortium
    before = consortium.rows()
    reader = desks.open(FIRE_READER).desk
    with pytest.raises(NotFound):
        announce(reader, ENDPOINT)
    with pytest.raises(NotFound):
        announce(reader, Endpoint(99, "https://nobody.example"))
    with pytest.raises(FormatError):
        announce(reader, Endpoint(COMMUNITY, "http://community.example"))
    body = encode({"document": encode_text(dict(ENDPOINT.document))})
    assert consortium.send(STRANGER, "POST", "/v1/endpoints", body=body).status_code == 403
    assert consortium.send(None, "POST", "/v1/endpoints", body=body).status_code == 401
    assert consortium.rows() == before
    assert consortium.send(None, "GET", f"/v1/documents/{to_hex(ENDPOINT.hash)}").status_code == 404


def test_a_document_that_is_no_endpoint_of_its_agency_hurts_nobody(desks: Desks) -> None:
    consortium = desks.consortium
    foreign = Endpoint(FIRE_READER.agency, "https://fire.example")
    named(consortium, foreign)
    announce(desks.open(FIRE_READER).desk, foreign)
    for other in (SCHEMA.hash, foreign.hash):
        args = {"agency": COMMUNITY, "documentHash": to_hex(other)}
        consortium.add_block([("AgencyRegistry", "EndpointSet", args)])
        told = consortium.send(None, "GET", "/v1/agencies")
        assert told.status_code == 200
        by_id = {agency["id"]: agency["endpoint"] for agency in told.json()["agencies"]}
        assert by_id[COMMUNITY] == {"documentHash": to_hex(other), "url": None}
        assert by_id[FIRE_READER.agency]["url"] == foreign.url
        with pytest.raises((PromiseBroken, FormatError)):
            find_gateway(desks.open(PUBLISHER).desk, COMMUNITY)
