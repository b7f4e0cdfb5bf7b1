"""What the held protocols share: who may go unencrypted, whom to trust, and whether the other side still holds on."""

import contextlib
import ipaddress
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from runbook.errors import NotReady
from runbook.instant import Write

with contextlib.suppress(ImportError):  # Windows
    import fcntl
    import termios

if TYPE_CHECKING:
    from runbook.channels.tls import Encrypted

_INT = struct.Struct("i")


def is_loopback(host: str) -> bool:
    """Whether `host` is this computer, so that nothing can be overheard."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def public_address(address: str) -> str:
    """Return an address of the settings without its last slash. Raises ValueError unless it is a plain web address."""
    parts = urlsplit(address)
    if not parts.hostname or parts.scheme not in {"http", "https"} or parts.query or parts.fragment or parts.username:
        raise ValueError(f'"{address}" is not an address like https://www.example.org')
    return address.rstrip("/")


def web_address(address: str) -> str:
    """Return an address to sign in at, like `public_address`. Raises ValueError for http, except on loopback."""
    plain_address = public_address(address)
    parts = urlsplit(address)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ValueError(f'"{address}" is not encrypted; write https://')
    return plain_address


def tls(ca_file: Path | None) -> ssl.SSLContext:
    """Return a context that verifies the server: against `ca_file` alone, else against the system's authorities.

    Raises OSError when the file cannot be read or holds no certificate.
    """
    return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)


class _Socket(socket.socket):
    """A socket that writes nothing when there is nothing to write.

    Python's `sendall(b"")` makes a call all the same, and on a connection that was reset that one fails, though an
    answer may still lie there to be read. `SSLTransport` writes so before it reads.
    """

    def sendall(self, data: bytes | memoryview, flags: int = 0) -> None:  # type: ignore[override]  # bytes is all we have
        if len(data):
            super().sendall(data, flags)


def connect(host: str, port: int, seconds: float) -> tuple[socket.socket, float]:
    """Connect, waiting at most `seconds` for each of the host's addresses; the socket keeps this as its time-out.

    Returns the socket, and the seconds of one round trip: what the connecting took. Raises OSError.
    """
    failed: OSError | None = None
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        sock = _Socket(family, kind, protocol)
        sock.settimeout(seconds)
        begun = time.monotonic()
        try:
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a last byte waits for nothing
        except OSError as error:
            failed = error
            sock.close()
        else:
            return sock, time.monotonic() - begun
    raise failed or OSError(f'"{host}" has no address')


def last_write(sock: "socket.socket | Encrypted", data: bytes) -> Write:
    """Return the write that puts the last bytes on a connection. Raises OSError when it cannot be encrypted."""
    if isinstance(sock, socket.socket):
        return Write(sock.fileno(), data)
    return sock.last_write(data)


def quiet(sock: "socket.socket | Encrypted") -> bool:
    """Whether the other side is there and has said nothing. Over TLS what it did say is lost: do not go on then.

    A held request or message is held exactly as long as this is true.
    """
    try:
        before = sock.gettimeout()
        sock.settimeout(0)
        try:
            # TLS has things to read that are none of the application's (session tickets): only reading them tells.
            sock.recv(1, socket.MSG_PEEK if isinstance(sock, socket.socket) else 0)
        finally:
            sock.settimeout(before)
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except (OSError, ValueError):
        return False
    return False


def delivered(sock: "socket.socket | Encrypted") -> bool:
    """Whether the other side's machine has confirmed every byte that was written. True where the system cannot tell.

    Linux: tcp(7), SIOCOUTQ, which is TIOCOUTQ for a socket.
    """
    try:
        waiting = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(_INT.size))
    except (NameError, OSError, ValueError):  # Windows has neither module; a system without it; closed
        return True
    return bool(_INT.unpack(waiting)[0] == 0)


@contextlib.contextmanager
def bounded(sock: "socket.socket | Encrypted", seconds: float) -> Iterator[threading.Event]:
    """Let whatever reads from `sock` inside the block end within `seconds`, even if the other side trickles.

    After that time the event that is yielded is set and the connection shut down; the reader sees its end.
    """
    over = threading.Event()

    def stop() -> None:
        over.set()
        shut_down(sock)

    sock.settimeout(None)
    timer = threading.Timer(max(0.0, seconds), stop)
    timer.daemon = True
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()
        timer.join()


def shut_down(sock: "socket.socket | Encrypted") -> None:
    """Break a connection off, from any thread. Never raises."""
    with contextlib.suppress(OSError):
        # The socket beneath TLS: taking its state from under a thread that reads would break that one.
        (sock if isinstance(sock, socket.socket) else sock.socket).shutdown(socket.SHUT_RDWR)


def explain(error: Exception, host: str) -> tuple[str, str]:
    """Return what went wrong with a connection to `host`, and what to do, in full sentences."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f'The certificate of "{host}" is not trusted: {error.verify_message}.',
            "Check the address; for a certificate of your own authority, set ca_file.",
        )
    if isinstance(error, socket.gaierror):
        return f'There is no server called "{host}".', "Check the address, and that this computer is on the network."
    if isinstance(error, ConnectionRefusedError):
        return f'"{host}" does not accept connections.', "Check the address and the port."
    if isinstance(error, TimeoutError):
        return f'"{host}" did not answer in time.', "Check that this computer is on the network, and try again."
    if isinstance(error, ssl.SSLError):
        return f'"{host}" does not speak TLS as it should: {error.reason or error}.', "Check the port and `security`."
    said = plain(str(error)).rstrip(".") or type(error).__name__
    return f'The connection to "{host}" failed: {said}.', "Try again."


def not_ready(error: Exception, host: str) -> NotReady:
    """Return why a connection to `host` could not be made. What nobody answered may answer in a moment."""
    passing = isinstance(error, ConnectionRefusedError | ConnectionResetError | TimeoutError)
    return NotReady(*explain(error, host), passing=passing)


def plain(text: str, longest: int = 200) -> str:
    """Return a server's words on one line, without control characters, clipped."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
