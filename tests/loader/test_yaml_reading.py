"""What one YAML file says, where, and what is wrong with it."""

import re
import time
from pathlib import Path

import pytest

from runbook.loader.raw import LARGEST, MOST_FAULTS
from runbook.loader.yaml import DEEPEST, parse_yaml, read_yaml
from support.small_files import place_of


def read(text):
    return parse_yaml(text, "a.yaml")


def told(raw):
    return [(f.problem.code, f.problem.where.line, f.problem.where.column) for f in raw.faults]


def written(tmp_path, content):
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    return read_yaml(path)


def test_values_mean_what_yaml_1_2_says():
    raw = read(
        "a: no\nb: off\nc: true\nd: ~\ne:\nf: 0123\ng: 0x1F\nh: 1.5\ni: 2026-11-02\nj: '1'\nk: 1_000\n"
        "l: .inf\nm: 12345678901234567890\nn: [x, {y: z}]\no: |\n  two\n  lines\np: -7\nq: 0o17\n"
    )
    assert raw.faults == ()
    assert raw.data == {
        "a": "no", "b": "off", "c": True, "d": None, "e": None, "f": 123, "g": 31, "h": 1.5, "i": "2026-11-02",
        "j": "1", "k": "1_000", "l": ".inf", "m": "12345678901234567890", "n": ["x", {"y": "z"}], "o": "two\nlines\n",
        "p": -7, "q": 15,
    }  # fmt: skip
    assert raw.written[("f",)] == "0123"


def test_every_key_and_item_has_its_place():
    text = "a:\n  bb: 1\n  cc:\n    - x\n    - dd: {ee: 2}\n"
    places = read(text).source.places
    assert places[()] == (1, 1)
    for path, needle in {
        ("a", "bb"): "bb",
        ("a", "cc"): "cc",
        ("a", "cc", 0): "x",
        ("a", "cc", 1, "dd", "ee"): "ee",
    }.items():
        assert places[path] == place_of(text, needle)
    assert places[("a", "cc", 1)] == place_of(text, "dd")


def test_places_are_the_same_with_windows_line_ends(tmp_path):
    text = "a: 1\nb:\n  - c: x\n"
    assert written(tmp_path, text.replace("\n", "\r\n").encode()).source.places == read(text).source.places


def test_a_byte_order_mark_is_passed_over(tmp_path):
    raw = written(tmp_path, b"\xef\xbb\xbfa: 1\n")
    assert (raw.data, raw.faults) == ({"a": 1}, ())
    assert raw.source.places[("a",)] == (1, 1)


@pytest.mark.parametrize(
    ("bare", "quoted", "number"),
    [
        ("9:30", "09:30", 570),
        ("10:00", "10:00", 600),
        ("9:30:00", "09:30:00", 34200),
        ("09:30", "09:30", None),
        ("00:00", "00:00", None),
        ("25:30", "25:30", 1530),
        ("01:30+01:00", "01:30+01:00", None),
        ("10:00Z", "10:00Z", None),
    ],
)
@pytest.mark.parametrize("where", ["due: {}", "due: [x, {}]", "- due: {}", "{{due: {} }}"])
def test_a_clock_time_without_quotes_is_refused(bare, quoted, number, where):
    text = where.format(bare)
    raw = read(text)
    assert told(raw) == [("bare-time", *place_of(text, bare))]
    problem = raw.faults[0].problem
    others = f"; other programs read it as {number}" if number else ""
    assert problem.found == f"due: {bare} is not quoted{others}."
    assert problem.remedy == f'Write "{quoted}".'
    assert f"'{quoted}'" in str(raw.data)


@pytest.mark.parametrize(
    "text", ['a: "9:30"', "a: '9:30'", "a: T+9m", "a: at 9:30", "a: 9:75", "a: |\n  9:30", "a: 1:2:3:4"]
)
def test_what_is_no_bare_clock_time_is_left_alone(text):
    assert read(text).faults == ()


def test_all_that_can_be_found_is_found_at_once():
    raw = read('a: 9:30\nb: 10:00\na: 1\nc: !!python/object:os.system ls\nd: &x [1]\ne: *x\nf: {{ g }}\nh: "\\0"\n')
    assert told(raw) == [
        ("bare-time", 1, 4),
        ("bare-time", 2, 4),
        ("duplicate-key", 3, 1),
        ("tag", 4, 4),
        ("alias", 5, 4),
        ("unquoted-template", 7, 5),
        ("control-character", 8, 4),
    ]
    assert raw.data is not None
    assert raw.unread == {("e",), ("f",)}


def test_a_duplicate_key_names_the_line_of_the_first():
    raw = read("steps:\n  due: 1\n  x: 2\n  due: {a: {b: c}}\n")
    assert "line 2" in raw.faults[0].problem.found
    assert raw.data == {"steps": {"due": 1, "x": 2}}


def bomb(levels):
    lines = ['a0: &a0 ["lol", "lol"]']
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


def test_an_alias_bomb_is_refused_before_it_is_expanded():
    begun = time.process_time()
    raw = read(bomb(30))
    # Expanded it would be 9 to the power of 29; that this line is reached at all is what is tested.
    assert time.process_time() - begun < 60
    assert {f.problem.code for f in raw.faults} == {"alias"}
    assert len(str(raw.data)) < 10_000


