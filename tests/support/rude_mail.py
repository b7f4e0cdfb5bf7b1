"""A mail server without manners, spoken by hand: what it answers, when it says nothing, and how it hangs up.

Where `MailServer` does what a mail server does, this one does what none should.
"""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER for a connection that ends in a reset, whatever was under way."""


@dataclass
class Rude:
    """One server. All but the port may be changed while it runs."""

    answers: dict[bytes, bytes] = field(default_factory=dict)
    """The first four letters of a command → the answer to it, instead of `250 fine`; empty: it never answers."""
    rcpt: Callable[[int, str], bytes] = lambda connection, address: b"250 fine\r\n"
    """The answer to a recipient, by the connection's number from 1 and the address."""
    after_dot: bytes = b"250 2.0.0 Ok: queued as Q1\r\n"
    reset: bool = False
    """Whether the final dot is followed by a reset, after the answer."""
    reads_text: bool = True
    """Whether it reads what comes after DATA; if not, it stands there."""
    pause: float = 0.0
    """Seconds before the answer to the dot."""
    taken: list[tuple[str, ...]] = field(default_factory=list)
    """The recipients of each message whose end has come."""
    clients: list[socket.socket] = field(default_factory=list)
    silent: int = 0
    """How many commands it has left without an answer."""
    over: threading.Event = field(default_factory=threading.Event)
    trust: ssl.SSLContext | None = None
    """Encrypts from the start, if set."""
    port: int = 0

    @property
    def open(self) -> int:
        """How many connections are not closed."""
        return sum(client.fileno() != -1 for client in self.clients)

    def listen(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                if self.over.is_set():
                    client.close()
                    return
                if self.trust is not None:
                    client = self.trust.wrap_socket(client, server_side=True)
                self.clients.append(client)
                threading.Thread(target=self.serve, args=(client, len(self.clients)), daemon=True).start()

    def serve(self, client: socket.socket, number: int) -> None:
        accepted: list[str] = []
        with suppress(OSError), client.makefile("rb", buffering=-1) as lines:
            client.sendall(b"220 mail.example.org\r\n")
            while line := lines.readline():
                word = line[:4].upper()
                answer = self.answers.get(word, {b"DATA": b"354 go ahead\r\n"}.get(word, b"250 fine\r\n"))
                if word == b"RCPT":
                    address = line.split(b"<")[1].split(b">")[0].decode()
                    answer = self.rcpt(number, address)
                    accepted += [address] if answer.startswith(b"2") else []
                if not answer:
                    self.silent += 1
                    self.over.wait()
                    return
                client.sendall(answer)
                if word == b"DATA" and not self.text(client, lines, accepted):
                    break
                accepted = [] if word in {b"DATA", b"RSET"} else accepted
        client.close()  # once the block above has let go of it

    def text(self, client: socket.socket, lines, accepted: list[str]) -> bool:
        """Read a text to its dot, and answer. Returns whether the connection goes on."""
        if not self.reads_text:
            self.over.wait()
            return False
        while (line := lines.readline()) and line != b".\r\n":
            pass
        if not line:
            return False
        self.taken.append(tuple(accepted))
        self.over.wait(self.pause)
        if self.after_dot:
            client.sendall(self.after_dot)
        if self.reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        return not self.reset


@contextmanager
def rude(**wanted) -> Iterator[Rude]:
    """Run one for as long as the block, on a loopback port."""
    server = Rude(**wanted)
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        server.port = listener.getsockname()[1]
        listening = threading.Thread(target=server.listen, args=(listener,))
        listening.start()
        try:
            yield server
        finally:
            server.over.set()
            socket.create_connection(("127.0.0.1", server.port)).close()
            listening.join()
            for client in server.clients:
                with suppress(OSError):
                    client.shutdown(socket.SHUT_RDWR)
                client.close()
