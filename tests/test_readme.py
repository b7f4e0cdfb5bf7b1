"""What the documentation shows is what the commands say; what it links to is there; its two commands do the set-up."""

import re
from pathlib import Path

import pytest

from support import readme
from support.sources import CHECKOUT

MAIN = "pip install . && runbook execute gov-uk-failure --dry-run --yes"
TESTS = "pip install '.[test]' && pytest"
LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)(?:#[\w-]*)?\)|<img [^>]*src=\"(?!https?://)([^\"]+)\"")

EACH = pytest.mark.parametrize("path", readme.documents(), ids=lambda path: path.name)


@EACH
def test_a_documents_sessions_are_real_output(path: Path, tmp_path: Path) -> None:
    differing = []
    for _, ran in readme.run_document(path.read_text(encoding="utf-8"), tmp_path.resolve()):
        for one in ran:
            assert one.code == one.command.code, (one.command.line, one.said)
            if not readme.same(one.command.shown, one.said):
                differing.append((one.command.line, one.command.shown, one.said))
    assert not differing, "write them anew: python tests/support/readme.py --write"


def test_the_readme_shows_the_main_job() -> None:
    shown = [c.line for b in readme.blocks(_readme()) for c in b.commands]
    assert any(line.startswith("runbook execute gov-uk-failure --dry-run") for line in shown)


@pytest.mark.parametrize("command", [MAIN, TESTS])
def test_the_readme_has_each_set_up_command_once(command: str) -> None:
    code = re.findall(r"^```\w+\n(.*?)^```$", _readme(), re.MULTILINE | re.DOTALL)
    assert "".join(code).splitlines().count(command) == 1


@EACH
def test_a_documents_links_lead_somewhere(path: Path) -> None:
    targets = [first or second for first, second in LINK.findall(path.read_text(encoding="utf-8"))]
    assert [target for target in targets if not (path.parent / target).exists()] == []


def _readme() -> str:
    return (CHECKOUT / "README.md").read_text(encoding="utf-8")


# How sessions are compared --------------------------------------------------------------------------------------------


def test_times_and_dates_count_as_the_same() -> None:
    shown = ("Due Fri 5 January 2018 09:30:00 GMT", "Log seal 9c1f 07e2")
    said = ("Due Wed 23 September 2026", "10:00:00 BST Log seal 0000 abcd")
    assert readme.same(shown, said)
    assert readme.same(("STOOD DOWN 23:59:15 · 33 min",), ("STOOD DOWN 24 Nov 00:00:28 · 33 min",))


def test_another_word_is_another_session() -> None:
    assert not readme.same(("ok  Reported, ticket 4711234",), ("no  Reported, ticket 4711234",))
    assert not readme.same(("3 documents",), ("4 documents",))


def test_lines_may_be_left_out_only_where_it_says_so() -> None:
    said = ("one", "two", "three", "four")
    assert readme.same(("one", "…", "four"), said)
    assert readme.same(("…", "three", "…"), said)
    assert readme.same(("one", "two", "three", "four", "…"), said)
    assert not readme.same(("one", "four"), said)
    assert not readme.same(("…", "three"), said)
    assert not readme.same(("two", "…"), said)
    assert not readme.same(("one", "…", "our"), said)
    assert not readme.same(("one", "…", "three", "…", "two", "…"), said)


def test_writing_anew_keeps_what_was_left_out() -> None:
    said = ("a", "b", "10:00 c", "d", "e", "f")
    assert readme.anew((), said) == said
    assert readme.anew(("x", "…", "y"), said) == ("a", "…", "f")
    assert readme.anew(("x", "…", "09:59 c", "old", "…"), said) == ("a", "…", "10:00 c", "d", "…")
    with pytest.raises(ValueError, match="No line says 'gone'"):
        readme.anew(("…", "gone", "…"), said)


def test_a_session_runs_in_one_folder_with_the_files_that_are_shown(tmp_path: Path) -> None:
    text = (
        "```yaml\n# save as notes/a.yaml\nkey: value\n```\n\n"
        "```console\n$ cd notes\n$ cat a.yaml\n# save as notes/a.yaml\nkey: other\n```\n"
    )
    ((_, (_, ran)),) = readme.run_document(text, tmp_path)
    assert ran.said == ("# save as notes/a.yaml", "key: value")
    assert not readme.same(ran.command.shown, ran.said)
    assert readme.rewritten(text, tmp_path).endswith("key: value\n```\n")
