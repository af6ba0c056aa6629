"""Signer files `gongzhi-signer/1`: where a key is that has no keystore here. One stands wherever a keystore may.

    {"format": "gongzhi-signer/1", "uri": "web3signer:https://signer.example:9000#0x5f…",
     "caFile": "ca.pem", "clientCertificate": "gateway.pem"}

The last two may be left out; paths are relative to the file. Nothing in it is secret.
"""

import json
from pathlib import Path

from ledger.core.shapes import members_of, text
from ledger.errors import FormatError, KeyProviderError
from ledger.keys.web3signer import SignerTls, Web3Signer, open_web3signer

FORMAT = "gongzhi-signer/1"
SCHEME = "web3signer:"


def open_signer_file(path: Path) -> Web3Signer | None:
    """Return the signer of a signer file, None where the file is another one (a keystore) or cannot be read.

    Raises KeyProviderError for other members or another scheme, and as `open_web3signer`.
    """
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
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
    ca_file, certificate = (path.parent / named[name] if name in named else None for name in optional)
    return open_web3signer(named["uri"].removeprefix(SCHEME), SignerTls(ca_file, certificate))
