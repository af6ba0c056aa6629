"""Keys at a web3signer: over real HTTP and TLS, with a signer that does what is documented, or lies."""

import datetime
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from eth_account import Account
from eth_account.messages import encode_defunct

from ledger.chain.legacy_transaction import sign_legacy
from ledger.core.hexadecimal import to_hex
from ledger.core.keccak import keccak256
from ledger.core.request_base import SignableRequest
from ledger.core.request_signature import prepare, verify
from ledger.core.signature import CURVE_ORDER, address_of, personal_preimage, sign_digest
from ledger.core.typed_messages import message_preimage, typed_data
from ledger.errors import KeyProviderError, SignerFaulty, SignerUnreachable
from ledger.keys import web3signer
from ledger.keys.keystore import KeystoreSigner
from ledger.keys.uris import open_signer
from ledger.keys.web3signer import SignerTls
from tests.adapters.web3signer_server import LIST_PATH, Answer, Web3SignerServer, public_key, signing_server

pytestmark = pytest.mark.adapters

KEY, OTHER_KEY = bytes(range(1, 33)), bytes(range(2, 34))
ADDRESS, OTHER_ADDRESS = address_of(KEY), address_of(OTHER_KEY)
TEXT = b"what is signed"
MARK = {
    "key": ADDRESS,
    "recordId": bytes(32),
    "version": 1,
    "mark": 1,
    "reason": 1,
    "nonce": 1 << 64,
    "deadline": 1_800_000_000,
}


@pytest.fixture
def server() -> Iterator[Web3SignerServer]:
    with signing_server(KEY) as running:
        yield running


def opened(server: Web3SignerServer, key: str = "", tls: SignerTls | None = None) -> web3signer.Web3Signer:
    signer = open_signer(f"web3signer:{server.url}{key}", None, tls or SignerTls())
    assert isinstance(signer, web3signer.Web3Signer)
    return signer


def answering(status: int, body: bytes) -> Answer:
    return status, "text/plain", body


def test_a_remote_key_signs_what_a_key_in_a_keystore_signs(server: Web3SignerServer) -> None:
    remote, local = opened(server), KeystoreSigner(KEY)
    assert remote.address == local.address
    for preimage in (TEXT, bytes(66), b"\x19", b"x" * 100_000):
        assert remote.sign_preimage(preimage) == local.sign_preimage(preimage)
    assert "127.0.0.1" not in repr(remote)


def test_what_wallets_and_chains_expect_is_signed_and_no_prefix_is_added(server: Web3SignerServer) -> None:
    remote = opened(server)
    theirs = Account.sign_message(encode_defunct(TEXT), KEY)
    assert remote.sign_preimage(personal_preimage(TEXT)) == bytes(theirs.signature)
    document = typed_data("Mark", MARK, 1337, OTHER_ADDRESS)
    signed = Account.sign_typed_data(KEY, full_message=document)
    assert remote.sign_preimage(message_preimage("Mark", MARK, 1337, OTHER_ADDRESS)) == bytes(signed.signature)
    raw, _ = sign_legacy(
        tx_nonce=7, gas_price_wei=0, gas=21_000, to=OTHER_ADDRESS, data=b"x", chain_id=1337, signer=remote
    )
    assert Account.recover_transaction(raw).lower() == ADDRESS


def test_a_signed_request_of_a_remote_key_verifies(server: Web3SignerServer) -> None:
    remote = opened(server)
    request = SignableRequest("GET", "https", "gateway.example", "/v1/records", "", {})
    prepared = prepare(request, ADDRESS, created=1_000, expires=1_060, request_nonce="A" * 22, chain_id=1337)
    sent = SignableRequest(
        "GET", "https", "gateway.example", "/v1/records", "", prepared.headers(remote.sign_preimage(prepared.preimage))
    )
    assert verify(sent, now=1_010, chain_id=1337).address == ADDRESS


def test_the_address_in_the_uri_chooses_among_several_keys() -> None:
    with signing_server(KEY, OTHER_KEY) as server:
        assert opened(server, f"#{OTHER_ADDRESS}").address == OTHER_ADDRESS
        assert opened(server, f"#{ADDRESS.upper().replace('0X', '0x')}").address == ADDRESS
        with pytest.raises(KeyProviderError, match=r"several or none: add #ADDRESS.*" + ADDRESS):
            opened(server)
        with pytest.raises(KeyProviderError, match="no key 0x7777"):
            opened(server, "#0x" + "77" * 20)


