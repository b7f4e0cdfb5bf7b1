"""SMTP by hand: `smtplib`'s low-level commands, since its `sendmail` cannot hold the final dot and drops its answer.

A *line* is one connection with one batch of recipients. All lines carry the same message.
"""

import contextlib
import re
import smtplib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from runbook.channels import wire
from runbook.errors import NotReady
from runbook.model.outcome import Outcome, Receipt, Result

FINAL_DOT = b".\r\n"
"""What commits a message whose text ends in CRLF (RFC 5321 4.1.1.4)."""
HOLD_LIMIT = timedelta(seconds=10)
"""Postfix waits 300 s, but only 10 s while it is short of processes (`smtpd_timeout`)."""
_ACCEPTED = frozenset({250, 251, 252})
_GONE = 421
_QUEUED = re.compile(r"queued as (\S+)", re.IGNORECASE)
_Made = TypeVar("_Made")
_Failures = (smtplib.SMTPException, OSError, ValueError)
"""What smtplib raises: its own, the socket's, and ValueError for what cannot stand in a command."""


@dataclass(frozen=True)
class Relay:
    """A mail server, and who signs in to it."""

    host: str
    port: int
    security: str
    user: str | None
    password: str = field(repr=False)
    sender: str
    hello: str
    timeout: float
    ca_file: Path | None
    table: str

    def dial(self) -> smtplib.SMTP:
        """Connect, encrypt, sign in. Raises `NotReady`. Each command waits at most the time-out."""
        try:
            smtp = self._connected()
        except _Failures as error:
            if isinstance(error, smtplib.SMTPServerDisconnected) and isinstance(error.__context__, TimeoutError):
                raise NotReady(
                    f'"{self.host}" took the connection and then said nothing.',
                    f'If its port speaks TLS from the start, set security = "tls" in {self.table}; else try again.',
                ) from error
            raise self.not_ready(error) from error
        try:
            if self.security == "starttls":
                smtp.starttls(context=wire.tls(self.ca_file))
            smtp.ehlo_or_helo_if_needed()
            if self.user is not None:
                smtp.login(self.user, self.password)
        except _Failures as error:
            smtp.close()
            raise self.not_ready(error) from error
        return smtp

    def check(self) -> None:
        """Dial, name the sender, take it back, leave. Raises `NotReady`."""
        smtp = self.dial()
        try:
            self.name_sender(smtp, 0)
            smtp.rset()
            smtp.quit()
        except _Failures as error:
            raise self.not_ready(error) from error
        finally:
            smtp.close()

    def name_sender(self, smtp: smtplib.SMTP, size: int) -> None:
        """Say MAIL. Raises `NotReady` when the sender, or a message of that size, is refused."""
        options = [f"SIZE={size}"] if size and smtp.has_extn("size") else []
        code, words = smtp.mail(self.sender, options)
        if code != 250:
            raise NotReady(
                f'{self.host} does not accept mail from "{self.sender}": {_said(code, words)}.',
                f"Check `from` in {self.table}, and whether {self.user or 'this computer'} may send for it.",
            )

    def not_ready(self, error: Exception) -> NotReady:
        """Return what to say of a failure before the final dot."""
        if isinstance(error, smtplib.SMTPAuthenticationError):
            said = _said(error.smtp_code, error.smtp_error)
            message = f'{self.host} does not accept the password of "{self.user}": {said}.'
            return NotReady(message, f"Check `user` and `password` in {self.table}.")
        if isinstance(error, smtplib.SMTPNotSupportedError):
            message = f"{self.host} does not offer what {self.table} asks for: {wire.plain(str(error))}"
            return NotReady(message, "Check `port`, `security` and `user`.")
        if isinstance(error, smtplib.SMTPResponseException):
            remedy = "Try again."
            if error.smtp_code == _GONE:
                remedy += f" If it allows fewer connections at once, raise `batch` in {self.table}."
            return NotReady(f"{self.host} answered {_said(error.smtp_code, error.smtp_error)}.", remedy)
        if isinstance(error, smtplib.SMTPException) and isinstance(error.__context__, OSError):
            return self.not_ready(error.__context__)
        return wire.not_ready(error, self.host)

    def _connected(self) -> smtplib.SMTP:
        if self.security == "tls":
            context = wire.tls(self.ca_file)
            return smtplib.SMTP_SSL(self.host, self.port, self.hello, timeout=self.timeout, context=context)
        return smtplib.SMTP(self.host, self.port, self.hello, timeout=self.timeout)


