"""An HTTP server that echoes what it is sent, and misbehaves when asked to."""

from runbook.channels.held import Outgoing
from support.certificates import Authority
from support.serving import Handler, Serving

BODY = b'{"status": "publish"}'


class Echo(Handler):
    """Answers each request with its body, and a HEAD request in the way that `warmth` says."""

    stand_in: "EchoServer"

    def respond(self) -> None:
        self.stand_in.lines.append((self.command, self.client_address[1]))
        if self.command == "HEAD":
            self._warm_up(self.stand_in.warmth)
            return
        self.stand_in.heads.append(self.path)
        if self.stand_in.early:
            self.answer(413, b"{}")
            self.close_connection = True
            return
        body = self.body()
        self.stand_in.bodies.append(body)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.stand_in.headers.append(headers)
        if self.stand_in.trickle:
            while not self.server.closing.wait(0.02):
                try:
                    self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                except OSError:
                    break
            self.close_connection = True
        elif self.stand_in.torn:
            self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id"')
            self.hang_up()
        else:
            self.answer(200, self.stand_in.body or body)

    def _warm_up(self, how: str) -> None:
        if how == "silent":
            self.stay_silent()
        elif how == "hangs up":
            self.hang_up()
        elif how == "has no date":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        elif how == "is no answer":
            self.wfile.write(b"220 mail.example.org ESMTP\r\n")
        elif how == "has a body":
            date = self.date_time_string().encode()
            self.wfile.write(b"HTTP/1.1 405 No\r\nDate: " + date + b"\r\nContent-Length: 2\r\n\r\nno")
        elif how == "comes from a store":
            self.answer(200, b"", headers={"Age": "7"})
        elif how == "closes":
            self.close_connection = True
            self.answer(404, b"not here", headers={"Connection": "close"})
        else:
            self.answer(404, b"not here", headers={"Keep-Alive": "timeout=5, max=100"})


class EchoServer(Serving):
    """What it was sent, and how it is to answer. All may be changed while it runs."""

    def __init__(self, ca: Authority | None) -> None:
        super().__init__(Echo, ca)
        self.lines: list[tuple[str, int]] = []
        """Method and the client's port of every request whose head has come."""
        self.heads: list[str] = []
        """The path of every POST whose head has come."""
        self.bodies: list[bytes] = []
        """The body of every POST that came whole."""
        self.headers: list[dict[str, str]] = []
        self.early = False
        """Answer before the body is there."""
        self.trickle = False
        """Never come to the end of an answer."""
        self.torn = False
        """Break the answer off."""
        self.body = b""
        self.warmth: str = ""
        """How a HEAD request is answered, in words; see `Echo`."""


def outgoing(server: EchoServer, **headers: str) -> Outgoing:
    """Return a request to the server."""
    return Outgoing(f"{server.url}/wp-json/posts/11?x=1", headers, BODY)
