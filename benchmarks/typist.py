"""A person at a terminal: waits for what is asked, and types the answer at once."""

import os
import pty
import subprocess
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

from scene import Start

_PROMPT = b"? all keys: "


@contextmanager
def seat(start: Start, said: IO[bytes]) -> Iterator[tuple[int, int]]:
    """Yield where a command reads from and where it writes to; what it says is in `said` once the block is over.

    A command that nothing is typed to has no terminal: it reads nothing, and writes into the file itself.
    """
    if not start.typed:
        yield subprocess.DEVNULL, said.fileno()
        return
    person, program = pty.openpty()
    tty.setraw(person)
    typist = threading.Thread(target=_type, args=(person, start, said), name="typist")
    typist.start()
    try:
        yield program, program
    finally:
        os.close(program)
        typist.join()
        os.close(person)


def _type(person: int, start: Start, said: IO[bytes]) -> None:
    """Answer each question once its prompt is there, in their order; take down what is said until nobody says more."""
    left = [(question.encode(), f"{answer}\n".encode()) for question, answer in start.typed]
    heard = b""
    with suppress(OSError):  # EIO: the program has ended, and its side of the terminal is closed
        while new := os.read(person, 65536):
            said.write(new)
            heard += new
            if left and left[0][0] in heard and heard.rstrip(b"\x1b[0m").endswith(_PROMPT):
                os.write(person, left.pop(0)[1])
                heard = b""
    said.flush()
