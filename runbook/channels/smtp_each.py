"""A message of their own to each recipient: the first of each connection are held, the others follow at full speed.

On each connection one message is under way at a time: when it breaks, one at most is unknown, and what had not had its
turn was certainly not sent. Where the server takes commands ahead, a message takes two round trips; a short one that
may go in chunks takes one.
"""

import contextlib
import smtplib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from runbook.channels import wire
from runbook.channels.smtp_line import FINAL_DOT, LOST, Line
from runbook.channels.smtp_message import Text, head
from runbook.channels.smtp_outcome import Answer, meaning, summarise_each
from runbook.channels.smtp_relay import ACCEPTED, FAILURES, Connection, Relay, mail, rcpt, said
from runbook.channels.smtp_staging import SmtpStaging, parallel
from runbook.model.outcome import Outcome, Result

if TYPE_CHECKING:
    import socket

    from runbook.channels.tls import Encrypted

_NO_TURN = "its turn had not come when the connection was lost"
_NO_TIME = "its turn had not come when the time was over"
_GO_AHEAD = 354
_AT_ONCE = 3_000
"""A text of at most so many bytes goes in one write with its commands. Of a longer one, a server (Postfix: 4,096 bytes)
reads the commands first, answers them, and keeps its next answer back until we have confirmed that one: 40 ms each."""


class EachLine(Line):
    """One connection, and those who are served over it, one after the other. `identities`: address → Message-ID."""

    def __init__(self, relay: Relay, identities: Mapping[str, str], text: Text, batch: int) -> None:
        super().__init__(relay, tuple(identities), text)
        self._identities, self._batch = identities, batch

    def outcomes(self, seconds: float) -> list[Answer]:
        """Wait for the answer to the first message, send the others, and close. One answer each.

        Waits at most `seconds` for each, so at most that times its recipients; it goes on while answers come.
        """
        if never := self._never_armed():
            return [never, *(Answer((r,), Outcome.NOT_SENT, _NO_TURN) for r in self.accepted[1:])]
        with self._used_here():
            try:
                first = self._answered(seconds)
                return [first, *self._others(first, seconds)]
            finally:
                self._leave()

    def _name(self, smtp: Connection) -> None:
        self.refused = {}
        for start in range(0, len(self.recipients), self._batch):
            self._relay.name_sender(smtp, self._size())
            self.refused |= smtp.refusals(self.recipients[start : start + self._batch])
            smtp.rset()
        while self.accepted:
            self._relay.name_sender(smtp, self._size())
            if not (refused := smtp.refusals(self._addressed())):
                return
            self.refused |= refused
            smtp.rset()

    def _addressed(self) -> tuple[str, ...]:
        return self.accepted[:1]

    def _head(self) -> bytes:
        return self._head_of(self.accepted[0])

    def _head_of(self, recipient: str) -> bytes:
        return head(recipient, self._identities[recipient])

    def _size(self) -> int:
        """Return the bytes of the largest message."""
        longest = max((len(r) + len(identity) for r, identity in self._identities.items()), default=0)
        return len(self._text.plain) + longest + len("To: \r\nMessage-ID: \r\n")

    def _others(self, first: Answer, seconds: float) -> list[Answer]:
        """Send what follows the first message, one after the other, for as long as the answers come in time."""
        waiting, answers, why = list(self.accepted[1:]), [first], _NO_TURN
        smtp = self._smtp if self._committed else None
        if waiting and smtp is not None and smtp.sock is not None:
            with _patient(smtp.sock, seconds) as patience:
                while waiting and _goes_on(smtp, answers[-1]):
                    answers.append(self._one(smtp, waiting.pop(0)))
                    patience.anew()
            why = _NO_TIME if patience.over.is_set() else _NO_TURN
        return answers[1:] + [Answer((r,), Outcome.NOT_SENT, why) for r in waiting]

    def _one(self, smtp: Connection, recipient: str) -> Answer:
        """Send one message and wait for its answer. Never raises."""
        whole, refusal = False, ""
        try:
            if smtp.chunks(self._text) and smtp.has_extn("pipelining") and len(self._text.plain) <= _AT_ONCE:
                ahead = "".join(self._commands(smtp, recipient)).encode("ascii")
                smtp.send_all(ahead + self._chunk(recipient) + self._text.plain)
                whole = True
                refusal = _refusal([smtp.getreply(), smtp.getreply()])
            elif refusal := self._announce(smtp, recipient):
                return Answer((recipient,), Outcome.NOT_SENT, refusal)
            elif smtp.chunks(self._text):
                smtp.send_all(self._chunk(recipient), self._text.plain)
            else:
                smtp.send_all(self._head_of(recipient), self._text.stuffed, FINAL_DOT)
            whole = True
            code, words = smtp.getreply()
        except FAILURES:
            if whole and not refusal:
                return Answer((recipient,), Outcome.UNKNOWN, LOST)
            # What was not written whole, or has no recipient, is no message.
            return Answer((recipient,), Outcome.NOT_SENT, refusal or "the connection was lost before it was sent whole")
        if refusal and 400 <= code < 600:
            return Answer((recipient,), Outcome.NOT_SENT, refusal)
        return Answer(
            (recipient,), Outcome.UNKNOWN if refusal else meaning(code), said(code, words), at=time.monotonic()
        )

    def _commands(self, smtp: Connection, recipient: str) -> list[str]:
        size = len(self._head_of(recipient)) + len(self._text.plain)
        return [mail(self._relay.sender, size if smtp.has_extn("size") else None), rcpt(recipient)]

    def _chunk(self, recipient: str) -> bytes:
        """Return the command that sends and commits a whole message, with the lines that are its own."""
        own = self._head_of(recipient)
        return f"BDAT {len(own) + len(self._text.plain)} LAST\r\n".encode() + own

    def _announce(self, smtp: Connection, recipient: str) -> str:
        """Name sender and recipient, and say DATA unless it goes in chunks; return why that is refused, or nothing."""
        commands = self._commands(smtp, recipient) + ([] if smtp.chunks(self._text) else ["DATA\r\n"])
        told: list[tuple[int, bytes]] = []
        for reply in smtp.replies(commands):
            told.append(reply)
            if reply[0] >= 400 and not smtp.has_extn("pipelining"):
                break
        refusal = _refusal(told)
        if refusal and told[-1][0] == _GO_AHEAD:
            # Sent ahead, the command was taken though nobody is there to get it: an empty text ends it (RFC 2920 3.1).
            smtp.send(FINAL_DOT)
            smtp.getreply()
        return refusal


