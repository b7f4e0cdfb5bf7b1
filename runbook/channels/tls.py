"""TLS whose last bytes can be encrypted ahead of the moment in which they are written.

`ssl.SSLSocket` encrypts and writes in one step, which lets other threads in; urllib3's `SSLTransport` keeps the two
apart. So the last bytes are encrypted when a message is armed, and the instant itself is a plain write to the socket.

Imported on use: urllib3 takes its time.
"""

import socket
from pathlib import Path

from urllib3.util.ssltransport import SSLTransport

from runbook.channels import wire
from runbook.instant import Write


class Encrypted(SSLTransport):
    """A connection that speaks TLS; used like a socket."""

    def last_write(self, data: bytes) -> Write:
        """Encrypt the last bytes and return what is to be written. Raises OSError.

        Nothing else may be written or read before that is done: TLS counts its records.
        """
        self.sslobj.write(data)
        return Write(self.fileno(), self.outgoing.read())


def encrypt(sock: socket.socket, host: str, ca_file: Path | None) -> Encrypted:
    """Return a connection to `host`, verified, over a connected socket. Raises OSError; the socket is then closed."""
    try:
        return Encrypted(sock, wire.tls(ca_file), server_hostname=host)
    except BaseException:
        sock.close()
        raise
