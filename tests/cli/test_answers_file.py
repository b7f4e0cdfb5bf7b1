"""The file of answers, as docs/commands.md describes it."""

from pathlib import Path

import pytest

from runbook.cli.answers import read
from runbook.model.problem import Refused
from runbook.model.questions import Ask, Choice, Question
from support.sources import CHECKOUT


def documented() -> str:
    """Return the example in the documentation."""
    text = (CHECKOUT / "docs" / "commands.md").read_text("utf-8")
    assert text.count("```yaml\n") == 1
    return text.partition("```yaml\n")[2].partition("```")[0]


def test_the_documented_example_answers_each_question_by_its_id(tmp_path: Path) -> None:
    file = tmp_path / "answers.yaml"
    file.write_text(documented(), "utf-8")
    values = {name: answer for name, (answer, _) in read(file).values.items()}
    assert values == {
        "begin": "gov-uk-failure",
        "roll-call.lead": "1",
        "roll-call.comms": "Digital officer",
        "report-fault": "done",
        "report-fault.evidence.ticket": "4711234",
        "own-levers": "skip",
        "own-levers.reason": "Nobody has the rights today.",
        "leave-route": "leave",
        "leave-route.who": "1",
        "leave-route.reason": "It will last into the afternoon.",
        "clear": "clear",
        "clear.who": "1",
        "clear.how": "by telephone",
        "announce": "g",
        "alternate-by-hand": "done",
        "alternate-by-hand.evidence.published.page": "https://www.example.org/it",
        "alternate-by-hand.evidence.published.report": "https://www.example.org/it/report.pdf",
        "settle.who": "Duty press manager",
        "settle.no-secret.1": "y",
        "settle.no-secret.1.reason": "It comes by telephone.",
    }


def test_a_key_and_the_words_beside_it_are_the_same_answer(tmp_path: Path) -> None:
    file = tmp_path / "answers.yaml"
    file.write_text("roll-call: {comms: Digital officer}\nannounce: g\n", "utf-8")
    book = read(file)
    people = (Choice("1", "Digital officer"), Choice("o", "somebody else"))
    called = book.get(Question(id="roll-call.comms", text="Communications officer", options=people))
    assert called is not None
    assert called.value == "1"
    go = book.get(Question(id="announce.go", text="Go?", options=(Choice("g", "go"),)))
    assert go is not None
    assert go.value == "g"
    assert book.get(Question(id="clear.how", text="How?", ask=Ask.TEXT)) is None


def test_a_list_is_no_answer(tmp_path: Path) -> None:
    file = tmp_path / "answers.yaml"
    file.write_text("clear: {how: [by, telephone]}\n", "utf-8")
    with pytest.raises(Refused) as refused:
        read(file)
    assert [problem.found for problem in refused.value.problems] == ['"clear.how" is a list.']
