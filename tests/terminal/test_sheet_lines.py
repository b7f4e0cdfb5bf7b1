import re

from runbook.model.outcome import Outcome
from runbook.model.questions import MessageRow, Sheet
from runbook.terminal.sheet import sheet_lines


def text(sheet):
    return "\n".join(str(line) for line in sheet_lines(sheet))


def test_a_text_that_goes_out_is_marked_line_by_line_and_instructions_are_not():
    sheet = Sheet(
        "Report the fault",
        (("", "Support app, then this:"), ("Ready to copy", "What isn't working    Whitehall\n\nSince 09:30")),
    )
    assert text(sheet).splitlines() == [
        "Report the fault",
        "  Support app, then this:",
        "  Ready to copy:",
        "  | What isn't working    Whitehall",
        "  |",
        "  | Since 09:30",
    ]


def test_the_table_says_what_is_ready_and_who_was_refused():
    rows = (
        MessageRow(
            "a.j",
            "Journalists",
            "smtp",
            "214 in 3 batches",
            ready=True,
            refused={"gone@example.org": "550 no such user"},
        ),
        MessageRow("a.p", "Post", "x", "231 of 280", ready=False, detail="X refused the token."),
        MessageRow("a.q", "Second post", "x", "200 of 280", ready=False, detail="X is down", left_out=True),
    )
    said = text(Sheet("Tell them together", rows=rows))
    assert re.search(r"^  Journalists · e-mail     214 in 3 batches +READY$", said, re.MULTILINE)
    assert "1 address was refused:\n        gone@example.org  550 no such user" in said
    assert re.search(
        r"^  Post on X                231 of 280 +NOT READY\n      X refused the token\.$", said, re.MULTILINE
    )
    assert re.search(r"^  Second post · post on X  200 of 280 +LEFT OUT$", said, re.MULTILINE)


def test_the_four_outcomes_have_four_words():
    words = {
        Outcome.SENT: "SENT",
        Outcome.NOT_SENT: "NOT SENT",
        Outcome.UNKNOWN: "UNKNOWN",
        Outcome.SKIPPED: "LEFT OUT",
    }
    assert set(words) == set(Outcome)
    for outcome, word in words.items():
        row = MessageRow("a.p", "Post", "x", "231 of 280", ready=True, outcome=outcome)
        assert re.search(rf" {word}$", text(Sheet("", rows=(row,))))


def test_a_long_list_of_refused_recipients_is_counted_and_cut():
    refused = {f"a{n}@example.org": "550" for n in range(30)}
    said = text(Sheet("", rows=(MessageRow("a.j", "Journalists", "smtp", "30", ready=True, refused=refused),)))
    assert "30 addresses were refused:" in said
    assert "and 10 more, in `runbook log`" in said


def test_a_note_may_be_a_warning():
    assert text(Sheet("", notes=("Nothing is sent yet.", "!!  The original page is back."))) == (
        "  Nothing is sent yet.\n!!  The original page is back."
    )


def test_markup_and_control_sequences_are_only_words():
    assert text(Sheet("[bold]x[/bold]", (("t", "\x1b[2Jy"),))) == "[bold]x[/bold]\n  t:\n  | \ufffdy"
