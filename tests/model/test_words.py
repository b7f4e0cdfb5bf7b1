import pytest

from runbook.model.words import kind_in_words, with_kind


@pytest.mark.parametrize(
    ("kind", "words"),
    [("smtp", "e-mail"), ("x", "post on X"), ("wordpress", "news site"), ("manual", "by hand"), ("pigeon", "pigeon")],
)
def test_a_kind_of_channel_is_called_as_people_call_it(kind: str, words: str) -> None:
    assert kind_in_words(kind) == words


@pytest.mark.parametrize(
    ("title", "kind", "said"),
    [
        ("Journalists", "smtp", "Journalists · e-mail"),
        ("Post on X", "x", "Post on X"),
        ("Post", "x", "Post on X"),
        ("E-mail to journalists", "smtp", "E-mail to journalists"),
    ],
)
def test_what_a_title_says_already_is_not_said_again(title: str, kind: str, said: str) -> None:
    assert with_kind(title, kind) == said
