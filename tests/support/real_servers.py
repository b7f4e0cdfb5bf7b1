"""Real servers from Debian's packages, in a folder of their own, on loopback, for as long as a `with` block lasts.

Nothing outside the folder is written. Run as a program it prints the packages, one a line, for whoever installs them.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

MAIL: Mapping[str, str] = {
    "postfix": "/usr/sbin/postfix",
    "sasl2-bin": "/usr/sbin/saslpasswd2",
    "libsasl2-modules": "/usr/lib/*/sasl2/libplain.so",
    "libsasl2-modules-db": "/usr/lib/*/sasl2/libsasldb.so",
}
"""Package → a file that only it brings; what the mail server needs."""
NEWS: Mapping[str, str] = {
    "wordpress": "/usr/share/wordpress/wp-settings.php",
    "wordpress-theme-twentytwentythree": "/usr/share/wordpress/wp-content/themes/twentytwentythree/style.css",
    "php-cli": "/usr/bin/php",
    "php-mysql": "/usr/lib/php/*/mysqli.so",
    "mariadb-server": "/usr/sbin/mariadbd",
    "mariadb-client": "/usr/bin/mariadb",
    "apache2": "/etc/apache2/mods-available/reqtimeout.conf",
    "apache2-bin": "/usr/sbin/apache2",
    "libapache2-mod-php": "/usr/lib/apache2/modules/libphp*.so",
}
"""The same for the news site."""
PLAIN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
"""The environment of what is run here. Whoever runs the tests may have a folder for temporary files of his own, which
the servers' users cannot reach."""
START_SECONDS = 60
STOP_SECONDS = 20


def why_not(packages: Mapping[str, str]) -> str:
    """Return why these servers cannot be started here, naming what is missing; empty if they can."""
    missing = [name for name, file in packages.items() if not any(Path("/").glob(file.lstrip("/")))]
    if missing:
        return f"not installed: {', '.join(missing)}"
    return "" if os.geteuid() == 0 else "these servers change to users of their own, which only root may let them"


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Yield a new folder that every user can reach, as servers with users of their own must; gone afterwards."""
    place = next(place for place in (tempfile.gettempdir(), "/tmp", "/var/tmp") if _reachable(Path(place)))
    made = Path(tempfile.mkdtemp(prefix="real-", dir=place))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made)


def _reachable(place: Path) -> bool:
    return all(above.stat().st_mode & 0o001 for above in (place.resolve(), *place.resolve().parents))


def free_ports(count: int) -> list[int]:
    """Return so many loopback ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def tool(*argv: str | Path, **options: Any) -> str:
    """Run a program to its end and return what it printed. Fails, with all of that, unless it ends with 0."""
    done = subprocess.run(
        [str(word) for word in argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=120,
        check=False,
        env=PLAIN,
        **options,
    )
    assert done.returncode == 0, f"{argv[0]} ended with {done.returncode}: {done.stdout}"
    return done.stdout


@contextlib.contextmanager
def running(argv: Sequence[str | Path], log: Path, **options: Any) -> "Iterator[subprocess.Popen[bytes]]":
    """Run a server in a process group of its own; at the end all of the group is stopped, and waited for."""
    with log.open("ab") as to:
        process = _popen(argv, to, options)
    try:
        yield process
    finally:
        _end(process.pid, signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            _end(process.pid, signal.SIGKILL)
            process.wait(STOP_SECONDS)
        _end(process.pid, signal.SIGKILL)


def _popen(argv: Sequence[str | Path], to: IO[bytes], options: Mapping[str, Any]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [str(word) for word in argv],
        stdin=subprocess.DEVNULL,
        stdout=to,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        **{"env": PLAIN, **options},
    )


def _end(group: int, by: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, by)


def wait_until(true: Callable[[], object], what: str, log: Path, seconds: float = START_SECONDS) -> None:
    """Return as soon as `true()` is. Fails after `seconds`, with the end of the server's log."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            said = log.read_text("utf-8", "replace")[-2000:] if log.exists() else "nothing"
            raise AssertionError(f"{what} did not come in {seconds:g} s; the log says: {said}")
        time.sleep(0.02)


def answers(port: int) -> bool:
    """Whether somebody listens on a loopback port."""
    with socket.socket() as one:
        one.settimeout(2)
        return one.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    sys.stdout.write("\n".join((*MAIL, *NEWS)) + "\n")