def test_a_signer_without_keys_is_refused() -> None:
    with signing_server() as server, pytest.raises(KeyProviderError, match="it holds: none"):
        opened(server)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("ftp://127.0.0.1", "is named as https"),
        ("https://", "is named as https"),
        ("https://name:word@127.0.0.1", "without password"),
        ("https://127.0.0.1/?key=1", "or query"),
        ("http://signer.example", "over https"),
        ("https://127.0.0.1/#short", "40 hex digits"),
        ("https://127.0.0.1:a", "no URL"),
    ],
)
def test_urls_that_are_not_safe_or_no_signers_are_refused_before_anybody_is_asked(url: str, fault: str) -> None:
    with pytest.raises(KeyProviderError, match=fault) as caught:
        open_signer(f"web3signer:{url}", None)
    assert "word" not in str(caught.value).replace("password", "")


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"not json", "no JSON"),
        (b"[" * 50_000, "no JSON"),
        (b"{}", "something else"),
        (b"null", "something else"),
        (json.dumps([public_key(KEY), 7]).encode(), "something else"),
        (json.dumps(["0x" + "b3" * 48]).encode(), "something else"),
        (b"[" + b" " * web3signer.LARGEST_LIST_BYTES + b"]", "more than"),
    ],
)
def test_a_list_that_is_not_of_public_keys_is_named(server: Web3SignerServer, body: bytes, fault: str) -> None:
    server.instead = lambda _method, _path, _answer: answering(200, body)
    with pytest.raises(SignerFaulty, match=fault):
        opened(server)


def high_s(signature: bytes) -> bytes:
    s = CURVE_ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes((55 - signature[64],))


GOOD = sign_digest(keccak256(TEXT), KEY)
LIES = {
    "another key's signature": (sign_digest(keccak256(TEXT), OTHER_KEY), "by another key"),
    "the same key's signature of another text": (sign_digest(keccak256(TEXT + b"!"), KEY), "over another text"),
    "a signature of the personal digest": (sign_digest(keccak256(personal_preimage(TEXT)), KEY), "over another text"),
    "a high s": (high_s(GOOD), "upper half"),
    "v as 0 or 1": (GOOD[:64] + bytes((GOOD[64] - 27,)), "v is 27 or 28"),
    "zeros": (bytes(64) + b"\x1b", "no key can have made"),
    "64 bytes": (GOOD[:64], "no signature of 65 bytes"),
    "96 bytes": (GOOD + bytes(31), "no signature of 65 bytes"),
    "nothing": (b"", "no signature of 65 bytes"),
}


@pytest.mark.parametrize(("signature", "fault"), list(LIES.values()), ids=list(LIES))
def test_no_answer_is_taken_but_the_strict_signature_of_that_text_by_that_key(
    server: Web3SignerServer, signature: bytes, fault: str
) -> None:
    remote = opened(server)
    server.instead = lambda _method, _path, _answer: answering(200, to_hex(signature).encode())
    with pytest.raises(SignerFaulty, match=fault):
        remote.sign_preimage(TEXT)


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (200, b"<html>hello</html>", "no signature"),
        (200, b"0x" * web3signer.LARGEST_SIGNATURE_BYTES, "more than"),
        (404, b"Not Found", "status 404"),
        (500, b"Internal Server Error", "status 500"),
        (302, b"", "status 302"),
    ],
)
def test_other_answers_are_named(server: Web3SignerServer, status: int, body: bytes, fault: str) -> None:
    remote = opened(server)
    server.instead = lambda _method, _path, _answer: answering(status, body)
    with pytest.raises(SignerFaulty, match=fault) as caught:
        remote.sign_preimage(TEXT)
    assert TEXT.hex() not in str(caught.value)


def test_a_connection_that_the_signer_closed_meanwhile_is_opened_again_once(server: Web3SignerServer) -> None:
    remote = opened(server)
    server.hang_up = 1
    assert remote.sign_preimage(TEXT) == GOOD
    server.hang_up = 2
    with pytest.raises(SignerUnreachable, match="cannot be asked"):
        remote.sign_preimage(TEXT)
    assert remote.sign_preimage(TEXT) == GOOD


