"""The errors, drawn as a tree. Each carries what was found, what to do about it, and the exit code of the command.

    RunbookError            1   something unexpected, said in a sentence
    ├── Refused             2   bad input or usage, every problem at once (`runbook.model.problem`)
    ├── Usage               2   the command line asks for something that cannot be
    ├── Unavailable         2   a thing that was named does not exist
    ├── Left                3   the run was paused or waits for an answer; `runbook resume` continues it
    ├── JournalError        4   the log cannot be written or read; nothing is sent without it
    │   └── Conflict        4   somebody else has written to this run in the meantime
    └── ChannelError        -   about one message; caught by the engine, never the end of a run
        ├── NotReady            certainly not sent: the channel could not be prepared
        ├── CannotSay           refused when built: the channel cannot carry this message
        └── CannotWithdraw      the channel has no way to take a message back

Whether something was sent is never told by an exception: `runbook.model.outcome.Result` says it.
Ctrl-C ends a command with 130, an unexpected error with 1 and a crash report.
"""


class RunbookError(Exception):
    """An expected failure. `message` says what was found, `remedy` what to do; both are full sentences."""

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class Usage(RunbookError):
    """The command line asks for something that cannot be."""

    exit_code = 2


class Unavailable(RunbookError):
    """A playbook, run, file or setting that was named does not exist."""

    exit_code = 2


class Left(RunbookError):
    """The run stands where it stood; nothing was lost, and `runbook resume` continues it."""

    exit_code = 3


class JournalError(RunbookError):
    """The action log cannot be written or read. Nothing may be sent without it."""

    exit_code = 4


class Conflict(JournalError):
    """Somebody else has appended to this run since it was last read."""


class ChannelError(RunbookError):
    """About one message on one channel."""


class NotReady(ChannelError):
    """The channel could not be prepared. Certainly nothing was sent.

    `passing`: the fault may be over in a moment (nobody answered); making ready is then tried again, a few times.
    """

    def __init__(self, message: str, remedy: str = "", *, passing: bool = False) -> None:
        super().__init__(message, remedy)
        self.passing = passing


class CannotSay(ChannelError):
    """The channel cannot carry this message as it is written. Raised by `build`, before anything is sent."""


class CannotWithdraw(ChannelError):
    """The channel has no way to take a sent message back."""
