"""What a mail server's answers mean for the whole message, and its proof."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

from runbook.channels import wire
from runbook.model.outcome import Outcome, Receipt, Result

_QUEUED = re.compile(r"queued as (\S+)", re.IGNORECASE)
_GOOGLE = re.compile(r"\b(1\d{9}) (\S+) - gsmtp\b")
"""`250 2.0.0 OK  1616161616 a12-20020a05.78 - gsmtp`: the second in which it was taken, and its name."""


@dataclass(frozen=True)
class Answer:
    """How one line ended.

    took  seconds from the last byte to the answer, if there was one
    at    when that came (monotonic)
    """

    recipients: tuple[str, ...]
    outcome: Outcome
    words: str
    took: float | None = None
    at: float | None = None


def meaning(code: int) -> Outcome:
    """Return what the answer to a commit says (RFC 5321 4.2.1)."""
    if 200 <= code < 300:
        return Outcome.SENT
    return Outcome.NOT_SENT if 400 <= code < 600 else Outcome.UNKNOWN


def summarise(answers: Sequence[Answer], refused: Mapping[str, str], identity: str, way: float = 0.0) -> Result:
    """Return the outcome of the whole.

    Unknown if one line is; sent if one line is; else not sent. `recipients` names each address that did not share it.
    `way` is what one way to the server takes, in seconds.
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
    queued = [name for w in words if (name := queue_name(w))]
    if whole is Outcome.SENT:
        detail = f"{count:,} accepted, " + (f"queued as {', '.join(queued)}" if queued else first)
    elif whole is Outcome.UNKNOWN:
        detail = f"The message was sent to {count:,} recipients, but {first}."
    else:
        detail = f"Nothing was sent: {first}."
    return Result(
        outcome=whole,
        detail=wire.plain(detail),
        receipt=receipt(words, identity) if whole is not Outcome.NOT_SENT else None,
        recipients=apart,
        took=middle(answers),
        way=way,
    )


def receipt(words: Sequence[str], identity: str) -> Receipt:
    """Return the proof: the first queue line's name, else the Message-ID; the server's own time if it tells one.

    Google's queue line has the second in which a message was taken; the last one counts where there are several.
    Postfix' long queue names have a time too, but that of MAIL, long before the commit: it is not used.
    """
    names = [name for said in words if (name := queue_name(said))]
    seconds = [int(match.group(1)) for said in words if (match := _GOOGLE.search(said))]
    return Receipt(
        id=names[0] if names else identity,
        at=datetime.fromtimestamp(max(seconds), UTC) if seconds else None,
        at_within=1.0 if seconds else Receipt.model_fields["at_within"].default,
        text=f"Message-ID {identity}; {'; '.join(words)}"[:500],
    )


def queue_name(said: str) -> str:
    """Return what the server calls the message it has taken; empty if it does not say."""
    if match := _QUEUED.search(said):
        return match.group(1)
    google = _GOOGLE.search(said)
    return google.group(2) if google else ""


def middle(answers: Sequence[Answer]) -> float | None:
    """Return the median of the seconds that it took to say sent; None if none was timed."""
    took = [answer.took for answer in answers if answer.took is not None and answer.outcome is Outcome.SENT]
    return median(took) if took else None


def summarise_each(
    answers: Sequence[Answer], refused: Mapping[str, str], identity: str, over: int, way: float
) -> Result:
    """Return the outcome of a message to each, from the answers for each, sent `over` so many connections.

    Sent if one of them is, and `recipients` then says of each other whether it is not sent or unknown: a person who
    had to answer for the whole would answer for those who have it. None sent: unknown if one is, else not sent.
    """
    found = {outcome: [a for a in answers if a.outcome is outcome] for outcome in Outcome}
    sent, unknown, not_sent = found[Outcome.SENT], found[Outcome.UNKNOWN], found[Outcome.NOT_SENT]
    whole = Outcome.SENT if sent else Outcome.UNKNOWN if unknown else Outcome.NOT_SENT
    apart = {r: f"refused: {said}" for r, said in refused.items()}
    apart |= {r: f"{a.outcome}: {a.words}" for a in answers if a.outcome is not whole for r in a.recipients}
    alike = [answer.words for answer in found[whole]]
    connections = f"{over:,} connection{'' if over == 1 else 's'}"
    if whole is Outcome.SENT:
        others = [f"{len(some):,} {what}" for some, what in ((not_sent, "not sent"), (unknown, "unknown")) if some]
        detail = "; ".join([f"{len(sent):,} accepted one by one over {connections}", *others, _spread(sent)])
    elif whole is Outcome.UNKNOWN:
        detail = f"A message was sent to {len(unknown):,} of {len(answers):,} recipients, but {alike[0]}."
    else:
        detail = f"Nothing was sent: {alike[0] if alike else 'nobody was accepted'}."
    return Result(
        outcome=whole,
        detail=wire.plain(detail),
        receipt=receipt(alike, identity) if whole is not Outcome.NOT_SENT else None,
        recipients=apart if whole is not Outcome.NOT_SENT else {},
        took=middle(answers),
        lasted=_after_the_middle(sent),
        way=way,
    )


def _after_the_middle(sent: Sequence[Answer]) -> float:
    """Return how long after the median of the first answers the last of all came."""
    released = min((a.at - a.took for a in sent if a.at is not None and a.took is not None), default=None)
    took, last = middle(sent), max((a.at for a in sent if a.at is not None), default=None)
    return 0.0 if released is None or took is None or last is None else max(0.0, last - released - took)


def _lasted(sent: Sequence[Answer]) -> float:
    moments = [answer.at for answer in sent if answer.at is not None]
    return max(moments, default=0.0) - min(moments, default=0.0)


def _spread(sent: Sequence[Answer]) -> str:
    seconds = _lasted(sent)
    return f"first and last {f'{seconds:.1f} s' if seconds >= 1 else f'{seconds * 1000:.0f} ms'} apart"
