"""Signing keys at a remote web3signer (its ETH1 API): the key never enters a process of ours.

`POST /api/v1/eth1/sign/{public key}` hashes `data` with Keccak-256 as it stands, without any prefix, and signs that;
the answer is r‖s‖v as hex. So a Signer takes what is hashed. What comes back is taken only if it is the strict
signature of that text by the key that was asked for: a faulty or replaced signer is named, its answers are not used.
"""

import json
import re
import ssl
import time
import weakref
from dataclasses import dataclass
from pathlib import Path

import httpx

from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from ledger.core.signature import recover
from ledger.errors import KeyProviderError, SignatureError, SignerFaulty, SignerUnreachable
from ledger.keys.private_file import read_private

TIMEOUT_SECONDS = 5.0
"""For a whole answer: a statement waits for its signature, and a key vault behind a signer takes up to a second."""
LARGEST_SIGNATURE_BYTES = 1_024
LARGEST_LIST_BYTES = 1_048_576
"""Some seven thousand public keys."""
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_ADDRESS = re.compile(r"0x[0-9a-f]{40}")
_PUBLIC_KEY = re.compile(r"0x(?:04)?([0-9a-f]{128})")
_SIGNATURE = re.compile(r"0x([0-9a-f]{130})")
_CLOSED = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)
"""A kept connection that the other side closed meanwhile. Asking twice for one signature does no harm."""


@dataclass(frozen=True, slots=True)
class SignerTls:
    """How a signer and its caller know each other: PEM files, both optional."""

    ca_file: Path | None = None
    """Certificates that the signer's own must come from; None: those of the system."""
    client_certificate: Path | None = None
    """Certificate and private key of the caller, mode 0600; None: the caller shows none."""


SYSTEM_TLS = SignerTls()


class Web3Signer:
    """One key of a remote signer. Shows its address only; safe to use from several threads."""

    __slots__ = ("_asking", "_public_key", "address")

    def __init__(self, asking: "_Asking", public_key: str) -> None:
        self._asking, self._public_key = asking, public_key
        self.address = _address_of(public_key)

    def __repr__(self) -> str:
        """Show the address only."""
        return f"Web3Signer({self.address})"

    def sign_preimage(self, preimage: bytes) -> bytes:
        """Return the strict 65-byte signature of the Keccak-256 of `preimage`.

        Raises SignerUnreachable where no answer comes in time, SignerFaulty for anything but that signature.
        """
        body = json.dumps({"data": to_hex(preimage)}).encode("ascii")
        answer = self._asking.ask("POST", f"/api/v1/eth1/sign/{self._public_key}", LARGEST_SIGNATURE_BYTES, body)
        found = _SIGNATURE.fullmatch(answer.strip().lower())
        if found is None:
            raise SignerFaulty("the answer is no signature of 65 bytes as 0x hex")
        signature = bytes.fromhex(found[1])
        try:
            signed_by = recover(keccak256(preimage), signature)
        except SignatureError as fault:
            raise SignerFaulty(f"the answer is no strict signature: {fault.detail}") from None
        if signed_by != self.address:
            raise SignerFaulty(f"the signature is by another key than {self.address}, or over another text")
        return signature


def open_web3signer(url: str, tls: SignerTls) -> Web3Signer:
    """Return the signer at `https://HOST[:PORT][/PATH][#ADDRESS]`; plain http is for this machine only.

    The address chooses the key; it may be left out where the signer holds one key. Raises KeyProviderError for a URL
    or TLS files that cannot be used and for a key that is not there, SignerUnreachable, SignerFaulty.
    """
    wanted, asking = _asking_at(url, tls)
    held = {_address_of(key): key for key in _public_keys(asking)}
    if not wanted and len(held) == 1:
        (wanted,) = held
    if wanted not in held:
        which = f"no key {wanted}" if wanted else "not one key but several or none: add #ADDRESS to its URL"
        raise KeyProviderError(f"the signer holds {which}; it holds: {', '.join(held) or 'none'}")
    return Web3Signer(asking, held[wanted])


