"""Whatever a file holds, reading it ends in values or in problems, never in a traceback."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from runbook.loader.playbook import playbook_of
from runbook.loader.raw import read_text
from runbook.loader.release import release_of
from runbook.loader.toml import places, read_toml
from runbook.loader.yaml import parse_yaml, read_yaml
from runbook.model.problem import broken
from support.small_files import SMALL_PLAYBOOK, SMALL_RELEASE

PIECES = st.sampled_from([
    "a", "- ", ": ", "\n", "  ", "\t", "[", "]", "{", "}", ",", "&a ", "*a", "!!x ", "'", '"', "|", ">", "#", "? ", "%",
    "---", "9:30", "kind: look", "steps:\n", "<<: ", "\\x", "\r", "...", "=", "\u2028", "\ue000", "0x1", "1e5", "~",
    "\ud7ff",
])  # fmt: skip
TEXT = st.lists(PIECES, max_size=40).map("".join)
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["look", "x == y"])
)
KEYS = st.text(max_size=6) | st.sampled_from(
    ["id", "kind", "steps", "roles", "messages", "of", "needs", "title", "when"]
)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=12
)


def ends_well(raw):
    assert raw.data is not None or raw.faults
    for loaded in (playbook_of(raw), release_of(raw)):
        assert loaded.value is not None or broken(loaded.problems)
        for problem in loaded.problems:
            assert problem.found.endswith((".", ":")), problem
            assert problem.remedy.endswith((".", "?")), problem
            assert problem.where.file == "a.yaml"


@settings(deadline=None, max_examples=150)
@given(TEXT)
@example("? a\n? b\n")
@example("- - - a: *b")
def test_any_text_ends_in_values_or_problems(text):
    ends_well(parse_yaml(text, "a.yaml"))


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=200))
def test_any_bytes_end_in_values_or_problems(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "fuzzed"
    path.write_bytes(content)
    for raw in (read_yaml(path), read_toml(path)):
        assert raw.data is not None or raw.faults
    text, _, faults = read_text(path)
    assert text is not None or faults


@settings(deadline=None, max_examples=60)
@given(data=st.data(), text=st.sampled_from([SMALL_PLAYBOOK, SMALL_RELEASE]), piece=PIECES)
def test_a_right_file_with_something_put_in_or_cut_out_ends_in_values_or_problems(data, text, piece):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 20)))
    ends_well(parse_yaml(text[:start] + piece + text[end:], "a.yaml"))


@settings(deadline=None, max_examples=100)
@given(data=st.data(), tree=TREES)
def test_a_right_playbook_with_any_value_in_any_place_ends_in_values_or_problems(data, tree):
    raw = parse_yaml(SMALL_PLAYBOOK, "a.yaml")
    path = data.draw(st.sampled_from([path for path in raw.source.places if path]))
    inside = raw.data
    for part in path[:-1]:
        inside = inside[part]
    inside[path[-1]] = tree
    ends_well(raw)


@settings(deadline=None, max_examples=100)
@given(TEXT)
def test_places_in_any_toml_are_found_without_a_traceback(text):
    assert places(text)[()] == (1, 1)
