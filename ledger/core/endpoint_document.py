"""Where a gateway is reached: the document `gongzhi-endpoint/1`, whose hash its agency's ADMIN put on chain.

PERMANENT. A reader who knows one gateway, or has the file, finds every other one: the chain says which document of an
agency is in force, so nobody who hands it on can name another address.

    {"format": "gongzhi-endpoint/1", "agency": 2, "url": "https://gateway.example"}
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

from ledger.core.canonical import JsonValue, document_hash
from ledger.core.shapes import format_members, text, unsigned
from ledger.errors import FormatError

FORMAT = "gongzhi-endpoint/1"
MOST_CHARACTERS = 256
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
"""Where plain HTTP is taken: one machine, in development."""
_MEMBERS = ("format", "agency", "url")


@dataclass(frozen=True)
class Endpoint:
    """The origin of an agency's gateway: scheme, host and perhaps a port."""

    agency: int
    url: str

    @cached_property
    def document(self) -> Mapping[str, JsonValue]:
        """The document as JSON members."""
        return {"format": FORMAT, "agency": self.agency, "url": self.url}

    @cached_property
    def hash(self) -> bytes:
        """Keccak-256 of the canonical document."""
        return document_hash(self.document)


def parse_endpoint(value: object) -> Endpoint:
    """Return the endpoint of a document's JSON value; raises UnsupportedFormat or FormatError.

    An endpoint is an origin: `https://host[:port]`, lowercase, without path, query or user; http on loopback only.
    """
    members = format_members(value, FORMAT, _MEMBERS, what="endpoint")
    endpoint = Endpoint(
        unsigned(members["agency"], 32, what="endpoint agency"), text(members["url"], what="endpoint url")
    )
    if not endpoint.agency:
        raise FormatError("endpoint agency: expected the number of an agency, from 1")
    if len(endpoint.url) > MOST_CHARACTERS or not _is_origin(endpoint.url):
        raise FormatError("endpoint url: expected https://host[:port] in lowercase, or http:// on loopback, no more")
    return endpoint


def _is_origin(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or not url.isascii() or any(character.isspace() for character in url):
        return False
    shown = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{shown}" + ("" if port is None else f":{port}")
    return url == origin and (parts.scheme == "https" or (parts.scheme == "http" and shown in LOOPBACK))
