"""One connection to a mail server with its recipients, from naming them to the answer to the commit.

By hand on `smtplib`'s low-level commands, since its `sendmail` cannot hold the final dot and drops its answer.
"""

import contextlib
import smtplib
import time
from collections.abc import Iterator, Sequence
from threading import Event, Lock
from typing import TYPE_CHECKING

from runbook.channels import wire
from runbook.channels.smtp_message import Text
from runbook.channels.smtp_outcome import Answer, meaning
from runbook.channels.smtp_relay import FAILURES, Connection, Relay, said
from runbook.errors import NotReady
from runbook.instant import Write, Written
from runbook.model.outcome import Outcome

if TYPE_CHECKING:
    import socket

    from runbook.channels.tls import Encrypted

FINAL_DOT = b".\r\n"
"""What commits a message whose text ends in CRLF (RFC 5321 4.1.1.4)."""
FINAL_CHUNK = b"BDAT 2 LAST\r\n\r\n"
"""What commits a message in chunks (RFC 3030): its final CRLF. Old Exchange servers refuse a last chunk of nothing."""
LOST = "the connection was lost before an answer"
IDLE_SECONDS = 45.0
"""A ready line says NOOP when its last command is longer ago. Postfix waits 300 s (10 s short of processes), and counts
NOOP as junk: after 100 in a session each is an error, and after 20 of those it hangs up. So a line is made anew after
an hour and a half at the latest."""

_NO_END = "the end of the message was not sent"
_LOOK_SECONDS = 0.002
"""How often it looks whether the text has arrived."""


class _ChunksRefused(smtplib.SMTPResponseException):
    """The server offers BDAT and does not take it."""


