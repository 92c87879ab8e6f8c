"""A TLS front before intake, as a proxy is, whose certificate can be made to expire or name another host.

The front runs in a thread of the rehearsal. Which certificate it shows, each new connection reads from a
control file in the stack's folder.
"""

import asyncio
import contextlib
import json
import socket
import ssl
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chaos.faults.protocol import Fault
from chaos.target.target import Target

KINDS = {"good": ("localhost", 90), "expired": ("localhost", -1), "wrong_host": ("elsewhere.example", 90)}
CHUNK = 16_384


REFUSED = {"expired": 10, "wrong_host": 62}  # OpenSSL's reason why nobody believes it
ASK_SECONDS = 2.0


def front_file(state: Path) -> Path:
    """Says where the front is, and where the authorities that its clients believe."""
    return state / "chaos-front.json"


def control_file(state: Path) -> Path:
    """Holds the kind of certificate that is shown; the good one where there is no file."""
    return state / "chaos-certificate"


class TlsFront:
    """`https://localhost:PORT`, passing everything on to intake."""

    def __init__(self, target: Target) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="beluga-front-")
        self._control = control_file(target.state)
        self._open_at = front_file(target.state)
        self._behind = urlsplit(target.url("intake"))
        self.authorities = Path(self._folder.name) / "authorities.pem"
        self._contexts = {kind: self._context(kind, *about) for kind, about in KINDS.items()}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="front")
        self.port = 0

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def tls(self) -> ssl.SSLContext:
        """What a provider believes: the rehearsal's certificates, if in date and for this host."""
        return ssl.create_default_context(cafile=str(self.authorities))

    def start(self) -> "TlsFront":
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)
        self._open_at.write_text(json.dumps({"port": self.port, "authorities": str(self.authorities)}))
        return self

    def stop(self) -> None:
        """May be called again."""
        if not self._loop.is_closed():
            self._open_at.unlink(missing_ok=True)
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)
            self._loop.close()
            self._folder.cleanup()

    async def _open(self) -> None:
        context = self._contexts["good"]
        context.sni_callback = self._choose
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        tasks = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _choose(self, secured: Any, _: str | None, __: ssl.SSLContext) -> None:
        try:
            kind = self._control.read_text().strip()
        except OSError:
            kind = "good"
        secured.context = self._contexts[kind]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            far_reader, far_writer = await asyncio.open_connection(
                self._behind.hostname or "", self._behind.port or 80
            )
            with contextlib.closing(far_writer):
                await asyncio.gather(_pass(reader, far_writer), _pass(far_reader, writer))
        writer.close()

    def _context(self, kind: str, host: str, days: int) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        # A name for each: of two by one name, clients would look for the good one to believe the other by.
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{kind} {host}")])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=60)).not_valid_after(now + timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )  # fmt: skip
        certificate = made.public_bytes(serialization.Encoding.PEM)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        chain = Path(self._folder.name) / f"{kind}.pem"
        chain.write_bytes(private + certificate)
        with self.authorities.open("ab") as file:
            file.write(certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        return context


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK):
        writer.write(data)
        await writer.drain()
    writer.close()


class Certificate(Fault):
    """The front shows a certificate of this `kind`: expired or wrong_host."""

    name = "certificate"
    trace = "a client refuses the front's certificate, for that reason"

    def inject(self) -> None:
        kind = str(self.arguments["kind"])
        if kind not in KINDS:
            raise ValueError(f"{kind!r}: choose of {', '.join(KINDS)}")
        control_file(self.target.state).write_text(kind)

    def happened(self) -> bool:
        found = front_file(self.target.state)
        if not found.exists():
            return False
        front = json.loads(found.read_text())
        believed = ssl.create_default_context(cafile=front["authorities"])
        try:
            with (
                socket.create_connection(("127.0.0.1", front["port"]), ASK_SECONDS) as plain,
                believed.wrap_socket(plain, server_hostname="localhost"),
            ):
                return False
        except ssl.SSLCertVerificationError as refused:
            return refused.verify_code == REFUSED[str(self.arguments["kind"])]

    def heal(self) -> None:
        control_file(self.target.state).unlink(missing_ok=True)
