from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from runbook.terminal.styled import Ink, Styled, marked, rows, words, wrap

texts = st.text(st.characters(codec="utf-8"), max_size=300)
plain_words = st.lists(st.text("abcdefgé中🙂", min_size=1, max_size=12), min_size=1, max_size=40)


def printed(line, width=80):
    return [words(row) for row in rows(line, width)]


@given(
    texts, st.integers(30, 80), st.integers(0, 8), st.sampled_from(["", "ok", "09:32:31"]), st.sampled_from(["", "| "])
)
def test_no_row_is_wider_than_the_screen_unless_it_is_an_address(text, width, indent, mark, prefix):
    for row in printed(Styled(text, mark=mark, indent=indent, prefix=prefix, right="09:32:31"), width):
        assert cell_len(row) <= width or "://" in row


@given(plain_words, st.integers(24, 80))
def test_wrapping_loses_no_word_and_changes_no_order(found, width):
    assert " ".join(wrap(" ".join(found), width, width)).split() == found


def test_blanks_within_a_line_are_kept():
    assert list(wrap("What isn't working    Whitehall", 60, 60)) == ["What isn't working    Whitehall"]
    assert list(wrap("    indented", 60, 60)) == ["    indented"]


def test_a_word_that_is_too_long_is_cut_and_an_address_is_not():
    address = "https://alternate.example.org/" + "a" * 80
    assert list(wrap("x" * 50, 20, 20)) == ["x" * 20, "x" * 20, "x" * 10]
    assert list(wrap(f"It is at {address} now", 40, 40)) == ["It is at", f"{address}", "now"]


def test_later_lines_stand_under_the_first_and_the_time_at_the_edge():
    found = printed(Styled("one two three four five six", mark="ok", right="09:32"), 20)
    assert found == ["ok  one two three", "    four five six", " " * 15 + "09:32"]
    assert printed(Styled("one", mark="ok", right="09:32"), 20) == ["ok  one        09:32"]


def test_a_prefix_stands_before_every_line_of_a_text():
    assert printed(Styled("one two three\n\nfour", indent=2, prefix="| "), 14) == [
        "  | one two",
        "  | three",
        "  |",
        "  | four",
    ]


def test_a_text_may_bring_its_own_mark():
    assert marked("!!  It is back").mark == "!!"
    assert marked("no answer came") == Styled("no answer came")
    assert marked("plain", Ink.STRONG).ink is Ink.STRONG
