"""A certificate authority for the tests: made once a process, gone when it ends."""

import atexit
import functools
import shutil
import ssl
import tempfile
from pathlib import Path

import trustme


class Authority:
    """Signs certificates for `localhost` and 127.0.0.1; clients trust it through `ca_file`."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self.ca_file = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.ca_file))

    def server_context(self) -> ssl.SSLContext:
        """Return what a server wraps its connections with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert("localhost", "127.0.0.1").configure_cert(context)
        return context

    def write_certificate(self, certificate: Path, key: Path) -> None:
        """Write a certificate, and its key, for a server that wants them as files."""
        issued = self._ca.issue_cert("localhost", "127.0.0.1")
        key.touch(mode=0o600)
        issued.private_key_pem.write_to_path(str(key))
        for number, blob in enumerate(issued.cert_chain_pems):
            blob.write_to_path(str(certificate), append=number > 0)

    def client_context(self) -> ssl.SSLContext:
        """Return what a client that trusts this authority connects with."""
        return ssl.create_default_context(cafile=str(self.ca_file))


@functools.cache
def authority() -> Authority:
    """Return the one authority of this process."""
    folder = Path(tempfile.mkdtemp(prefix="test-ca-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Authority(folder)
