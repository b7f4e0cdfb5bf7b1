"""Asks one question after the other at a terminal and prints what came of each as a line of JSON.

Arguments: the questions as a JSON list of objects (with `busy`, wait for SIGUSR2 first; `tell` and `show`, what to
print first; `seconds`, ask at most so long; `again`, put it again when interrupted), the run's status, and a file for
the last word where the terminal may be gone by then. SIGUSR1 hands in the result of a look.
"""

import json
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from runbook.clock import SystemClock
from runbook.errors import Left
from runbook.model.entries import Kind
from runbook.model.ports import Interrupted, Look, Verdict
from runbook.model.questions import Ask, Choice, Question, Sheet
from runbook.terminal.desk import TerminalDesk
from runbook.terminal.inbox import Inbox
from runbook.terminal.paper import Paper
from support.terminal_plan import Story


def main() -> int:
    asked, status, *result = json.loads(sys.argv[1]), *sys.argv[2:]
    story = Story(status)
    clock = SystemClock()
    desk = TerminalDesk(clock, Paper(), Inbox())
    signal.signal(signal.SIGUSR1, lambda *_: desk.post_look("restored", Look(Verdict.PUBLIC, "It is back.")))
    try:
        for item in asked:
            _ask(desk, story, item)
    except Left as left:
        _say(f"LEFT {left.message} {left.remedy}", result)
        return left.exit_code
    except KeyboardInterrupt:
        _say("INTERRUPTED", result)
        return 130
    return 0


def _ask(desk: TerminalDesk, story: Story, item: dict[str, Any]) -> None:
    if item.pop("busy", False):
        free = threading.Event()
        signal.signal(signal.SIGUSR2, lambda *_: free.set())
        _say("BUSY")
        free.wait()
    for kind, data, *step in item.pop("tell", []):
        desk.tell(story.enter(Kind(kind), data, step=step[0] if step else None), story.state)
    for heading in item.pop("show", []):
        desk.show(Sheet(heading), story.state)
    seconds = item.pop("seconds", None)
    again = item.pop("again", True)
    question = _question(item)
    until = None if seconds is None else desk.clock.now() + timedelta(seconds=seconds)
    while True:
        answer = desk.ask(question, story.state, until)
        if not isinstance(answer, Interrupted):
            _say(f"REPLY {json.dumps(asdict(answer))}")
            return
        if answer.timer:
            _say("TIMER")
        else:
            desk.tell(story.enter(Kind.NOTED, {"text": f"seen by {answer.look[0]}"}), story.state)
        if not again:
            return


def _question(item: dict[str, Any]) -> Question:
    options = tuple(Choice(**choice) for choice in item.pop("options", ()))
    return Question(**{**item, "ask": Ask(item.get("ask", "choice")), "options": options})


def _say(text: str, result: Sequence[str] = ()) -> None:
    if result:
        Path(result[0]).write_text(text)
    else:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
