"""Signer files `gongzhi-signer/1`: where a key is that has no keystore here. One stands wherever a keystore may.

    {"format": "gongzhi-signer/1", "uri": "web3signer:https://signer.example:9000#0x5f…",
     "caFile": "ca.pem", "clientCertificate": "gateway.pem"}

The last two may be left out; paths are relative to the file. Nothing in it is secret.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from ledger.core.shapes import members_of, text
from ledger.errors import FormatError, KeyProviderError
from ledger.keys.web3signer import SignerTls, Web3Signer, open_web3signer, signer_url

FORMAT = "gongzhi-signer/1"
SCHEME = "web3signer:"


@dataclass(frozen=True, slots=True)
class SignerFile:
    """What a signer file names: the signer's URL without the scheme, and the files by which it is reached."""

    url: str
    tls: SignerTls


def parse_signer_file(content: bytes, path: Path) -> SignerFile | None:
    """Return what the signer file at `path` names, None where `content` is another file's (a keystore's).

    Nobody is asked, and the files that it names need not be there. Raises KeyProviderError for other members, another
    scheme, and a URL with a password or query.
    """
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        return None
    try:
        optional = ("caFile", "clientCertificate")
        members = members_of(value, ("format", "uri"), what="signer file", optional=optional)
        named = {name: text(member, what=f"signer file {name}") for name, member in members.items()}
    except FormatError as fault:
        raise KeyProviderError(f"{path} is no signer file: {fault.detail}") from None
    if not named["uri"].startswith(SCHEME):
        raise KeyProviderError(f"{path} names no {SCHEME}URL")
    url = named["uri"].removeprefix(SCHEME)
    signer_url(url)
    ca_file, certificate = (path.parent / named[name] if name in named else None for name in optional)
    return SignerFile(url, SignerTls(ca_file, certificate))


def open_signer_file(path: Path) -> Web3Signer | None:
    """Return the signer of a signer file, None where the file is another one (a keystore) or cannot be read.

    Raises KeyProviderError as `parse_signer_file`, and as `open_web3signer`.
    """
    try:
        file = parse_signer_file(path.read_bytes(), path)
    except OSError:
        return None
    return None if file is None else open_web3signer(file.url, file.tls)
