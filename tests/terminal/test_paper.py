import io
import re

import pytest

from runbook.terminal.paper import Paper
from runbook.terminal.styled import Ink, Styled


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def _terminal(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def printed(paper, file):
    paper.put([Styled("Done", mark="ok", ink=Ink.STRONG)])
    return file.getvalue()


def test_colour_only_where_a_terminal_wants_it(monkeypatch):
    assert "\x1b[" in printed(Paper(file := Terminal()), file)
    assert printed(Paper(file := io.StringIO()), file) == "ok  Done\n"
    monkeypatch.setenv("NO_COLOR", "1")
    assert printed(Paper(file := Terminal()), file) == "ok  Done\n"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert printed(Paper(file := Terminal()), file) == "ok  Done\n"


def test_an_open_prompt_is_ended_before_anything_else_is_printed():
    paper = Paper(file := io.StringIO())
    paper.prompt("Done? ")
    paper.put([Styled("It is back.", mark="!!")])
    assert file.getvalue() == "Done? \n!!  It is back.\n"


def test_an_answer_is_printed_where_no_terminal_echoes_it():
    paper = Paper(file := io.StringIO())
    paper.prompt("Done? ")
    paper.answered("d")
    paper.put([Styled("Reported")])
    assert file.getvalue() == "Done? d\nReported\n"


def test_an_old_code_page_does_not_end_the_run():
    raw = io.BytesIO()
    paper = Paper(io.TextIOWrapper(raw, encoding="ascii"))
    paper.put([Styled("T+2 · 中")])
    assert raw.getvalue() == b"T+2 ? ?\n"


def test_printing_nothing_leaves_the_prompt_open():
    paper = Paper(file := io.StringIO())
    paper.prompt("Done? ")
    before = paper.count
    paper.put([])
    assert (paper.count, file.getvalue()) == (before, "Done? ")


def test_what_is_no_file_any_more_is_let_go():
    file = io.StringIO()
    paper = Paper(file)
    file.close()
    paper.put([Styled("nobody reads this")])
    assert paper.width == 80


def test_markup_and_emoji_codes_are_only_words():
    shown = printed(Paper(file := Terminal()), file)
    paper = Paper(file)
    paper.put([Styled("[red]:smile: https://example.org 12:30 'x'")])
    assert file.getvalue().removeprefix(shown) == "[red]:smile: https://example.org 12:30 'x'\n"


def test_a_picture_can_be_made_of_what_was_printed():
    paper = Paper(record=True)
    paper.put([Styled("Practising", mark="EXERCISE", mark_ink=Ink.PRACTICE)])
    svg = paper.picture("runbook")
    assert svg.startswith("<svg")
    assert "Practising" in svg
    assert re.search("EXERCISE", svg)