def test_a_signer_that_does_not_answer_is_given_up_in_time(
    server: Web3SignerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web3signer, "TIMEOUT_SECONDS", 0.2)
    remote = opened(server)
    server.hold = threading.Event()
    with pytest.raises(SignerUnreachable, match="no answer within"):
        remote.sign_preimage(TEXT)
    server.hold.set()
    server.hold = None
    assert remote.sign_preimage(TEXT) == GOOD


def test_a_signer_that_is_not_there_is_named() -> None:
    with signing_server(KEY) as server:
        remote = opened(server)
    with pytest.raises(SignerUnreachable, match=f"http://127.0.0.1:{server.port} cannot be asked"):
        remote.sign_preimage(TEXT)
    with pytest.raises(SignerUnreachable, match="cannot be asked"):
        opened(server)


def test_no_proxy_of_the_surroundings_sees_what_is_signed(
    server: Web3SignerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert opened(server).sign_preimage(TEXT) == GOOD


def test_the_key_is_asked_for_by_its_public_key(server: Web3SignerServer) -> None:
    opened(server).sign_preimage(TEXT)
    assert [(method, path) for method, path, _ in server.asked] == [
        ("GET", LIST_PATH),
        ("POST", f"/api/v1/eth1/sign/{public_key(KEY)}"),
    ]
    assert json.loads(server.asked[1][2]) == {"data": to_hex(TEXT)}


# --- TLS


class Certificates:
    """A certificate authority, and what it issued for the signer and for a gateway, as PEM files."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self._key, self._name = ec.generate_private_key(ec.SECP256R1()), self._named("consortium")
        self._own = self._certificate(self._name, self._key, is_ca=True)
        self.ca = folder / "ca.pem"
        self.ca.write_bytes(self._own.public_bytes(Encoding.PEM))

    def issue(self, name: str, password: bytes | None = None) -> Path:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._certificate(self._named(name), key, is_ca=False)
        encryption = NoEncryption() if password is None else BestAvailableEncryption(password)
        path = self.folder / f"{name}.pem"
        path.touch(mode=0o600)
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
        path.write_bytes(certificate.public_bytes(Encoding.PEM) + secret)
        return path

    @staticmethod
    def _named(name: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

    def _certificate(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, *, is_ca: bool) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        addresses = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .add_extension(addresses, critical=False)
        )
        return made.sign(self._key, SHA256())


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("tls") / "authority")


@pytest.fixture
def guarded(certificates: Certificates) -> Iterator[Web3SignerServer]:
    """A signer over TLS that answers only who shows a certificate of the authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.issue("signer"))
    context.load_verify_locations(certificates.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    with signing_server(KEY, tls=context) as running:
        yield running


def test_signer_and_gateway_know_each_other_by_certificates(
    guarded: Web3SignerServer, certificates: Certificates
) -> None:
    both = SignerTls(certificates.ca, certificates.issue("gateway"))
    assert opened(guarded, tls=both).sign_preimage(TEXT) == GOOD


def test_without_the_authoritys_certificates_nobody_is_believed_or_answered(
    guarded: Web3SignerServer, certificates: Certificates, tmp_path: Path
) -> None:
    stranger = Certificates(tmp_path / "stranger")
    for tls in (
        SignerTls(None, certificates.issue("gateway")),
        SignerTls(stranger.ca, certificates.issue("gateway")),
        SignerTls(certificates.ca),
        SignerTls(certificates.ca, stranger.issue("gateway")),
    ):
        with pytest.raises(SignerUnreachable, match="cannot be asked"):
            opened(guarded, tls=tls)
    assert guarded.asked == []


def test_tls_files_that_cannot_be_used_are_named(certificates: Certificates, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.touch(mode=0o600)
    encrypted = certificates.issue("encrypted", b"password of this test")
    open_to_all = certificates.issue("open")
    open_to_all.chmod(0o644)
    for tls, fault in (
        (SignerTls(ca_file=empty), "empty.pem holds no certificates"),
        (SignerTls(ca_file=tmp_path / "nothing"), "nothing holds no certificates"),
        (SignerTls(client_certificate=empty), "empty.pem holds no certificate with its key"),
        (SignerTls(client_certificate=encrypted), "encrypted.pem holds no certificate with its key"),
        (SignerTls(client_certificate=certificates.ca), "may be read by others"),
        (SignerTls(client_certificate=open_to_all), "may be read by others"),
    ):
        with pytest.raises(KeyProviderError, match=fault):
            open_signer("web3signer:https://127.0.0.1:9", None, tls)
