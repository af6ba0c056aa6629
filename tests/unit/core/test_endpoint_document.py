"""The document that says where a gateway is reached."""

import pytest

from ledger.core.canonical import decode, encode
from ledger.core.endpoint_document import Endpoint, parse_endpoint
from ledger.core.hexadecimal import to_hex
from ledger.core.history import latest
from ledger.errors import FormatError, UnsupportedFormat
from tests.simulated_consortium import GATEWAY, READER
from tests.simulated_ledger import SimulatedLedger

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "url",
    [
        *("https://gateway.example", "https://gateway.example:8443", "https://192.0.2.7", "https://[2001:db8::7]:443"),
        *("http://127.0.0.1:8000", "http://localhost", "http://[::1]:9"),
    ],
)
def test_an_origin_comes_back_from_its_canonical_bytes(url: str) -> None:
    endpoint = Endpoint(2, url)
    assert parse_endpoint(decode(encode(endpoint.document))) == endpoint


def test_its_hash_is_of_the_canonical_bytes() -> None:
    assert Endpoint(2, "https://gateway.example").hash != Endpoint(3, "https://gateway.example").hash
    assert encode(Endpoint(2, "https://a.example").document) == (
        b'{"agency":2,"format":"gongzhi-endpoint/1","url":"https://a.example"}'
    )


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://gateway.example",
            "https://gateway.example/",
            "https://gateway.example/v1",
            "https://Gateway.example",
        ),
        *(
            "https://user@gateway.example",
            "https://gateway.example?x=1",
            "https://gateway.example#x",
            "ftp://a.example",
        ),
        *("https://", "gateway.example", "", "https://gateway.example:port", "https://gateway.example:99999"),
        *("https://gate way.example", "https://[2001", "https://社区.example", "https://" + "a" * 260),
    ],
)
def test_what_is_no_origin_is_refused(url: str) -> None:
    with pytest.raises(FormatError, match="endpoint url"):
        parse_endpoint({"format": "gongzhi-endpoint/1", "agency": 2, "url": url})


def test_other_documents_are_refused() -> None:
    with pytest.raises(UnsupportedFormat):
        parse_endpoint({"format": "gongzhi-endpoint/2", "agency": 2, "url": "https://a.example"})
    with pytest.raises(FormatError, match="endpoint agency"):
        parse_endpoint({"format": "gongzhi-endpoint/1", "agency": 0, "url": "https://a.example"})
    with pytest.raises(FormatError):
        parse_endpoint({"format": "gongzhi-endpoint/1", "agency": 2, "url": "https://a.example", "more": 1})


def test_the_document_that_an_agency_named_last_is_known() -> None:
    chain = SimulatedLedger()
    first, second = Endpoint(GATEWAY, "https://a.example"), Endpoint(GATEWAY, "https://b.example")
    moments = []
    for endpoint in (first, second):
        args = {"agency": GATEWAY, "documentHash": to_hex(endpoint.hash)}
        block = chain.mine([("AgencyRegistry", "EndpointSet", args)])
        moments.append(block.number)
    history = chain.history()
    named = history.agencies[GATEWAY].gateway_documents
    assert [latest(named, history.at_block(number), None) for number in moments] == [first.hash, second.hash]
    assert history.agencies[READER].gateway_documents == []