class Line:
    """One connection and its batch. Used by one thread at a time; `discard` and `break_off` may come from any."""

    def __init__(self, relay: Relay, recipients: Sequence[str], text: Text) -> None:
        self.recipients = tuple(recipients)
        self.refused: dict[str, str] = {}
        """Recipients that the server refused, with its answer."""
        self.way = 0.0
        """Seconds of one way to the server: half of what connecting took."""
        self.late = False
        """Whether what it did last took too long and was broken off."""
        self._relay, self._text = relay, text
        self._smtp: Connection | None = None
        self._in_use = Lock()
        """Held by the thread that uses the connection: it alone closes it, and nobody waits for it to do so."""
        self._staged = self._committed = self._fired = self._given_up = False
        self._last = b""
        self._armed: Write | None = None
        self._written = Written(0, 0.0)
        self._used = 0.0
        self._trouble = ""
        """Why the last bytes were not, or must not be, written."""

    @property
    def accepted(self) -> tuple[str, ...]:
        """The recipients that the server has accepted."""
        return tuple(r for r in self.recipients if r not in self.refused)

    def connect(self) -> None:
        """Dial, and name the sender and every recipient. Raises `NotReady`. Closes again if nobody was accepted."""
        with self._used_here():
            self._connect()

    def _connect(self) -> None:
        self.close()
        self._still_wanted()
        smtp = self._smtp = Connection(self._relay)
        self._relay.dial(smtp)
        self.way = smtp.round_trip / 2
        # Somebody who waited too long may have given it up while this thread was connecting.
        self._still_wanted()
        try:
            self._name(smtp)
        except FAILURES as error:
            self.close()
            raise self._relay.not_ready(error) from error
        except NotReady:
            self.close()
            raise
        self._used = time.monotonic()
        if not self.accepted:
            self.close()

    def cold(self) -> bool:
        """Whether it is ready and wants something to stay so."""
        if self._staged or self._committed or self._given_up or not self.accepted:
            return False
        if not self._in_use.acquire(blocking=False):
            return False
        try:
            sock = self._smtp.sock if self._smtp is not None else None
            return sock is None or time.monotonic() - self._used > IDLE_SECONDS or not wire.quiet(sock)
        finally:
            self._leave_to_others()

    def keep_warm(self) -> None:
        """Say NOOP; connect again if the server has hung up. Never raises: `stage` connects what is not connected."""
        self.late = False
        with self._used_here():
            if self._smtp is not None:
                with contextlib.suppress(*FAILURES):
                    if wire.quiet(self._smtp.wired) and self._smtp.noop()[0] == 250:
                        self._used = time.monotonic()
                        return
            with contextlib.suppress(NotReady):
                self._connect()

    def stage(self) -> None:
        """Send the whole message but its last bytes; connect again if the server hung up. Raises `NotReady`.

        In chunks where the server offers it: it has then confirmed every byte but two. If it refuses that all the
        same, on a new connection without.
        """
        if self._committed:
            raise NotReady("The e-mail was released already.", "Look into the log of the run.")
        with self._used_here():
            self._stage()

    def _stage(self) -> None:
        if self._staged:
            self.close()
        self.late = False
        warm = self._smtp is not None
        while not self._staged:
            if self._smtp is None:
                self._connect()
            if self._smtp is None:
                return  # nobody was accepted
            try:
                self._send(self._smtp)
            except _ChunksRefused:
                self.close()
                self._text.chunked = False
            except FAILURES as error:
                # The last bytes were not sent, so the server cannot have taken the message: once more from the start.
                self.close()
                if not warm:
                    raise self._relay.not_ready(error) from error
            warm = False

    def held(self) -> bool:
        """Whether the message is staged and the server still waits for its end. True if nobody was accepted.

        And its machine has confirmed every byte, where our system can tell: the end would else arrive with the text.
        """
        if not self.accepted:
            return True
        if not self._staged or self._committed or self._trouble or self._smtp is None:
            return False
        if self._smtp.sock is None or not wire.quiet(self._smtp.sock):
            self._trouble = "the server hung up before the end of the message was sent"
        elif not wire.delivered(self._smtp.sock):
            self._trouble = "the server's machine has not confirmed the text"
        return not self._trouble

    def must_hold(self) -> None:
        """Raise `NotReady` unless the message is staged, as far as is known, and not out."""
        if self._committed or self._trouble or not self._staged:
            raise NotReady(f"{self._relay.host} does not hold the e-mail.", "Make it ready again.")

    def arm(self) -> Write:
        """Return the last write; the same again when asked again. Nothing is sent. Raises `NotReady`; closed, then."""
        self.must_hold()
        if self._armed is None:
            try:
                self._armed = wire.last_write(self._wired(), self._last)
            except FAILURES as error:
                self.close()
                raise self._relay.not_ready(error) from error
        return self._armed

    def firing(self) -> None:
        """Take it as out from here on, so that an interrupt just after the write cannot make it look held."""
        self._committed = self._armed is not None

    def fired(self, written: Written) -> None:
        """Take in what became of the last write. Never waits, never raises."""
        if self._armed is None:
            return
        self._fired, self._written, self._committed = True, written, written.count > 0
        if not self._committed:
            self._trouble = "the connection took no more when its end was to be sent"

    def outcome(self, seconds: float) -> Answer:
        """Wait for the answer to the commit, at most so long, and close."""
        if never := self._never_armed():
            return never
        with self._used_here():
            try:
                return self._answered(seconds)
            finally:
                self._leave()

    def discard(self) -> None:
        """Hang up before the last bytes, for good. Never raises, never waits; without effect once released.

        A thread that uses the connection at this time sees its end, and closes it.
        """
        if not self._committed:
            self._given_up = True
            self._shut_down()
            self._close_if_given_up()

    def break_off(self) -> None:
        """Stop what another thread does with it before the last bytes: it takes too long. Never raises."""
        self.late = True
        self._shut_down()

    def close(self) -> None:
        """Hang up. Before the last bytes that gives the message up. Never raises."""
        smtp, self._smtp = self._smtp, None
        if not self._committed:
            self._staged, self._fired, self._trouble, self._armed = False, False, "", None
        if smtp is not None:
            with contextlib.suppress(OSError):
                smtp.close()

    def _never_armed(self) -> Answer | None:
        """Give up what was never armed, though another thread may be staging it still: it was certainly not sent."""
        if self._armed is not None:
            return None
        never = self._not_sent(self._trouble or _NO_END)
        self.discard()
        return never

    @contextlib.contextmanager
    def _used_here(self) -> Iterator[None]:
        self._in_use.acquire()
        try:
            yield
        finally:
            self._leave_to_others()

    def _leave_to_others(self) -> None:
        self._in_use.release()
        self._close_if_given_up()  # by somebody who came meanwhile, and could not

    def _close_if_given_up(self) -> None:
        if self._given_up and not self._committed and self._in_use.acquire(blocking=False):
            try:
                self.close()
            finally:
                self._in_use.release()

    def _shut_down(self) -> None:
        """Let whoever reads from the connection or writes to it see its end. Closing would wait for that one."""
        smtp = self._smtp
        sock = smtp.sock if smtp is not None else None
        if sock is not None:
            wire.shut_down(sock)

    def _answered(self, seconds: float) -> Answer:
        """Wait for the answer to the commit, at most so long.

        Armed, and nobody has told what became of the write (an interrupt): it may be out, and only an answer can tell.
        """
        smtp = self._smtp
        if self._armed is None or smtp is None or (self._fired and not self._committed):
            return self._not_sent(self._trouble or _NO_END)
        self._committed = True
        rest = self._armed.data[self._written.count :] if self._fired else b""
        over = Event()
        try:
            with wire.bounded(smtp.wired, seconds) as over:
                # Once the system has every byte, only an answer can say that the message is not open.
                if rest and (why := self._unwritten(smtp, rest)):
                    return self._not_sent(why)
                code, words = smtp.getreply()
                at = time.monotonic()
        except FAILURES:
            why = f"no answer came within {seconds:g} s" if over.is_set() else LOST
            return Answer(self._addressed(), Outcome.UNKNOWN, why)
        took = at - self._written.at if self._fired else None
        return Answer(self._addressed(), meaning(code), said(code, words), took, at)

    def _unwritten(self, smtp: Connection, rest: bytes) -> str:
        """Write what the system did not take at the instant; return why that failed, or nothing."""
        sock = smtp.wired
        try:
            # What is left is encrypted already if the connection is.
            (getattr(sock, "socket", sock)).sendall(rest)
        except OSError as error:
            # An end that was not written whole is no end.
            return f"the connection was lost before its end was sent ({error})"
        return ""

    def _not_sent(self, why: str) -> Answer:
        return Answer(self._addressed(), Outcome.NOT_SENT, why)

    def _leave(self) -> None:
        if self._smtp is not None:
            with contextlib.suppress(*FAILURES):
                self._smtp.wired.settimeout(0)  # a courtesy that nobody waits for
                self._smtp.wired.sendall(b"QUIT\r\n")
        self.close()

    def _wired(self) -> "socket.socket | Encrypted":
        if self._smtp is None:
            raise smtplib.SMTPServerDisconnected("the connection is closed")
        return self._smtp.wired

    def _still_wanted(self) -> None:
        if self.late:
            self.close()
            raise self._relay.not_ready(TimeoutError())
        if self._given_up:
            self.close()
            raise NotReady("The e-mail was given up.", "Make it ready again.")

    def _name(self, smtp: Connection) -> None:
        """Name the sender and every recipient. Raises what `FAILURES` has, and `NotReady`."""
        self._relay.name_sender(smtp, len(self._text.plain))
        self.refused = smtp.refusals(self.recipients)

    def _addressed(self) -> tuple[str, ...]:
        """Return the recipients of the message that is staged."""
        return self.accepted

    def _head(self) -> bytes:
        """Return the header lines that are this message's own; the rest all messages share."""
        return b""

    def _send(self, smtp: Connection) -> None:
        head = self._head()
        if smtp.chunks(self._text):
            text = memoryview(self._text.plain)[:-2]
            smtp.send_all(f"BDAT {len(head) + len(text)}\r\n".encode() + head, text)
            code, words = smtp.getreply()
            if code != 250:
                raise (_ChunksRefused if 500 <= code < 600 else smtplib.SMTPResponseException)(code, words)
            self._last = FINAL_CHUNK
        else:
            code, words = smtp.docmd("DATA")
            if code != 354:
                raise smtplib.SMTPResponseException(code, words)
            smtp.send_all(head, self._text.stuffed)
            self._last = FINAL_DOT
        self._until_delivered(smtp)
        if not smtp.said_nothing_more():
            # It would be taken for the answer to the end.
            raise smtplib.SMTPException("it said more than it was asked")
        self._staged = True

    def _until_delivered(self, smtp: Connection) -> None:
        """Wait until the server's machine has the text, at most the time-out. Raises what `FAILURES` has."""
        until, pause = time.monotonic() + self._relay.timeout, Event()
        while not wire.delivered(smtp.wired):
            if self.late or time.monotonic() > until:
                raise TimeoutError("the text was not taken")
            if self._given_up or not wire.quiet(smtp.wired):
                raise smtplib.SMTPServerDisconnected("it hung up while it was sent the text")
            pause.wait(_LOOK_SECONDS)