class Line:
    """One connection and its batch. Used by one thread at a time."""

    def __init__(self, relay: Relay, recipients: Sequence[str], message: bytes) -> None:
        self.recipients = tuple(recipients)
        self.refused: dict[str, str] = {}
        """Recipients that the server refused, with its answer."""
        self._relay, self._message = relay, message
        self._smtp: smtplib.SMTP | None = None
        self._staged = self._committed = self._given_up = False
        self._trouble = ""
        """Why the final dot was not, or must not be, written."""

    @property
    def accepted(self) -> tuple[str, ...]:
        """The recipients that the server has accepted."""
        return tuple(r for r in self.recipients if r not in self.refused)

    def connect(self) -> None:
        """Dial, and name the sender and every recipient. Raises `NotReady`. Closes again if nobody was accepted."""
        self.close()
        self._still_wanted()
        smtp = self._smtp = self._relay.dial()
        # Somebody who waited too long may have given it up while this thread was connecting.
        self._still_wanted()
        try:
            self._relay.name_sender(smtp, len(self._message))
            self.refused = {r: said for r in self.recipients if (said := _refusal(smtp, r))}
        except _Failures as error:
            self.close()
            raise self._relay.not_ready(error) from error
        except NotReady:
            self.close()
            raise
        if not self.accepted:
            self.close()

    def stage(self) -> None:
        """Send the whole message but its final dot; connect again if the server hung up. Raises `NotReady`."""
        if self._committed:
            raise NotReady("The e-mail was released already.", "Look into the log of the run.")
        if self._staged:
            self.close()
        if self._smtp is not None:
            try:
                self._data(self._smtp)
            except _Failures:
                # The final dot was not sent, so the server cannot have taken the message: once more from the start.
                self.close()
            else:
                return
        self.connect()
        if self._smtp is None:
            return
        try:
            self._data(self._smtp)
        except _Failures as error:
            self.close()
            raise self._relay.not_ready(error) from error

    def held(self) -> bool:
        """Whether the message is staged and the server still waits for its end. True if nobody was accepted."""
        if not self.accepted:
            return True
        if not self._staged or self._committed or self._trouble or self._smtp is None:
            return False
        if self._smtp.sock is None or not wire.quiet(self._smtp.sock):
            self._trouble = "the server hung up before the end of the message was sent"
        return not self._trouble

    def commit(self) -> None:
        """Write the final dot. Never raises."""
        smtp = self._smtp
        if not self._staged or self._committed or self._trouble or smtp is None or smtp.sock is None:
            return
        # Set before, so that an interrupt just after the write cannot make a message that is out look held.
        self._committed = True
        try:
            smtp.sock.sendall(FINAL_DOT)
        except (OSError, ValueError) as error:
            # An end that was not written whole is no end.
            self._committed, self._trouble = False, f"the connection was lost before its end was sent ({error})"

    def outcome(self, seconds: float) -> tuple[Outcome, str]:
        """Wait for the answer to the final dot, at most so long, and close. Return what it means, and its words."""
        smtp = self._smtp
        if not self._committed or smtp is None or smtp.sock is None:
            why = self._trouble or "the end of the message was not sent"
            self.close()
            return Outcome.NOT_SENT, why
        try:
            with wire.bounded(smtp.sock, seconds) as over:
                code, words = smtp.getreply()
            with contextlib.suppress(OSError):
                smtp.sock.sendall(b"QUIT\r\n")
        except _Failures:
            why = (
                f"no answer came within {seconds:g} s" if over.is_set() else "the connection was lost before an answer"
            )
            return Outcome.UNKNOWN, why
        finally:
            self.close()
        if 200 <= code < 300:
            return Outcome.SENT, _said(code, words)
        refused = 400 <= code < 600
        return (Outcome.NOT_SENT if refused else Outcome.UNKNOWN), _said(code, words)

    def discard(self) -> None:
        """Hang up before the final dot, for good. Never raises; without effect once released."""
        if not self._committed:
            self._given_up = True
            self.close()

    def close(self) -> None:
        """Hang up. Before the final dot that gives the message up. Never raises."""
        smtp, self._smtp = self._smtp, None
        if not self._committed:
            self._staged, self._trouble = False, ""
        if smtp is not None:
            with contextlib.suppress(OSError):
                smtp.close()

    def _still_wanted(self) -> None:
        if self._given_up:
            self.close()
            raise NotReady("The e-mail was given up.", "Make it ready again.")

    def _data(self, smtp: smtplib.SMTP) -> None:
        code, words = smtp.docmd("DATA")
        if code != 354:
            raise smtplib.SMTPResponseException(code, words)
        if smtp.sock is None:
            raise smtplib.SMTPServerDisconnected("the server hung up")
        smtp.sock.sendall(self._message)
        self._staged = True