class EachStaging(SmtpStaging):
    """A message to each. `identities`: address → its Message-ID, for all of them, in the order of the list."""

    _lines: Sequence[EachLine]

    def longest_result(self, deadline: timedelta) -> timedelta:
        """Return how long `result` may take when it is given this deadline for one answer.

        So long for each recipient of the longest line: `result` goes on while answers come, and stops at the first
        that does not come in time.
        """
        longest = max((len(line.accepted) for line in self._lines), default=0)
        return self._answer_time(deadline) * max(1, longest)

    def _outcome(self, lines: Sequence[Line], seconds: float) -> Result:
        mine = [line for line in self._lines if line in lines]
        answers = [answer for end in parallel(lambda line: line.outcomes(seconds), mine) for answer in end.result()]
        return summarise_each(answers, self.refused, self._identity, len(mine), self._way())


def lines(relay: Relay, identities: Mapping[str, str], text: Text, *, batch: int, connections: int) -> list[EachLine]:
    """Return at most so many connections, with the recipients dealt out in turn, so that the list's order is kept."""
    everybody = list(identities)
    shares = [everybody[start::connections] for start in range(min(connections, len(everybody)))]
    return [EachLine(relay, {r: identities[r] for r in share}, text, batch) for share in shares]


def _refusal(replies: Sequence[tuple[int, bytes]]) -> str:
    """Return the first answer that is a refusal, or nothing. Raises SMTPResponseException for what is no answer."""
    for code, words in replies:
        if 400 <= code < 600:
            return said(code, words)
        if code not in ACCEPTED | {_GO_AHEAD}:
            raise smtplib.SMTPResponseException(code, words)
    return ""


def _goes_on(smtp: Connection, last: Answer) -> bool:
    """Whether the connection can take another message: a refused one is forgotten first.

    Not when the server says more than it was asked: that would be taken for the answer to the next message.
    """
    if last.outcome is Outcome.UNKNOWN:
        return False
    with contextlib.suppress(*FAILURES):
        return smtp.said_nothing_more() and (last.outcome is Outcome.SENT or smtp.rset()[0] == 250)
    return False


class _Patience:
    """Shuts a connection down when `anew` is not called for too long. Used by `_patient`."""

    def __init__(self, sock: "socket.socket | Encrypted", seconds: float) -> None:
        self.over = threading.Event()
        self.enough = threading.Event()
        self._sock, self._seconds = sock, seconds
        self.anew()

    def anew(self) -> None:
        """Begin to wait anew."""
        self._until = time.monotonic() + self._seconds

    def watch(self) -> None:
        """Wait until it is enough, or the time is over."""
        while not self.enough.wait(max(0.0, self._until - time.monotonic())):
            if time.monotonic() >= self._until:
                self.over.set()
                wire.shut_down(self._sock)
                return


@contextlib.contextmanager
def _patient(sock: "socket.socket | Encrypted", seconds: float) -> Iterator[_Patience]:
    """Let whoever reads from `sock` inside the block end when nothing has been got ready for so many seconds.

    Like `wire.bounded`, with one thread for any number of answers.
    """
    sock.settimeout(None)
    patience = _Patience(sock, seconds)
    watching = threading.Thread(target=patience.watch, name="mail-patience", daemon=True)
    watching.start()
    try:
        yield patience
    finally:
        patience.enough.set()
        watching.join()
