"""An HTTP or HTTPS server on a loopback port for the length of a `with` block, with every thread joined at its end."""

import contextlib
import http.server
import json
import socket
import ssl
import sys
import threading
import time
from typing import Any, Self

from support.certificates import Authority

HANDSHAKE_SECONDS = 5


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 64

    def __init__(self, handler: type[http.server.BaseHTTPRequestHandler], context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.context = context
        self.open: set[socket.socket] = set()
        self.failed: list[BaseException] = []
        self.lock = threading.Lock()
        self.closing = threading.Event()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        # The handshake happens in the connection's own thread: a client that never speaks must not stop the others.
        try:
            request.settimeout(HANDSHAKE_SECONDS)
            connection = self.context.wrap_socket(request, server_side=True) if self.context else request
            connection.settimeout(None)
        except OSError:
            self.shutdown_request(request)
            return
        with self.lock:
            self.open.add(connection)
            if self.closing.is_set():
                _hang_up(connection)
        super().process_request_thread(connection, client_address)
        with self.lock:
            self.open.discard(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        if error is not None and not isinstance(error, OSError | ValueError):
            self.failed.append(error)

    def stop(self) -> None:
        self.closing.set()
        self.shutdown()
        with self.lock:
            for connection in self.open:
                _hang_up(connection)
        self.server_close()


def _hang_up(connection: socket.socket) -> None:
    # Past SSLSocket.shutdown, which pulls the TLS state from under the thread that reads.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


class Handler(http.server.BaseHTTPRequestHandler):
    """Speaks HTTP/1.1 with keep-alive and prints nothing."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server
    stand_in: Any

    def respond(self) -> None:
        """Answer one request of any method; `self.command` says which."""
        raise NotImplementedError

    def do_GET(self) -> None:  # http.server finds it by this name
        self.respond()

    do_HEAD = do_POST = do_DELETE = do_GET  # noqa: N815  # http.server finds them by these names

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return what `Date` says, by the server's own clock."""
        return super().date_time_string(self.stand_in.now() if timestamp is None else timestamp)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is the base class's
        pass

    def body(self) -> bytes:
        """Return the whole body. Raises ConnectionResetError when the client leaves before its end."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionResetError("the client left before the end of its request")
        return body

    def answer(
        self, status: int, body: bytes, content_type: str = "application/json", headers: dict[str, str] | None = None
    ) -> None:
        """Send one whole response; none of its body for HEAD."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def answer_json(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        """Send one JSON response."""
        self.answer(status, json.dumps(value).encode(), "application/json; charset=utf-8", headers)

    def hang_up(self) -> None:
        """Close without an answer."""
        self.close_connection = True
        _hang_up(self.connection)

    def stay_silent(self) -> None:
        """Answer nothing until the server stops; then close."""
        self.server.closing.wait()
        self.close_connection = True


class Serving:
    """Serves `handler` on 127.0.0.1; with an authority over HTTPS, else over HTTP."""

    clock_ahead = 0.0
    """Seconds that the server's clock is ahead of the computer's. May be changed while it runs."""

    def now(self) -> float:
        """Return the server's own time, in seconds since 1970."""
        return time.time() + self.clock_ahead

    def __init__(self, handler: type[Handler], ca: Authority | None) -> None:
        bound = type(handler.__name__, (handler,), {"stand_in": self})
        self._server = _Server(bound, ca.server_context() if ca else None)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="stand-in server")
        self.port: int = self._server.server_address[1]
        self.url = f"{'https' if ca else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._server.stop()
        self._thread.join()
        if self._server.failed:
            raise self._server.failed[0]

    @property
    def connections(self) -> int:
        """How many connections are open now."""
        with self._server.lock:
            return len(self._server.open)

    def drop_connections(self) -> None:
        """Close every open connection from this side, as an idle server does."""
        with self._server.lock:
            for connection in self._server.open:
                _hang_up(connection)