class SmtpStaging:
    """One message on all its lines."""

    def __init__(
        self,
        relay: Relay,
        message: bytes,
        recipients: Sequence[str],
        *,
        batch: int,
        summary: str,
        identity: str,
        answer_timeout: timedelta,
    ) -> None:
        self.hold_limit = HOLD_LIMIT
        self.summary = summary
        self.refused: Mapping[str, str] = {}
        self._lines = [Line(relay, some, message) for some in _in_batches(recipients, batch)]
        self._identity, self._longest = identity, answer_timeout
        self._result: Result | None = None

    def connect(self) -> None:
        """Connect every line, in parallel. Raises `NotReady`, with nothing left open, when one fails or all refuse."""
        if not self._lines:
            raise NotReady("There is nobody to send to.", "Fill the list, or do it by hand.")
        self._all(Line.connect)

    def stage(self) -> None:
        """Send everything but the final dots. Raises `NotReady`; then nothing was sent."""
        self._all(Line.stage)

    def held(self) -> bool:
        """Whether every line is staged and its server still waits."""
        return all(line.held() for line in self._lines)

    def release(self) -> None:
        """Write the final dots, one after the other."""
        for line in self._lines:
            line.commit()

    def result(self, deadline: timedelta) -> Result:
        """Return what the server answered, the same again when asked again. Waits at most `deadline`."""
        if self._result is None:
            seconds = max(0.01, min(deadline, self._longest).total_seconds())
            lines = [line for line in self._lines if line.accepted]
            ends = _parallel(lambda line: line.outcome(seconds), lines)
            answers = [Answer(line.accepted, *end) for line, end in zip(lines, ends, strict=True)]
            self._result = summarise(answers, self.refused, self._identity)
        return self._result

    def discard(self) -> None:
        """Hang up on every line before its final dot."""
        for line in self._lines:
            line.discard()

    def _all(self, act: Callable[[Line], None]) -> None:
        try:
            _parallel(act, self._lines)
        except BaseException:
            self.discard()
            raise
        self.refused = {r: said for line in self._lines for r, said in line.refused.items()}
        if not any(line.accepted for line in self._lines):
            first = next(iter(self.refused.items()), ("", ""))
            raise NotReady(
                f'The mail server refused every recipient; "{first[0]}" with: {first[1]}.',
                "Check the list, and whether this sender may send to it.",
            )


@dataclass(frozen=True)
class Answer:
    """How one line ended."""

    recipients: tuple[str, ...]
    outcome: Outcome
    words: str


def summarise(answers: Sequence[Answer], refused: Mapping[str, str], identity: str) -> Result:
    """Return the outcome of the whole.

    Unknown if one line is; sent if one line is; else not sent. `recipients` names each address that did not share it.
    """
    outcomes = [answer.outcome for answer in answers]
    whole = next((o for o in (Outcome.UNKNOWN, Outcome.SENT) if o in outcomes), Outcome.NOT_SENT)
    apart = {r: f"refused: {said}" for r, said in refused.items()} if whole is not Outcome.NOT_SENT else {}
    for answer in answers:
        if answer.outcome is not whole:
            apart |= dict.fromkeys(answer.recipients, f"{answer.outcome}: {answer.words}")
    alike = [answer for answer in answers if answer.outcome is whole]
    count = sum(len(answer.recipients) for answer in alike)
    words = list(dict.fromkeys(answer.words for answer in alike))
    first = words[0] if words else "nobody was accepted"
    queued = [match.group(1) for w in words if (match := _QUEUED.search(w))]
    if whole is Outcome.SENT:
        detail = f"{count} accepted, " + (f"queued as {', '.join(queued)}" if queued else first)
    elif whole is Outcome.UNKNOWN:
        detail = f"The message was sent to {count} recipients, but {first}."
    else:
        detail = f"Nothing was sent: {first}."
    receipt = Receipt(id=queued[0] if queued else identity, text=f"Message-ID {identity}; {'; '.join(words)}"[:500])
    shown = receipt if whole is not Outcome.NOT_SENT else None
    return Result(outcome=whole, detail=wire.plain(detail), receipt=shown, recipients=apart)


def _in_batches(recipients: Iterable[str], size: int) -> Iterable[tuple[str, ...]]:
    everybody = tuple(recipients)
    return [everybody[start : start + size] for start in range(0, len(everybody), size)]


def _parallel(act: Callable[[Line], _Made], lines: Sequence[Line]) -> list[_Made]:
    """Do it for every line at once, and wait for all; then raise the first failure, if there was one."""
    if len(lines) < 2:
        return [act(line) for line in lines]
    with ThreadPoolExecutor(len(lines)) as pool:
        futures = [pool.submit(act, line) for line in lines]
    return [future.result() for future in futures]


def _refusal(smtp: smtplib.SMTP, recipient: str) -> str:
    """Name a recipient; return why the server refused it, or nothing. Raises when the server hangs up."""
    if not recipient.isascii():
        return "this address needs a mail server with SMTPUTF8"
    code, words = smtp.rcpt(recipient)
    if code == _GONE:
        raise smtplib.SMTPResponseException(code, words)
    return "" if code in _ACCEPTED else _said(code, words)


def _said(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return wire.plain(f"{code} {text}")