@pytest.mark.parametrize("text", ["a: *nowhere", "*x : 1", "? *x\n: 1", "- *x", "*x"])
def test_an_alias_of_nothing_is_refused(text):
    assert [f.problem.code for f in read(text).faults] == ["alias"]


@pytest.mark.parametrize(
    "text", ["a: !!str 1", "!x a: 1", "a: !!python/name:os.system ''", "- !<tag:yaml.org,2002:int> 1"]
)
def test_a_tag_is_refused_and_makes_nothing(text):
    assert [f.problem.code for f in read(text).faults] == ["tag"]


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a: b: c", 1, 5, "colon"),
        ("key\nother: 1", 2, 6, "colon"),
        ("a: 'x\nb: 1\n", 3, 1, "never closed"),
        ("a: [1, 2\nb: 3", 2, 2, "opened on line 1"),
        ("a: {x: 1", 1, 9, "opened on line 1"),
        ("a: @x", 1, 4, 'begin with "@"'),
        ('a: "\\q"', 1, 6, "backslash"),
        ("a:\n  b: 1\n c: 2", 3, 2, "does not fit"),
        ("a: |x\n", 1, 5, "same line"),
        ("%YAML 2.0\n---\na: 1", 1, 1, "cannot be read as YAML"),
    ],
)
def test_a_syntax_error_has_its_place_and_plain_words(text, line, column, words):
    raw = read(text)
    assert raw.data is None
    assert told(raw) == [("syntax", line, column)]
    assert words in raw.faults[0].problem.found
    assert raw.faults[0].problem.remedy.endswith(".")


def test_each_line_that_is_indented_with_a_tab_is_named():
    raw = read("a:\n\tb: 1\n\tc: 2\n  d: 3\n")
    assert told(raw) == [("tab", 2, 1), ("tab", 3, 1)]


def test_a_tab_after_a_colon_is_named():
    assert told(read("a: 1\nb:\t- c\n"))[0][:2] == ("tab", 2)


def test_a_tab_inside_a_text_is_no_problem():
    assert read("a: |\n  x\n  \ty\nb: 'x\ty'\n").data == {"a": "x\n\ty\n", "b": "x\ty"}


@pytest.mark.parametrize("char", ["\x00", "\x07", "\x1b", "\x7f", "\x9b", "\ue000", "\ue001", "\u2028", "\ufeff"])
def test_a_character_that_cannot_be_seen_is_refused_with_its_place(tmp_path, char):
    raw = written(tmp_path, f"a: 1\nb: x{char}y\n".encode())
    assert told(raw) == [("control-character", 2, 5)]
    assert f"U+{ord(char):04X}" in raw.faults[0].problem.found
    assert char not in raw.data["b"]


@pytest.mark.parametrize("escape", [r"\0", r"\e", r"\ue000", r"\uE001", r"\ud800", r"\r", r"\P", r"\N"])
def test_an_escape_cannot_bring_in_what_the_file_may_not_hold(escape):
    raw = read(f'a: "x{escape}y"\n')
    assert told(raw) == [("control-character", 1, 4)]
    assert raw.data == {"a": "x\ufffdy"}


def test_a_character_beyond_unicode_is_a_problem():
    assert [f.problem.code for f in read('a: "\\U00110000"').faults] == ["syntax"]


def test_a_file_that_is_not_utf8_names_the_byte(tmp_path):
    raw = written(tmp_path, "a: 1\nb: café\n".encode("cp1252"))
    assert raw.data is None
    assert told(raw) == [("not-utf-8", 2, 7)]
    assert 'byte 12 is "e9"' in raw.faults[0].problem.found


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"---\n", b"~\n"])
def test_an_empty_file_is_told(tmp_path, content):
    assert [f.problem.code for f in written(tmp_path, content).faults] == ["empty"]


def test_a_file_that_is_not_there_and_one_that_is_a_folder_are_told(tmp_path):
    assert [f.problem.code for f in read_yaml(tmp_path / "no.yaml").faults] == ["no-file"]
    assert [f.problem.code for f in read_yaml(tmp_path).faults] == ["unreadable"]


def test_a_file_over_the_bound_is_not_read(tmp_path):
    assert [f.problem.code for f in written(tmp_path, b"a: " + b"x" * LARGEST).faults] == ["too-large"]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_nesting_is_bounded(opening):
    raw = read(opening * 5000)
    assert raw.data is None
    assert [f.problem.code for f in raw.faults][-1] == "nesting"
    assert read("[" * DEEPEST + "]" * DEEPEST).faults == ()


def test_a_second_document_is_refused():
    assert told(read("a: 1\n---\nb: 2\n")) == [("documents", 2, 1)]


def test_a_file_that_says_it_is_yaml_1_1_is_refused():
    assert [f.problem.code for f in read("%YAML 1.1\n---\na: 1\n").faults] == ["version"]


@pytest.mark.parametrize("text", ["? [a]\n: b\n", "{a: 1}: b\n", "[a]: b\n"])
def test_a_key_that_is_no_word_is_refused(text):
    assert len(read(text).faults) == 1


def test_the_problems_that_are_listed_are_bounded():
    assert len(read("a: 1\n" * 5000).faults) == MOST_FAULTS


def test_the_parser_makes_no_objects():
    """The constructor of the library is never asked, whatever its version does with tags."""
    source = Path(parse_yaml.__code__.co_filename).read_text(encoding="utf-8")
    assert not re.search(r"\.(load|load_all|compose)\(", source)