class _Asking:
    """Requests to one web3signer, each with an end in time and in length. Its connections close when it is dropped."""

    __slots__ = ("__weakref__", "_http", "_where")

    def __init__(self, where: str, http: httpx.Client) -> None:
        self._where, self._http = where, http
        weakref.finalize(self, http.close)

    def ask(self, method: str, path: str, most_bytes: int, content: bytes | None = None) -> str:
        """Return the text of a 200 answer; raises SignerUnreachable, SignerFaulty."""
        try:
            try:
                return self._once(method, path, most_bytes, content)
            except _CLOSED:
                return self._once(method, path, most_bytes, content)
        except httpx.TimeoutException:
            raise SignerUnreachable(f"{self._where} gave no answer within {TIMEOUT_SECONDS:g} s") from None
        except httpx.TransportError as failure:
            raise SignerUnreachable(f"{self._where} cannot be asked: {failure}") from None

    def _once(self, method: str, path: str, most_bytes: int, content: bytes | None) -> str:
        until, found = time.monotonic() + TIMEOUT_SECONDS, b""
        headers = {"accept-encoding": "identity"} | ({"content-type": "application/json"} if content else {})
        with self._http.stream(method, self._where + path, content=content, headers=headers) as answer:
            if answer.status_code != httpx.codes.OK:
                raise SignerFaulty(f"{self._where} answered with status {answer.status_code}")
            for part in answer.iter_raw():
                found += part
                if len(found) > most_bytes:
                    raise SignerFaulty(f"{self._where} answered with more than {most_bytes} bytes")
                if time.monotonic() > until:
                    raise SignerUnreachable(f"{self._where} was not done answering within {TIMEOUT_SECONDS:g} s")
        return found.decode("utf-8", "replace")


def signer_url(url: str) -> httpx.URL:
    """Return a signer's URL, which holds no secret; raises KeyProviderError for one with a password or a query."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise KeyProviderError("the signer's address is no URL") from None
    if parsed.userinfo or parsed.query or not parsed.host or parsed.scheme not in ("http", "https"):
        raise KeyProviderError("a signer is named as https://HOST[:PORT][/PATH][#ADDRESS], without password or query")
    return parsed


def _asking_at(url: str, tls: SignerTls) -> tuple[str, _Asking]:
    """Return the address of the key that the URL names ("" for none), and whom to ask."""
    parsed = signer_url(url)
    if parsed.scheme == "http" and parsed.host not in _LOOPBACK:
        raise KeyProviderError("a signer on another machine is asked over https: whoever reaches it may sign")
    wanted = parsed.fragment.lower()
    if wanted and not _ADDRESS.fullmatch(wanted):
        raise KeyProviderError("after # stands the address of the key: 0x and 40 hex digits")
    context = _tls_context(tls)
    http = httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False, verify=context)
    return wanted, _Asking(str(parsed.copy_with(fragment=None)).rstrip("/"), http)


def _tls_context(tls: SignerTls) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=tls.ca_file)
    except OSError:
        raise KeyProviderError(f"{tls.ca_file} holds no certificates in PEM that can be read") from None
    if tls.client_certificate is not None:
        read_private(tls.client_certificate)
        try:
            context.load_cert_chain(tls.client_certificate, password=_no_password)
        except OSError:
            raise KeyProviderError(f"{tls.client_certificate} holds no certificate with its key in PEM") from None
    return context


def _no_password() -> str:
    """Answer an encrypted key with an empty password, where OpenSSL would ask on the terminal."""
    return ""


def _public_keys(asking: _Asking) -> list[str]:
    try:
        listed = json.loads(asking.ask("GET", "/api/v1/eth1/publicKeys", LARGEST_LIST_BYTES))
    except (ValueError, RecursionError):
        raise SignerFaulty("the list of public keys is no JSON") from None
    found: list[str] = []
    for key in listed if isinstance(listed, list) else [listed]:
        matched = _PUBLIC_KEY.fullmatch(str(key).lower())
        if matched is None:
            raise SignerFaulty("the list of public keys holds something else than secp256k1 keys as 0x hex")
        found.append("0x" + matched[1])
    return found


def _address_of(public_key: str) -> str:
    return to_hex(keccak256(bytes.fromhex(public_key[2:]))[12:])
