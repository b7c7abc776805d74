"""A time-stamping authority of one's own: certificates made here, tokens by `openssl ts -reply`.

It can lie, too: `Authority.manner` says how.
"""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from custody.timestamps.tokens import new_request

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_CONFIG = """\
[tsa]
default_tsa = own
[own]
serial = {folder}/serial
default_policy = 1.2.3.4.1
digests = sha256, sha384
signer_digest = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@dataclass
class Authority:
    """Its certificates and how it answers; ``asked`` counts the requests.

    ``manner``: ``good``, ``other digest``, ``other nonce``, ``garbage``, ``refusal``, ``huge``,
    ``silent`` (until `released`), ``drip``, ``error``, ``redirect``.
    """

    folder: Path
    name: str
    roots: Path
    url: str = ""
    manner: str = "good"
    asked: int = 0
    released: threading.Event = field(default_factory=threading.Event)
    #: The serial number's file has one writer.
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reply(self, query: bytes) -> bytes:
        """The answer of `openssl ts -reply` to a query, with the whole chain but the root."""
        with self.lock:
            question, answer = self.folder / "query.tsq", self.folder / "answer.tsr"
            question.write_bytes(query)
            subprocess.run(
                ["openssl", "ts", "-reply", "-config", str(self.folder / "ts.cnf"),
                 "-queryfile", str(question), "-out", str(answer),
                 "-signer", str(self.folder / "tsa.pem"), "-inkey", str(self.folder / "tsa.key"),
                 "-chain", str(self.folder / "intermediate.pem")],
                check=True, capture_output=True,
            )  # fmt: skip
            return answer.read_bytes()


def make_authority(
    folder: Path,
    name: str,
    kind: str = "rsa",
    *,
    begins: timedelta = timedelta(days=-30),
    ends: timedelta = timedelta(days=365),
) -> Authority:
    """Root, intermediate and a certificate for time-stamping, ``kind`` ``rsa`` or ``ecdsa``.

    ``begins`` and ``ends``, from now, are those of the last certificate alone.
    """
    folder.mkdir(parents=True)
    now = datetime.now(UTC)
    span = (now - timedelta(days=3650), now + timedelta(days=3650))
    root_key, middle_key, key = (_new_key(kind) for _ in range(3))
    root = _certify(f"{name} root", root_key, None, root_key, span)
    middle = _certify(f"{name} intermediate", middle_key, root, root_key, span)
    own = _certify(name, key, middle, middle_key, (now + begins, now + ends), authority=False)
    (folder / "intermediate.pem").write_bytes(_pem(middle))
    (folder / "tsa.pem").write_bytes(_pem(own))
    (folder / "tsa.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    (folder / "ts.cnf").write_text(_CONFIG.format(folder=folder))
    (folder / "serial").write_text("01")
    roots = folder / "roots.pem"
    roots.write_bytes(_pem(root))
    return Authority(folder, name, roots)


@contextmanager
def answering(authority: Authority) -> Iterator[Authority]:
    """Serve the authority on the loopback; its ``url`` says where."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, authority))
    server.daemon_threads = True
    authority.url = f"http://127.0.0.1:{server.server_port}/tsa"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield authority
    finally:
        authority.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, authority: Authority, *arguments: Any) -> None:
        self._authority = authority
        super().__init__(*arguments)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
        """Nothing: the test says what is wrong."""

    def do_POST(self) -> None:
        query = self.rfile.read(int(self.headers["Content-Length"]))
        authority = self._authority
        authority.asked += 1
        assert self.headers["Content-Type"] == "application/timestamp-query"
        match authority.manner:
            case "good":
                self._answer(authority.reply(query))
            case "other digest":
                self._answer(authority.reply(new_request(b"other bytes").data))
            case "other nonce":
                # The first bytes of a request say its length; the digest lies at a fixed place.
                other = bytearray(new_request(b"other bytes").data)
                place = other.index(bytes.fromhex("0420")) + 2
                at = query.index(bytes.fromhex("0420")) + 2
                other[place : place + 32] = query[at : at + 32]
                self._answer(authority.reply(bytes(other)))
            case "garbage":
                self._answer(b"<html>welcome</html>")
            case "refusal":
                self._answer(authority.reply(b"no query"))
            case "huge":
                self._answer(b"\x30" * 10_000_000)
            case "silent":
                authority.released.wait(60)
            case "drip":
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                while not authority.released.wait(0.05):
                    self.wfile.write(b"\x30")
                    self.wfile.flush()
            case "redirect":
                self.send_response(307)
                self.send_header("Location", authority.url)
                self.send_header("Content-Length", "0")
                self.end_headers()
            case _:
                self.send_error(500)

    def _answer(self, data: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True  # whoever asked has hung up


def _new_key(kind: str) -> Key:
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def _certify(
    name: str,
    key: Key,
    issuer: x509.Certificate | None,
    issuer_key: Key,
    span: tuple[datetime, datetime],
    *,
    authority: bool = True,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(span[0])
        .not_valid_after(span[1])
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not authority,
                key_cert_sign=authority,
                crl_sign=authority,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if issuer is not None:
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    if not authority:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(purpose, critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
